//! Saving an attempt's state, and going on from it.

use super::attempt::Attempt;
use super::checkpoint::{self, Checkpoint, CheckpointInfo};
use super::error::RecordError;
use super::follow::News;
use super::measured::Clocks;
use crate::learner::{Learner, State};
use crate::train::Past;

/// From where an attempt goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// Updates done; 0 where there was no state to go on from.
    pub step: u64,
    /// What the loop needs to know of them.
    pub past: Past,
    /// Clocks of the run until then; absent at the start.
    pub clocks: Option<Clocks>,
    /// Why newer states could not be used, and what damage was cut off the journal.
    pub notes: Vec<String>,
}

impl Attempt {
    /// Keeps the learner's state after the updates so far. What the journal has of them is on the disk before the state is,
    /// and the last good state stays there until this one is.
    pub fn save(&mut self, state: &State, reason: &str, clocks: Clocks) -> Result<(), RecordError> {
        self.sync()?;
        let spec = self.spec();
        let info = CheckpointInfo::new(spec.id(), self.steps(), spec.steps_per_epoch, reason, clocks);
        checkpoint::save(self.folder(), info, state)
    }

    /// Steps of the checkpoints, newest first.
    pub fn checkpoints(&self) -> Result<Vec<u64>, RecordError> {
        checkpoint::steps_in(self.folder())
    }

    /// Puts a learner that has done nothing yet, and the journal, to the newest state that is whole: its own start where there
    /// is none. States that cannot be used are named and removed.
    pub fn resume(&mut self, learner: &mut dyn Learner) -> Result<Resumed, RecordError> {
        let mut notes: Vec<String> = self.damage().map(ToString::to_string).into_iter().collect();
        let found = self.newest(learner, &mut notes)?;
        let step = found.as_ref().map_or(0, |info| info.step);
        self.rewind(step)?;
        checkpoint::remove_after(self.folder(), step)?;
        Ok(Resumed { step, past: self.past()?, clocks: found.map(|info| info.clocks), notes })
    }

    fn newest(
        &self,
        learner: &mut dyn Learner,
        notes: &mut Vec<String>,
    ) -> Result<Option<CheckpointInfo>, RecordError> {
        for step in self.checkpoints()? {
            let checkpoint = match Checkpoint::read(self.folder(), &self.spec().id(), step) {
                Ok(checkpoint) => checkpoint,
                Err(error) => {
                    notes.push(error.to_string());
                    continue;
                }
            };
            if step > self.steps() {
                let have = self.steps();
                notes.push(format!("the state after {step} updates is not used: the journal holds {have} of them"));
                continue;
            }
            match learner.load(&checkpoint.state) {
                Ok(()) => return Ok(Some(checkpoint.info)),
                Err(error) => notes.push(format!("the state after {step} updates is not used: {error}")),
            }
        }
        Ok(None)
    }

    /// What the loop needs to know of the updates so far.
    fn past(&mut self) -> Result<Past, RecordError> {
        self.flush()?;
        let mut losses = Vec::new();
        let mut follower = self.follow()?;
        while let Some(news) = follower.poll()? {
            if let News::Rows { rows, .. } = news {
                losses.extend(rows.iter().map(|row| row.loss));
            }
        }
        let evaluation = &self.spec().evaluation;
        let during = |at: &&super::EvaluationAt| {
            at.subset == evaluation.during && evaluation.every.is_some_and(|every| at.step.is_multiple_of(every))
        };
        let metrics = self.evaluations().iter().filter(during).map(|at| at.evaluation.measured(at.step)).collect();
        Ok(Past { losses, metrics })
    }
}
