//! Cosine annealing, once or with warm restarts.

use serde::{Deserialize, Serialize};

use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};

/// `torch.optim.lr_scheduler.CosineAnnealingLR`: m + (`lr` − m) · (1 + cos(π t / `t_max`)) / 2, m = `eta_min`.
///
/// | step 0 | step `t_max` | after it |
/// |---|---|---|
/// | `lr` | `eta_min` | rises again, back to `lr` at 2 · `t_max`, and so on |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cosine {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// Steps from the first to the lowest rate; whole.
    pub t_max: Length,
    /// The lowest rate, not above `lr`.
    #[serde(default = "zero")]
    pub eta_min: PerGroup<Rate>,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// `torch.optim.lr_scheduler.CosineAnnealingWarmRestarts` (SGDR, arXiv 1608.03983):
/// m + (`lr` − m) · (1 + cos(π c / C)) / 2, m = `eta_min`, c = steps since the last restart, C = length of the cycle.
///
/// Cycle n (from 0) is `t_0` · `t_mult`^n steps long.
///
/// | step 0 | end of a cycle | after it |
/// |---|---|---|
/// | `lr` | close to `eta_min`, which is never reached itself | `lr` again |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosineWarmRestarts {
    /// The first rate of every cycle.
    pub lr: PerGroup<Rate>,
    /// Steps of the first cycle; whole.
    pub t_0: Length,
    /// Each cycle's length over the one before it, at least 1.
    #[serde(default = "once")]
    pub t_mult: u64,
    /// The lowest rate, not above `lr`.
    #[serde(default = "zero")]
    pub eta_min: PerGroup<Rate>,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

fn zero() -> PerGroup<Rate> {
    0.0.into()
}

fn once() -> u64 {
    1
}
