//! The training loop: one loop for range tests, comparisons and single runs.

use lrscope_schedule::{Measurement, Plan, Rates};

use crate::analysis::{DivergenceMonitor, Ending};
use crate::learner::{Evaluation, Learner, LearnerError, Row, State, Subset};
use crate::spec::RunSpec;

/// Where a run's rows and evaluations go as they come.
pub trait Recorder {
    /// Takes the rows of the updates from `first` on.
    fn rows(&mut self, first: u64, rows: &[Row]) -> Result<(), BoxedError>;
    /// Takes an evaluation made when `step` updates were done.
    fn evaluation(&mut self, step: u64, subset: Subset, evaluation: Evaluation) -> Result<(), BoxedError>;
    /// Called between blocks, when everything up to the learner's step has been taken: the place to save the learner's state,
    /// and to end the run before its time.
    fn between(&mut self, _learner: &mut dyn Learner) -> Result<Next, BoxedError> {
        Ok(Next::GoOn)
    }
}

/// Whether a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next block.
    GoOn,
    /// Not now: the loop ends with [`TrainError::Interrupted`].
    Stop,
}

/// Any error, as a recorder or observer may raise it.
pub type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// What the loop tells while it runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Progress {
    /// A block of updates is done.
    Advanced {
        /// Updates done.
        step: u64,
        /// Loss of the last row.
        loss: f64,
        /// The schedule's rate of the last update, before any group's multiplier.
        lr: f64,
    },
    /// An evaluation is done.
    Evaluated {
        /// Updates done.
        step: u64,
        /// What was evaluated.
        subset: Subset,
        /// The figures.
        evaluation: Evaluation,
    },
}

/// Why the loop could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The learner failed.
    #[error(transparent)]
    Learner(#[from] LearnerError),
    /// The schedule has no rate for a step.
    #[error(transparent)]
    Schedule(#[from] lrscope_schedule::ScheduleError),
    /// The record could not be written, or whoever watched went away.
    #[error("after update {step}: {source}")]
    Record {
        /// Updates done.
        step: u64,
        /// The cause.
        source: BoxedError,
    },
    /// The recorder asked for it ([`Next::Stop`]).
    #[error("interrupted after {step} updates")]
    Interrupted {
        /// Updates done.
        step: u64,
    },
    /// The learner broke its contract.
    #[error("the learner returned {found} rows for a block of {asked} updates")]
    Rows {
        /// Updates asked for.
        asked: usize,
        /// Rows returned.
        found: usize,
    },
}

/// What an interrupted run measured before it was interrupted: what the stop rule and metric-driven schedules remember.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// Losses of the updates that the learner has done already.
    pub losses: Vec<f64>,
    /// The evaluations that were made so far on the way.
    pub metrics: Vec<Measurement>,
}

/// Trains from the learner's current step to the end of the run, or to where its stop rule ends it. `past` is empty for a
/// run that starts at step 0.
///
/// Evaluations of [`EvaluationSpec::during`](crate::spec::EvaluationSpec) are made after every `every` updates and fed to
/// schedules that follow a metric; those of `after` once the last update is done, also where the run stopped early.
pub fn drive(
    learner: &mut dyn Learner,
    spec: &RunSpec,
    plan: &Plan,
    past: &Past,
    recorder: &mut dyn Recorder,
    observe: &mut dyn FnMut(Progress) -> Result<(), BoxedError>,
) -> Result<Ending, TrainError> {
    let mut monitor = spec.stop.map(DivergenceMonitor::new);
    // A run may have been interrupted when its last update was done, and its end not yet written down.
    let ended = past.losses.iter().find_map(|loss| monitor.as_mut()?.push(*loss));
    let metrics = past.metrics.clone();
    let mut run = Run { learner, spec, plan, recorder, observe, metrics, monitor, saved: None };
    let ending = ended.map_or_else(|| run.train(), Ok)?;
    for subset in &spec.evaluation.after {
        run.between()?;
        run.evaluate(*subset)?;
    }
    Ok(ending)
}

struct Run<'a> {
    learner: &'a mut dyn Learner,
    spec: &'a RunSpec,
    plan: &'a Plan,
    recorder: &'a mut dyn Recorder,
    observe: &'a mut dyn FnMut(Progress) -> Result<(), BoxedError>,
    metrics: Vec<Measurement>,
    monitor: Option<DivergenceMonitor>,
    /// A state to go back to, and the updates done by then.
    saved: Option<(u64, State)>,
}

