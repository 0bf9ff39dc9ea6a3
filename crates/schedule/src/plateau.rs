//! Reduce on plateau, as a pure function of the evaluations so far.

use serde::{Deserialize, Serialize};

use crate::rate::{PerGroup, Rate};

/// `torch.optim.lr_scheduler.ReduceLROnPlateau` as a pure function of the evaluations so far.
///
/// Each evaluation is better than the best so far or bad. After more than `patience` bad ones in a row the rate becomes
/// max(lr · `factor`, `min_lr`), unless that changes it by `eps` or less, and for `cooldown` evaluations none counts as bad.
/// Not-a-number counts as bad.
///
/// An evaluation after u updates counts from update u on, and only if it was made during this schedule, that is after at
/// least one of its updates: inside a sequence, earlier stages' evaluations are not seen.
///
/// | before any evaluation | in the end | |
/// |---|---|---|
/// | `lr` | `min_lr` at the lowest | never rises |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReduceOnPlateau {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Which way is better.
    #[serde(default)]
    pub mode: PlateauMode,
    /// Factor of each reduction, in (0, 1).
    #[serde(default = "tenth")]
    pub factor: f64,
    /// Bad evaluations in a row that are let pass.
    #[serde(default = "ten")]
    pub patience: u64,
    /// How much better than the best an evaluation must be, at least 0.
    #[serde(default = "threshold")]
    pub threshold: f64,
    /// What the threshold is measured in.
    #[serde(default)]
    pub threshold_mode: ThresholdMode,
    /// Evaluations after a reduction during which none counts as bad.
    #[serde(default)]
    pub cooldown: u64,
    /// The lowest rate, not above `lr`.
    #[serde(default = "zero")]
    pub min_lr: PerGroup<Rate>,
    /// Smallest change of the rate that is made, at least 0.
    #[serde(default = "eps")]
    pub eps: f64,
}

/// Which way an evaluation is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateauMode {
    /// Smaller is better, as for a loss.
    #[default]
    Min,
    /// Larger is better, as for an accuracy.
    Max,
}

/// What a plateau's threshold is measured in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdMode {
    /// Share of the best so far.
    #[default]
    Rel,
    /// The evaluation's own unit.
    Abs,
}

fn tenth() -> f64 {
    0.1
}

fn ten() -> u64 {
    10
}

fn threshold() -> f64 {
    1e-4
}

fn zero() -> PerGroup<Rate> {
    0.0.into()
}

fn eps() -> f64 {
    1e-8
}
