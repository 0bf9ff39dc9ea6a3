//! Which of two picks for the same settings is the better supported one.

use std::cmp::Ordering;

use super::record::PickRecord;

/// Seeds from which on more of them count only between picks that are equal otherwise: fewer show no spread.
const ENOUGH_SEEDS: usize = 3;
/// Updates in the decade below the edge from which on more of them count last: with fewer the curve is too coarse to read.
const ENOUGH_UPDATES: u64 = 10;

/// How two picks for the same settings compare, and the first of these that tells them apart:
///
/// 1. the sweep went past the edge (else `max_lr` is only a lower bound);
/// 2. it had three seeds, or more of them than the other;
/// 3. it had ten updates in the decade below the edge, or more than the other;
/// 4. it spans more decades of rates;
/// 5. it has more seeds;
/// 6. the analysis has fewer warnings of it;
/// 7. it has more updates in the decade below the edge.
///
/// Picks that are equal in all of these are in the order of their runs' names, so that the answer does not depend on when
/// they were made.
pub fn compare(one: &PickRecord, other: &PickRecord) -> (Ordering, String) {
    let pairs = criteria(one).into_iter().zip(criteria(other));
    let decided = pairs.map(|(a, b)| (a.value.total_cmp(&b.value), a.words, b.words)).find(|pair| pair.0.is_ne());
    match decided {
        Some((ordering, ours, theirs)) => (ordering, format!("{ours} against {theirs}")),
        None => (one.runs.cmp(&other.runs), "equally strong, so the order of the runs' names decides".into()),
    }
}

struct Criterion {
    value: f64,
    words: String,
}

fn criteria(of: &PickRecord) -> [Criterion; 7] {
    let criterion = |value: f64, words: String| Criterion { value, words };
    let reached = of.pick.edge_reached;
    let edge = if reached { "a sweep past the edge" } else { "a sweep that ended before the edge" };
    let (seeds, updates) = (of.seeds.len(), of.sweep.updates_below_edge);
    let counted = |n: usize, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    let seed_words = counted(seeds, "seed", "seeds");
    let update_words = format!("{} in the decade below the edge", counted(updates as usize, "update", "updates"));
    let decades = of.sweep.decades();
    [
        criterion(f64::from(reached), edge.into()),
        criterion(seeds.min(ENOUGH_SEEDS) as f64, seed_words.clone()),
        criterion(updates.min(ENOUGH_UPDATES) as f64, update_words.clone()),
        criterion(decades, format!("{decades:.1} decades of rates")),
        criterion(seeds as f64, seed_words),
        criterion(-(of.warnings.len() as f64), counted(of.warnings.len(), "warning", "warnings")),
        criterion(updates as f64, update_words),
    ]
}
