//! Strided matrices, and their packing into panels.

use super::element::Element;
use super::parallel::for_parts;
use super::scratch::Scratch;
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

impl<'a, T> Matrix<'a, T> {
    /// A matrix whose rows lie one after the other.
    pub fn row_major(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }
}

/// Side of the blocks in which matrices are transposed: 16 source lines and as many target lines stay in the first cache.
const BLOCK: usize = 16;

/// Panel number `index` of `b`: columns index · width and on, row by row, zeros where `b` has no more columns.
pub(crate) fn pack_panel<T: Element>(b: Matrix<'_, T>, index: usize, width: usize, panel: &mut [T]) {
    let first = index * width;
    let cols = width.min(b.cols - first);
    if cols < width {
        panel.fill(T::zero());
    }
    if b.col_stride == 1 {
        for (row, to) in panel.chunks_exact_mut(width).enumerate() {
            let start = row * b.row_stride + first;
            to[..cols].copy_from_slice(&b.data[start..start + cols]);
        }
        return;
    }
    for (block, to) in panel.chunks_mut(BLOCK * width).enumerate() {
        for col in 0..cols {
            let start = (first + col) * b.col_stride + block * BLOCK * b.row_stride;
            let from = b.data[start..].iter().step_by(b.row_stride);
            for (to, &from) in to[col..].iter_mut().step_by(width).zip(from) {
                *to = from;
            }
        }
    }
}

/// All panels of `b`, one after the other.
pub(crate) fn pack_panels<T: Element>(b: Matrix<'_, T>, width: usize) -> Scratch<T> {
    let (count, len) = (b.cols.div_ceil(width), b.rows * width);
    let mut panels = Scratch::new(count * len);
    let lens = std::iter::repeat_n(len, count);
    for_parts(&mut panels, lens, count * len, |index, panel| pack_panel(b, index, width, panel));
    panels
}

/// `a` with its rows one after the other.
pub(crate) fn pack_rows<T: Element>(a: Matrix<'_, T>) -> Scratch<T> {
    let mut packed = Scratch::new(a.rows * a.cols);
    let blocks = a.rows.div_ceil(BLOCK);
    let lens = (0..blocks).map(|block| BLOCK.min(a.rows - block * BLOCK) * a.cols);
    for_parts(&mut packed, lens, a.rows * a.cols, |block, to| {
        for col in 0..a.cols {
            let start = block * BLOCK * a.row_stride + col * a.col_stride;
            let from = a.data[start..].iter().step_by(a.row_stride);
            for (to, &from) in to[col..].iter_mut().step_by(a.cols).zip(from) {
                *to = from;
            }
        }
    });
    packed
}

/// Writes `tile` \[rows, width\] transposed: column *v* goes to `out[v * stride..]`, plus its bias. Columns beyond `cols` are
/// padding and are dropped.
pub(crate) fn store_columns<T: Element>(
    tile: &[T],
    width: usize,
    cols: usize,
    bias: Option<&[T]>,
    out: &mut [T],
    stride: usize,
) {
    let rows = tile.len() / width;
    for (block, tile) in tile.chunks(BLOCK * width).enumerate() {
        let first = block * BLOCK;
        for col in 0..cols {
            let bias = bias.map_or(T::zero(), |bias| bias[col]);
            let to = &mut out[col * stride + first..col * stride + rows.min(first + BLOCK)];
            for (to, from) in to.iter_mut().zip(tile[col..].iter().step_by(width)) {
                *to = *from + bias;
            }
        }
    }
}

/// An offset as the kernels address it.
pub(crate) fn tap(op: &'static str, offset: usize) -> Result<u32, KernelError> {
    u32::try_from(offset).map_err(|_| KernelError::TooLarge { op, numbers: offset })
}
