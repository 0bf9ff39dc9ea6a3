use candle_core::{Result, Tensor};

use super::{Backend, backend, check_setting};
use crate::{KernelError, cpu, twin};

/// x / (1 − probability) where a flag of `kept` is up, 0 where not (arXiv 1207.0580, scaled in training as PyTorch does).
///
/// There is one flag for every number of `x`, in row-major order. Each should be up with probability 1 − `probability`; this
/// crate draws no random numbers. NaN and infinity give NaN where they are dropped, so that they stay seen.
///
/// # Errors
/// If there are more or fewer flags than numbers, or `probability` lies outside \[0, 1).
pub fn dropout(x: &Tensor, kept: Vec<bool>, probability: f64) -> Result<Tensor> {
    let fits = (0.0..1.0).contains(&probability);
    check_setting("dropout", "probability", "at least 0 and below 1", probability, fits)?;
    if kept.len() != x.elem_count() {
        let (left, right) = (x.dims().to_vec(), vec![kept.len()]);
        Err(KernelError::Mismatch { op: "dropout", what: "there must be one flag a number of x", left, right })?;
    }
    let scale = 1.0 / (1.0 - probability);
    match backend(x) {
        Backend::Cpu => cpu::dropout(x, kept, scale),
        Backend::Composed => twin::dropout_in(x, &kept, scale),
    }
}
