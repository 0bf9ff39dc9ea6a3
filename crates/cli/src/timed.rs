//! How much of a run's time goes into what.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::record::Clocks;
use lrscope_schedule::{Group, Rates};
use lrscope_trainer::CandleLearner;

/// A learner whose updates and evaluations are timed, apart from everything else.
pub struct Timed {
    /// The learner.
    pub learner: CandleLearner,
    /// The clocks, which others move on too.
    pub clocks: Rc<Cell<Clocks>>,
}

impl Timed {
    fn timed<T>(&mut self, clock: fn(&mut Clocks) -> &mut f64, work: impl FnOnce(&mut CandleLearner) -> T) -> T {
        let started = Instant::now();
        let result = work(&mut self.learner);
        let mut clocks = self.clocks.get();
        *clock(&mut clocks) += started.elapsed().as_secs_f64();
        self.clocks.set(clocks);
        result
    }
}

impl Learner for Timed {
    fn groups(&self) -> &[Group] {
        self.learner.groups()
    }

    fn steps_per_epoch(&self) -> u64 {
        self.learner.steps_per_epoch()
    }

    fn steps_done(&self) -> u64 {
        self.learner.steps_done()
    }

    fn block_len(&self) -> usize {
        self.learner.block_len()
    }

    fn advance(&mut self, block: &[Rates], probes: Probes) -> Result<Vec<Row>, LearnerError> {
        self.timed(|clocks| &mut clocks.training_seconds, |learner| learner.advance(block, probes))
    }

    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, LearnerError> {
        self.timed(|clocks| &mut clocks.evaluation_seconds, |learner| learner.evaluate(subset))
    }

    fn save(&mut self) -> Result<State, LearnerError> {
        self.learner.save()
    }

    fn load(&mut self, state: &State) -> Result<(), LearnerError> {
        self.learner.load(state)
    }
}
