//! Matrix products.

use super::element::Element;
use super::pack::{GROUP, Matrix, copy_row, pack_group, pack_panels, pack_rows, tap};
use super::parallel::{build, for_parts, ranges};
use super::scratch::Scratch;
use super::simd::{Ascending, Kernel};
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
    let rows = Ascending::steps(ROWS, left.row_stride);
    let operands = Operands { kernel, left, rows, taps: Ascending::new(taps) };
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
    rows: Ascending<usize>,
    taps: Ascending<u32>,
}

impl<T: Element> Operands<'_, T> {
    /// `count` rows from `first` on through one panel, to places of `out` that lie `stride` apart.
    fn through(&self, first: usize, count: usize, panel: &[T], out: &mut [T], stride: usize) {
        let places = Ascending::steps(ROWS.min(count), stride);
        for block in ranges(count, ROWS) {
            let (rows, places) = (self.rows.part(0..block.len()), places.part(0..block.len()));
            let left = &self.left.data[(first + block.start) * self.left.row_stride..];
            let out = &mut out[block.start * stride..];
            self.kernel.accumulate(left, rows, self.taps.all(), panel, out, places, false);
        }
    }

    fn by_rows(&self, b: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<T> {
        let (n, width, depth) = (b.cols, self.kernel.width, self.taps.all().len());
        let panels = pack_panels(self.kernel, b);
        build(self.left.rows * n, ROWS * n, self.left.rows * n * depth, |index, part| {
            let (first, count) = (index * ROWS, part.len() / n);
            for (cols, panel) in ranges(n, width).zip(panels.chunks_exact(depth * width)) {
                if cols.len() == width {
                    self.through(first, count, panel, &mut part[cols.start..], n);
                    continue;
                }
                let mut tile = Scratch::new(count * width);
                self.through(first, count, panel, &mut tile, width);
                for (row, tile) in part.chunks_exact_mut(n).zip(tile.chunks_exact(width)) {
                    copy_row(&tile[..cols.len()], &mut row[cols.clone()]);
                }
            }
            add_bias(part, n, bias);
        })
    }

    fn by_panels(&self, b: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<T> {
        let (m, n, width, depth) = (self.left.rows, b.cols, self.kernel.width, self.taps.all().len());
        let count = n.div_ceil(width);
        let mut blocks = Scratch::new(count * m * width);
        let lens = ranges(count, GROUP).map(|group| group.len() * m * width);
        for_parts(&mut blocks, lens, m * n * depth, |index, blocks| {
            let mut panels = Scratch::new(blocks.len() / m * depth);
            pack_group(self.kernel, b, index * GROUP, &mut panels);
            for (panel, block) in panels.chunks_exact(depth * width).zip(blocks.chunks_exact_mut(m * width)) {
                self.through(0, m, panel, block, width);
            }
        });
        build(m * n, ROWS * n, m * n, |index, part| {
            for (panel_index, cols) in ranges(n, width).enumerate() {
                let block = &blocks[(panel_index * m + index * ROWS) * width..];
                for (row, tile) in part.chunks_exact_mut(n).zip(block.chunks_exact(width)) {
                    copy_row(&tile[..cols.len()], &mut row[cols.clone()]);
                }
            }
            add_bias(part, n, bias);
        })
    }

    /// `self.left` is bᵀ and `at` is aᵀ, so that the panels' columns are the rows of the product.
    fn swapped(&self, at: Matrix<'_, T>, bias: Option<&[T]>) -> Vec<T> {
        let (n, m, width, depth) = (self.left.rows, at.cols, self.kernel.width, self.taps.all().len());
        let panels = pack_panels(self.kernel, at);
        let count = m.div_ceil(width);
        let mut blocks = Scratch::new(n * count * width);
        let lens = ranges(n, ROWS).map(|rows| rows.len() * count * width);
        for_parts(&mut blocks, lens, m * n * depth, |index, part| {
            let rows = part.len() / (count * width);
            for (panel, tile) in panels.chunks_exact(depth * width).zip(part.chunks_exact_mut(rows * width)) {
                self.through(index * ROWS, rows, panel, tile, width);
            }
        });
        build(m * n, width * n, m * n, |panel_index, part| {
            let lanes = part.len() / n;
            for rows in ranges(n, ROWS) {
                let block = rows.start * count * width + panel_index * rows.len() * width;
                let part = &mut part[rows.start..];
                self.kernel.transpose(&blocks[block..], width, (rows.len(), lanes), part, n);
            }
            add_bias(part, n, bias);
        })
    }
}

fn add_bias<T: Element>(rows: &mut [T], cols: usize, bias: Option<&[T]>) {
    for row in rows.chunks_exact_mut(cols) {
        row.iter_mut().zip(bias.unwrap_or_default()).for_each(|(sum, &bias)| *sum += bias);
    }
}

#[cfg(test)]
mod tests;
