//! The one-cycle policy.

use std::f64::consts::PI;

use libm::cos;
use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind};
use crate::error::{Problem, ScheduleError};
use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};
use crate::rates::Point;
use crate::resolve::{Range, Resolver};
use crate::turns;

/// `torch.optim.lr_scheduler.OneCycleLR` (arXiv 1708.07120); T = `total_steps`, p = `pct_start`.
///
/// Two phases (fastai's form, the default): from i = `max_lr` / `div_factor` up to `max_lr` at step p·T − 1, then down to
/// i / `final_div_factor` at step T − 1. Three phases (the paper's): up to `max_lr` at p·T − 1, back to i at 2·p·T − 2, then
/// down to i / `final_div_factor` at T − 1. Within a phase a → b, x from 0 to 1: cosine b + (a − b) · (1 + cos(π x)) / 2, or
/// linear a + (b − a) · x. Momentum goes the other way, from `max_momentum` to `base_momentum` and back.
///
/// | step 0 | step T − 1 | after it |
/// |---|---|---|
/// | `max_lr` / `div_factor` | `max_lr` / `div_factor` / `final_div_factor` | an error (PyTorch goes on for one more step, and may go negative) |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneCycle {
    /// The peak.
    pub max_lr: PerGroup<Rate>,
    /// Steps of the whole cycle; whole.
    pub total_steps: Length,
    /// Share of the steps in which the rate rises, in (0, 1); below about ½ with three phases.
    #[serde(default = "thirty_percent")]
    pub pct_start: f64,
    /// How the rate goes from one end of a phase to the other.
    #[serde(default)]
    pub anneal_strategy: AnnealStrategy,
    /// Whether momentum goes the other way; absent for yes where the optimizer has one.
    #[serde(default)]
    pub cycle_momentum: Option<bool>,
    /// Momentum at the peak, in [0, 1).
    #[serde(default = "default_base_momentum")]
    pub base_momentum: PerGroup<f64>,
    /// Momentum at both ends, in [0, 1) and not below `base_momentum`.
    #[serde(default = "default_max_momentum")]
    pub max_momentum: PerGroup<f64>,
    /// The peak over the first rate, at least 1.
    #[serde(default = "div_factor")]
    pub div_factor: f64,
    /// The first rate over the last rate.
    #[serde(default = "final_div_factor")]
    pub final_div_factor: f64,
    /// Whether there are three phases instead of two.
    #[serde(default)]
    pub three_phase: bool,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// How a one-cycle phase goes from one end to the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnealStrategy {
    /// Half a cosine.
    #[default]
    Cos,
    /// A straight line.
    Linear,
}

impl OneCycle {
    /// One cycle up to `max_lr` over `total_steps`, all else as PyTorch has it by default.
    pub fn new(max_lr: impl Into<PerGroup<Rate>>, total_steps: impl Into<Length>) -> Self {
        Self {
            max_lr: max_lr.into(),
            total_steps: total_steps.into(),
            pct_start: thirty_percent(),
            anneal_strategy: AnnealStrategy::Cos,
            cycle_momentum: None,
            base_momentum: default_base_momentum(),
            max_momentum: default_max_momentum(),
            div_factor: div_factor(),
            final_div_factor: final_div_factor(),
            three_phase: false,
            interval: None,
        }
    }
}

fn thirty_percent() -> f64 {
    0.3
}

fn default_base_momentum() -> PerGroup<f64> {
    0.85.into()
}

fn default_max_momentum() -> PerGroup<f64> {
    0.95.into()
}

fn div_factor() -> f64 {
    25.0
}

fn final_div_factor() -> f64 {
    1e4
}

/// Steps that are none but for rounding: `pct_start` · `total_steps` − 1 need not come out as 0 where it is 0.
const NO_STEP: f64 = 1e-9;

/// A phase of the cycle for one group: from a step to a step, from a rate to a rate, from a momentum to a momentum.
#[derive(Clone, Copy)]
struct Phase {
    steps: (f64, f64),
    lr: (f64, f64),
    momentum: (f64, f64),
}

impl AnnealStrategy {
    fn between(self, (from, to): (f64, f64), share: f64) -> f64 {
        match self {
            Self::Cos => to + (from - to) / 2.0 * (cos(PI * share) + 1.0),
            Self::Linear => (to - from) * share + from,
        }
    }
}

impl OneCycle {
    /// The steps at which the phases end.
    pub(crate) fn ends(&self) -> Vec<f64> {
        let total = self.total_steps.count();
        let mut ends = vec![self.pct_start * total - 1.0];
        if self.three_phase {
            ends.push(2.0 * self.pct_start * total - 2.0);
        }
        ends.push(total - 1.0);
        ends
    }

