//! Batch normalisation by candle's sums and broadcasting.

use candle_core::{Result, Tensor};

use super::relu;
use crate::{BatchNormParams, RunningStatistics};

/// Mean and unbiased variance of a batch, \[c\] each.
#[derive(Debug)]
pub struct BatchMoments {
    /// Mean of every channel.
    pub mean: Tensor,
    /// Unbiased variance of every channel.
    pub unbiased: Tensor,
}

/// Twin of [`crate::batch_norm2d`] in training, without moving running statistics.
pub fn batch_norm2d_train(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    params: BatchNormParams,
) -> Result<(Tensor, BatchMoments)> {
    let channels = x.dims4()?.1;
    let count = x.elem_count() as f64 / channels as f64;
    let mean = (x.sum_keepdim((0, 2, 3))? / count)?;
    let centred = x.broadcast_sub(&mean)?;
    let var = (centred.sqr()?.sum_keepdim((0, 2, 3))? / count)?;
    let y = finish(&centred, &var, weight, bias, params)?;
    let unbiased = (var.detach() * (count / (count - 1.0)))?.flatten_all()?;
    Ok((y, BatchMoments { mean: mean.detach().flatten_all()?, unbiased }))
}

/// Twin of [`crate::batch_norm2d`] in evaluation.
pub fn batch_norm2d_eval(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    running: RunningStatistics<'_>,
    params: BatchNormParams,
) -> Result<Tensor> {
    let mean = planes(&running.mean.as_detached_tensor())?;
    let var = planes(&running.var.as_detached_tensor())?;
    finish(&x.broadcast_sub(&mean)?, &var, weight, bias, params)
}

fn finish(centred: &Tensor, var: &Tensor, weight: &Tensor, bias: &Tensor, params: BatchNormParams) -> Result<Tensor> {
    let normal = centred.broadcast_div(&(var + params.eps)?.sqrt()?)?;
    let y = normal.broadcast_mul(&planes(weight)?)?.broadcast_add(&planes(bias)?)?;
    if params.relu { relu(&y) } else { Ok(y) }
}

/// \[c\] as \[1, c, 1, 1\].
fn planes(channels: &Tensor) -> Result<Tensor> {
    channels.reshape((1, channels.elem_count(), 1, 1))
}
