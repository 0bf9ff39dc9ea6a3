//! Schedules that go from one rate to another and stop there: linear, polynomial, the paper's decay, sweeps.

use serde::{Deserialize, Serialize};

use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};

/// `torch.optim.lr_scheduler.LinearLR`: `lr` · (s + (e − s) · min(t, `total`) / `total`), s = `start_factor`, e = `end_factor`.
///
/// | step 0 | step `total` | after it |
/// |---|---|---|
/// | `lr` · s | `lr` · e | the same |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// The rate that the factors apply to.
    pub lr: PerGroup<Rate>,
    /// Factor at step 0, in (0, 1].
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
    /// The last rate, above `start_lr`.
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

fn one() -> f64 {
    1.0
}

fn third() -> f64 {
    1.0 / 3.0
}

fn five() -> Length {
    Length::Count(5.0)
}
