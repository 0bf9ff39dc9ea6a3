//! The sign-flip test of paired differences, and Holm's correction for several of them.
//!
//! Where two arms do not differ, the sign of each seed's difference is a coin toss. The test asks how many of the 2ⁿ
//! patterns of signs give a sum at least as far from 0 as the one that was seen. It takes no distribution for granted.
//! Sources: R. A. Fisher, *The Design of Experiments* (1935), §21; S. Holm, Scand. J. Statist. 6 (1979).

use crate::random::{Family, Purpose, Seed, Stream};

/// Up to this many pairs every pattern of signs is counted; beyond, patterns are drawn.
const EXACT_UP_TO: usize = 20;
/// Patterns drawn where they are too many to count.
const DRAWS: u64 = 100_000;

/// Two-sided p of the hypothesis that the differences are symmetric about 0. Absent for fewer than two differences.
///
/// Sums within 10⁻¹² of Σ|d| of the observed one count as equal to it, since accuracies that tie exactly need not tie in
/// binary. Drawn patterns give (1 + hits) / (1 + draws), which is never 0.
pub fn sign_flip(differences: &[f64]) -> Option<f64> {
    if differences.len() < 2 || differences.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let total: f64 = differences.iter().map(|d| d.abs()).sum();
    let observed = differences.iter().sum::<f64>().abs() - 1e-12 * total;
    if differences.len() > EXACT_UP_TO {
        return Some(drawn(differences, observed));
    }
    // A pattern and its mirror image give the same |sum|: the first sign can stay as it is.
    let (first, rest) = differences.split_first()?;
    let patterns = (1_u64 << rest.len()) as f64;
    Some(hits(rest, *first, observed) as f64 / patterns)
}

/// Patterns of signs of `rest` whose sum with `sum` is at least `observed` from 0. Every sum is added up afresh along its
/// own path, so that rounding does not build up over the patterns.
fn hits(rest: &[f64], sum: f64, observed: f64) -> u64 {
    match rest.split_first() {
        None => u64::from(sum.abs() >= observed),
        Some((d, rest)) => hits(rest, sum + d, observed) + hits(rest, sum - d, observed),
    }
}

fn drawn(differences: &[f64], observed: f64) -> f64 {
    let seed = Seed { family: Family::Statistics, number: 0 };
    let mut stream = Stream::new(seed, Purpose::Resampling, 0, 0);
    let mut hits = 0_u64;
    for _ in 0..DRAWS {
        let mut sum = 0.0;
        for chunk in differences.chunks(64) {
            let signs = stream.bits();
            for (bit, d) in chunk.iter().enumerate() {
                sum += if signs >> bit & 1 == 1 { *d } else { -d };
            }
        }
        hits += u64::from(sum.abs() >= observed);
    }
    (1 + hits) as f64 / (1 + DRAWS) as f64
}

/// The smallest p that `n` pairs can give: 2 / 2ⁿ, and 1 for none.
pub fn smallest_p(n: usize) -> f64 {
    libm::exp2(-(n.saturating_sub(1).min(1074) as f64))
}

/// Fewest pairs with which one of `comparisons` corrected tests can reach `alpha`.
pub fn pairs_needed(comparisons: usize, alpha: f64) -> usize {
    (2..=64).find(|&n| smallest_p(n) * comparisons.max(1) as f64 <= alpha).unwrap_or(64)
}

/// Holm's step-down correction: the i-th smallest of m p-values times m − i + 1, never below the one before, at most 1.
/// In the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut corrected = vec![1.0; p.len()];
    let mut before = 0.0_f64;
    for (rank, &at) in order.iter().enumerate() {
        before = before.max(p[at] * (p.len() - rank) as f64).min(1.0);
        corrected[at] = before;
    }
    corrected
}
