//! The one-cycle policy.

use serde::{Deserialize, Serialize};

use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};

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
    #[serde(default = "base_momentum")]
    pub base_momentum: PerGroup<f64>,
    /// Momentum at both ends, in [0, 1) and not below `base_momentum`.
    #[serde(default = "max_momentum")]
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
            base_momentum: base_momentum(),
            max_momentum: max_momentum(),
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

fn base_momentum() -> PerGroup<f64> {
    0.85.into()
}

fn max_momentum() -> PerGroup<f64> {
    0.95.into()
}

fn div_factor() -> f64 {
    25.0
}

fn final_div_factor() -> f64 {
    1e4
}
