//! The operations as differentiable functions on CPU tensors.

mod dense;
mod windowed;

pub(crate) use dense::{cross_entropy, flatten, linear, matmul, relu};
pub(crate) use windowed::{avg_pool2d, conv2d, max_pool2d};
