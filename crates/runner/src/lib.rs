//! The training loop, run records, the range test, comparisons and their statistics; knows no tensors.

pub mod analysis;
pub mod command_line;
pub mod doctor;
pub mod experiment;
pub mod float;
pub mod learner;
pub mod numbers;
pub mod picks;
pub mod random;
pub mod record;
mod replace;
pub mod resolve;
mod scale_fn;
pub mod sealed;
pub mod spec;
pub mod study;
pub mod train;
