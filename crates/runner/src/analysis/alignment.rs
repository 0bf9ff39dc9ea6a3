//! Several seeds' curves brought onto one grid of rates.

use std::collections::BTreeSet;

use super::{AnalysisError, Curve, Ending};

/// Rates of two seeds that differ by more than this, relatively, are not the same sweep.
const SAME_RATE: f64 = 1e-9;

/// A curve as it is analysed: finite losses only, each with the rate of its update.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Aligned {
    /// Rates, ascending.
    pub lr: Vec<f64>,
    /// Mean raw loss over the seeds, before the update with the rate beside it.
    pub loss: Vec<f64>,
    /// Whether the next loss of a seed is not finite. A seed that was stopped as diverged tells nothing that its losses do
    /// not tell: a single spike may have stopped it.
    pub ended: bool,
}

impl Aligned {
    /// The mean of `curves` over the rows that all of them reached with a finite loss.
    pub fn mean(curves: &[Curve]) -> Self {
        let rows = curves.iter().map(finite_rows).min().unwrap_or(0);
        let breaks_here = |curve: &Curve| {
            let broken = matches!(curve.ending, Ending::NonFinite { .. }) || finite_rows(curve) < curve.loss.len();
            broken && finite_rows(curve) == rows
        };
        let mean = |row: usize| {
            let losses = curves.iter().filter_map(|curve| curve.loss.get(row));
            // Halves first, so that two huge losses do not add up to infinity.
            losses.map(|loss| loss / curves.len() as f64).sum()
        };
        let lr = curves.first().map_or(&[][..], |curve| &curve.lr);
        Self {
            lr: lr.iter().take(rows).copied().collect(),
            loss: (0..rows).map(mean).collect(),
            ended: curves.iter().any(breaks_here),
        }
    }
}

/// Rows before the first non-finite loss.
pub(super) fn finite_rows(curve: &Curve) -> usize {
    let finite = |loss: &f64| loss.is_finite();
    curve.loss.iter().take_while(|loss| finite(loss)).count()
}

/// Checks that the curves are one sweep over several seeds.
pub(super) fn check(curves: &[Curve]) -> Result<(), AnalysisError> {
    let longest = curves.iter().max_by_key(|curve| curve.lr.len());
    let longest = longest.ok_or_else(|| AnalysisError::Empty("no curve of a range test".into()))?;
    let mut seeds = BTreeSet::new();
    for curve in curves {
        let seed = curve.seed;
        if !seeds.insert(seed) {
            let message = format!("two curves are of seed {seed}; keep one");
            return Err(AnalysisError::Mismatch(message));
        }
        check_curve(curve)?;
        let differs = |(a, b): &(&f64, &f64)| (*a - *b).abs() > SAME_RATE * b.abs();
        let mut pairs = curve.lr.iter().zip(&longest.lr).enumerate();
        if let Some((row, (a, b))) = pairs.find(|(_, pair)| differs(pair)) {
            return Err(AnalysisError::Mismatch(format!(
                "seeds {seed} and {} were swept over different rates ({a:e} and {b:e} at step {row}); analyse them apart",
                longest.seed
            )));
        }
    }
    Ok(())
}

fn check_curve(curve: &Curve) -> Result<(), AnalysisError> {
    let Curve { seed, lr, loss, .. } = curve;
    if lr.is_empty() {
        return Err(AnalysisError::Empty(format!("the curve of seed {seed} has no row")));
    }
    let mut problem = None;
    if lr.len() != loss.len() {
        problem = Some(format!("has {} rates and {} losses", lr.len(), loss.len()));
    } else if let Some(row) = lr.iter().position(|lr| !lr.is_finite() || *lr < 0.0) {
        problem = Some(format!("has rate {} at step {row}; a rate is finite and not negative", lr[row]));
    } else if let Some(row) = lr.windows(2).position(|pair| pair[1] <= pair[0]) {
        problem = Some(format!(
            "has rate {:e} after {:e} at step {}; a sweep's rates must rise at every step",
            lr[row + 1],
            lr[row],
            row + 1
        ));
    }
    match problem {
        Some(problem) => Err(AnalysisError::Mismatch(format!("the curve of seed {seed} {problem}"))),
        None => Ok(()),
    }
}
