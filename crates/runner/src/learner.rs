//! The runner's only view of a network under training. No tensor crosses it.

use std::collections::BTreeMap;

use lrscope_schedule::{Group, Measurement, Rates};
use serde::{Deserialize, Serialize};

/// A network with its optimizer, its data and its place in the run.
///
/// A *step* is one optimizer update, gradient accumulation included. Everything random inside is a pure function of the
/// run's seed and the step, so that [`save`](Learner::save) and [`load`](Learner::load) carry no generator state.
pub trait Learner {
    /// The parameter groups, in the order in which [`Rates`] must list them.
    fn groups(&self) -> &[Group];

    /// Updates that one pass over the training examples takes.
    fn steps_per_epoch(&self) -> u64;

    /// Updates done so far; the next update is number `steps_done()`.
    fn steps_done(&self) -> u64;

    /// How many updates [`advance`](Learner::advance) takes best at once: 1 where reading a loss back costs nothing (CPU),
    /// more where every read makes the device wait.
    fn block_len(&self) -> usize;

    /// Does one update for each entry of `block` and returns as many rows.
    ///
    /// Row *k* holds the loss measured *before* update *k*: what `lr[k]` does to the network shows in row *k* + 1.
    fn advance(&mut self, block: &[Rates], probes: Probes) -> Result<Vec<Row>, LearnerError>;

    /// Mean loss and accuracy over a named subset, without training.
    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, LearnerError>;

    /// The whole state (weights, optimizer state, running statistics, step) as named byte blobs.
    fn save(&mut self) -> Result<State, LearnerError>;

    /// Puts back what [`save`](Learner::save) returned; the run goes on as if it had never been interrupted, bit for bit.
    fn load(&mut self, state: &State) -> Result<(), LearnerError>;
}

/// Named byte blobs that make up a learner's whole state.
pub type State = BTreeMap<String, Vec<u8>>;

/// Which extra readings to take with every update; each costs one more pass over the weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// Euclidean norm of the gradient over all parameters.
    pub grad_norm: bool,
    /// Norm of the update over the norm of the weights before it.
    pub update_ratio: bool,
}

/// What one update left behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Mean training loss of the update's examples, before the update.
    pub loss: f64,
    /// Gradient norm, where [`Probes::grad_norm`] asked for it.
    pub grad_norm: Option<f64>,
    /// Update-to-weight ratio, where [`Probes::update_ratio`] asked for it.
    pub update_ratio: Option<f64>,
}

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subset {
    /// Examples that are trained on.
    Train,
    /// Examples held out of training, for choices.
    Validation,
    /// The data set's own test examples, for the final figure.
    Test,
}

/// Mean loss and accuracy over a subset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy in nats.
    #[serde(with = "crate::float")]
    pub loss: f64,
    /// Examples whose largest logit is at their label.
    pub correct: u64,
    /// Examples evaluated.
    pub examples: u64,
}

impl Evaluation {
    /// Share of examples classified correctly, in [0, 1]; absent for an empty subset.
    pub fn accuracy(&self) -> Option<f64> {
        (self.examples > 0).then(|| self.correct as f64 / self.examples as f64)
    }

    /// What schedules can follow of it, made when `updates` updates were done.
    pub fn measured(&self, updates: u64) -> Measurement {
        Measurement { updates, loss: self.loss, accuracy: self.accuracy() }
    }
}

/// Why a learner could not go on. Divergence is no error: it shows as a row with a non-finite loss.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {source}")]
pub struct LearnerError {
    /// What was being done, for example `"update 17"`.
    pub doing: String,
    /// The cause.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl LearnerError {
    /// An error from what was being done and its cause.
    pub fn new(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { doing: doing.into(), source: source.into() }
    }
}
