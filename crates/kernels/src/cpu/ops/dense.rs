//! Products, relu and flattening.

use candle_core::{Result, Tensor};

use crate::cpu::element::Element;
use crate::cpu::gemm::product;
use crate::cpu::graph::{Gradients, Operation, apply};
use crate::cpu::pack::Matrix;
use crate::cpu::relu as clip;
use crate::cpu::view::View;
use crate::isa::Path;

pub(crate) fn linear(x: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let operation = Linear(Path::current());
    match bias {
        None => apply(operation, &[x, w]),
        Some(bias) => apply(operation, &[x, w, bias]),
    }
}

struct Linear(Path);

fn matrix<'a, T: Element>(view: &'a View<'_, T>) -> Result<Matrix<'a, T>> {
    let (rows, cols) = view.dims2()?;
    Ok(Matrix::row_major(&view.data, rows, cols))
}

impl Operation for Linear {
    const NAME: &'static str = "linear";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (x, w) = (matrix(&inputs[0])?, matrix(&inputs[1])?);
        let bias = inputs.get(2).map(|bias| &*bias.data);
        Ok((product(self.0, x, w.t(), bias)?, vec![x.rows, w.rows]))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        wanted: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        let (x, w) = (matrix(&inputs[0])?, matrix(&inputs[1])?);
        let grad = Matrix::row_major(grad, x.rows, w.rows);
        let dx = wanted[0].then(|| product(self.0, grad, w, None)).transpose()?;
        let dw = wanted[1].then(|| product(self.0, grad.t(), x, None)).transpose()?;
        let db = wanted.get(2).map(|&wanted| wanted.then(|| column_sums(grad)));
        Ok([dx, dw].into_iter().chain(db).collect())
    }
}

/// Sums of columns, row after row.
fn column_sums<T: Element>(rows: Matrix<'_, T>) -> Vec<T> {
    let mut sums = vec![T::zero(); rows.cols];
    for row in rows.data.chunks_exact(rows.cols.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, &number)| *sum += number);
    }
    sums
}

pub(crate) fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    apply(Matmul(Path::current()), &[a, b])
}

struct Matmul(Path);

impl Operation for Matmul {
    const NAME: &'static str = "matmul";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let (a, b) = (matrix(&inputs[0])?, matrix(&inputs[1])?);
        Ok((product(self.0, a, b, None)?, vec![a.rows, b.cols]))
    }

    fn backward<T: Element>(
        &self,
        inputs: &[View<'_, T>],
        wanted: &[bool],
        _: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        let (a, b) = (matrix(&inputs[0])?, matrix(&inputs[1])?);
        let grad = Matrix::row_major(grad, a.rows, b.cols);
        let da = wanted[0].then(|| product(self.0, grad, b.t(), None)).transpose()?;
        let db = wanted[1].then(|| product(self.0, a.t(), grad, None)).transpose()?;
        Ok(vec![da, db])
    }
}

pub(crate) fn relu(x: &Tensor) -> Result<Tensor> {
    apply(Relu(Path::current()), &[x])
}

struct Relu(Path);

impl Operation for Relu {
    const NAME: &'static str = "relu";

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        Ok((clip::forward(self.0, &inputs[0].data), inputs[0].dims.clone()))
    }

    fn backward<T: Element>(
        &self,
        _: &[View<'_, T>],
        _: &[bool],
        output: &[T],
        grad: &[T],
    ) -> Result<Vec<Option<Vec<T>>>> {
        Ok(vec![Some(clip::backward(self.0, output, grad))])
    }
}

pub(crate) fn flatten(x: &Tensor) -> Result<Tensor> {
    apply(Flatten, &[x])
}

/// A copy: a view would be a node of candle's own, which [`crate::backward`] cannot walk through.
struct Flatten;

impl Operation for Flatten {
    const NAME: &'static str = "flatten";
    const GRADIENTS: Gradients = Gradients::PassedOn;

    fn forward<T: Element>(&self, inputs: &[View<'_, T>]) -> Result<(Vec<T>, Vec<usize>)> {
        let View { data, dims } = &inputs[0];
        Ok((data.to_vec(), vec![dims[0], dims[1..].iter().product()]))
    }
}
