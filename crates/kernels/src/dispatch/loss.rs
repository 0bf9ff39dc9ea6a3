use candle_core::{Result, Tensor};

use super::{Backend, backend, check_fit, check_rank, check_setting};
use crate::{KernelError, cpu, twin};

/// Mean over the batch of −ln softmax(logits)\[label\], a scalar.
///
/// `logits` is \[n, classes\], `labels` \[n\] of u32, each below `classes`.
///
/// # Errors
/// If the shapes do not fit, the batch is empty, or (on the CPU) a label names no class.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    check(logits, labels)?;
    match backend(logits) {
        Backend::Cpu => cpu::cross_entropy(logits, checked_labels(labels, logits.dims()[1])?, 0.0),
        Backend::Composed => twin::cross_entropy(logits, labels),
    }
}

/// Mean over the batch of −Σ target · ln softmax(logits) with the target (1 − s) · one-hot(label) + s / classes, where s is
/// `label_smoothing` (arXiv 1512.00567, section 7; PyTorch's argument of that name). Otherwise as [`cross_entropy`].
///
/// # Errors
/// As [`cross_entropy`], and if `label_smoothing` lies outside 0 to 1.
pub fn cross_entropy_smoothed(logits: &Tensor, labels: &Tensor, label_smoothing: f64) -> Result<Tensor> {
    check(logits, labels)?;
    let fits = (0.0..=1.0).contains(&label_smoothing);
    check_setting("cross_entropy", "label_smoothing", "from 0 to 1", label_smoothing, fits)?;
    match backend(logits) {
        Backend::Cpu => cpu::cross_entropy(logits, checked_labels(labels, logits.dims()[1])?, label_smoothing),
        Backend::Composed => twin::cross_entropy_smoothed(logits, labels, label_smoothing),
    }
}

fn check(logits: &Tensor, labels: &Tensor) -> Result<()> {
    check_rank("cross_entropy", "logits", "[n, classes]", 2, logits)?;
    let fits = labels.dims() == [logits.dims()[0]];
    check_fit("cross_entropy", "there must be one label a row of logits", logits, labels, fits)?;
    if logits.elem_count() == 0 {
        Err(KernelError::Empty { op: "cross_entropy", name: "logits", shape: logits.dims().to_vec() })?;
    }
    Ok(())
}

fn checked_labels(labels: &Tensor, classes: usize) -> Result<Vec<u32>> {
    let labels = labels.to_vec1::<u32>()?;
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(example) => Err(KernelError::Label { label: labels[example], example, classes })?,
        None => Ok(labels),
    }
}
