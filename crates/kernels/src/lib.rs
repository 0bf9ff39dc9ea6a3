//! Differentiable operations that are right and fast, each with a twin composed of candle's own.
//!
//! Every operation is a plain function on tensors. One module, `dispatch`, sends it to this crate's CPU kernel or, for other devices and
//! dtypes, to its [`twin`]; nothing else looks at the device. Twins are also the oracle that the kernels are tested against.

mod cpu;
mod dispatch;
mod error;
mod isa;
mod lrn;
mod norm;
mod optim;
mod params;
mod recycling;
pub mod twin;

#[doc(hidden)]
pub use cpu::inner_product;
pub use cpu::{on_workers, start_workers};
pub use dispatch::{
    adam_step, add, add_relu, avg_pool2d, backward, batch_norm2d, conv2d, cross_entropy, cross_entropy_smoothed,
    dropout, flatten, linear, local_response_norm, matmul, max_pool2d, relu, sgd_step, subsample2d,
};
pub use error::KernelError;
pub use isa::{Isa, current_isa, force_isa, with_isa};
pub use lrn::{LocalResponseNormParams, LrnRegion};
pub use norm::{BatchNormParams, RunningStatistics, Statistics};
pub use optim::{AdamOptions, AdamState, SgdOptions, SgdState};
pub use params::{Conv2dParams, Pool2dParams};
pub use recycling::Recycling;