    /// That every phase has a length: PyTorch divides by zero where the first has none, starts near or at the last rate where it
    /// would end before the first step (its one step of one is at the last rate), and leaves out the third in silence.
    fn check_phases(&self, to: &Resolver<'_>) -> Result<(), ScheduleError> {
        let (total, value) = (self.total_steps.count(), self.pct_start);
        let ends = self.ends();
        let empty = |phase, advice| Err(to.fault("pct_start", Problem::EmptyPhase { value, phase, advice }));
        if ends.first().is_some_and(|end| *end <= NO_STEP) {
            // 1 / `pct_start` is not a whole number, or is one that rounding may have made a little larger or smaller.
            let least = ((1.0 + NO_STEP) / value).floor() as u64 + 1;
            let (total, pct_start) = (self.total_steps.whole(), value);
            if total == 1 {
                return Err(to.fault("total_steps", Problem::ShortCycle { total, pct_start, least }));
            }
            let share = 1.0 / total as f64;
            let advice = format!(
                "with total_steps = {total} it must be above 1 / {total} = {share:.4}; or set total_steps to {least} or more"
            );
            return empty("the rise", advice);
        }
        if self.three_phase && ends.windows(2).any(|pair| pair[1] - pair[0] <= NO_STEP) {
            let most = (total + 1.0) / (2.0 * total);
            let advice = format!("with three phases and total_steps = {total} it must be below {most:.4}");
            return empty("the last descent", advice);
        }
        Ok(())
    }

    fn phases(&self, max_lr: f64, base_momentum: f64, max_momentum: f64) -> Vec<Phase> {
        let initial_lr = max_lr / self.div_factor;
        let last_lr = initial_lr / self.final_div_factor;
        let mut rates = vec![initial_lr, max_lr];
        let mut momentums = vec![max_momentum, base_momentum];
        if self.three_phase {
            rates.push(initial_lr);
            momentums.push(max_momentum);
        }
        rates.push(last_lr);
        momentums.push(max_momentum);
        let mut start = 0.0;
        let corners = rates.windows(2).zip(momentums.windows(2));
        let phase = |(end, (lr, momentum)): (f64, (&[f64], &[f64]))| {
            let steps = (std::mem::replace(&mut start, end), end);
            let (lr, momentum) = ((lr[0], lr[1]), (momentum[0], momentum[1]));
            Phase { steps, lr, momentum }
        };
        self.ends().into_iter().zip(corners).map(phase).collect()
    }
}

impl Kind for OneCycle {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let cycle_momentum = to.cycle_momentum(self.cycle_momentum)?;
        let base_momentum = to.momentums("base_momentum", &self.base_momentum)?;
        let max_momentum = to.momentums("max_momentum", &self.max_momentum)?;
        to.ordered(("base_momentum", &base_momentum), ("max_momentum", &max_momentum))?;
        let div_factor = to.number("div_factor", self.div_factor, Range::FROM_ONE)?;
        to.number("final_div_factor", self.final_div_factor, Range::POSITIVE)?;
        to.number("final_div_factor", div_factor * self.final_div_factor, Range::FROM_ONE)?;
        let resolved = Self {
            max_lr: to.rates("max_lr", &self.max_lr)?,
            total_steps: to.whole("total_steps", self.total_steps, interval)?,
            pct_start: to.number("pct_start", self.pct_start, Range::OPEN_UNIT)?,
            cycle_momentum: Some(cycle_momentum),
            base_momentum: if cycle_momentum { base_momentum } else { default_base_momentum() },
            max_momentum: if cycle_momentum { max_momentum } else { default_max_momentum() },
            div_factor,
            interval: Some(interval),
            ..self.clone()
        };
        resolved.check_phases(to)?;
        Ok(resolved)
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.max_lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let max_lr = on.values("max_lr", &self.max_lr)?;
        let base_momentum = on.values("base_momentum", &self.base_momentum)?;
        let max_momentum = on.values("max_momentum", &self.max_momentum)?;
        let groups = max_lr.into_iter().zip(base_momentum.into_iter().zip(max_momentum));
        let groups: Vec<_> = groups.map(|(lr, (base, max))| self.phases(lr, base, max)).collect();
        let (per, strategy) = (on.per(self.interval), self.anneal_strategy);
        let (cycled, end) = (self.cycle_momentum == Some(true), self.total_steps.whole());
        let place = format!("{}.total_steps", on.place);
        Ok(Curve::of_moment(move |moment, group| {
            let t = moment.count(per);
            let place = || place.clone();
            let past = |step| ScheduleError { place: place(), problem: Problem::PastEnd { step, end } };
            let reached = |phase: &&Phase| t as f64 <= phase.steps.1;
            let phase = groups[group].iter().find(reached).ok_or_else(|| past(t))?;
            let share = (t as f64 - phase.steps.0) / (phase.steps.1 - phase.steps.0);
            Ok(Point {
                lr: strategy.between(phase.lr, share),
                momentum: cycled.then(|| strategy.between(phase.momentum, share)),
            })
        }))
    }

    fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        let per = self.interval.unwrap_or_default().updates(steps_per_epoch).max(1);
        let around = |end: f64| [end.floor() as u64, end.ceil() as u64];
        let ends = self.ends().into_iter().flat_map(around);
        // The first step past the end has no rate.
        turns::in_updates(ends.chain([self.total_steps.whole()]), per, updates)
    }

    fn end(&self, steps_per_epoch: u64) -> Option<u64> {
        let per = self.interval.unwrap_or_default().updates(steps_per_epoch);
        Some(self.total_steps.whole().saturating_mul(per))
    }
}
