//! The operations as differentiable functions on CPU tensors.

mod dense;
mod norm;
mod residual;
mod windowed;

pub(crate) use dense::{cross_entropy, flatten, linear, matmul, relu};
pub(crate) use norm::batch_norm2d;
pub(crate) use residual::{add, add_relu};
pub(crate) use windowed::{avg_pool2d, conv2d, max_pool2d};
