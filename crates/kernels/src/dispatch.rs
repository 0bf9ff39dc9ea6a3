//! The public operations: checks of shapes, then the one place that chooses between CPU kernel and composed twin.

mod dropout;
mod loss;
mod lrn;
mod norm;
mod residual;
mod subsample;

use candle_core::backprop::GradStore;
use candle_core::{DType, Result, Tensor, Var};

use crate::params::Windows;
use crate::{AdamOptions, AdamState, Conv2dParams, KernelError, Pool2dParams, SgdOptions, SgdState, cpu, twin};

pub use dropout::dropout;
pub use loss::{cross_entropy, cross_entropy_smoothed};
pub use lrn::local_response_norm;
pub use norm::batch_norm2d;
pub use residual::{add, add_relu};
pub use subsample::subsample2d;

/// What an operation runs on.
enum Backend {
    /// This crate's kernels.
    Cpu,
    /// The twins, composed of candle's operations.
    Composed,
}

fn backend(x: &Tensor) -> Backend {
    match x.dtype() {
        DType::F32 | DType::F64 if x.device().is_cpu() => Backend::Cpu,
        _ => Backend::Composed,
    }
}

/// Gradients of the scalar `loss` with respect to every variable that it depends on.
pub fn backward(loss: &Tensor) -> Result<GradStore> {
    match backend(loss) {
        Backend::Cpu => cpu::backward(loss),
        Backend::Composed => loss.backward(),
    }
}

/// Two-dimensional convolution (cross-correlation) with zero padding.
///
/// `x` is \[n, c, h, w\], `w` \[o, c, kh, kw\], `bias` \[o\]; the result is \[n, o, h', w'\] with
/// h' = ⌊(h + 2·padding − kh) / stride⌋ + 1.
///
/// # Errors
/// If the shapes do not fit, or no window fits into the picture.
pub fn conv2d(x: &Tensor, w: &Tensor, bias: Option<&Tensor>, params: Conv2dParams) -> Result<Tensor> {
    let windows = check_conv(x, w, bias, params)?;
    match backend(x) {
        Backend::Cpu => cpu::conv2d(x, w, bias, windows),
        Backend::Composed => twin::conv2d_in(x, w, bias, windows),
    }
}

/// Largest value of every window; a tie goes to the first in row order, NaN wins, as in PyTorch.
///
/// `x` is \[n, c, h, w\].
///
/// # Errors
/// If `x` is no batch of pictures, or no window fits into the picture.
pub fn max_pool2d(x: &Tensor, params: Pool2dParams) -> Result<Tensor> {
    let windows = check_pool("max_pool2d", x, params)?;
    match backend(x) {
        Backend::Cpu if params.kernel <= LARGEST_POOL => cpu::max_pool2d(x, windows),
        _ => twin::max_pool2d_in(x, windows),
    }
}

/// Mean of every window, padding included (PyTorch's `count_include_pad=True`).
///
/// `x` is \[n, c, h, w\].
///
/// # Errors
/// If `x` is no batch of pictures, or no window fits into the picture.
pub fn avg_pool2d(x: &Tensor, params: Pool2dParams) -> Result<Tensor> {
    let windows = check_pool("avg_pool2d", x, params)?;
    match backend(x) {
        Backend::Cpu => cpu::avg_pool2d(x, windows),
        Backend::Composed => twin::avg_pool2d_in(x, windows),
    }
}

/// `x` \[n, …\] as \[n, everything else\]; keeps [`backward`] on its short way, as candle's own reshaping does not.
///
/// # Errors
/// If `x` is a scalar.
pub fn flatten(x: &Tensor) -> Result<Tensor> {
    if x.rank() == 0 {
        Err(KernelError::Rank { op: "flatten", name: "x", expected: "[n, …]", shape: vec![] })?;
    }
    match backend(x) {
        Backend::Cpu => cpu::flatten(x),
        Backend::Composed => x.flatten_from(1),
    }
}

/// max(x, 0); the gradient at 0 is 0, and NaN stays NaN.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    match backend(x) {
        Backend::Cpu => cpu::relu(x),
        Backend::Composed => twin::relu(x),
    }
}

