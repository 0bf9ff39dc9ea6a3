//! Schedules that go from one rate to another and stop there: linear, polynomial, the paper's decay, sweeps.

use libm::pow;
use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind};
use crate::error::{Problem, ScheduleError};
use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};
use crate::resolve::{Range, Resolver};
use crate::turns;

/// `torch.optim.lr_scheduler.LinearLR`: `lr` · (s + (e − s) · min(t, `total`) / `total`), s = `start_factor`, e = `end_factor`.
///
/// PyTorch refuses `start_factor` 0, since it computes each rate from the one before it and would divide by 0. This closed form
/// does not: 0 gives the usual warm-up `lr` · t / `total`, whose first update changes nothing.
///
/// | step 0 | step `total` | after it |
/// |---|---|---|
/// | `lr` · s | `lr` · e | the same |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// The rate that the factors apply to.
    pub lr: PerGroup<Rate>,
    /// Factor at step 0, in [0, 1].
    #[serde(default = "third")]
    pub start_factor: f64,
    /// Factor from step `total` on, in [0, 1].
    #[serde(default = "one")]
    pub end_factor: f64,
    /// Steps of the ramp; whole (PyTorch's `total_iters`).
    #[serde(default = "five", alias = "total_iters")]
    pub total: Length,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// `torch.optim.lr_scheduler.PolynomialLR`: `lr` · (1 − min(t, `total`) / `total`)^`power`.
///
/// | step 0 | step `total` | after it |
/// |---|---|---|
/// | `lr` | 0 (`lr` where `power` is 0) | the same |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polynomial {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Steps of the decay; whole (PyTorch's `total_iters`).
    #[serde(default = "five", alias = "total_iters")]
    pub total: Length,
    /// Exponent, at least 0.
    #[serde(default = "one")]
    pub power: f64,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// The `decay` policy of the CLR paper (arXiv 1506.01186): from `max_lr` to `base_lr` in a straight line, then `base_lr`.
///
/// `max_lr` − (`max_lr` − `base_lr`) · min(t, `length`) / `length`. It shows what of a cyclic schedule's gain is only decay.
///
/// | step 0 | step `length` | after it |
/// |---|---|---|
/// | `max_lr` | `base_lr` | `base_lr` |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperDecay {
    /// The first rate.
    pub max_lr: PerGroup<Rate>,
    /// The last rate, not above `max_lr`.
    pub base_lr: PerGroup<Rate>,
    /// Steps of the decay; whole (4,000 in the paper).
    pub length: Length,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// A range test's sweep upwards; N = `steps`, t = 0 … N − 1, both ends used.
///
/// Exponential: s · (e / s)^(t / (N − 1)); linear: s + (e − s) · t / (N − 1); s = `start_lr`, e = `end_lr`.
///
/// | step 0 | step N − 1 | after it |
/// |---|---|---|
/// | `start_lr` | `end_lr` | `end_lr` |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// The first rate; above 0 where the sweep is exponential.
    pub start_lr: PerGroup<Rate>,
    /// The last rate, so far above `start_lr` that the rate changes with every step.
    pub end_lr: PerGroup<Rate>,
    /// Steps of the sweep; whole, at least 2.
    pub steps: Length,
    /// How the rate rises.
    #[serde(default)]
    pub kind: SweepKind,
}

/// How a sweep's rate rises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepKind {
    /// By the same factor with every step.
    #[default]
    Exponential,
    /// By the same amount with every step, as in the CLR paper.
    Linear,
}

/// Share of the last rate by which a sweep's rate has to change with every step, on average: well above what rounding does to it.
const LEAST_CHANGE: f64 = 1e-14;

fn one() -> f64 {
    1.0
}

fn third() -> f64 {
    1.0 / 3.0
}

fn five() -> Length {
    Length::Count(5.0)
}

/// a + (b − a) · share, which is b itself where the share is 1.
fn between(a: f64, b: f64, done: u64, total: u64) -> f64 {
    if done >= total { b } else { a + (b - a) * (done as f64 / total as f64) }
}

