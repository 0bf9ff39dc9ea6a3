//! Transposing, block by block in registers.

use super::tile::Vector;

/// One call of [`turn`]; see [`super::Kernel::transpose`].
pub(super) struct Turn<T> {
    pub from: *const T,
    pub stride: usize,
    pub rows: usize,
    pub cols: usize,
    pub to: *mut T,
    pub out_stride: usize,
}

/// Transposes in blocks of `V::SIDE`, and number by number along the edges.
///
/// # Safety
/// The processor has `V`'s instructions; all of the job's addresses are valid and source and target lie apart.
#[inline(always)]
pub(super) unsafe fn turn<V: Vector>(job: &Turn<V::Element>) {
    let Turn { from, stride, rows, cols, to, out_stride } = *job;
    let (whole_rows, whole_cols) = (rows - rows % V::SIDE, cols - cols % V::SIDE);
    // SAFETY: every row below is under `rows` and every column under `cols`, for which the caller vouches.
    unsafe {
        // Along the longer side, with SIDE lines of it open at a time: they may all fall into one set of the cache.
        let block = |i: usize, j: usize| (from.add(i * stride + j), to.add(j * out_stride + i));
        if rows < cols {
            for i in (0..whole_rows).step_by(V::SIDE) {
                for j in (0..whole_cols).step_by(V::SIDE) {
                    let (from, to) = block(i, j);
                    V::transpose(from, stride, to, out_stride);
                }
            }
        } else {
            for j in (0..whole_cols).step_by(V::SIDE) {
                for i in (0..whole_rows).step_by(V::SIDE) {
                    let (from, to) = block(i, j);
                    V::transpose(from, stride, to, out_stride);
                }
            }
        }
        for i in 0..rows {
            let first = if i < whole_rows { whole_cols } else { 0 };
            for j in first..cols {
                to.add(j * out_stride + i).write(from.add(i * stride + j).read());
            }
        }
    }
}
