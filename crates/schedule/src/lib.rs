//! Learning-rate schedules as pure functions of the step.

mod rates;

pub use rates::{Group, Point, Rates};

/// Placeholder until the specification types land.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ScheduleSpec {}
