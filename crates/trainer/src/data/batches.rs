use std::ops::Range;

use lrscope_runner::spec::DataSpec;

use super::DataError;

/// Most examples in one update; far beyond any use, and small enough that products of it cannot overflow.
const MOST_PER_UPDATE: u64 = 1 << 32;

/// Which examples of which epoch every update takes.
///
/// An update takes `batch_size` × `accumulation_steps` consecutive examples of its epoch's order, in forward passes of
/// `batch_size`: *k* passes of *b* examples are the same examples as one pass of *k*·*b*. An epoch's last update takes what
/// is left, or is left out when `drop_last` is set and it would be smaller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPlan {
    examples: usize,
    batch: usize,
    per_update: usize,
    steps_per_epoch: usize,
}

/// Where an update finds its examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The epoch, from 0.
    pub epoch: u64,
    /// Places in that epoch's order.
    pub range: Range<usize>,
}

impl BatchPlan {
    /// The plan over `examples` training examples.
    ///
    /// # Errors
    /// When a count is 0 or too large, or `drop_last` leaves nothing.
    pub fn new(examples: usize, spec: &DataSpec) -> Result<Self, DataError> {
        let count = |name, value| DataError::Count { name, value, limit: MOST_PER_UPDATE };
        let per_update = spec.batch_size.checked_mul(spec.accumulation_steps);
        let per_update = match per_update {
            Some(product @ 1..=MOST_PER_UPDATE) => product as usize,
            _ if spec.accumulation_steps == 0 => return Err(count("accumulation_steps", 0)),
            _ => return Err(count("batch_size", spec.batch_size)),
        };
        let steps_per_epoch = if spec.drop_last { examples / per_update } else { examples.div_ceil(per_update) };
        if steps_per_epoch == 0 {
            return Err(DataError::NoFullUpdate { per_update, examples });
        }
        Ok(Self { examples, batch: spec.batch_size as usize, per_update, steps_per_epoch })
    }

    /// Updates in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.steps_per_epoch as u64
    }

    /// Where update `step` finds its examples.
    pub fn at(&self, step: u64) -> Place {
        let within = (step % self.steps_per_epoch()) as usize;
        let first = within * self.per_update;
        Place { epoch: step / self.steps_per_epoch(), range: first..(first + self.per_update).min(self.examples) }
    }

    /// The forward passes of an update, as parts of its range.
    pub fn passes(&self, place: &Place) -> impl Iterator<Item = Range<usize>> + use<> {
        let (end, batch) = (place.range.end, self.batch);
        let starts = place.range.clone().step_by(batch);
        starts.map(move |first| first..(first + batch).min(end))
    }

    /// Forward passes that a full update takes.
    pub fn passes_per_update(&self) -> u64 {
        self.per_update.div_ceil(self.batch) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lrscope_runner::spec::Normalization;
    use proptest::prelude::*;

    fn spec(batch_size: u64, accumulation_steps: u64, drop_last: bool) -> DataSpec {
        DataSpec {
            name: "digits".into(),
            sha256: String::new(),
            validation: 0,
            train_limit: None,
            normalization: Normalization::Unit,
            batch_size,
            accumulation_steps,
            drop_last,
        }
    }

    proptest! {
        #[test]
        fn an_epoch_takes_every_example_once(examples in 1_usize..400, batch in 1_u64..50, passes in 1_u64..5, drop_last: bool) {
            let Ok(plan) = BatchPlan::new(examples, &spec(batch, passes, drop_last)) else {
                prop_assert!(drop_last && batch * passes > examples as u64);
                return Ok(());
            };
            let per_epoch = plan.steps_per_epoch();
            let mut taken = Vec::new();
            for step in per_epoch..2 * per_epoch {
                let place = plan.at(step);
                prop_assert_eq!(place.epoch, 1);
                let parts: Vec<_> = plan.passes(&place).collect();
                prop_assert!(parts.len() as u64 <= passes && parts.iter().all(|part| part.len() as u64 <= batch));
                let count: usize = parts.iter().map(ExactSizeIterator::len).sum();
                prop_assert!(!drop_last || count as u64 == batch * passes);
                taken.extend(parts.into_iter().flatten());
            }
            let whole = examples as u64 / (batch * passes) * (batch * passes);
            let expected = if drop_last { whole as usize } else { examples };
            prop_assert_eq!(taken, (0..expected).collect::<Vec<_>>());
        }

        #[test]
        fn accumulation_takes_the_examples_of_one_large_batch(examples in 1_usize..400, batch in 1_u64..20, passes in 1_u64..5, drop_last: bool, step in 0_u64..100) {
            let parts = BatchPlan::new(examples, &spec(batch, passes, drop_last));
            let whole = BatchPlan::new(examples, &spec(batch * passes, 1, drop_last));
            match (parts, whole) {
                (Ok(parts), Ok(whole)) => prop_assert_eq!(parts.at(step), whole.at(step)),
                (parts, whole) => prop_assert!(parts.is_err() && whole.is_err()),
            }
        }
    }

    #[test]
    fn impossible_counts_are_refused() {
        for (batch, passes, name) in [
            (0, 1, "batch_size = 0"),
            (8, 0, "accumulation_steps = 0"),
            (u64::MAX, 2, "batch_size = 18446744073709551615"),
        ] {
            let error = BatchPlan::new(100, &spec(batch, passes, false)).expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
        }
        let error = BatchPlan::new(100, &spec(64, 2, true)).expect_err("128 > 100").to_string();
        assert!(error.contains("128") && error.contains("100"), "{error}");
    }
}
