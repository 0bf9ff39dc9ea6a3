//! Pure functions from run records to figures: the range test's curves and picks, the comparison's statistics.
//!
//! Everything here is f64 and deterministic; nothing here reads a file or a clock.

mod alignment;
mod comparison;
mod curve;
mod divergence;
mod noise;
mod permutation;
mod pick;
mod quadratic;
mod reading;
mod recording;
mod remarks;
mod rules;
mod smoothing;
mod statistics;
mod suggestion;
mod verdict;

pub use comparison::{ArmResult, Comparison, Outcome, PairedDifference, SeedResult, compare, same_runs};
pub use curve::{Curve, Ending};
pub use divergence::DivergenceMonitor;
pub use permutation::{holm, pairs_needed, sign_flip, smallest_p};
pub use pick::{Pick, RangeTest, analyse, analyse_planned};
pub use reading::FEWEST as FEWEST_STEPS;
pub use rules::{Rule, RuleError, RuleOutcome};
pub use smoothing::centred_smoothing;
pub use statistics::{Estimate, LEVEL};
pub use suggestion::suggest;

/// Why an analysis cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnalysisError {
    /// There is no curve, run or value to analyse.
    #[error("there is nothing to analyse: {0}")]
    Empty(String),
    /// The inputs do not belong together.
    #[error("{0}")]
    Mismatch(String),
}
