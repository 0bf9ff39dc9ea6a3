//! Strided matrices, and their packing into panels.

use super::element::Element;
use super::parallel::{for_parts, ranges};
use super::scratch::Scratch;
use super::simd::{Ascending, Kernel};
use crate::KernelError;

/// A matrix of any strides.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub data: &'a [T],
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
    pub col_stride: usize,
}

impl<'a, T: Copy> Matrix<'a, T> {
    /// A matrix whose rows lie one after the other.
    pub fn row_major(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// Some columns.
    fn columns(self, first: usize, cols: usize) -> Self {
        Self { data: &self.data[first * self.col_stride..], cols, ..self }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }
}

/// Panels that are packed together: their columns of a row lie side by side, and rows may lie pages apart.
pub(crate) const GROUP: usize = 4;

/// Panel number `index` of `b`: columns index · width and on, row by row, zeros where `b` has no more columns.
pub(crate) fn pack_panel<T: Element>(kernel: Kernel<T>, b: Matrix<'_, T>, index: usize, panel: &mut [T]) {
    let (width, first) = (kernel.width, index * kernel.width);
    let cols = width.min(b.cols - first);
    if cols < width {
        panel.fill(T::zero());
    }
    copy(kernel, b.columns(first, cols), panel, width);
}

/// Panels number `first` and on of `b`, as many as `panels` holds, one after the other.
pub(crate) fn pack_group<T: Element>(kernel: Kernel<T>, b: Matrix<'_, T>, first: usize, panels: &mut [T]) {
    let (width, len) = (kernel.width, b.rows * kernel.width);
    if len == 0 {
        return;
    }
    let count = panels.len() / len;
    if b.col_stride != 1 || (first + count) * width > b.cols {
        for (index, panel) in panels.chunks_exact_mut(len).enumerate() {
            pack_panel(kernel, b, first + index, panel);
        }
        return;
    }
    for row in 0..b.rows {
        let from = &b.data[row * b.row_stride + first * width..][..count * width];
        for (panel, from) in from.chunks_exact(width).enumerate() {
            copy_row(from, &mut panels[panel * len + row * width..][..width]);
        }
    }
}

/// All panels of `b`, one after the other.
pub(crate) fn pack_panels<T: Element>(kernel: Kernel<T>, b: Matrix<'_, T>) -> Scratch<T> {
    let (count, len) = (b.cols.div_ceil(kernel.width), b.rows * kernel.width);
    let mut panels = Scratch::new(count * len);
    let lens = ranges(count, GROUP).map(|group| group.len() * len);
    for_parts(&mut panels, lens, count * len, |index, panels| pack_group(kernel, b, index * GROUP, panels));
    panels
}

/// `a` with its rows one after the other.
pub(crate) fn pack_rows<T: Element>(kernel: Kernel<T>, a: Matrix<'_, T>) -> Scratch<T> {
    /// Rows in one part of the work.
    const ROWS: usize = 64;
    let mut packed = Scratch::new(a.rows * a.cols);
    let lens = ranges(a.rows, ROWS).map(|rows| rows.len() * a.cols);
    for_parts(&mut packed, lens, a.rows * a.cols, |index, to| {
        let rows = a.t().columns(index * ROWS, to.len() / a.cols).t();
        copy(kernel, rows, to, a.cols);
    });
    packed
}

/// Copies `from` to rows that lie `stride` apart.
fn copy<T: Element>(kernel: Kernel<T>, from: Matrix<'_, T>, to: &mut [T], stride: usize) {
    let Matrix { data, rows, cols, row_stride, col_stride } = from;
    match (row_stride, col_stride) {
        (_, 1) => {
            for (row, to) in to.chunks_mut(stride).enumerate().take(rows) {
                copy_row(&data[row * row_stride..row * row_stride + cols], &mut to[..cols]);
            }
        }
        (1, _) => kernel.transpose(data, col_stride, (cols, rows), to, stride),
        _ => {
            for (row, to) in to.chunks_mut(stride).enumerate().take(rows) {
                let numbers = data[row * row_stride..].iter().step_by(col_stride);
                to[..cols].iter_mut().zip(numbers).for_each(|(to, &from)| *to = from);
            }
        }
    }
}

/// `to` ← `from`, by moves of known length where it is a panel's width: calling the system for 64 bytes takes longer.
pub(crate) fn copy_row<T: Copy>(from: &[T], to: &mut [T]) {
    fn known<T: Copy, const LEN: usize>(from: &[T], to: &mut [T]) {
        if let (Ok(from), Ok(to)) = (<&[T; LEN]>::try_from(from), <&mut [T; LEN]>::try_from(to)) {
            *to = *from;
        }
    }
    match to.len() {
        4 => known::<T, 4>(from, to),
        8 => known::<T, 8>(from, to),
        16 => known::<T, 16>(from, to),
        32 => known::<T, 32>(from, to),
        _ => to.copy_from_slice(from),
    }
}

/// Writes a tile \[rows, width\] transposed: column *v* goes to `out[v * stride..]`, plus its bias. Columns beyond `cols` are
/// padding and are dropped.
pub(crate) fn store_columns<T: Element>(
    kernel: Kernel<T>,
    tile: &mut [T],
    cols: usize,
    bias: Option<&[T]>,
    out: &mut [T],
    stride: usize,
) {
    if let Some(bias) = bias {
        for row in tile.chunks_exact_mut(kernel.width) {
            row.iter_mut().zip(bias).for_each(|(sum, &bias)| *sum += bias);
        }
    }
    kernel.transpose(tile, kernel.width, (tile.len() / kernel.width, cols), out, stride);
}

/// Offsets as the kernels address them.
pub(crate) fn taps(op: &'static str, offsets: &Ascending<usize>) -> Result<Ascending<u32>, KernelError> {
    let taps = offsets.all().offsets().iter().map(|&offset| tap(op, offset));
    Ok(Ascending::new(taps.collect::<Result<_, _>>()?))
}

/// An offset as the kernels address it.
pub(crate) fn tap(op: &'static str, offset: usize) -> Result<u32, KernelError> {
    u32::try_from(offset).map_err(|_| KernelError::TooLarge { op, numbers: offset })
}
