//! The learning rates of a published run, computed again from its schedule: records do not hold them.

use lrscope_schedule::{Measurement, Plan};

use super::StudyError;
use crate::record::Published;
use crate::resolve;
use crate::spec::RunId;

/// Rates of a published run's schedule, before any group's multiplier.
#[derive(Debug)]
pub struct RunRates {
    run: RunId,
    plan: Plan,
    history: Vec<Measurement>,
}

impl RunRates {
    /// The rates of a record.
    ///
    /// # Errors
    /// Where the record's schedule makes no plan.
    pub fn of(record: &Published) -> Result<Self, StudyError> {
        let run = record.spec.id();
        let plan = resolve::plan(&record.spec).map_err(|source| StudyError::Schedule { run: run.clone(), source })?;
        Ok(Self { run, plan, history: followed(record) })
    }

    /// The rate of update `step`.
    ///
    /// # Errors
    /// Where the schedule has no rate for it.
    pub fn at(&self, step: u64) -> Result<f64, StudyError> {
        let rate = self.plan.scheduled_rate(step, &self.history);
        rate.map_err(|source| StudyError::Schedule { run: self.run.clone(), source })
    }

    /// Whether they follow the run's own evaluations, so that another seed's may be others.
    pub fn follow_evaluations(&self) -> bool {
        self.plan.needs_metric()
    }
}

/// From this version of the numerics on, schedules follow the metric that they name. Before, they were fed the loss, whatever
/// their mode.
const NAMED_METRICS: u32 = 3;

/// What a record's schedule was fed.
fn followed(record: &Published) -> Vec<Measurement> {
    let spec = &record.spec;
    let during = record.result.evaluations.iter().filter(|at| at.subset == spec.evaluation.during);
    let measured = during.map(|at| at.evaluation.measured(at.step));
    if spec.numerics >= NAMED_METRICS {
        return measured.collect();
    }
    measured.map(|at| Measurement { accuracy: Some(at.loss), ..at }).collect()
}
