//! Matrix products.

use super::element::Element;
use super::pack::{Matrix, pack_panel, pack_panels, pack_rows, tap};
use super::parallel::{build, for_parts};
use super::scratch::Scratch;
use super::simd::Kernel;
use crate::KernelError;
use crate::isa::Path;

/// Rows that one part of the work takes through all panels; with a depth of 1024 they fill half of a second-level cache.
const ROWS: usize = 48;

/// Which operand becomes panels, and who goes through whom. All give the same bits: every number of the product is one sum over
/// the depth, in the same order and grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// All panels of b are packed; a part of the work is some rows of a.
    Rows,
    /// A part of the work packs one panel of b and takes all rows of a through it: for few rows.
    Panels,
    /// As `Rows` for bᵀ · aᵀ: where a is the smaller to pack.
    Swapped,
}

fn plan<T: Element>(a: Matrix<'_, T>, b: Matrix<'_, T>) -> Plan {
    let (size_a, size_b, size_c) = (a.rows * a.cols, b.rows * b.cols, a.rows * b.cols);
    // Numbers moved beside the products themselves. Panels that are packed at once go to memory and back.
    let in_place = if a.col_stride == 1 { 0 } else { size_a };
    let in_place_swapped = if b.row_stride == 1 { 0 } else { size_b };
    let costs = [
        (Plan::Rows, 2 * size_b + in_place),
        (Plan::Panels, size_b + in_place + 2 * size_c),
        (Plan::Swapped, 2 * size_a + in_place_swapped + 2 * size_c),
    ];
    costs.into_iter().min_by_key(|&(_, cost)| cost).map_or(Plan::Rows, |(plan, _)| plan)
}

/// a · b, plus a bias for every column, row by row.
pub(crate) fn product<T: Element>(
    path: Path,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    bias: Option<&[T]>,
) -> Result<Vec<T>, KernelError> {
    product_by(plan(a, b), T::kernel(path), a, b, bias)
}

fn product_by<T: Element>(
    plan: Plan,
    kernel: Kernel<T>,
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    bias: Option<&[T]>,
) -> Result<Vec<T>, KernelError> {
    if a.rows == 0 || b.cols == 0 || a.cols == 0 {
        let row = bias.map_or_else(|| vec![T::zero(); b.cols], <[T]>::to_vec);
        return Ok(row.repeat(a.rows));
    }
    let (left, right) = if plan == Plan::Swapped { (b.t(), a.t()) } else { (a, b) };
    let packed = (left.col_stride != 1).then(|| pack_rows(kernel, left));
    let left = packed.as_deref().map_or(left, |packed| Matrix::row_major(packed, left.rows, left.cols));
    let taps = (0..left.cols).map(|p| tap("matmul", p)).collect::<Result<Vec<_>, _>>()?;
    let operands = Operands { kernel, left, taps: &taps };
    Ok(match plan {
        Plan::Rows => operands.by_rows(right, bias),
        Plan::Panels => operands.by_panels(right, bias),
        Plan::Swapped => operands.swapped(right, bias),
    })
}

/// The operand that is read in place, its depth contiguous.
struct Operands<'a, T> {
    kernel: Kernel<T>,
    left: Matrix<'a, T>,
    taps: &'a [u32],
}

impl<T: Element> Operands<'_, T> {
    /// Rows `first` and on, as many as `out` holds, through one panel.
    fn through(&self, first: usize, panel: &[T], out: &mut [T]) {
        for (index, out) in out.chunks_mut(ROWS * self.kernel.width).enumerate() {
            let count = out.len() / self.kernel.width;
            let first = first + index * ROWS;
            let mut rows = [0; ROWS];
            for (j, row) in rows[..count].iter_mut().enumerate() {
                *row = (first + j) * self.left.row_stride;
            }
            self.kernel.accumulate(self.left.data, &rows[..count], self.taps, panel, out, false);
        }
    }

    fn by_rows(&self, b: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<T> {
        let (n, width, depth) = (b.cols, self.kernel.width, self.taps.len());
        let panels = pack_panels(self.kernel, b);
        build(self.left.rows * n, ROWS * n, self.left.rows * n * depth, |index, part| {
            let mut tile = Scratch::new(part.len() / n * width);
            for (panel_index, cols) in super::parallel::ranges(n, width).enumerate() {
                let panel = &panels[panel_index * depth * width..(panel_index + 1) * depth * width];
                self.through(index * ROWS, panel, &mut tile);
                for (row, tile) in part.chunks_exact_mut(n).zip(tile.chunks_exact(width)) {
                    store_row(&mut row[cols.clone()], tile, bias.map(|bias| &bias[cols.clone()]));
                }
            }
        })
    }

    fn by_panels(&self, b: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<T> {
        let (m, n, width, depth) = (self.left.rows, b.cols, self.kernel.width, self.taps.len());
        let count = n.div_ceil(width);
        let mut blocks = Scratch::new(count * m * width);
        for_parts(&mut blocks, std::iter::repeat_n(m * width, count), m * n * depth, |index, block| {
            let mut panel = Scratch::new(depth * width);
            pack_panel(self.kernel, b, index, &mut panel);
            self.through(0, &panel, block);
        });
        build(m * n, ROWS * n, m * n, |index, part| {
            for (panel_index, cols) in super::parallel::ranges(n, width).enumerate() {
                let block = &blocks[(panel_index * m + index * ROWS) * width..];
                for (row, tile) in part.chunks_exact_mut(n).zip(block.chunks_exact(width)) {
                    store_row(&mut row[cols.clone()], tile, bias.map(|bias| &bias[cols.clone()]));
                }
            }
        })
    }

    /// `self.left` is bᵀ and `at` is aᵀ, so that the panels' columns are the rows of the product.
    fn swapped(&self, at: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<T> {
        let (n, m, width, depth) = (self.left.rows, at.cols, self.kernel.width, self.taps.len());
        let panels = pack_panels(self.kernel, at);
        let count = m.div_ceil(width);
        let mut blocks = Scratch::new(n * count * width);
        let lens = super::parallel::ranges(n, ROWS).map(|rows| rows.len() * count * width);
        for_parts(&mut blocks, lens, m * n * depth, |index, part| {
            let rows = part.len() / (count * width);
            for (panel, tile) in panels.chunks_exact(depth * width).zip(part.chunks_exact_mut(rows * width)) {
                self.through(index * ROWS, panel, tile);
            }
        });
        build(m * n, width * n, m * n, |panel_index, part| {
            let lanes = part.len() / n;
            for rows in super::parallel::ranges(n, ROWS) {
                let block = rows.start * count * width + panel_index * rows.len() * width;
                let part = &mut part[rows.start..];
                self.kernel.transpose(&blocks[block..], width, (rows.len(), lanes), part, n);
            }
            for row in part.chunks_exact_mut(n) {
                row.iter_mut().zip(bias.unwrap_or_default()).for_each(|(sum, &bias)| *sum += bias);
            }
        })
    }
}

fn store_row<T: Element>(row: &mut [T], tile: &[T], bias: Option<&[T]>) {
    match bias {
        None => row.copy_from_slice(&tile[..row.len()]),
        Some(bias) => row.iter_mut().zip(tile).zip(bias).for_each(|((to, &from), &bias)| *to = from + bias),
    }
}

#[cfg(test)]
mod tests;
