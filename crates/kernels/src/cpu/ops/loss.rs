//! The loss.

use std::sync::OnceLock;

use candle_core::{Result, Tensor};

use crate::cpu::element::Element;
use crate::cpu::graph::{Operation, apply};
use crate::cpu::loss::{self, Targets};
use crate::cpu::view::View;

/// `labels` are all below the number of classes, the logits' columns.
pub(crate) fn cross_entropy(logits: &Tensor, labels: Vec<u32>, smoothing: f64) -> Result<Tensor> {
    let targets = Targets { classes: logits.dims2()?.1, labels, smoothing };
    apply(CrossEntropy { targets, softmax: OnceLock::new() }, &[logits])
}

struct CrossEntropy {
    targets: Targets,
    softmax: OnceLock<Vec<f64>>,
}

impl Operation for CrossEntropy {
    const NAME: &'static str = "cross_entropy";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (loss, softmax) = loss::forward(&self.targets, &inputs[0].data);
        self.softmax.get_or_init(|| softmax);
        Ok((vec![loss], vec![]))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        _: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        let softmax = self.softmax.get_or_init(|| loss::forward(&self.targets, &inputs[0].data).1);
        Ok(vec![Some(loss::backward(&self.targets, softmax, grad[0]))])
    }
}
