//! What a run leaves on the disk while it goes on: its journal, and now and then the learner's state.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lrscope_runner::learner::{Evaluation, Learner, Row, Subset};
use lrscope_runner::record::{Attempt, Clocks};
use lrscope_runner::train::{BoxedError, Next, Recorder};

use crate::interrupts;

/// The state is not saved before this many times what saving took has gone by: it costs 1 % of the time at most.
const PATIENCE: u32 = 100;

/// Records an attempt and saves the learner's state: when it is due by the clock, and when a signal ends the run.
pub struct Keeper {
    /// The attempt.
    pub attempt: Attempt,
    every: Duration,
    /// Updates done when the state was last saved or put back.
    saved: u64,
    due: Instant,
    clocks: Rc<Cell<Clocks>>,
}

impl Keeper {
    /// Keeps an attempt whose learner stands at `step`, with the state saved every so often; 0 means after every block.
    pub fn new(attempt: Attempt, step: u64, every: Duration, clocks: Rc<Cell<Clocks>>) -> Self {
        Self { attempt, every, saved: step, due: Instant::now() + every, clocks }
    }

    /// Leaves the attempt for another command, on this machine or another, and nothing where there is nothing to go on from.
    pub fn let_go(self, interrupted: bool) {
        // What cannot be done is no more than what a crash leaves.
        if interrupted && self.attempt.checkpoints().is_ok_and(|states| states.is_empty()) {
            let _ = self.attempt.abandon();
        } else {
            let _ = self.attempt.release();
        }
    }

    fn save(&mut self, learner: &mut dyn Learner, reason: &str) -> Result<(), BoxedError> {
        let started = Instant::now();
        self.attempt.save(&learner.save()?, reason, self.clocks.get())?;
        self.saved = learner.steps_done();
        let took = started.elapsed();
        let mut clocks = self.clocks.get();
        clocks.saving_seconds += took.as_secs_f64();
        self.clocks.set(clocks);
        let pause = if self.every.is_zero() { self.every } else { self.every.max(took * PATIENCE) };
        self.due = Instant::now() + pause;
        Ok(())
    }
}

impl Recorder for Keeper {
    fn rows(&mut self, first: u64, rows: &[Row]) -> Result<(), BoxedError> {
        Ok(self.attempt.append(first, rows)?)
    }

    fn evaluation(&mut self, step: u64, subset: Subset, evaluation: Evaluation) -> Result<(), BoxedError> {
        Ok(self.attempt.evaluated(step, subset, evaluation)?)
    }

    fn between(&mut self, learner: &mut dyn Learner) -> Result<Next, BoxedError> {
        let changed = learner.steps_done() > self.saved;
        let wished = interrupts::wished();
        if changed && (wished.is_some() || Instant::now() >= self.due) {
            let reason = wished.map_or_else(|| "time".to_owned(), interrupts::name);
            self.save(learner, &reason)?;
        }
        Ok(if wished.is_some() { Next::Stop } else { Next::GoOn })
    }
}
