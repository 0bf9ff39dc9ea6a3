//! CPU kernels over slices, for f32 and f64, and their operations for candle's graph.
//!
//! Bits never depend on the number of threads: work is split into parts whose bounds follow from shapes alone, every number is
//! computed by one part, and sums run in one order.

mod conv;
mod dropout;
mod element;
mod gemm;
mod graph;
mod loss;
mod lrn;
mod norm;
mod ops;
mod optim;
mod pack;
mod parallel;
mod pool;
mod probe;
mod relu;
mod residual;
mod scratch;
mod simd;
mod subsample;
mod view;
mod workers;

pub(crate) use graph::backward;
pub(crate) use ops::{
    add, add_relu, avg_pool2d, batch_norm2d, conv2d, cross_entropy, dropout, flatten, linear, local_response_norm,
    matmul, max_pool2d, relu, subsample2d,
};
pub(crate) use optim::{adam_step, sgd_step};
pub use probe::inner_product;
pub use workers::{on_workers, start_workers};
