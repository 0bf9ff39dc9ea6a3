//! Learning-rate schedules as pure functions of the step.
//!
//! A [`ScheduleSpec`] is what a configuration file says. [`ScheduleSpec::resolve`] turns its lengths into steps and its
//! references to a range test into numbers; what comes out is checked, canonical and part of a run's identity. A [`Plan`]
//! answers which rate and momentum every parameter group uses for any step, in any order, with no state in between.
//!
//! Step `k` is the update number `k`, counted from 0: what the schedule gives at `k` is what that update uses. Numbers follow
//! `torch.optim.lr_scheduler` of PyTorch 2.13 wherever PyTorch has the schedule; what it leaves unchecked is an error here.

mod cosine;
mod curve;
mod cycles;
mod cyclic;
mod decay;
mod describe;
mod epochs;
mod error;
mod inspect;
mod length;
mod lint;
mod metric;
mod one_cycle;
mod plan;
mod plateau;
mod ramp;
mod rate;
mod rates;
mod resolve;
mod scale_fn;
mod sequential;
mod spec;
mod turns;
mod unused;
pub mod whole;

pub use cosine::{Cosine, CosineWarmRestarts};
pub use cyclic::{Cyclic, CyclicMode, ScaleMode};
pub use decay::{Constant, Exponential, InverseDecay, MultiStep, Step};
pub use epochs::{Epochs, NotEpochs};
pub use error::{Problem, ScheduleError};
pub use length::{Interval, Length};
pub use lint::{Finding, Lint, Span};
pub use metric::{Evaluated, Measurement, Metric};
pub use one_cycle::{AnnealStrategy, OneCycle};
pub use plan::Plan;
pub use plateau::{PlateauMode, ReduceOnPlateau, ThresholdMode};
pub use ramp::{Linear, PaperDecay, Polynomial, Sweep, SweepKind};
pub use rate::{PerGroup, Pick, PickRef, Rate};
pub use rates::{Group, Point, Rates};
pub use resolve::Context;
pub use scale_fn::{CompileError, ScaleFn};
pub use sequential::{Sequential, Stage};
pub use spec::ScheduleSpec;
