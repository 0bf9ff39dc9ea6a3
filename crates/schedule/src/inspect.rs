//! Looking over a schedule for what [`Finding`] lists.

mod scale;

use libm::log;

use crate::cosine::{self, Cosine, CosineWarmRestarts};
use crate::cyclic::Cyclic;
use crate::length::{Interval, Length};
use crate::lint::{Finding, Lint, Span};
use crate::one_cycle::OneCycle;
use crate::plan::Plan;
use crate::plateau::ReduceOnPlateau;
use crate::rate::{PerGroup, Rate};
use crate::sequential::Sequential;
use crate::spec::ScheduleSpec;

/// Below this share of its first value a rate is as good as gone.
const GONE_RATE: f64 = 1e-9;
/// Below this share of its first value a cycle's amplitude is as good as gone.
const GONE_AMPLITUDE: f64 = 1e-3;
/// Rates looked at for the highest of a run; beyond, only the last.
const MOST_LOOKED_AT: u64 = 10_000_000;

impl Plan {
    /// What is probably not meant about this schedule in a run of `total_steps` updates.
    ///
    /// ```
    /// use lrscope_schedule::{Cyclic, Group, Interval, Plan, ScheduleSpec};
    ///
    /// // A 2,000-step ramp, stepped once per epoch for 20 epochs of 500 updates.
    /// let spec = ScheduleSpec::from(Cyclic { interval: Some(Interval::Epoch), ..Cyclic::new(0.001, 0.006) });
    /// let group = Group { name: "all".into(), lr_mult: 1.0, momentum: Some(0.9) };
    /// let plan = Plan::new(&spec, &[group], 500, &|text| Err(format!("no {text}").into()))?;
    /// let lints = plan.lint(20 * 500);
    /// assert!(lints[0].to_string().starts_with(
    ///     "cyclic: max_lr 0.006 is never reached: the rise takes 2000, the run has 20 epochs; \
    ///      the highest rate will be 0.0010475 at step 9500"
    /// ));
    /// # Ok::<(), lrscope_schedule::ScheduleError>(())
    /// ```
    pub fn lint(&self, total_steps: u64) -> Vec<Lint> {
        self.lint_with(total_steps, None)
    }

    /// The same for a run that is evaluated after every `every` updates: also whether a schedule that follows a metric gets
    /// as many values of it as it needs. Without `every` nothing is said of that.
    pub fn lint_with(&self, total_steps: u64, every: Option<u64>) -> Vec<Lint> {
        let place = self.spec().kind().to_owned();
        let every = every.filter(|every| *every > 0);
        let stretch = Stretch { plan: self, place, start: 0, updates: total_steps, every };
        if total_steps == 0 { Vec::new() } else { stretch.inspect(self.spec()) }
    }
}

/// The part of a run that a schedule drives: at least one update.
struct Stretch<'a> {
    plan: &'a Plan,
    place: String,
    start: u64,
    updates: u64,
    /// Updates between evaluations, where that is known.
    every: Option<u64>,
}

