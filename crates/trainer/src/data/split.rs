use lrscope_runner::random::{Family, Purpose, Seed, Stream};

use super::DataError;

/// Which of a set's own training examples are trained on and which are held out for validation.
///
/// The set's examples are shuffled once, by a stream that is a constant of the data set (its key holds neither the run's seed
/// nor anything else of the run). The last `validation` of that order are held out; the first `train_limit` of the rest are
/// trained on. So a smaller limit takes a subset of what a larger one takes, whatever is held out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Places of the training examples, in the split's order.
    pub train: Vec<u32>,
    /// Places of the validation examples, in the split's order.
    pub validation: Vec<u32>,
}

impl Split {
    /// The split of `examples` training examples.
    ///
    /// # Errors
    /// When nothing would be left to train on, or `train_limit` is 0 or more than there is.
    pub fn new(examples: usize, validation: u64, train_limit: Option<u64>) -> Result<Self, DataError> {
        let held_out = usize::try_from(validation).unwrap_or(usize::MAX);
        let available = match examples.checked_sub(held_out) {
            Some(left) if left > 0 => left,
            _ => return Err(DataError::Validation { validation, examples }),
        };
        let used = match train_limit {
            None => available,
            Some(limit) if limit >= 1 && limit <= available as u64 => limit as usize,
            Some(limit) => return Err(DataError::TrainLimit { limit, available }),
        };
        let mut train = shuffled(examples);
        let validation = train.split_off(available);
        train.truncate(used);
        Ok(Self { train, validation })
    }
}

fn shuffled(examples: usize) -> Vec<u32> {
    let seed = Seed { family: Family::DataSet, number: 0 };
    let mut places: Vec<u32> = (0..examples as u32).collect();
    Stream::new(seed, Purpose::Split, 0, 0).shuffle(&mut places);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_example_is_on_one_side(examples in 1_usize..300, share in 0.0..1.0_f64) {
            let validation = (share * examples as f64) as u64;
            let split = Split::new(examples, validation, None).expect("validation is below the number of examples");
            prop_assert_eq!(split.validation.len() as u64, validation);
            let mut all = [split.train, split.validation].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..examples as u32).collect::<Vec<_>>());
        }

        #[test]
        fn a_limit_takes_the_first_ones(examples in 2_usize..300, limit in 1_u64..300, validation in 0_u64..100) {
            let Ok(all) = Split::new(examples, validation, None) else { return Ok(()) };
            match Split::new(examples, validation, Some(limit)) {
                Ok(some) => {
                    prop_assert_eq!(&some.train[..], &all.train[..limit as usize]);
                    prop_assert_eq!(some.validation, all.validation);
                }
                Err(error) => prop_assert!(limit > all.train.len() as u64, "{}", error),
            }
        }
    }

    #[test]
    fn holding_out_more_does_not_change_what_a_limit_takes() {
        let few = Split::new(100, 10, Some(20)).expect("fits");
        let many = Split::new(100, 80, Some(20)).expect("fits");
        assert_eq!(few.train, many.train);
    }

    #[test]
    fn impossible_splits_are_refused() {
        for validation in [100, 101, u64::MAX] {
            let error = Split::new(100, validation, None).expect_err("nothing left").to_string();
            assert!(error.contains(&validation.to_string()), "{error}");
        }
        for limit in [0, 91, u64::MAX] {
            let error = Split::new(100, 10, Some(limit)).expect_err("no such limit").to_string();
            assert!(error.contains(&format!("train_limit = {limit} ")) && error.contains("90"), "{error}");
        }
        assert!(Split::new(0, 0, None).is_err());
    }
}
