//! Softmax cross-entropy.

use candle_core::{Result, Tensor};

/// Twin of [`crate::cross_entropy`]: candle's own. Its gradient through the largest logit, where `max` gives every tie the whole
/// gradient, cancels: the shift by it changes neither value nor gradient.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    candle_nn::loss::cross_entropy(logits, labels)
}
