//! Schedules one after the other.

use serde::{Deserialize, Serialize};

use crate::length::{Interval, Length};
use crate::spec::ScheduleSpec;

/// `torch.optim.lr_scheduler.SequentialLR`: one schedule after the other, each counting from 0 at its own first step.
///
/// | step 0 | first step of a stage | after the last stage |
/// |---|---|---|
/// | first schedule's step 0 | that schedule's step 0 | the last schedule goes on |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    /// The stages in order; at least one.
    pub stages: Vec<Stage>,
    /// What stage lengths count, and every stage that does not say otherwise; absent for updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// A stage of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Steps of the stage; whole. Only the last stage may go without; where it has one, its schedule goes on after it.
    #[serde(default)]
    pub length: Option<Length>,
    /// The stage's schedule.
    pub schedule: ScheduleSpec,
}
