//! Loss curves of a range test.

use serde::{Deserialize, Serialize};

/// The raw curve of one seed of a range test.
///
/// `loss[k]` was measured *before* the update that used `lr[k]`, so the effect of `lr[k]` shows in `loss[k + 1]`. Both have
/// one entry for each update; non-finite losses are kept as they came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Seed number.
    pub seed: u64,
    /// Learning rate of each update.
    pub lr: Vec<f64>,
    /// Raw loss of each update, before smoothing of any kind.
    pub loss: Vec<f64>,
    /// How the sweep ended.
    pub ending: Ending,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All steps were done.
    Completed,
    /// The loss rose past the divergence threshold at this step.
    Diverged {
        /// Row in which it showed.
        step: u64,
    },
    /// The loss was infinite or NaN at this step.
    NonFinite {
        /// Row in which it showed.
        step: u64,
    },
}
