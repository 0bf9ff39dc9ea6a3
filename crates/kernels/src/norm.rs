//! Settings and statistics of batch normalisation.

use candle_core::{Result, Tensor, Var};

/// Settings of a batch normalisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormParams {
    /// Added to the variance, so that a channel that never changes is not divided by 0.
    pub eps: f64,
    /// Whether relu follows, in the same pass over memory.
    pub relu: bool,
}

impl Default for BatchNormParams {
    /// PyTorch's: eps = 1e-5, no relu.
    fn default() -> Self {
        Self { eps: 1e-5, relu: false }
    }
}

/// Mean and unbiased variance of every channel, \[c\] each, that training keeps for evaluation.
#[derive(Debug, Clone, Copy)]
pub struct RunningStatistics<'a> {
    /// The mean.
    pub mean: &'a Var,
    /// The unbiased variance.
    pub var: &'a Var,
}

/// Where a batch normalisation takes mean and variance from.
#[derive(Debug, Clone, Copy)]
pub enum Statistics<'a> {
    /// From the batch itself, through which gradients then run, too: training.
    Batch {
        /// What is moved towards the batch's statistics: (1 − momentum) · running + momentum · batch.
        running: Option<RunningStatistics<'a>>,
        /// Weight of the batch; PyTorch's default is 0.1.
        momentum: f64,
    },
    /// From what training has kept: evaluation.
    Running(RunningStatistics<'a>),
}

/// (1 − momentum) · running + momentum · batch, in the type of `batch`, which may be the wider one.
pub(crate) fn move_towards(running: &Var, batch: &Tensor, momentum: f64) -> Result<()> {
    let kept = running.as_detached_tensor().to_dtype(batch.dtype())?.affine(1.0 - momentum, 0.0)?;
    running.set(&(kept + batch.detach().affine(momentum, 0.0)?)?.to_dtype(running.dtype())?)
}
