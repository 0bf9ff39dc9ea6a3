//! The training loop, run records, the range test, comparisons and their statistics; knows no tensors.

pub mod analysis;
pub mod float;
pub mod learner;
pub mod random;
pub mod spec;
