//! Whether a scale function stays within 0 and 1 over a run.

use super::Stretch;
use crate::cyclic::{Cyclic, ScaleMode};
use crate::lint::{Finding, Span};
use crate::rate::{PerGroup, Rate};
use crate::turns;

/// What rounding may put beyond 0 and 1, as in `sin(x)^2 + cos(x)^2`.
const ROUNDING: f64 = 1e-9;
/// Counts of a run that a function of the step is looked at: all, or of a longer run the first half as many, and the others spread.
const MOST_COUNTS: u64 = 10_000_000;

impl Stretch<'_> {
    /// The value of `scale_fn` that is farthest outside [0, 1], and the largest and smallest rates, over the run's own counts. What
    /// has no value is left out: the run is refused for it.
    pub(crate) fn scale_outside(&self, it: &Cyclic, run: Span) -> Option<Finding> {
        let function = self.plan.scale_fn(it.scale_fn.as_deref()?)?;
        let total = it.sizes().1;
        let x = |count: u64| match it.scale_mode {
            ScaleMode::Cycle => (1.0 + count as f64 / total).floor(),
            ScaleMode::Iterations => count as f64,
        };
        let (mut farthest, mut outside) = (ROUNDING, None);
        for count in turning_counts(it, run.count) {
            let value = function.call(x(count));
            let beyond = (value - 1.0).max(-value);
            if beyond > farthest && beyond.is_finite() {
                (farthest, outside) = (beyond, Some((value, x(count))));
            }
        }
        let (value, x) = outside?;
        let rates = || turning_counts(it, run.count).map(|count| (self.lr(count, run.unit), count));
        let (highest, at) = rates().reduce(|best, one| if one.0 > best.0 { one } else { best })?;
        let (lowest, _) = rates().reduce(|best, one| if one.0 < best.0 { one } else { best })?;
        let (base_lr, max_lr) = (first(&it.base_lr)?, first(&it.max_lr)?);
        let step = self.start + at * self.per(run.unit);
        Some(Finding::ScaleOutside { value, x, highest, step, lowest, base_lr, max_lr })
    }
}

/// The counts of a run among which those with the extreme scales and rates are, up to a bound. Within a cycle a function of the
/// cycle stays, and the rate is extreme at the ends and beside the peak; a function of the step is looked at everywhere.
fn turning_counts(it: &Cyclic, run: u64) -> Box<dyn Iterator<Item = u64>> {
    if it.scale_mode == ScaleMode::Iterations {
        let dense = if run > MOST_COUNTS { MOST_COUNTS / 2 } else { run };
        // Odd, so that the steps of an even cycle are met in turn and not the same one again and again.
        let apart = (run - dense).div_ceil(MOST_COUNTS / 2) | 1;
        return Box::new((0..dense).chain((dense..run).step_by(apart as usize)).chain([run - 1]));
    }
    Box::new(turns::in_updates(turns::of_cycles(it, run - 1), 1, run).into_iter())
}

fn first(rates: &PerGroup<Rate>) -> Option<f64> {
    match rates.as_slice().first() {
        Some(Rate::Value(value)) => Some(*value),
        _ => None,
    }
}
