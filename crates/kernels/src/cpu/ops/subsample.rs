//! Subsampling.

use candle_core::{Result, Tensor};

use crate::cpu::element::Element;
use crate::cpu::graph::{Operation, apply};
use crate::cpu::subsample::{Sizes, backward, forward};
use crate::cpu::view::View;

pub(crate) fn subsample2d(x: &Tensor, stride: usize, channels: usize) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    apply(Subsample2d(Sizes { n, c, h, w, stride, channels }), &[x])
}

struct Subsample2d(Sizes);

impl Operation for Subsample2d {
    const NAME: &'static str = "subsample2d";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (height, width) = self.0.output();
        Ok((forward(self.0, &inputs[0].data), vec![self.0.n, self.0.channels, height, width]))
    }

    fn backward<T: Element>(&self, _: &[View<'_, T>], _: &[bool], _: &[T], grad: &[T]) -> Result<Vec<Option<Vec<T>>>> {
        Ok(vec![Some(backward(self.0, grad))])
    }
}
