//! Estimates with their intervals and counts.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence level of every interval that the analysis gives.
pub const LEVEL: f64 = 0.95;

/// A mean with its interval. `low` and `high` are absent where `n` is below 2, and where all values are the same.
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

impl Estimate {
    /// Mean of `values` with Student's interval at confidence `level`: mean ± t₍₁₊level₎⸝₂, ₙ₋₁ · s/√n, with s² = Σ(v − mean)²/(n − 1).
    ///
    /// The interval takes the values for independent and about normal. Values without any spread (beyond rounding, 10⁻⁹ of
    /// the largest) do not let it be told, and there is none. Absent where there is no value, where one is not
    /// finite, and for a `level` outside (0, 1).
    pub fn of(values: &[f64], level: f64) -> Option<Self> {
        let usable = values.iter().all(|value| value.is_finite()) && level > 0.0 && level < 1.0;
        if values.is_empty() || !usable {
            return None;
        }
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
        let spread = deviation.filter(|_| !all_same(values));
        let half = spread.zip(quantile(level, n)).map(|(deviation, t)| t * deviation / (n as f64).sqrt());
        Some(Self { mean, deviation, low: half.map(|half| mean - half), high: half.map(|half| mean + half), level, n })
    }

    /// As [`of`](Self::of), for shares: the interval is cut at 0 and 1, which the true mean cannot leave, so that it covers
    /// the mean exactly as often as before.
    pub fn of_shares(values: &[f64], level: f64) -> Option<Self> {
        let whole = Self::of(values, level)?;
        Some(Self { low: whole.low.map(|low| low.max(0.0)), high: whole.high.map(|high| high.min(1.0)), ..whole })
    }
}

/// Whether values differ by no more than rounding. Differences of accuracies do so where no seed differs from another.
fn all_same(values: &[f64]) -> bool {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    values.iter().zip(values.iter().skip(1)).all(|(a, b)| (a - b).abs() <= 1e-9 * largest)
}

/// The two-sided quantile of Student's t with n − 1 degrees of freedom.
fn quantile(level: f64, n: usize) -> Option<f64> {
    let freedom = n.checked_sub(1)? as f64;
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some(t.inverse_cdf(0.5 + level / 2.0))
}

/// Median; of an even number of values the mean of the two in the middle. Absent where there is none or one is NaN.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.iter().any(|value| value.is_nan()) {
        return None;
    }
    let (low, high) = (sorted.len().checked_sub(1)? / 2, sorted.len() / 2);
    Some(f64::midpoint(*sorted.get(low)?, *sorted.get(high)?))
}
