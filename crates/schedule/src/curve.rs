//! Schedules as functions: what a checked specification becomes for given parameter groups.

use std::sync::Arc;

use crate::error::{Problem, ScheduleError};
use crate::length::Interval;
use crate::metric::Measurement;
use crate::rate::{PerGroup, Rate};
use crate::rates::{Group, Point};
use crate::scale_fn::{CompileError, ScaleFn};
use crate::turns;

/// When a schedule is asked.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// The run's update.
    pub(crate) step: u64,
    /// The run's update at which the asked schedule started; not after `step`.
    pub(crate) start: u64,
    /// The run's evaluations.
    pub(crate) history: &'a [Measurement],
}

type PointFn = dyn Fn(Moment<'_>, usize) -> Result<Point, ScheduleError> + Send + Sync;

/// Rate, and momentum where the schedule cycles it, as a function of the moment and the parameter group's index.
#[derive(Clone)]
pub(crate) struct Curve(Arc<PointFn>);

impl Curve {
    /// A function of the moment.
    pub(crate) fn of_moment(
        point: impl Fn(Moment<'_>, usize) -> Result<Point, ScheduleError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(point))
    }

    /// A rate that depends on the schedule's own count alone; `per` updates make a count.
    pub(crate) fn of_count(per: u64, lr: impl Fn(u64, usize) -> f64 + Send + Sync + 'static) -> Self {
        Self::of_moment(move |moment, group| {
            let lr = lr(moment.count(per), group);
            Ok(Point { lr, momentum: None })
        })
    }

    pub(crate) fn at(&self, moment: Moment<'_>, group: usize) -> Result<Point, ScheduleError> {
        (self.0)(moment, group)
    }
}

impl std::fmt::Debug for Curve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Curve")
    }
}

impl Moment<'_> {
    /// Counts since the schedule's start; `per` updates make a count, and it is never 0.
    pub(crate) fn count(&self, per: u64) -> u64 {
        (self.step - self.start) / per.max(1)
    }
}

/// Makes the curve of one schedule.
pub(crate) struct Builder<'a> {
    pub(crate) groups: &'a [Group],
    pub(crate) steps_per_epoch: u64,
    pub(crate) compile: &'a dyn Fn(&str) -> Result<ScaleFn, CompileError>,
    /// Path of the schedule, for errors.
    pub(crate) place: String,
}

impl Builder<'_> {
    /// For a schedule inside this one.
    pub(crate) fn inside(&self, stage: usize, kind: &str) -> Self {
        Builder { place: format!("{}.stages[{stage}].schedule.{kind}", self.place), ..*self }
    }

    pub(crate) fn fault(&self, field: &str, problem: Problem) -> ScheduleError {
        let place = format!("{}.{field}", self.place);
        ScheduleError { place, problem }
    }

    /// Updates in one count of a resolved schedule.
    pub(crate) fn per(&self, interval: Option<Interval>) -> u64 {
        interval.unwrap_or_default().updates(self.steps_per_epoch)
    }

    /// One number for each group.
    pub(crate) fn values<T: Copy + Into<Rate>>(
        &self,
        field: &str,
        values: &PerGroup<T>,
    ) -> Result<Vec<f64>, ScheduleError> {
        let groups = self.groups.len();
        let number = |value: &T| match (*value).into() {
            Rate::Value(value) => Ok(value),
            Rate::Pick(reference) => {
                let reference = reference.as_str();
                Err(self.fault(field, Problem::NoPick { reference }))
            }
        };
        match values {
            PerGroup::All(value) => Ok(vec![number(value)?; groups]),
            PerGroup::Each(each) if each.len() == groups => each.iter().map(number).collect(),
            PerGroup::Each(each) => {
                let given = each.len();
                Err(self.fault(field, Problem::Groups { given, groups }))
            }
        }
    }
}

/// A kind of schedule.
pub(crate) trait Kind: Sized {
    /// The checked, canonical form.
    fn resolve(&self, to: &crate::resolve::Resolver<'_>) -> Result<Self, ScheduleError>;

    /// Every rate among the settings.
    fn rates(&self) -> Vec<&PerGroup<Rate>>;

    /// The curve of a resolved schedule.
    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError>;

    /// Some of the first `updates` (at least one) of a resolved schedule, in order: if any update has a rate or a momentum that is
    /// none, one of these has. Between two of them rates go one way, so most kinds show all at both ends.
    fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        let _ = steps_per_epoch;
        turns::in_updates([], 1, updates)
    }

    /// Updates after which a resolved schedule has no rates any more; most go on for ever.
    fn end(&self, steps_per_epoch: u64) -> Option<u64> {
        let _ = steps_per_epoch;
        None
    }
}
