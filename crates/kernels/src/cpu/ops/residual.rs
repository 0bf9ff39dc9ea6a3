//! Sums of two branches.

use candle_core::{Result, Tensor};

use crate::cpu::element::Element;
use crate::cpu::graph::{Gradients, Operation, apply};
use crate::cpu::view::View;
use crate::cpu::{relu, residual};
use crate::isa::Path;

pub(crate) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Add(Path::current()), &[a, b])
}

pub(crate) fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(AddRelu(Path::current()), &[a, b])
}

struct Add(Path);

impl Operation for Add {
    const NAME: &'static str = "add";
    const GRADIENTS: Gradients = Gradients::PassedOn;

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let sum = residual::forward(self.0, &inputs[0].data, &inputs[1].data, false);
        Ok((sum, inputs[0].dims.clone()))
    }
}

struct AddRelu(Path);

impl Operation for AddRelu {
    const NAME: &'static str = "add_relu";
    const GRADIENTS: Gradients = Gradients::Shared;

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let sum = residual::forward(self.0, &inputs[0].data, &inputs[1].data, true);
        Ok((sum, inputs[0].dims.clone()))
    }

    fn backward<T: Element>(
        &self,
        _: &[View<'_, T>],
        _: &[bool],
        output: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        Ok(vec![Some(relu::backward(self.0, output, grad))])
    }
}
