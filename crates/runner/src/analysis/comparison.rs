//! Arms × seeds, paired.

use serde::{Deserialize, Serialize};

use super::{AnalysisError, Ending, Estimate};

/// What one seed of one arm reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// Seed number; the same number means the same initial weights and example order in every arm.
    pub seed: u64,
    /// How the run ended.
    pub ending: Ending,
    /// Accuracy on the test examples after the last update, in [0, 1]; absent where the run has no such evaluation.
    pub test_accuracy: Option<f64>,
    /// Accuracy on the validation examples after the last update, in [0, 1].
    pub validation_accuracy: Option<f64>,
    /// Mean test loss after the last update.
    pub test_loss: Option<f64>,
    /// Validation accuracy during the run: (updates done, accuracy).
    pub validation_curve: Vec<(u64, f64)>,
    /// Raw training loss of every update.
    pub loss: Vec<f64>,
}

/// An arm of a comparison: one schedule, several seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmResult {
    /// Name, for example `"cyclic"`.
    pub name: String,
    /// The schedule in one line, for example `"triangular2, base_lr 0.001, max_lr 0.006, step_size_up 2000"`.
    pub schedule: String,
    /// Learning rate of the first parameter group at every step.
    pub lr: Vec<f64>,
    /// Results, one a seed that finished.
    pub seeds: Vec<SeedResult>,
    /// Seeds that gave no result, with the reason.
    pub failed: Vec<(u64, String)>,
    /// Test accuracy over the seeds; absent where no seed has one. Diverged runs count with what they reached.
    pub test_accuracy: Option<Estimate>,
    /// Validation accuracy over the seeds.
    pub validation_accuracy: Option<Estimate>,
}

/// The difference of two arms over the seeds that both have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// The first arm's name.
    pub arm: String,
    /// The arm it is compared with.
    pub against: String,
    /// Test accuracy of `arm` minus that of `against`, in [−1, 1].
    pub difference: Estimate,
    /// Two-sided p of the exact sign-flip test over the seeds; absent where there are too few seeds.
    pub p: Option<f64>,
    /// The smallest p that this number of seeds can give: 2 / 2ⁿ.
    pub smallest_p: f64,
    /// The verdict in words: which arm is better, or that the runs do not tell.
    pub verdict: String,
    /// `p` after Holm's correction for all the comparisons with the first arm; the verdict goes by it.
    pub p_holm: Option<f64>,
}

/// A comparison, analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The arms, in the configuration's order.
    pub arms: Vec<ArmResult>,
    /// The first arm against each other one.
    pub differences: Vec<PairedDifference>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Fills in the statistics of a comparison: the estimates of each arm, and the paired differences of the first arm with
/// the others.
pub fn compare(arms: Vec<ArmResult>) -> Result<Comparison, AnalysisError> {
    let _ = arms;
    Err(AnalysisError::Empty("no arms".into()))
}
