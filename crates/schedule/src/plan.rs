//! A schedule for given parameter groups: which rate and momentum each group uses at any step.

use crate::error::ScheduleError;
use crate::rates::{Group, Rates};
use crate::scale_fn::{CompileError, ScaleFn};
use crate::spec::ScheduleSpec;

/// An evaluation that reduce-on-plateau looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Updates that were done when it was made.
    pub updates: u64,
    /// What came out.
    pub value: f64,
}

/// A resolved schedule for given parameter groups.
#[derive(Debug, Clone)]
pub struct Plan {
    spec: ScheduleSpec,
    groups: Vec<Group>,
}

impl Plan {
    /// A plan from a resolved specification; `compile` makes a function of a `scale_fn`'s text.
    pub fn new(
        spec: &ScheduleSpec,
        groups: &[Group],
        steps_per_epoch: u64,
        compile: &dyn Fn(&str) -> Result<ScaleFn, CompileError>,
    ) -> Result<Self, ScheduleError> {
        let _ = (steps_per_epoch, compile);
        Ok(Self {
            spec: spec.clone(),
            groups: groups.to_vec(),
        })
    }

    /// The resolved specification.
    pub fn spec(&self) -> &ScheduleSpec {
        &self.spec
    }

    /// The parameter groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Rate and momentum of every group for update number `step`, where no evaluation matters.
    pub fn at(&self, step: u64) -> Result<Rates, ScheduleError> {
        self.at_with(step, &[])
    }

    /// Rate and momentum of every group for update number `step`, given the evaluations of the run.
    ///
    /// Only evaluations after at most `step` updates are looked at, so that the history of a whole run may be given for
    /// any of its steps.
    pub fn at_with(&self, step: u64, history: &[Metric]) -> Result<Rates, ScheduleError> {
        let _ = (step, history);
        Ok(Rates(Vec::new()))
    }

    /// Whether rates depend on the evaluations so far.
    pub fn needs_metric(&self) -> bool {
        self.spec.needs_metric()
    }

    /// Computes every rate of a run of `total_steps` updates, and returns the first that is none.
    pub fn check(&self, total_steps: u64) -> Result<(), ScheduleError> {
        let _ = total_steps;
        Ok(())
    }
}