/// x · wᵀ + bias, with `x` \[n, in\], `w` \[out, in\], `bias` \[out\].
///
/// # Errors
/// If the shapes do not fit.
pub fn linear(x: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    check_rank("linear", "x", "[n, in]", 2, x)?;
    check_rank("linear", "w", "[out, in]", 2, w)?;
    check_fit("linear", "x and w must have as many columns", x, w, x.dims()[1] == w.dims()[1])?;
    if let Some(bias) = bias {
        check_fit("linear", "w must have as many rows as bias has entries", w, bias, bias.dims() == [w.dims()[0]])?;
    }
    match backend(x) {
        Backend::Cpu => cpu::linear(x, w, bias),
        Backend::Composed => twin::linear(x, w, bias),
    }
}

/// a · b, with `a` \[m, k\] and `b` \[k, n\].
///
/// # Errors
/// If the shapes do not fit.
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_rank("matmul", "a", "[m, k]", 2, a)?;
    check_rank("matmul", "b", "[k, n]", 2, b)?;
    check_fit("matmul", "a must have as many columns as b has rows", a, b, a.dims()[1] == b.dims()[0])?;
    match backend(a) {
        Backend::Cpu => cpu::matmul(a, b),
        Backend::Composed => twin::matmul(a, b),
    }
}

/// One SGD update of `weights` in place.
///
/// # Errors
/// If `grad` or the buffer has another shape than `weights`.
pub fn sgd_step(weights: &Var, grad: &Tensor, state: &mut SgdState, options: &SgdOptions) -> Result<()> {
    check_update("sgd_step", weights, grad)?;
    if let Some(buffer) = &state.momentum_buffer {
        check_update("sgd_step", weights, buffer)?;
    }
    match backend(weights) {
        Backend::Cpu => cpu::sgd_step(weights, grad, state, options),
        Backend::Composed => twin::sgd_step(weights, grad, state, options),
    }
}

/// One Adam or `AdamW` update of `weights` in place; counts itself in `state.step`.
///
/// # Errors
/// If `grad` or a tensor of the state has another shape than `weights`.
pub fn adam_step(weights: &Var, grad: &Tensor, state: &mut AdamState, options: &AdamOptions) -> Result<()> {
    for tensor in [Some(grad), Some(&state.exp_avg), Some(&state.exp_avg_sq), state.max_exp_avg_sq.as_ref()] {
        tensor.map_or(Ok(()), |tensor| check_update("adam_step", weights, tensor))?;
    }
    match backend(weights) {
        Backend::Cpu => cpu::adam_step(weights, grad, state, options),
        Backend::Composed => twin::adam_step(weights, grad, state, options),
    }
}

/// Largest side of a max-pool window whose places fit the kernel's 16 bits.
const LARGEST_POOL: usize = 256;

fn check_conv(x: &Tensor, w: &Tensor, bias: Option<&Tensor>, params: Conv2dParams) -> Result<Windows> {
    check_rank("conv2d", "x", "[n, c, h, w]", 4, x)?;
    check_rank("conv2d", "w", "[o, c, kh, kw]", 4, w)?;
    let (picture, kernel) = (x.dims(), w.dims());
    check_fit("conv2d", "x and w must have as many input channels", x, w, picture[1] == kernel[1])?;
    if let Some(bias) = bias {
        check_fit("conv2d", "bias must have one entry an output channel", w, bias, bias.dims() == [kernel[0]])?;
    }
    Ok(Windows::conv((picture[2], picture[3]), (kernel[2], kernel[3]), params)?)
}

fn check_pool(op: &'static str, x: &Tensor, params: Pool2dParams) -> Result<Windows> {
    check_rank(op, "x", "[n, c, h, w]", 4, x)?;
    Ok(Windows::pool(op, (x.dims()[2], x.dims()[3]), params)?)
}

fn check_rank(
    op: &'static str,
    name: &'static str,
    expected: &'static str,
    rank: usize,
    tensor: &Tensor,
) -> Result<()> {
    if tensor.rank() == rank {
        return Ok(());
    }
    Err(KernelError::Rank { op, name, expected, shape: tensor.dims().to_vec() })?
}

fn check_fit(op: &'static str, what: &'static str, left: &Tensor, right: &Tensor, fits: bool) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(KernelError::Mismatch { op, what, left: left.dims().to_vec(), right: right.dims().to_vec() })?
}

fn check_update(op: &'static str, weights: &Var, other: &Tensor) -> Result<()> {
    check_fit(op, "gradient and state must have the weights' shape", weights, other, weights.dims() == other.dims())
}

fn check_setting(op: &'static str, name: &'static str, expected: &'static str, found: f64, fits: bool) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(KernelError::Setting { op, name, expected, found: found.to_string() })?
}
