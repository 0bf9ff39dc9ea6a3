//! Models, optimizers and the candle learner behind the runner's `Learner` trait.
//!
//! [`CandleLearner::new`] turns a [`RunSpec`](lrscope_runner::spec::RunSpec) into a
//! [`Learner`](lrscope_runner::learner::Learner). A network of one's own implements [`model::Network`] and comes in by
//! [`CandleLearner::with_network`]; `examples/own_model.rs` does so.

pub mod data;
pub mod device;
pub mod learner;
pub mod model;
pub mod optimizer;
mod state;

pub use candle_core::Device;
pub use device::{DeviceError, parse_device};
pub use learner::{BuildError, CandleLearner, UpdateError};
pub use lrscope_kernels::{Isa, KernelError, current_isa, force_isa, on_workers, start_workers};
pub use state::StateError;
