//! The operations composed of candle's own *right* ops, differentiable by candle's autograd on every device.
//!
//! candle 0.11.1's max-pool gradient, its gradient of relu at 0, its maximum over a dimension (every tie gets the whole
//! gradient) and its pooling with kernel ≠ stride are wrong or missing, so none of them is used. What is used: gathering,
//! matrix products, sums, comparisons without gradient, and element-wise arithmetic. The functions take valid shapes only.

mod conv;
mod dropout;
mod loss;
mod lrn;
mod norm;
mod optim;
mod pool;
mod subsample;
mod windows;

use candle_core::{Result, Tensor};

use crate::params::Windows;
use crate::{Conv2dParams, Pool2dParams};

pub(crate) use conv::conv2d as conv2d_in;
pub use dropout::dropout;
pub(crate) use dropout::dropout_in;
pub use loss::{cross_entropy, cross_entropy_smoothed};
pub use lrn::local_response_norm;
pub use norm::{BatchMoments, batch_norm2d_eval, batch_norm2d_train};
pub use optim::{adam_step, sgd_step};
pub(crate) use pool::{avg_pool2d as avg_pool2d_in, max_pool2d as max_pool2d_in};
pub use subsample::subsample2d;

/// Twin of [`crate::conv2d`].
pub fn conv2d(x: &Tensor, w: &Tensor, bias: Option<&Tensor>, params: Conv2dParams) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    let (_, _, kh, kw) = w.dims4()?;
    conv2d_in(x, w, bias, Windows::conv((height, width), (kh, kw), params)?)
}

/// Twin of [`crate::max_pool2d`].
pub fn max_pool2d(x: &Tensor, params: Pool2dParams) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    max_pool2d_in(x, Windows::pool("max_pool2d", (height, width), params)?)
}

/// Twin of [`crate::avg_pool2d`].
pub fn avg_pool2d(x: &Tensor, params: Pool2dParams) -> Result<Tensor> {
    let (_, _, height, width) = x.dims4()?;
    avg_pool2d_in(x, Windows::pool("avg_pool2d", (height, width), params)?)
}

/// Twin of [`crate::relu`].
pub fn relu(x: &Tensor) -> Result<Tensor> {
    // Not `x > 0`: NaN must pass, so that a diverged network cannot look alive.
    x.le(0.0)?.where_cond(&x.zeros_like()?, x)
}

/// Twin of [`crate::add_relu`]; that of [`crate::add`] is candle's own sum.
pub fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    relu(&(a + b)?)
}

/// Twin of [`crate::linear`].
pub fn linear(x: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let product = x.matmul(&w.t()?)?;
    bias.map_or(Ok(product.clone()), |bias| product.broadcast_add(bias))
}

/// Twin of [`crate::matmul`].
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    a.matmul(b)
}
