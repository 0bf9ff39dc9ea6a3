use lrscope_runner::random::{Purpose, Seed, Stream};

/// The order in which an epoch visits the training examples: a shuffle of 0..`examples`, a pure function of its arguments.
pub fn epoch_order(seed: Seed, epoch: u64, examples: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..examples as u32).collect();
    Stream::new(seed, Purpose::Order, epoch, 0).shuffle(&mut order);
    order
}

/// [`epoch_order`], kept until another epoch is asked for.
#[derive(Debug)]
pub struct Order {
    seed: Seed,
    examples: usize,
    epoch: Option<u64>,
    places: Vec<u32>,
}

impl Order {
    /// The orders of a run with this seed over so many training examples.
    pub fn new(seed: Seed, examples: usize) -> Self {
        Self { seed, examples, epoch: None, places: Vec::new() }
    }

    /// The order of an epoch.
    pub fn of(&mut self, epoch: u64) -> &[u32] {
        if self.epoch != Some(epoch) {
            self.places = epoch_order(self.seed, epoch, self.examples);
            self.epoch = Some(epoch);
        }
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lrscope_runner::random::Family;
    use proptest::prelude::*;

    fn seed(number: u64) -> Seed {
        Seed { family: Family::Training, number }
    }

    proptest! {
        #[test]
        fn an_epoch_visits_every_example_once(number: u64, epoch: u64, examples in 0_usize..500) {
            let mut order = epoch_order(seed(number), epoch, examples);
            order.sort_unstable();
            prop_assert_eq!(order, (0..examples as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn epochs_and_seeds_differ_and_asking_out_of_turn_changes_nothing() {
        let mut order = Order::new(seed(3), 50);
        let (second, first) = (order.of(1).to_vec(), order.of(0).to_vec());
        assert_ne!(first, second);
        assert_eq!(order.of(1), second);
        assert_eq!(first, epoch_order(seed(3), 0, 50));
        assert_ne!(first, epoch_order(seed(4), 0, 50));
    }
}
