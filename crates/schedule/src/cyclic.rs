//! Cyclical learning rates: `CyclicLR` with every parameter of PyTorch's, and the paper's own `exp_range`.

use serde::{Deserialize, Serialize};

use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};

/// `torch.optim.lr_scheduler.CyclicLR` (arXiv 1506.01186).
///
/// With u = `step_size_up`, d = `step_size_down`, r = u / (u + d):
/// cycle = ⌊1 + t / (u + d)⌋, x = 1 + t / (u + d) − cycle, f = x / r where x ≤ r and (x − 1) / (r − 1) elsewhere;
/// **lr = `base_lr` + (`max_lr` − `base_lr`) · f · s**, **momentum = `max_momentum` − (`max_momentum` − `base_momentum`) · f · s**,
/// with the scale s that [`CyclicMode`] or `scale_fn` gives.
///
/// | step 0 | step u | step u + d | after it |
/// |---|---|---|---|
/// | `base_lr` | `max_lr` · (scaled) | `base_lr` | the next cycle, for ever |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cyclic {
    /// The lower bound.
    pub base_lr: PerGroup<Rate>,
    /// The upper bound, not below `base_lr`.
    pub max_lr: PerGroup<Rate>,
    /// Steps of the rise; fractions of a step are allowed.
    #[serde(default = "two_thousand")]
    pub step_size_up: Length,
    /// Steps of the fall; absent for as many as the rise has.
    #[serde(default)]
    pub step_size_down: Option<Length>,
    /// How the amplitude changes over time; not used where there is a `scale_fn`.
    #[serde(default)]
    pub mode: CyclicMode,
    /// Base of the exponential modes, in (0, 1]; not used by the others.
    #[serde(default = "one")]
    pub gamma: f64,
    /// An expression of `x` that scales the amplitude, in place of `mode`.
    #[serde(default)]
    pub scale_fn: Option<String>,
    /// What `x` is in `scale_fn`; not used without one.
    #[serde(default)]
    pub scale_mode: ScaleMode,
    /// Whether momentum is cycled the other way; absent for yes where the optimizer has one.
    #[serde(default)]
    pub cycle_momentum: Option<bool>,
    /// Momentum at the peak of a cycle, in [0, 1).
    #[serde(default = "base_momentum")]
    pub base_momentum: PerGroup<f64>,
    /// Momentum at the foot of a cycle, in [0, 1) and not below `base_momentum`.
    #[serde(default = "max_momentum")]
    pub max_momentum: PerGroup<f64>,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// How a cyclic schedule's amplitude changes over time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CyclicMode {
    /// It stays: s = 1.
    #[default]
    Triangular,
    /// It halves with every cycle: s = 1 / 2^(cycle − 1).
    Triangular2,
    /// It decays with every step, and `base_lr` stays, as in PyTorch: s = `gamma`^t, t from the start of training.
    ExpRange,
    /// Both bounds decay with every step, as the CLR paper (section 3.1) has it: lr = `gamma`^t · (triangular lr).
    /// The paper has no rule for momentum: it is cycled with s = `gamma`^t, as in `exp_range`.
    ExpRangePaper,
}

/// What the `x` of a scale function is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleMode {
    /// The cycle, from 1.
    #[default]
    Cycle,
    /// The step, from 0.
    Iterations,
}

impl Cyclic {
    /// Cycles between two bounds, all else as PyTorch has it by default.
    pub fn new(base_lr: impl Into<PerGroup<Rate>>, max_lr: impl Into<PerGroup<Rate>>) -> Self {
        Self {
            base_lr: base_lr.into(),
            max_lr: max_lr.into(),
            step_size_up: two_thousand(),
            step_size_down: None,
            mode: CyclicMode::Triangular,
            gamma: one(),
            scale_fn: None,
            scale_mode: ScaleMode::Cycle,
            cycle_momentum: None,
            base_momentum: base_momentum(),
            max_momentum: max_momentum(),
            interval: None,
        }
    }
}

fn two_thousand() -> Length {
    Length::Count(2000.0)
}

fn one() -> f64 {
    1.0
}

fn base_momentum() -> PerGroup<f64> {
    0.8.into()
}

fn max_momentum() -> PerGroup<f64> {
    0.9.into()
}
