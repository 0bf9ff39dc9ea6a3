//! Softmax cross-entropy.

use candle_core::{D, Result, Tensor};

/// Twin of [`crate::cross_entropy`]: candle's own. Its gradient through the largest logit, where `max` gives every tie the whole
/// gradient, cancels: the shift by it changes neither value nor gradient.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    candle_nn::loss::cross_entropy(logits, labels)
}

/// Twin of [`crate::cross_entropy_smoothed`].
pub fn cross_entropy_smoothed(logits: &Tensor, labels: &Tensor, label_smoothing: f64) -> Result<Tensor> {
    let uniform = candle_nn::ops::log_softmax(logits, D::Minus1)?.mean_all()?.neg()?;
    (cross_entropy(logits, labels)? * (1.0 - label_smoothing))? + (uniform * label_smoothing)?
}
