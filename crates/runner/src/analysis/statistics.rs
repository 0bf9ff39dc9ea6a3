//! Estimates with their intervals and counts.

use serde::{Deserialize, Serialize};

/// A mean with its interval. `low` and `high` are absent where `n` is below 2.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Sample standard deviation; absent where `n` is below 2.
    pub deviation: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Confidence level of the interval, for example 0.95.
    pub level: f64,
    /// Number of values.
    pub n: usize,
}
