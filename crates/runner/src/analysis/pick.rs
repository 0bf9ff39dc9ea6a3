//! From the curves of a range test to `base_lr` and `max_lr`.

use serde::{Deserialize, Serialize};

use super::{AnalysisError, Curve, RuleOutcome};

/// The two bounds that a range test picks, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// Lower bound for a cyclical schedule.
    pub base_lr: f64,
    /// Upper bound for a cyclical schedule.
    pub max_lr: f64,
    /// The largest rate at which the loss still fell: training beyond it diverges.
    pub edge_lr: f64,
    /// The rate at which the loss begins to fall.
    pub first_descent_lr: f64,
    /// The rule for `base_lr`, in words.
    pub base_rule: String,
    /// The rule for `max_lr`, in words.
    pub max_rule: String,
    /// Whether the sweep went past the edge; where it did not, `edge_lr` is a lower bound of it.
    pub edge_reached: bool,
}

/// A range test, analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RangeTest {
    /// The raw curves, one a seed.
    pub curves: Vec<Curve>,
    /// Rates of the mean curve: the steps that all seeds reached with a finite loss.
    pub lr: Vec<f64>,
    /// Mean raw loss over the seeds, aligned with `lr`.
    pub mean_loss: Vec<f64>,
    /// `mean_loss` after centred smoothing.
    pub smoothed_loss: Vec<f64>,
    /// Points in the smoothing window.
    pub window: usize,
    /// The bounds; absent where the curve does not support any, with the reason in `warnings`.
    pub pick: Option<Pick>,
    /// Each seed's own pick, as a measure of spread: (seed, pick).
    pub seed_picks: Vec<(u64, Pick)>,
    /// What the published rules say, for each seed.
    pub rules: Vec<RuleOutcome>,
    /// What a reader must know before trusting the pick.
    pub warnings: Vec<String>,
}

/// Analyses the curves of a range test.
pub fn analyse(curves: &[Curve]) -> Result<RangeTest, AnalysisError> {
    let _ = curves;
    Err(AnalysisError::Empty("no curves".into()))
}