impl Stretch<'_> {
    fn inspect(&self, spec: &ScheduleSpec) -> Vec<Lint> {
        let findings = match spec {
            ScheduleSpec::Constant(_) => Vec::new(),
            ScheduleSpec::ReduceOnPlateau(it) => self.plateau(it).into_iter().collect(),
            ScheduleSpec::Step(it) => {
                let (run, step_size) = (self.run(it.interval), it.step_size.whole());
                let never = run.count <= step_size;
                let never = never.then_some(Finding::NeverDecays { step_size, run });
                never.or_else(|| self.vanishing(run)).into_iter().collect()
            }
            ScheduleSpec::MultiStep(it) => self.milestones(&it.milestones, self.run(it.interval)),
            ScheduleSpec::Exponential(it) => self.vanishing(self.run(it.interval)).into_iter().collect(),
            ScheduleSpec::InverseDecay(it) => self.vanishing(self.run(it.interval)).into_iter().collect(),
            ScheduleSpec::Linear(it) => self.ramp(it.total, self.run(it.interval)),
            ScheduleSpec::Polynomial(it) => self.ramp(it.total, self.run(it.interval)),
            ScheduleSpec::PaperDecay(it) => self.ramp(it.length, self.run(it.interval)),
            ScheduleSpec::Sweep(it) => self.ramp(it.steps, self.run(None)),
            ScheduleSpec::Cosine(it) => self.cosine(it),
            ScheduleSpec::CosineWarmRestarts(it) => self.restarts(it),
            ScheduleSpec::OneCycle(it) => self.one_cycle(it),
            ScheduleSpec::Cyclic(it) => self.cyclic(it),
            ScheduleSpec::Sequential(it) => return self.sequential(it),
        };
        findings.into_iter().map(|finding| self.lint(finding)).collect()
    }

    fn lint(&self, finding: Finding) -> Lint {
        Lint { place: self.place.clone(), finding }
    }

    /// How long the schedule runs, in what it counts.
    fn run(&self, interval: Option<Interval>) -> Span {
        let unit = interval.unwrap_or_default();
        Span { count: self.updates.div_ceil(self.per(unit)), unit }
    }

    fn per(&self, unit: Interval) -> u64 {
        unit.updates(self.plan.steps_per_epoch()).max(1)
    }

    /// The first group's rate at a count; NaN where there is none.
    fn lr(&self, count: u64, unit: Interval) -> f64 {
        let step = self.start + count * self.per(unit);
        self.plan.scheduled_lr(step, 0).unwrap_or(f64::NAN)
    }

    fn last_lr(&self, run: Span) -> f64 {
        self.lr(run.count - 1, run.unit)
    }

    /// The highest rate and its update.
    fn highest(&self, run: Span) -> (f64, u64) {
        let last = run.count - 1;
        let counts = if run.count > MOST_LOOKED_AT { last..=last } else { 0..=last };
        let rates = counts.map(|count| (self.lr(count, run.unit), self.start + count * self.per(run.unit)));
        let higher = |best: (f64, u64), one: (f64, u64)| if one.0 > best.0 { one } else { best };
        rates.fold((f64::NEG_INFINITY, self.start), higher)
    }

    fn vanishing(&self, run: Span) -> Option<Finding> {
        let gone = GONE_RATE * self.lr(0, run.unit);
        let (mut present, mut absent) = (0, run.count - 1);
        // A step before the last is what is asked for: a rate that vanishes at the end does no harm.
        if run.count < 2 || self.lr(absent, run.unit) >= gone {
            return None;
        }
        while absent - present > 1 {
            let middle = u64::midpoint(present, absent);
            if self.lr(middle, run.unit) >= gone {
                present = middle;
            } else {
                absent = middle;
            }
        }
        Some(Finding::Vanishes { what: "the rate", share: GONE_RATE, from: absent, run })
    }

    /// A plateau schedule without as many evaluations as its first reduction takes: one to be the best so far, and one more
    /// than are let pass. The last of them must come before the last update.
    fn plateau(&self, it: &ReduceOnPlateau) -> Option<Finding> {
        let every = self.every?;
        let evaluations = (self.start + self.updates - 1) / every - self.start / every;
        let needed = it.patience.saturating_add(2);
        let run = self.run(None);
        (evaluations < needed).then_some(Finding::NeverReduced { evaluations, needed, run })
    }

    fn milestones(&self, milestones: &[Length], run: Span) -> Vec<Finding> {
        let beyond = milestones.iter().map(|at| at.whole()).filter(|at| *at >= run.count);
        let beyond: Vec<u64> = beyond.collect();
        let found = (!beyond.is_empty()).then_some(Finding::MilestonesBeyondEnd { milestones: beyond, run });
        found.into_iter().chain(self.vanishing(run)).collect()
    }

    /// What goes from one rate to another and stops there.
    fn ramp(&self, total: Length, run: Span) -> Vec<Finding> {
        let total = total.whole();
        if run.count < total {
            vec![Finding::Unfinished { total, run, last: self.last_lr(run) }]
        } else if run.count > total && self.last_lr(run) == 0.0 {
            vec![Finding::ZeroRate { from: total, run }]
        } else {
            Vec::new()
        }
    }

    fn cosine(&self, it: &Cosine) -> Vec<Finding> {
        let (run, t_max) = (self.run(it.interval), it.t_max.whole());
        let last = self.last_lr(run);
        match run.count.checked_sub(t_max) {
            None => vec![Finding::Unfinished { total: t_max, run, last }],
            Some(0 | 1) => Vec::new(),
            Some(_) => vec![Finding::RisesAgain { t_max, run, last }],
        }
    }

    fn restarts(&self, it: &CosineWarmRestarts) -> Vec<Finding> {
        let run = self.run(it.interval);
        let (since, cycle) = cosine::position(run.count, it.t_0.whole(), it.t_mult);
        let cycle_length = cycle as f64;
        if run.count < it.t_0.whole() {
            return vec![Finding::CycleLongerThanRun { cycle: cycle_length, run }];
        }
        let shorter = run.count - since;
        let longer = shorter.saturating_add(cycle);
        let broken = Finding::BrokenLastCycle { cycle: cycle_length, run, shorter, longer };
        if since == 0 { Vec::new() } else { vec![broken] }
    }

    fn one_cycle(&self, it: &OneCycle) -> Vec<Finding> {
        let (run, total) = (self.run(it.interval), it.total_steps.whole());
        let rise = it.ends().first().copied().unwrap_or_default();
        if run.count > total {
            return vec![Finding::EndsBeforeRun { total, run }];
        }
        let missed = self.missed_peak(&it.max_lr, rise, run);
        let unfinished = || Finding::Unfinished { total, run, last: self.last_lr(run) };
        let unfinished = (run.count < total).then(unfinished);
        missed.into_iter().chain(unfinished).chain(self.zero_momentum(it.cycle_momentum)).collect()
    }

    fn cyclic(&self, it: &Cyclic) -> Vec<Finding> {
        let run = self.run(it.interval);
        let (up, total) = it.sizes();
        let missed = self.missed_peak(&it.max_lr, up, run);
        let cycles = (run.count as f64 / total).floor();
        let (shorter, longer) = ((cycles * total).ceil(), ((cycles + 1.0) * total).ceil());
        let ending = if cycles < 1.0 {
            Some(Finding::CycleLongerThanRun { cycle: total, run })
        } else if shorter < run.count as f64 {
            let (shorter, longer) = (shorter as u64, longer as u64);
            Some(Finding::BrokenLastCycle { cycle: total, run, shorter, longer })
        } else {
            None
        };
        let vanishing = vanishing_amplitude(it, run);
        let outside = self.scale_outside(it, run);
        missed
            .into_iter()
            .chain(ending)
            .chain(vanishing)
            .chain(outside)
            .chain(self.zero_momentum(it.cycle_momentum))
            .collect()
    }

    /// A rise of `rise` counts that the run does not finish.
    fn missed_peak(&self, max_lr: &PerGroup<Rate>, rise: f64, run: Span) -> Option<Finding> {
        if (run.count - 1) as f64 >= rise.floor() {
            return None;
        }
        let max_lr = match max_lr.as_slice().first() {
            Some(Rate::Value(value)) => *value,
            _ => return None,
        };
        let (highest, step) = self.highest(run);
        Some(Finding::PeakNeverReached { max_lr, rise, run, highest, step })
    }

    fn zero_momentum(&self, cycled: Option<bool>) -> Option<Finding> {
        let group = self.plan.groups().iter().find(|group| group.momentum == Some(0.0))?;
        (cycled == Some(true)).then(|| Finding::CyclesZeroMomentum { group: group.name.clone() })
    }

    fn sequential(&self, it: &Sequential) -> Vec<Lint> {
        let starts = it.starts(self.per(it.interval.unwrap_or_default()));
        let mut found = Vec::new();
        for (index, (stage, start)) in it.stages.iter().zip(&starts).enumerate() {
            let Some(left) = self.updates.checked_sub(*start).filter(|left| *left > 0) else {
                let (start, updates) = (*start, self.updates);
                found.push(self.lint(Finding::StageNeverStarts { stage: index, start, updates }));
                break;
            };
            let next = starts.get(index + 1).map_or(u64::MAX, |next| next - start);
            let place = format!("{}.stages[{index}].schedule.{}", self.place, stage.schedule.kind());
            let (start, updates) = (self.start + start, left.min(next));
            found
                .extend(Stretch { plan: self.plan, place, start, updates, every: self.every }.inspect(&stage.schedule));
        }
        found.extend(self.overrun(it, &starts));
        found
    }

    fn overrun(&self, it: &Sequential, starts: &[u64]) -> Option<Lint> {
        let length = it.stages.last()?.length?;
        let per = self.per(it.interval.unwrap_or_default());
        let stages = starts.last()?.saturating_add(length.whole().saturating_mul(per));
        let updates = self.updates;
        (updates > stages).then(|| self.lint(Finding::GoesOnAfterLastStage { stages, updates }))
    }
}

/// An exponential mode whose cycles flatten out long before the run's end.
fn vanishing_amplitude(it: &Cyclic, run: Span) -> Option<Finding> {
    if it.gamma >= 1.0 {
        return None;
    }
    let from = (log(GONE_AMPLITUDE) / log(it.gamma)).ceil();
    let (what, share) = ("the amplitude", GONE_AMPLITUDE);
    let finding = |from| Finding::Vanishes { what, share, from, run };
    (from < run.count as f64).then(|| finding(from as u64))
}
