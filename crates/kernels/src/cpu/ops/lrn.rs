//! Local response normalisation.

use candle_core::{Result, Tensor};

use crate::LocalResponseNormParams;
use crate::cpu::element::Element;
use crate::cpu::graph::{Operation, apply};
use crate::cpu::lrn::{Lrn, backward, forward};
use crate::cpu::view::View;
use crate::isa::Path;

pub(crate) fn local_response_norm(x: &Tensor, params: LocalResponseNormParams) -> Result<Tensor> {
    let (_, c, h, w) = x.dims4()?;
    apply(LocalResponseNorm(Lrn { path: Path::current(), params, c, h, w }), &[x])
}

struct LocalResponseNorm(Lrn);

impl Operation for LocalResponseNorm {
    const NAME: &'static str = "local_response_norm";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        Ok((forward(self.0, &inputs[0].data), inputs[0].dims.clone()))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        _: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        Ok(vec![Some(backward(self.0, &inputs[0].data, grad))])
    }
}
