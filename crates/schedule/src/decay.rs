//! Schedules that start at a rate and only fall: constant, step, multi-step, exponential, inverse decay.

use serde::{Deserialize, Serialize};

use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};

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
