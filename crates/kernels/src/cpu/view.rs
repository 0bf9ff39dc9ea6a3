//! Tensors as slices.

use std::borrow::Cow;

use candle_core::{CpuStorage, Device, InplaceOp1, Layout, Result, Storage, Tensor, bail};

use super::element::Element;

/// A tensor's numbers in row-major order, and its shape.
pub(crate) struct View<'a, T: Clone> {
    pub data: Cow<'a, [T]>,
    pub dims: Vec<usize>,
}

impl<'a, T: Element> View<'a, T> {
    /// Borrows where the numbers lie in order already, copies where not.
    pub fn new(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let all = T::cpu_storage_as_slice(storage)?;
        let data = match layout.contiguous_offsets() {
            Some((start, end)) => Cow::Borrowed(&all[start..end]),
            None => Cow::Owned(in_order(all, layout)),
        };
        Ok(Self { data, dims: layout.dims().to_vec() })
    }

    pub fn dims2(&self) -> Result<(usize, usize)> {
        match self.dims[..] {
            [a, b] => Ok((a, b)),
            _ => bail!("expected two dimensions, not {:?}", self.dims),
        }
    }

    pub fn dims4(&self) -> Result<(usize, usize, usize, usize)> {
        match self.dims[..] {
            [a, b, c, d] => Ok((a, b, c, d)),
            _ => bail!("expected four dimensions, not {:?}", self.dims),
        }
    }
}

fn in_order<T: Element>(all: &[T], layout: &Layout) -> Vec<T> {
    let (dims, strides) = (layout.dims(), layout.stride());
    let count = layout.shape().elem_count();
    let mut numbers = Vec::with_capacity(count);
    let mut index = vec![0; dims.len()];
    let mut at = layout.start_offset();
    while numbers.len() < count {
        numbers.push(all[at]);
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            at += strides[axis];
            if index[axis] < dims[axis] {
                break;
            }
            at -= strides[axis] * dims[axis];
            index[axis] = 0;
        }
    }
    numbers
}

/// Calls `read` with the tensor's numbers.
pub(crate) fn with_view<T: Element, R>(tensor: &Tensor, read: impl FnOnce(View<'_, T>) -> Result<R>) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => read(View::new(storage, layout)?),
        _ => bail!("expected a tensor on the CPU"),
    }
}

/// Calls `write` with the numbers of a contiguous tensor, to be changed in place.
pub(crate) fn with_mut<T: Element>(tensor: &Tensor, write: impl FnOnce(&mut [T]) -> Result<()>) -> Result<()> {
    tensor.inplace_op1(&InPlace { write: std::cell::Cell::new(Some(write)), element: std::marker::PhantomData })
}

/// candle hands out mutable storage to in-place operations only, by shared reference: hence the cell.
struct InPlace<T, F> {
    write: std::cell::Cell<Option<F>>,
    element: std::marker::PhantomData<T>,
}

impl<T: Element, F: FnOnce(&mut [T]) -> Result<()>> InplaceOp1 for InPlace<T, F> {
    fn name(&self) -> &'static str {
        "update in place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        match (self.write.take(), layout.contiguous_offsets()) {
            (Some(write), Some((start, end))) => write(&mut T::slice_mut(storage)?[start..end]),
            _ => bail!("only a contiguous tensor can be updated in place, not {layout:?}"),
        }
    }
}

/// A tensor of the CPU.
pub(crate) fn tensor<T: Element>(numbers: Vec<T>, dims: &[usize]) -> Result<Tensor> {
    Tensor::from_vec(numbers, dims, &Device::Cpu)
}
