//! Softmax cross-entropy.

use candle_core::{D, Result, Tensor};

/// Twin of [`crate::cross_entropy`].
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    // The shift cancels in value and gradient, so it needs no gradient of its own.
    let largest = logits.detach().max_keepdim(D::Minus1)?;
    let shifted = logits.broadcast_sub(&largest)?;
    let log_sum = shifted.exp()?.sum(D::Minus1)?.log()?;
    let picked = shifted.gather(&labels.unsqueeze(1)?.contiguous()?, 1)?.squeeze(1)?;
    (log_sum - picked)?.mean_all()
}
