//! The operations as differentiable functions on CPU tensors.

mod dense;
mod dropout;
mod loss;
mod lrn;
mod norm;
mod residual;
mod subsample;
mod windowed;

pub(crate) use dense::{flatten, linear, matmul, relu};
pub(crate) use dropout::dropout;
pub(crate) use loss::cross_entropy;
pub(crate) use lrn::local_response_norm;
pub(crate) use norm::batch_norm2d;
pub(crate) use residual::{add, add_relu};
pub(crate) use subsample::subsample2d;
pub(crate) use windowed::{avg_pool2d, conv2d, max_pool2d};
