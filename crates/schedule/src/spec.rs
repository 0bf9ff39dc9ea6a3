//! A schedule as a configuration file says it.

use serde::{Deserialize, Serialize};

use crate::cosine::{Cosine, CosineWarmRestarts};
use crate::curve::{Builder, Curve, Kind};
use crate::cyclic::Cyclic;
use crate::decay::{Constant, Exponential, InverseDecay, MultiStep, Step};
use crate::error::ScheduleError;
use crate::one_cycle::OneCycle;
use crate::plateau::ReduceOnPlateau;
use crate::ramp::{Linear, PaperDecay, Polynomial, Sweep};
use crate::rate::{PerGroup, Rate};
use crate::resolve::{Context, Resolver};
use crate::sequential::Sequential;

/// A schedule, by kind: `[schedule.cyclic]` in a configuration file.
///
/// ```
/// # #[derive(serde::Deserialize)]
/// # struct Config { schedule: lrscope_schedule::ScheduleSpec }
/// let config: Config = toml::from_str(r#"
///     [[schedule.sequential.stages]]
///     length = "1ep"
///     schedule.linear = { lr = "range-test.max_lr", start_factor = 0.1, total = "1ep" }
///
///     [[schedule.sequential.stages]]
///     [schedule.sequential.stages.schedule.cyclic]
///     base_lr = "range-test"
///     max_lr = "range-test"
///     step_size_up = "2ep"
///     mode = "triangular2"
/// "#)?;
/// assert!(config.schedule.references_pick());
/// # Ok::<(), toml::de::Error>(())
/// ```
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

/// Does the same with whichever kind a specification is.
macro_rules! each {
    ($spec:expr, $kind:ident => $body:expr) => {
        match $spec {
            ScheduleSpec::Constant($kind) => $body,
            ScheduleSpec::Step($kind) => $body,
            ScheduleSpec::MultiStep($kind) => $body,
            ScheduleSpec::Exponential($kind) => $body,
            ScheduleSpec::InverseDecay($kind) => $body,
            ScheduleSpec::Linear($kind) => $body,
            ScheduleSpec::Polynomial($kind) => $body,
            ScheduleSpec::PaperDecay($kind) => $body,
            ScheduleSpec::Cosine($kind) => $body,
            ScheduleSpec::CosineWarmRestarts($kind) => $body,
            ScheduleSpec::OneCycle($kind) => $body,
            ScheduleSpec::Cyclic($kind) => $body,
            ScheduleSpec::Sweep($kind) => $body,
            ScheduleSpec::Sequential($kind) => $body,
            ScheduleSpec::ReduceOnPlateau($kind) => $body,
        }
    };
}

impl ScheduleSpec {
    /// The same rate at every step.
    pub fn constant(lr: impl Into<PerGroup<Rate>>) -> Self {
        Self::Constant(Constant { lr: lr.into() })
    }

    /// The specification with every length in counts of its interval, every reference as a number, every default that
    /// depends on something written out, and settings that are not used put back to their defaults.
    ///
    /// Everything is checked on the way. What comes out serializes canonically: two specifications that mean the same,
    /// `"2ep"` and the number of steps in two epochs for example, become equal. Resolving it again changes nothing.
    ///
    /// ```
    /// use lrscope_schedule::{Context, Cyclic, Epochs, Length, Pick, PickRef, ScheduleSpec};
    ///
    /// let spec = ScheduleSpec::from(Cyclic {
    ///     step_size_up: Length::Epochs(Epochs::ONE),
    ///     ..Cyclic::new(PickRef::Own, PickRef::Own)
    /// });
    /// let pick = Pick { base_lr: 0.001, max_lr: 0.006 };
    /// let context = Context { steps_per_epoch: 500, pick: Some(pick), momentum: false, evaluated: None };
    /// let resolved = spec.resolve(&context)?;
    /// assert_eq!(resolved.to_string(), "cyclic triangular, base_lr 0.001, max_lr 0.006, step_size_up 500");
    /// assert_eq!(resolved.resolve(&context)?, resolved);
    /// # Ok::<(), lrscope_schedule::ScheduleError>(())
    /// ```
    pub fn resolve(&self, context: &Context) -> Result<Self, ScheduleError> {
        self.resolve_with(&Resolver::new(context, self.kind()))
    }

    /// Whether a rate refers to a range test's pick.
    pub fn references_pick(&self) -> bool {
        let refers = |rate: &Rate| matches!(rate, Rate::Pick(_));
        self.rates().iter().any(|rates| rates.as_slice().iter().any(refers))
    }

    /// Whether rates depend on the evaluations so far.
    pub fn needs_metric(&self) -> bool {
        match self {
            Self::ReduceOnPlateau(_) => true,
            Self::Sequential(sequence) => sequence.stages.iter().any(|stage| stage.schedule.needs_metric()),
            _ => false,
        }
    }

    /// The kind, as a configuration file writes it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Step(_) => "step",
            Self::MultiStep(_) => "multi_step",
            Self::Exponential(_) => "exponential",
            Self::InverseDecay(_) => "inverse_decay",
            Self::Linear(_) => "linear",
            Self::Polynomial(_) => "polynomial",
            Self::PaperDecay(_) => "paper_decay",
            Self::Cosine(_) => "cosine",
            Self::CosineWarmRestarts(_) => "cosine_warm_restarts",
            Self::OneCycle(_) => "one_cycle",
            Self::Cyclic(_) => "cyclic",
            Self::Sweep(_) => "sweep",
            Self::Sequential(_) => "sequential",
            Self::ReduceOnPlateau(_) => "reduce_on_plateau",
        }
    }

    pub(crate) fn resolve_with(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        each!(self, kind => kind.resolve(to).map(Into::into))
    }

    pub(crate) fn rates(&self) -> Vec<&PerGroup<Rate>> {
        each!(self, kind => kind.rates())
    }

    pub(crate) fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        each!(self, kind => kind.curve(on))
    }

    pub(crate) fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        each!(self, kind => kind.turns(steps_per_epoch, updates))
    }

    pub(crate) fn end(&self, steps_per_epoch: u64) -> Option<u64> {
        each!(self, kind => kind.end(steps_per_epoch))
    }
}

/// Every kind becomes a specification.
macro_rules! from_kinds {
    ($($kind:ident),*) => {
        $(impl From<$kind> for ScheduleSpec {
            fn from(kind: $kind) -> Self {
                Self::$kind(kind)
            }
        })*
    };
}

from_kinds!(
    Constant,
    Step,
    MultiStep,
    Exponential,
    InverseDecay,
    Linear,
    Polynomial,
    PaperDecay,
    Cosine,
    CosineWarmRestarts,
    OneCycle,
    Cyclic,
    Sweep,
    Sequential,
    ReduceOnPlateau
);
