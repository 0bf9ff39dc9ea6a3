//! Schedules one after the other.

use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind, Moment};
use crate::error::{Problem, ScheduleError};
use crate::length::{self, Interval, Length};
use crate::rate::{PerGroup, Rate};
use crate::resolve::Resolver;
use crate::spec::ScheduleSpec;

/// `torch.optim.lr_scheduler.SequentialLR`: one schedule after the other, each counting from 0 at its own first step.
///
/// | step 0 | first step of a stage | after the last stage |
/// |---|---|---|
/// | first schedule's step 0 | that schedule's step 0 | the last schedule goes on |
///
/// Stages that do not say what they count, count what the sequence counts. A stage of length 0 is skipped, as it is by two equal
/// milestones in PyTorch. Unlike PyTorch's, a stage may be a [`ReduceOnPlateau`](crate::ReduceOnPlateau).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    /// The stages in order; at least one.
    pub stages: Vec<Stage>,
    /// What stage lengths count, and every stage that does not say otherwise; absent for the enclosing schedule's interval,
    /// or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// A stage of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Steps of the stage; whole, and 0 to skip it. Only the last stage may go without; where it has one, its schedule goes on
    /// after it.
    #[serde(default, deserialize_with = "length::or_zero")]
    pub length: Option<Length>,
    /// The stage's schedule.
    pub schedule: ScheduleSpec,
}

impl Sequential {
    /// First update of each stage, given the updates in one count of the sequence.
    pub(crate) fn starts(&self, per: u64) -> Vec<u64> {
        let lengths = self.stages.iter().map(|stage| stage.length.map_or(0, Length::whole));
        let ends = lengths.scan(0_u64, |end, length| {
            let start = *end;
            *end = end.saturating_add(length.saturating_mul(per));
            Some(start)
        });
        ends.collect()
    }
}

impl Kind for Sequential {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let Some(last) = self.stages.len().checked_sub(1) else {
            return Err(to.fault("stages", Problem::NoStages));
        };
        let stage = |(index, stage): (usize, &Stage)| {
            let field = format!("stages[{index}].length");
            let inside = to.inside(interval, index, stage.schedule.kind());
            let schedule = stage.schedule.resolve_with(&inside)?;
            let whole = |length: Length| match length {
                Length::Count(0.0) => Ok(length),
                some => to.whole(&field, some, interval),
            };
            let length = stage.length.map(whole).transpose()?;
            if index == last {
                return Ok(Stage { length, schedule });
            }
            let length = length.ok_or_else(|| to.fault(&field, Problem::NoStageLength))?;
            let updates = length.whole().saturating_mul(to.updates_per(interval));
            match schedule.end(to.steps_per_epoch()) {
                Some(end) if updates > end => Err(to.fault(&field, Problem::StageTooLong { stage: updates, end })),
                _ => Ok(Stage { length: Some(length), schedule }),
            }
        };
        let stages = self.stages.iter().enumerate().map(stage).collect::<Result<_, _>>()?;
        Ok(Self { stages, interval: Some(interval) })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        self.stages.iter().flat_map(|stage| stage.schedule.rates()).collect()
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let curve = |(index, stage): (usize, &Stage)| stage.schedule.curve(&on.inside(index, stage.schedule.kind()));
        let curves: Vec<Curve> = self.stages.iter().enumerate().map(curve).collect::<Result<_, _>>()?;
        let starts = self.starts(on.per(self.interval));
        Ok(Curve::of_moment(move |moment, group| {
            let since = moment.step - moment.start;
            let stage = starts.partition_point(|start| *start <= since) - 1;
            let start = moment.start + starts[stage];
            curves[stage].at(Moment { start, ..moment }, group)
        }))
    }

    fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        let starts = self.starts(self.interval.unwrap_or_default().updates(steps_per_epoch));
        let ends = starts.iter().copied().skip(1).chain([u64::MAX]);
        let stages = self.stages.iter().zip(starts.iter().copied().zip(ends));
        let of_stage = |(stage, (start, end)): (&Stage, (u64, u64))| {
            let length = end.min(updates).saturating_sub(start);
            let turns = if length == 0 { Vec::new() } else { stage.schedule.turns(steps_per_epoch, length) };
            turns.into_iter().map(move |turn| start + turn)
        };
        stages.flat_map(of_stage).collect()
    }

    fn end(&self, steps_per_epoch: u64) -> Option<u64> {
        let starts = self.starts(self.interval.unwrap_or_default().updates(steps_per_epoch));
        let (last, start) = (self.stages.last()?, starts.last()?);
        last.schedule.end(steps_per_epoch).map(|end| start.saturating_add(end))
    }
}