impl Run<'_> {
    fn train(&mut self) -> Result<Ending, TrainError> {
        self.evaluate_if_due()?;
        while self.learner.steps_done() < self.spec.steps {
            self.between()?;
            if let Some(ending) = self.block()? {
                return Ok(ending);
            }
            self.evaluate_if_due()?;
        }
        Ok(Ending::Completed)
    }

    /// Lets the recorder save the state, and ends the run where it wants that.
    fn between(&mut self) -> Result<(), TrainError> {
        let step = self.learner.steps_done();
        match self.recorder.between(self.learner) {
            Ok(Next::GoOn) => Ok(()),
            Ok(Next::Stop) => Err(TrainError::Interrupted { step }),
            Err(source) => Err(TrainError::Record { step, source }),
        }
    }

    /// An evaluation where one is due after the updates done so far, unless it was made before an interruption.
    fn evaluate_if_due(&mut self) -> Result<(), TrainError> {
        let step = self.learner.steps_done();
        let made = step == 0 || self.metrics.last().is_some_and(|metric| metric.updates == step);
        if !made && self.evaluation_due(step) {
            let evaluation = self.evaluate(self.spec.evaluation.during)?;
            self.metrics.push(evaluation.measured(step));
        }
        Ok(())
    }

    /// One block of updates: as long as the learner likes, but never past an evaluation or the end.
    fn block(&mut self) -> Result<Option<Ending>, TrainError> {
        let first = self.learner.steps_done();
        self.remember(first)?;
        let rates = self.rates(first, self.block_end(first))?;
        let mut rows = self.learner.advance(&rates, self.spec.probes)?;
        if rows.len() != rates.len() {
            return Err(TrainError::Rows { asked: rates.len(), found: rows.len() });
        }
        let ending = self.watch(&rows);
        if let Some(Ending::Diverged { step } | Ending::NonFinite { step }) = ending {
            // A block may reach past the row that ended the run; what follows it belongs to no run.
            rows.truncate((step - first) as usize + 1);
            self.go_back_to(step + 1)?;
        }
        let record = |source| TrainError::Record { step: first, source };
        self.recorder.rows(first, &rows).map_err(record)?;
        if let Some(row) = rows.last() {
            let step = first + rows.len() as u64;
            let lr = self.plan.scheduled_rate(step - 1, &self.metrics)?;
            (self.observe)(Progress::Advanced { step, loss: row.loss, lr }).map_err(record)?;
        }
        Ok(ending)
    }

    fn rates(&self, first: u64, end: u64) -> Result<Vec<Rates>, TrainError> {
        Ok((first..end).map(|step| self.plan.at_with(step, &self.metrics)).collect::<Result<_, _>>()?)
    }

    /// Saves the state now and then, where a block may have to be cut short. Saving costs a copy from the device, so it is not
    /// done before every block.
    fn remember(&mut self, first: u64) -> Result<(), TrainError> {
        const APART: u64 = 512;
        let may_be_cut = self.monitor.is_some() && self.learner.block_len() > 1;
        let due = self.saved.as_ref().is_none_or(|(step, _)| first - step >= APART);
        if may_be_cut && due {
            self.saved = Some((first, self.learner.save()?));
        }
        Ok(())
    }

    /// Puts the learner where it was after `end` updates, from the last saved state and the same updates again: a run's final
    /// state must not depend on how long its blocks were.
    fn go_back_to(&mut self, end: u64) -> Result<(), TrainError> {
        if self.learner.steps_done() == end {
            return Ok(());
        }
        let Some((_, state)) = &self.saved else { return Ok(()) };
        self.learner.load(state)?;
        while self.learner.steps_done() < end {
            let first = self.learner.steps_done();
            let rates = self.rates(first, self.block_end(first).min(end))?;
            let rows = self.learner.advance(&rates, self.spec.probes)?;
            if rows.len() != rates.len() {
                return Err(TrainError::Rows { asked: rates.len(), found: rows.len() });
            }
        }
        Ok(())
    }

    fn block_end(&self, first: u64) -> u64 {
        let preferred = first + self.learner.block_len().max(1) as u64;
        let evaluation = self.spec.evaluation.every.map_or(u64::MAX, |every| (first / every + 1) * every);
        preferred.min(evaluation).min(self.spec.steps)
    }

    fn watch(&mut self, rows: &[Row]) -> Option<Ending> {
        let monitor = self.monitor.as_mut()?;
        rows.iter().find_map(|row| monitor.push(row.loss))
    }

    fn evaluation_due(&self, step: u64) -> bool {
        self.spec.evaluation.every.is_some_and(|every| step.is_multiple_of(every))
    }

    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, TrainError> {
        let evaluation = self.learner.evaluate(subset)?;
        let step = self.learner.steps_done();
        let record = |source| TrainError::Record { step, source };
        self.recorder.evaluation(step, subset, evaluation).map_err(record)?;
        let progress = Progress::Evaluated { step, subset, evaluation };
        (self.observe)(progress).map_err(record)?;
        Ok(evaluation)
    }
}

/// A recorder that keeps everything in memory, for tests, examples and notebooks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// All rows, from update 0 on.
    pub rows: Vec<Row>,
    /// Evaluations in the order in which they were made: (updates done, subset, figures).
    pub evaluations: Vec<(u64, Subset, Evaluation)>,
}

impl Recorder for Memory {
    fn rows(&mut self, _first: u64, rows: &[Row]) -> Result<(), BoxedError> {
        self.rows.extend_from_slice(rows);
        Ok(())
    }

    fn evaluation(&mut self, step: u64, subset: Subset, evaluation: Evaluation) -> Result<(), BoxedError> {
        self.evaluations.push((step, subset, evaluation));
        Ok(())
    }
}

impl Recorder for crate::record::Attempt {
    fn rows(&mut self, first: u64, rows: &[Row]) -> Result<(), BoxedError> {
        Ok(self.append(first, rows)?)
    }

    fn evaluation(&mut self, step: u64, subset: Subset, evaluation: Evaluation) -> Result<(), BoxedError> {
        Ok(self.evaluated(step, subset, evaluation)?)
    }
}
