//! Which updates to look at so as to know all of a schedule's rates, without walking through every one of a long run.

use libm::log;

use crate::cyclic::{Cyclic, CyclicMode, ScaleMode};
use crate::rate::Rate;

/// Values of a scale function that are looked at one after the other; of what lies beyond, as many are looked at, evenly spread.
const MOST_LOOKED_AT: u64 = 1 << 20;
/// Turns of a cycle; fewer cycles than values are looked at, since each has so many.
const TURNS_OF_A_CYCLE: u64 = 5;

/// The updates at which some counts begin, in order, for a run of `updates` (at least one): those that the run gets to, and its
/// first and last count.
pub(crate) fn in_updates(counts: impl IntoIterator<Item = u64>, per: u64, updates: u64) -> Vec<u64> {
    let last = (updates - 1) / per;
    let reached = counts.into_iter().filter(|count| *count <= last);
    let mut counts: Vec<u64> = reached.chain([0, last]).collect();
    counts.sort_unstable();
    counts.dedup();
    counts.into_iter().map(|count| count * per).collect()
}

/// 0 to `end` − 1: all of them up to a bound, and evenly spread ones beyond it, the last among them.
fn spread(end: u64, most: u64) -> impl Iterator<Item = u64> {
    let dense = end.min(most);
    let (rest, points) = (end - dense, (end - dense).min(most));
    let apart = move |index: u64| u128::from(index) * u128::from(rest) / u128::from(points.max(1));
    (0..dense).chain((0..points).map(move |index| dense + apart(index) as u64)).chain(end.checked_sub(1))
}

/// Counts of a cyclic schedule, up to `last`, that show whether all its rates and momentums are sound.
///
/// Without a scale function they lie between the bounds, so the first cycle shows all. A function of the cycle is asked for every
/// cycle, at the corners, between which rates go one way. A function of the step may do anything at any step. Both are asked
/// up to a bound.
pub(crate) fn of_cycles(it: &Cyclic, last: u64) -> Vec<u64> {
    let (up, total) = it.sizes();
    let custom = it.scale_fn.is_some();
    if custom && it.scale_mode == ScaleMode::Iterations {
        return spread(last.saturating_add(1), MOST_LOOKED_AT).collect();
    }
    let cycles = if custom { (last as f64 / total) as u64 } else { 0 };
    let corners = |cycle: u64| {
        let (foot, end) = (cycle as f64 * total, (cycle as f64 + 1.0) * total);
        let peak = foot + up;
        [foot.ceil(), peak.floor(), peak.ceil(), end.ceil() - 1.0, end.ceil()].map(|count| count as u64)
    };
    let cycles = spread(cycles.saturating_add(1), MOST_LOOKED_AT / TURNS_OF_A_CYCLE);
    cycles.flat_map(corners).chain(of_decaying_rises(it, up)).collect()
}

/// The counts about the highest rate of a first rise whose amplitude decays: t · γ^t is highest at t = −1 / ln γ, and where both
/// bounds decay, base · u / (max − base) earlier.
fn of_decaying_rises(it: &Cyclic, up: f64) -> Vec<u64> {
    let early = |base: f64, max: f64| match it.mode {
        CyclicMode::ExpRangePaper => base * up / (max - base),
        _ => 0.0,
    };
    let pairs = it.base_lr.pairs(&it.max_lr).filter_map(|pair| match pair {
        (Rate::Value(base), Rate::Value(max)) => Some((base, max)),
        _ => None,
    });
    let highest = pairs.map(|(base, max)| -1.0 / log(it.gamma) - early(base, max));
    let inside = highest.filter(|highest| (0.0..=up).contains(highest));
    inside.flat_map(|highest| [highest.floor() as u64, highest.ceil() as u64]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_counts_are_all_of_them_and_then_some() {
        let counts = |end, most| spread(end, most).collect::<Vec<_>>();
        assert_eq!(counts(0, 4), [0; 0]);
        assert_eq!(counts(3, 4), [0, 1, 2, 2]);
        assert_eq!(counts(20, 4), [0, 1, 2, 3, 4, 8, 12, 16, 19]);
        assert_eq!(spread(u64::MAX, 4).last(), Some(u64::MAX - 1));
    }

    #[test]
    fn counts_become_the_updates_at_which_they_begin() {
        assert_eq!(in_updates([7, 2, 2, 9], 10, 75), [0, 20, 70]);
        assert_eq!(in_updates([], 1, 1), [0]);
    }
}
