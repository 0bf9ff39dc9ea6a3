//! What metric-driven schedules follow.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::plateau::PlateauMode;

/// A figure of a run's evaluations that a schedule follows, as the run records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Mean cross-entropy over the held-out examples, in nats: (1/n) · Σᵢ −ln pᵢ, with pᵢ the probability of example i's label.
    ValidationLoss,
    /// Share of the held-out examples that are classified correctly, in [0, 1].
    ValidationAccuracy,
    /// Mean cross-entropy over the training examples, in nats, measured without training: the weights are the same for all of
    /// them, and label smoothing has no part in it.
    TrainLoss,
}

impl Metric {
    /// The name, as a configuration file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ValidationLoss => "validation_loss",
            Self::ValidationAccuracy => "validation_accuracy",
            Self::TrainLoss => "train_loss",
        }
    }

    /// Which way it is better.
    pub fn mode(self) -> PlateauMode {
        match self {
            Self::ValidationLoss | Self::TrainLoss => PlateauMode::Min,
            Self::ValidationAccuracy => PlateauMode::Max,
        }
    }

    /// The examples that it is measured on.
    pub fn examples(self) -> Evaluated {
        match self {
            Self::ValidationLoss | Self::ValidationAccuracy => Evaluated::Validation,
            Self::TrainLoss => Evaluated::Train,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The examples that a run is evaluated on while it trains, where a schedule may follow what comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Evaluated {
    /// Those held out of training.
    Validation,
    /// Those trained on.
    Train,
}

impl fmt::Display for Evaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Validation => "validation",
            Self::Train => "train",
        })
    }
}

/// An evaluation made during a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Updates that were done when it was made.
    pub updates: u64,
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of examples classified correctly, in [0, 1]; absent where there were none.
    pub accuracy: Option<f64>,
}

impl Measurement {
    /// What a metric is in this evaluation. A run evaluates one kind of examples on its way, so its loss is the loss of those.
    pub(crate) fn value(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::ValidationLoss | Metric::TrainLoss => Some(self.loss),
            Metric::ValidationAccuracy => self.accuracy,
        }
    }
}
