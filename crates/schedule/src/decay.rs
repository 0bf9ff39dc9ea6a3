//! Schedules that start at a rate and only fall: constant, step, multi-step, exponential, inverse decay.

use libm::pow;
use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind};
use crate::error::{Problem, ScheduleError};
use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};
use crate::resolve::{Range, Resolver};

/// The same rate at every step: `lr`.
///
/// | step 0 | at the end | after it |
/// |---|---|---|
/// | `lr` | `lr` | `lr` |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The rate.
    pub lr: PerGroup<Rate>,
}

/// `torch.optim.lr_scheduler.StepLR`: `lr` · `gamma`^⌊t / `step_size`⌋.
///
/// | step 0 | step `step_size` | for ever after |
/// |---|---|---|
/// | `lr` | `lr` · `gamma` | falls every `step_size` steps, towards 0 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Steps between two decays; whole.
    pub step_size: Length,
    /// Factor of each decay, in (0, 1].
    #[serde(default = "tenth")]
    pub gamma: f64,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// `torch.optim.lr_scheduler.MultiStepLR`: `lr` · `gamma`^(number of milestones ≤ t).
///
/// A milestone that stands twice decays twice, as in PyTorch.
///
/// | step 0 | last milestone | after it |
/// |---|---|---|
/// | `lr` | `lr` · `gamma`^n | the same |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiStep {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// The steps at which the rate decays; whole, and never going down.
    pub milestones: Vec<Length>,
    /// Factor of each decay, in (0, 1].
    #[serde(default = "tenth")]
    pub gamma: f64,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// `torch.optim.lr_scheduler.ExponentialLR`: `lr` · `gamma`^t. The CLR paper's `exp` policy.
///
/// | step 0 | for ever after |
/// |---|---|
/// | `lr` | falls towards 0 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Factor of each step, in (0, 1].
    pub gamma: f64,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// Caffe's `inv` policy: `lr` · (1 + `gamma` · t)^−`power`.
///
/// | step 0 | for ever after |
/// |---|---|
/// | `lr` | falls towards 0 |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InverseDecay {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Speed of the decay, above 0; Caffe's `MNIST` example has 0.0001.
    pub gamma: f64,
    /// Exponent, at least 0; Caffe's `MNIST` example has 0.75.
    pub power: f64,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

fn tenth() -> f64 {
    0.1
}

impl Kind for Constant {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let lr = to.rates("lr", &self.lr)?;
        Ok(Self { lr })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        Ok(Curve::of_count(1, move |_, group| lr[group]))
    }
}

impl Kind for Step {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        Ok(Self {
            lr: to.rates("lr", &self.lr)?,
            step_size: to.whole("step_size", self.step_size, interval)?,
            gamma: to.number("gamma", self.gamma, Range::DECAY)?,
            interval: Some(interval),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        let (step_size, gamma) = (self.step_size.whole(), self.gamma);
        Ok(Curve::of_count(on.per(self.interval), move |t, group| {
            lr[group] * pow(gamma, (t / step_size.max(1)) as f64)
        }))
    }
}

impl Kind for MultiStep {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let whole = |length: &Length| to.whole("milestones", *length, interval);
        let milestones: Vec<Length> = self.milestones.iter().map(whole).collect::<Result<_, _>>()?;
        for pair in milestones.windows(2) {
            if let [before, after] = pair
                && before.count() > after.count()
            {
                let (before, after) = (before.count(), after.count());
                return Err(to.fault("milestones", Problem::Unsorted { before, after }));
            }
        }
        Ok(Self {
            lr: to.rates("lr", &self.lr)?,
            milestones,
            gamma: to.number("gamma", self.gamma, Range::DECAY)?,
            interval: Some(interval),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        let milestones: Vec<u64> = self.milestones.iter().map(|at| at.whole()).collect();
        let gamma = self.gamma;
        Ok(Curve::of_count(on.per(self.interval), move |t, group| {
            let passed = milestones.partition_point(|at| *at <= t);
            lr[group] * pow(gamma, passed as f64)
        }))
    }
}

impl Kind for Exponential {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        Ok(Self {
            lr: to.rates("lr", &self.lr)?,
            gamma: to.number("gamma", self.gamma, Range::DECAY)?,
            interval: Some(to.interval(self.interval)?),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        let gamma = self.gamma;
        Ok(Curve::of_count(on.per(self.interval), move |t, group| lr[group] * pow(gamma, t as f64)))
    }
}

impl Kind for InverseDecay {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        Ok(Self {
            lr: to.rates("lr", &self.lr)?,
            gamma: to.number("gamma", self.gamma, Range::POSITIVE)?,
            power: to.number("power", self.power, Range::NOT_NEGATIVE)?,
            interval: Some(to.interval(self.interval)?),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let lr = on.values("lr", &self.lr)?;
        let (gamma, power) = (self.gamma, self.power);
        Ok(Curve::of_count(on.per(self.interval), move |t, group| lr[group] * pow(1.0 + gamma * t as f64, -power)))
    }
}
