//! What a paired difference allows to be said, in words.

use statrs::distribution::{ContinuousCDF, Normal};

use super::permutation::pairs_needed;
use super::{Estimate, Outcome, PairedDifference};
use crate::numbers::{percent, probability};

/// A difference counts where its corrected p is at most this.
const ALPHA: f64 = 0.05;
/// The advice on the number of seeds aims at this chance of finding a difference of the observed size.
const POWER: f64 = 0.8;
/// Above this number of seeds the advice says "more than".
const MOST_SEEDS: f64 = 1000.0;

/// A verdict: the claim, and what it rests on.
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) claim: String,
    pub(super) reason: String,
}

/// The verdict on one of `comparisons` differences.
pub(super) fn verdict(difference: &PairedDifference, comparisons: usize) -> Verdict {
    let PairedDifference { arm, against, .. } = difference;
    let estimate = &difference.difference;
    let needed = pairs_needed(comparisons, ALPHA);
    let p = difference.p_holm.unwrap_or(1.0);
    let untold = || format!("the runs do not tell {arm} from {against}");
    if estimate.n < needed {
        let smallest = difference.smallest_p;
        let tests = corrected(comparisons);
        let seeds = seeds(estimate.n);
        let reason = format!(": {seeds} can give no p below {smallest}{tests}, so at least {needed} seeds are needed");
        return Verdict { outcome: Outcome::TooFewSeeds, claim: untold(), reason };
    }
    if p > ALPHA {
        let (points, evidence) = (points(estimate.mean), evidence(estimate, 1.0, p, comparisons));
        let reason = format!(": the difference is {points} ({evidence}){}", advice(estimate));
        return Verdict { outcome: Outcome::Undecided, claim: untold(), reason };
    }
    let (better, worse, sign) = if estimate.mean > 0.0 { (arm, against, 1.0) } else { (against, arm, -1.0) };
    Verdict {
        outcome: Outcome::Better,
        claim: format!("{better} is better than {worse} by {}", points(sign * estimate.mean)),
        reason: format!(" ({})", evidence(estimate, sign, p, comparisons)),
    }
}

/// A difference of accuracies in percentage points.
fn points(difference: f64) -> String {
    format!("{} points of test accuracy", percent(difference))
}

/// Interval, p and number of seeds, for the difference times `sign`.
fn evidence(estimate: &Estimate, sign: f64, p: f64, comparisons: usize) -> String {
    let ends = estimate.low.zip(estimate.high);
    let interval = ends.map_or(String::new(), |(low, high)| {
        let (low, high) = if sign < 0.0 { (-high, -low) } else { (low, high) };
        let level = 100.0 * estimate.level;
        format!("{level:.0} % interval {} to {}; ", percent(low), percent(high))
    });
    format!("{interval}p = {}{}; {}", probability(p), corrected(comparisons), seeds(estimate.n))
}

fn corrected(comparisons: usize) -> String {
    if comparisons > 1 { format!(", corrected for {comparisons} comparisons") } else { String::new() }
}

fn seeds(n: usize) -> String {
    if n == 1 { "1 seed".into() } else { format!("{n} seeds") }
}

/// Seeds with which a difference of the observed size would be found four times in five: ((z₁ + z₂) · s / mean)²
/// with the normal quantiles z₁ of 1 − α/2 and z₂ of the power.
fn advice(estimate: &Estimate) -> String {
    let spread = estimate.deviation.unwrap_or(0.0);
    if estimate.mean == 0.0 {
        return String::new();
    }
    let normal = Normal::standard();
    let z = normal.inverse_cdf(1.0 - ALPHA / 2.0) + normal.inverse_cdf(POWER);
    let wanted = (z * spread / estimate.mean).powi(2).ceil();
    if wanted > MOST_SEEDS {
        format!("; to find a difference of this size would take more than {MOST_SEEDS} seeds")
    } else if wanted > estimate.n as f64 {
        format!("; to find a difference of this size would take about {wanted} seeds")
    } else {
        "; a few more seeds may tell".into()
    }
}
