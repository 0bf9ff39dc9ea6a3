//! Turning what a configuration says into checked numbers.

use crate::rate::Pick;

/// What a schedule's lengths and references are resolved against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    /// Optimizer updates in one pass over the training examples.
    pub steps_per_epoch: u64,
    /// The bounds that a range test picked, where there is one.
    pub pick: Option<Pick>,
    /// Whether every parameter group has a momentum (SGD, even where it is 0) or beta1 (Adam, `AdamW`) that can be cycled.
    pub momentum: bool,
}
