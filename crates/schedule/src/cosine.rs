//! Cosine annealing, once or with warm restarts.

use std::f64::consts::PI;

use libm::cos;
use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind};
use crate::error::ScheduleError;
use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};
use crate::resolve::{Range, Resolver};
use crate::{turns, whole};

/// `torch.optim.lr_scheduler.CosineAnnealingLR`: m + (`lr` − m) · (1 + cos(π t / `t_max`)) / 2, m = `eta_min`.
///
/// | step 0 | step `t_max` | after it |
/// |---|---|---|
/// | `lr` | `eta_min` | rises again, back to `lr` at 2 · `t_max`, and so on |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cosine {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Steps from the first to the lowest rate; whole.
    pub t_max: Length,
    /// The lowest rate, not above `lr`.
    #[serde(default = "zero")]
    pub eta_min: PerGroup<Rate>,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts` (SGDR, arXiv 1608.03983):
/// m + (`lr` − m) · (1 + cos(π c / C)) / 2, m = `eta_min`, c = steps since the last restart, C = length of the cycle.
///
/// Cycle n (from 0) is `t_0` · `t_mult`^n steps long.
///
/// | step 0 | end of a cycle | after it |
/// |---|---|---|
/// | `lr` | close to `eta_min`, which is never reached itself | `lr` again |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosineWarmRestarts {
    /// The first rate of every cycle.
    pub lr: PerGroup<Rate>,
    /// Steps of the first cycle; whole.
    pub t_0: Length,
    /// Each cycle's length over the one before it, at least 1.
    #[serde(default = "once", deserialize_with = "whole::number")]
    pub t_mult: u64,
    /// The lowest rate, not above `lr`.
    #[serde(default = "zero")]
    pub eta_min: PerGroup<Rate>,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

fn zero() -> PerGroup<Rate> {
    0.0.into()
}

fn once() -> u64 {
    1
}

/// From `high` to `low` along half a cosine; `angle` goes from 0 to π.
fn anneal(high: f64, low: f64, angle: f64) -> f64 {
    low + (high - low) * (1.0 + cos(angle)) / 2.0
}

/// Steps since the last restart and the cycle's length, at count `t`.
pub(crate) fn position(t: u64, t_0: u64, t_mult: u64) -> (u64, u64) {
    if t_mult <= 1 {
        return (t % t_0.max(1), t_0);
    }
    let (mut since, mut length) = (t, t_0);
    while since >= length {
        since -= length;
        // A cycle longer than any count never ends.
        length = length.saturating_mul(t_mult);
    }
    (since, length)
}

impl Kind for Cosine {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let (lr, eta_min) = (to.rates("lr", &self.lr)?, to.rates("eta_min", &self.eta_min)?);
        to.ordered(("eta_min", &eta_min), ("lr", &lr))?;
        Ok(Self { lr, t_max: to.whole("t_max", self.t_max, interval)?, eta_min, interval: Some(interval) })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr, &self.eta_min]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let (lr, eta_min) = (on.values("lr", &self.lr)?, on.values("eta_min", &self.eta_min)?);
        let t_max = self.t_max.whole();
        Ok(Curve::of_count(on.per(self.interval), move |t, group| {
            // The cosine has period 2 · t_max; a small angle keeps its rounding error small at any count.
            let t = t % (2 * t_max).max(1);
            anneal(lr[group], eta_min[group], PI * t as f64 / t_max as f64)
        }))
    }

    fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        let per = self.interval.unwrap_or_default().updates(steps_per_epoch).max(1);
        turns::in_updates([self.t_max.whole()], per, updates)
    }
}

impl Kind for CosineWarmRestarts {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let (lr, eta_min) = (to.rates("lr", &self.lr)?, to.rates("eta_min", &self.eta_min)?);
        to.ordered(("eta_min", &eta_min), ("lr", &lr))?;
        Ok(Self {
            lr,
            t_0: to.whole("t_0", self.t_0, interval)?,
            t_mult: to.number("t_mult", self.t_mult as f64, Range::FROM_ONE).map(|_| self.t_mult)?,
            eta_min,
            interval: Some(interval),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr, &self.eta_min]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let (lr, eta_min) = (on.values("lr", &self.lr)?, on.values("eta_min", &self.eta_min)?);
        let (t_0, t_mult) = (self.t_0.whole(), self.t_mult);
        Ok(Curve::of_count(on.per(self.interval), move |t, group| {
            let (since, length) = position(t, t_0, t_mult);
            anneal(lr[group], eta_min[group], PI * since as f64 / length as f64)
        }))
    }

    fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        let per = self.interval.unwrap_or_default().updates(steps_per_epoch).max(1);
        turns::in_updates([self.t_0.whole() - 1], per, updates)
    }
}
