//! Looking over cyclic schedules: cycles that the run cuts, peaks that it misses, amplitudes that are gone.

use libm::log;

use crate::cosine::{self, CosineWarmRestarts};
use crate::curve::Kind as _;
use crate::cyclic::{Cyclic, CyclicMode};
use crate::inspect::Stretch;
use crate::lint::{Finding, RAISE_GAMMA, Span};
use crate::one_cycle::OneCycle;
use crate::rate::{PerGroup, Rate};

/// Below this share of its first value a cycle's amplitude is as good as gone.
const GONE_AMPLITUDE: f64 = 1e-3;
/// A peak that updates get nearer to than this share of the amplitude is as good as reached.
const NEAR_PEAK: f64 = 0.9;
/// What rounding may have done to a length or to a number of cycles, as a share of it.
const ROUNDING: f64 = 1e-12;
/// Cycles, or steps of one, that are looked at.
const MOST_LOOKED_AT: u64 = 10_000;

impl Stretch<'_> {
    pub(crate) fn restarts(&self, it: &CosineWarmRestarts) -> Vec<Finding> {
        let (run, t_0) = (self.run(it.interval), it.t_0.whole());
        let (since, cycle) = cosine::position(run.count, t_0, it.t_mult);
        let cycle_length = cycle as f64;
        if run.count < t_0 {
            return vec![Finding::CycleLongerThanRun { cycle: cycle_length, run }];
        }
        if (t_0, it.t_mult) == (1, 1) {
            let (lowest, highest) = self.extremes(run);
            return vec![Finding::CycleTooShort { cycle: cycle_length, run, lowest, highest }];
        }
        let shorter = run.count - since;
        let longer = shorter.saturating_add(cycle);
        let broken = Finding::BrokenLastCycle { cycle: cycle_length, run, shorter, longer };
        if since == 0 { Vec::new() } else { vec![broken] }
    }

    pub(crate) fn one_cycle(&self, it: &OneCycle) -> Vec<Finding> {
        let (run, total) = (self.run(it.interval), it.total_steps.whole());
        let rise = it.ends().first().copied().unwrap_or_default();
        if run.count > total {
            return vec![Finding::EndsBeforeRun { total, run }];
        }
        let turns = it.turns(self.plan.steps_per_epoch(), self.updates);
        let missed = self.missed_peak(&it.max_lr, rise, run, &turns);
        let unfinished = || Finding::Unfinished { total, run, last: self.last_lr(run) };
        let unfinished = self.falls_short(run, total).then(unfinished);
        missed.into_iter().chain(unfinished).chain(self.zero_momentum(it.cycle_momentum)).collect()
    }

    pub(crate) fn cyclic(&self, it: &Cyclic) -> Vec<Finding> {
        let run = self.run(it.interval);
        let (up, total) = it.sizes();
        // A stage that hands over at the peak is a warm-up.
        let warm_up = self.followed && (run.count as f64 - up).abs() < 1.0;
        let turns = it.turns(self.plan.steps_per_epoch(), self.updates);
        // Equal bounds have no peak to miss.
        let flat = it.base_lr.pairs(&it.max_lr).all(|(base, max)| base == max);
        let missed = || self.missed_peak(&it.max_lr, up, run, &turns).filter(|_| !flat);
        let ending = || self.cut_cycle(total, run);
        let (missed, ending) = if warm_up { (None, None) } else { (missed(), ending()) };
        let sampled = if missed.is_some() || warm_up { None } else { self.sampled(it, run) };
        let found = missed.into_iter().chain(ending).chain(sampled).chain(self.fading(it, run));
        found.chain(self.scale_outside(it, run)).chain(self.zero_momentum(it.cycle_momentum)).collect()
    }

    /// Cycles of `cycle` counts that the run's end does not fit. A run whose length is the nearest whole number to the end of a
    /// cycle fits, and so does one that ends with the update in which the cycle ends.
    fn cut_cycle(&self, cycle: f64, run: Span) -> Option<Finding> {
        let count = run.count as f64;
        let rounding = count * ROUNDING;
        let beyond = count - (count / cycle).round().max(1.0) * cycle;
        let early = 0.5 + self.slack_in(run) as f64;
        if beyond > -early - rounding && beyond < 1.0 - rounding {
            return None;
        }
        let cycles = (count / cycle).floor();
        if cycles < 1.0 {
            return Some(Finding::CycleLongerThanRun { cycle, run });
        }
        let [shorter, longer] = [cycles, cycles + 1.0].map(|cycles| (cycles * cycle + 0.5).floor() as u64);
        Some(Finding::BrokenLastCycle { cycle, run, shorter, longer })
    }

    /// A rise of `rise` counts that the run does not finish.
    fn missed_peak(&self, max_lr: &PerGroup<Rate>, rise: f64, run: Span, turns: &[u64]) -> Option<Finding> {
        if (run.count - 1) as f64 >= rise.floor() {
            return None;
        }
        let max_lr = match max_lr.as_slice().first() {
            Some(Rate::Value(value)) => *value,
            _ => return None,
        };
        let (highest, step) = self.highest(turns);
        Some(Finding::PeakNeverReached { max_lr, rise, run, highest, step })
    }

    /// What is left of a cycle when it is looked at once an update: nothing of a short one, and not the peak of one with a
    /// fraction of a step.
    fn sampled(&self, it: &Cyclic, run: Span) -> Option<Finding> {
        let (up, cycle) = it.sizes();
        if it.base_lr.pairs(&it.max_lr).all(|(base, max)| base == max) {
            return Some(Finding::NoAmplitude);
        }
        if cycle < 2.0 - ROUNDING {
            let (lowest, highest) = self.extremes(run);
            return Some(Finding::CycleTooShort { cycle, run, lowest, highest });
        }
        let decays = it.scale_fn.is_none() && it.mode != CyclicMode::Triangular;
        let cycles = if decays { 0 } else { ((run.count as f64 / cycle) as u64).min(MOST_LOOKED_AT) };
        let height = |since: f64| if since <= up { since / up } else { (cycle - since) / (cycle - up) };
        let heights = (0..=cycles).flat_map(|number| {
            let foot = number as f64 * cycle;
            let reached = move |count: &f64| *count < run.count as f64;
            [(foot + up).floor(), (foot + up).ceil()].into_iter().filter(reached).map(move |count| height(count - foot))
        });
        let share = heights.fold(0.0, f64::max);
        (share < NEAR_PEAK).then_some(Finding::PeakBetweenUpdates { rise: up, run, share })
    }

    /// The lowest and the highest of the first rates.
    fn extremes(&self, run: Span) -> (f64, f64) {
        let rates = (0..run.count.min(MOST_LOOKED_AT)).map(|count| self.lr(count, run.unit));
        rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), rate| (low.min(rate), high.max(rate)))
    }

    /// Cycles that flatten out long before the run's end.
    fn fading(&self, it: &Cyclic, run: Span) -> Option<Finding> {
        let (_, cycle) = it.sizes();
        let decay = || (log(GONE_AMPLITUDE) / log(it.gamma)).ceil();
        let (from, advice) = match it.mode {
            _ if it.scale_fn.is_some() => (self.custom_fading(it, run)?, "let scale_fn fall more slowly"),
            // 1 / 2^10 is the first power below a thousandth.
            CyclicMode::Triangular2 => ((10.0 * cycle).ceil(), "make the cycles longer, or use another mode"),
            CyclicMode::ExpRange | CyclicMode::ExpRangePaper if it.gamma < 1.0 => (decay(), run.advice(RAISE_GAMMA)),
            _ => return None,
        };
        let (what, share) = ("the amplitude", GONE_AMPLITUDE);
        let most = 2.0 * from < run.count as f64;
        most.then_some(Finding::Vanishes { what, share, from: from as u64, run, advice })
    }

    /// The count from which a scale function leaves nothing of the amplitude that the first peak has.
    fn custom_fading(&self, it: &Cyclic, run: Span) -> Option<f64> {
        let (up, cycle) = it.sizes();
        let bounds = it.base_lr.pairs(&it.max_lr).next();
        let Some((Rate::Value(base), Rate::Value(max))) = bounds.filter(|(base, max)| base != max) else { return None };
        let cycles = (run.count as f64 / cycle) as u64;
        let apart = (cycles / MOST_LOOKED_AT).max(1);
        let amplitude = |number: u64| {
            let peak = (number as f64 * cycle + up).round() as u64;
            (self.lr(peak.min(run.count - 1), run.unit) - base).abs() / (max - base)
        };
        let gone = amplitude(0) * GONE_AMPLITUDE;
        let mut numbers = (0..cycles.div_ceil(apart)).rev().map(|number| number * apart);
        let last = numbers.find(|number| amplitude(*number) >= gone)?;
        Some(((last + apart) as f64 * cycle).ceil())
    }

    fn zero_momentum(&self, cycled: Option<bool>) -> Option<Finding> {
        let group = self.plan.groups().iter().find(|group| group.momentum == Some(0.0))?;
        (cycled == Some(true)).then(|| Finding::CyclesZeroMomentum { group: group.name.clone() })
    }
}
