//! What a schedule answers with: the rate and momentum of every parameter group.

use serde::{Deserialize, Serialize};

/// Learning rate and momentum of one parameter group for one update.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Learning rate: finite and not negative. 0 is allowed (cosine ends there); there is no upper limit.
    pub lr: f64,
    /// Momentum of SGD, or beta1 of Adam and `AdamW`; absent where the optimizer has neither.
    pub momentum: Option<f64>,
}

/// The points of all parameter groups for one update, in the order of the groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rates(pub Vec<Point>);

/// What a schedule has to know of one parameter group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Name shown in reports and errors, for example `"weights"`.
    pub name: String,
    /// Factor on the scheduled rate; applied by [`crate::Plan::at`] and nowhere else.
    pub lr_mult: f64,
    /// Momentum (or beta1) used by schedules that do not cycle it; absent where the optimizer has none.
    pub momentum: Option<f64>,
}
