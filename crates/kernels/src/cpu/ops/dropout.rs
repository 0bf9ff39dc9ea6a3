//! Dropout.

use candle_core::{Result, Tensor};

use crate::cpu::dropout::mask;
use crate::cpu::element::Element;
use crate::cpu::graph::{Operation, apply};
use crate::cpu::view::View;
use crate::isa::Path;

/// There are as many flags as numbers.
pub(crate) fn dropout(x: &Tensor, kept: Vec<bool>, scale: f64) -> Result<Tensor> {
    apply(Dropout { kept, scale, path: Path::current() }, &[x])
}

struct Dropout {
    kept: Vec<bool>,
    scale: f64,
    path: Path,
}

impl Operation for Dropout {
    const NAME: &'static str = "dropout";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let y = mask(self.path, &inputs[0].data, &self.kept, T::narrow(self.scale));
        Ok((y, inputs[0].dims.clone()))
    }

    fn backward<T: Element>(&self, _: &[View<'_, T>], _: &[bool], _: &[T], grad: &[T]) -> Result<Vec<Option<Vec<T>>>> {
        Ok(vec![Some(mask(self.path, grad, &self.kept, T::narrow(self.scale)))])
    }
}