impl Kind for Linear {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        Ok(Self {
            lr: to.rates("lr", &self.lr)?,
            start_factor: to.number("start_factor", self.start_factor, Range::UNIT)?,
            end_factor: to.number("end_factor", self.end_factor, Range::UNIT)?,
            total: to.whole("total", self.total, interval)?,
            interval: Some(interval),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        let (start, end, total) = (self.start_factor, self.end_factor, self.total.whole());
        Ok(Curve::of_count(on.per(self.interval), move |t, group| lr[group] * between(start, end, t, total)))
    }
}

impl Kind for Polynomial {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        Ok(Self {
            lr: to.rates("lr", &self.lr)?,
            total: to.whole("total", self.total, interval)?,
            power: to.number("power", self.power, Range::NOT_NEGATIVE)?,
            interval: Some(interval),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        let (total, power) = (self.total.count(), self.power);
        Ok(Curve::of_count(on.per(self.interval), move |t, group| {
            lr[group] * pow(1.0 - (t as f64).min(total) / total, power)
        }))
    }
}

impl Kind for PaperDecay {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let (max_lr, base_lr) = (to.rates("max_lr", &self.max_lr)?, to.rates("base_lr", &self.base_lr)?);
        to.ordered(("base_lr", &base_lr), ("max_lr", &max_lr))?;
        Ok(Self { max_lr, base_lr, length: to.whole("length", self.length, interval)?, interval: Some(interval) })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.max_lr, &self.base_lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let (max, base) = (on.values("max_lr", &self.max_lr)?, on.values("base_lr", &self.base_lr)?);
        let length = self.length.whole();
        Ok(Curve::of_count(on.per(self.interval), move |t, group| between(max[group], base[group], t, length)))
    }
}

impl Sweep {
    /// That a sweep of this kind can go from one rate to the other; else the field that is wrong.
    fn check_ends(&self, start: f64, end: f64) -> Result<(), (&'static str, Problem)> {
        if start >= end {
            return Err(("end_lr", Problem::Falling { start, end }));
        }
        match self.kind {
            SweepKind::Exponential if start == 0.0 => Err(("start_lr", Problem::ExponentialFromZero)),
            SweepKind::Exponential if (end / start).is_infinite() => Err(("end_lr", Problem::WideSweep { start, end })),
            _ => Ok(()),
        }
    }
}

impl Kind for Sweep {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let start_lr = to.rates("start_lr", &self.start_lr)?;
        let end_lr = to.rates("end_lr", &self.end_lr)?;
        for (start, end) in start_lr.pairs(&end_lr) {
            if let (Rate::Value(start), Rate::Value(end)) = (start, end) {
                self.check_ends(start, end).map_err(|(field, problem)| to.fault(field, problem))?;
            }
        }
        let steps = to.whole("steps", self.steps, Interval::Update)?;
        if steps.count() < 2.0 {
            return Err(to.fault("steps", Problem::ShortSweep { steps: steps.whole() }));
        }
        for (start, end) in start_lr.pairs(&end_lr) {
            if let (Rate::Value(start), Rate::Value(end)) = (start, end)
                && (end - start) / (steps.count() - 1.0) < LEAST_CHANGE * end
            {
                let steps = steps.whole();
                return Err(to.fault("end_lr", Problem::NarrowSweep { start, end, steps }));
            }
        }
        Ok(Self { start_lr, end_lr, steps, kind: self.kind })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.start_lr, &self.end_lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let (start, end) = (on.values("start_lr", &self.start_lr)?, on.values("end_lr", &self.end_lr)?);
        let (last, kind) = ((self.steps.whole()).saturating_sub(1), self.kind);
        Ok(Curve::of_count(1, move |t, group| {
            let (start, end) = (start[group], end[group]);
            match kind {
                SweepKind::Exponential if t < last => start * pow(end / start, t as f64 / last as f64),
                SweepKind::Exponential => end,
                SweepKind::Linear => between(start, end, t, last),
            }
        }))
    }

    fn turns(&self, _: u64, updates: u64) -> Vec<u64> {
        let end = self.steps.whole() - 1;
        turns::in_updates([end - 1, end], 1, updates)
    }
}
