//! Convolution and pooling.

use std::sync::OnceLock;

use candle_core::{Result, Tensor};

use crate::cpu::conv::{Sizes, backward_input, backward_weights, forward};
use crate::cpu::element::Element;
use crate::cpu::graph::{Operation, apply};
use crate::cpu::pool;
use crate::cpu::view::View;
use crate::isa::Path;
use crate::params::Windows;

pub(crate) fn conv2d(x: &Tensor, w: &Tensor, bias: Option<&Tensor>, windows: Windows) -> Result<Tensor> {
    let conv = Conv2d { windows, path: Path::current() };
    match bias {
        None => apply(conv, &[x, w]),
        Some(bias) => apply(conv, &[x, w, bias]),
    }
}

struct Conv2d {
    windows: Windows,
    path: Path,
}

impl Conv2d {
    fn sizes<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<Sizes> {
        let ((n, c, _, _), (o, _, _, _)) = (inputs[0].dims4()?, inputs[1].dims4()?);
        Ok(Sizes { n, c, o, windows: self.windows })
    }
}

impl Operation for Conv2d {
    const NAME: &'static str = "conv2d";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let sizes = self.sizes(inputs)?;
        let bias = inputs.get(2).map(|bias| &*bias.data);
        let y = forward(self.path, sizes, &inputs[0].data, &inputs[1].data, bias)?;
        Ok((y, vec![sizes.n, sizes.o, self.windows.oh, self.windows.ow]))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        wanted: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        let sizes = self.sizes(inputs)?;
        let (x, w) = (&inputs[0].data, &inputs[1].data);
        let dx = wanted[0].then(|| backward_input(self.path, sizes, w, grad)).transpose()?;
        if !wanted[1..].contains(&true) {
            return Ok(std::iter::once(dx).chain(wanted[1..].iter().map(|_| None)).collect());
        }
        let (dw, db) = backward_weights(self.path, sizes, x, grad)?;
        let db = wanted.get(2).map(|&wanted| wanted.then_some(db));
        Ok([dx, wanted[1].then_some(dw)].into_iter().chain(db).collect())
    }
}

pub(crate) fn max_pool2d(x: &Tensor, windows: Windows) -> Result<Tensor> {
    apply(MaxPool2d { windows, path: Path::current(), places: OnceLock::new() }, &[x])
}

struct MaxPool2d {
    windows: Windows,
    path: Path,
    places: OnceLock<Vec<u16>>,
}

impl Operation for MaxPool2d {
    const NAME: &'static str = "max_pool2d";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (n, c, _, _) = inputs[0].dims4()?;
        let (maxima, places) = pool::max_forward(self.path, self.windows, &inputs[0].data);
        self.places.get_or_init(|| places);
        Ok((maxima, vec![n, c, self.windows.oh, self.windows.ow]))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        _: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        let places = self.places.get_or_init(|| pool::max_forward(self.path, self.windows, &inputs[0].data).1);
        Ok(vec![Some(pool::max_backward(self.path, self.windows, places, grad))])
    }
}

pub(crate) fn avg_pool2d(x: &Tensor, windows: Windows) -> Result<Tensor> {
    apply(AvgPool2d { windows }, &[x])
}

struct AvgPool2d {
    windows: Windows,
}

impl Operation for AvgPool2d {
    const NAME: &'static str = "avg_pool2d";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (n, c, _, _) = inputs[0].dims4()?;
        Ok((pool::avg_forward(self.windows, &inputs[0].data), vec![n, c, self.windows.oh, self.windows.ow]))
    }

    fn backward<T: Element>(&self, _: &[View<'_, T>], _: &[bool], _: &[T], grad: &[T]) -> Result<Vec<Option<Vec<T>>>> {
        Ok(vec![Some(pool::avg_backward(self.windows, grad))])
    }
}
