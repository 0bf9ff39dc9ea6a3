//! What must repeat to the bit.

use serde::{Deserialize, Serialize};

use super::checksum::Checksum;
use crate::analysis::Ending;
use crate::learner::{Evaluation, Subset};
use crate::spec::RunId;

/// `result.json`: what the same specification must give again, to the bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// [`SCHEMA`](super::SCHEMA) of the program that wrote the record.
    pub schema: u32,
    /// The run.
    pub run_id: RunId,
    /// How the run ended.
    pub ending: Ending,
    /// Updates done.
    pub steps: u64,
    /// Evaluations in the order in which they were made.
    pub evaluations: Vec<EvaluationAt>,
    /// Checksum of the learner's final state ([`Checksum::of_state`]).
    pub state_sha256: Checksum,
    /// Checksum of `spec.json`.
    pub spec_sha256: Checksum,
    /// Checksum of `steps.bin`.
    pub steps_sha256: Checksum,
}

impl RunResult {
    /// Updates that a run with this ending has done, if it should do `steps`.
    pub(super) fn steps_at(ending: Ending, steps: u64) -> u64 {
        match ending {
            Ending::Completed => steps,
            Ending::Diverged { step } | Ending::NonFinite { step } => step.saturating_add(1).min(steps),
        }
    }
}

/// An evaluation and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationAt {
    /// Updates done by then.
    pub step: u64,
    /// What was evaluated.
    pub subset: Subset,
    /// The figures.
    pub evaluation: Evaluation,
}

impl EvaluationAt {
    /// Whether nothing differs, not even the bits of a NaN.
    pub(super) fn same_bits(&self, other: &Self) -> bool {
        let bits = |at: &Self| {
            let Evaluation { loss, correct, examples } = at.evaluation;
            (at.step, at.subset, loss.to_bits(), correct, examples)
        };
        bits(self) == bits(other)
    }
}
