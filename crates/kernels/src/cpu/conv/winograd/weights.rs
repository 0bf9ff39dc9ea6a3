//! Weights at the points, and gradients from there back to weights.

use super::{Point, Scheme};
use crate::cpu::conv::Sizes;
use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, pack_panels};
use crate::cpu::parallel::{build, for_parts};
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Kernel, Places};

/// For every block of output channels and every pair of points \[parts, c, width\], from w \[o, c, side, side\].
pub(super) fn at_points<T: Element>(kernel: Kernel<T>, scheme: Scheme, sizes: Sizes, w: &[T]) -> Scratch<T> {
    let depth = sizes.weights();
    let panels = pack_panels(kernel, Matrix::row_major(w, sizes.o, depth).t());
    let places: Vec<usize> = (0..scheme.side.pow(2)).collect();
    transformed(kernel, scheme, (sizes.c, sizes.o), &panels, &places)
}

/// The same for the convolution that goes back: `sizes` are its own, so that w is \[c, o, side, side\], to be read from the end.
pub(super) fn turned_at_points<T: Element>(kernel: Kernel<T>, scheme: Scheme, sizes: Sizes, w: &[T]) -> Scratch<T> {
    let (width, square) = (kernel.width, scheme.side.pow(2));
    let (blocks, len) = (sizes.o.div_ceil(width), sizes.c * square * width);
    let mut panels = Scratch::zeroed(blocks * len);
    for_parts(&mut panels, std::iter::repeat_n(len, blocks), blocks * len, |block, panels| {
        let outputs = width.min(sizes.o - block * width);
        for (w, panel) in w.chunks_exact(sizes.o * square).zip(panels.chunks_exact_mut(square * width)) {
            kernel.transpose(&w[block * width * square..], square, (outputs, square), panel, width);
        }
    });
    let places: Vec<usize> = (0..square).rev().collect();
    transformed(kernel, scheme, (sizes.c, sizes.o), &panels, &places)
}

/// `panels` are \[o / width, c, side · side, width\].
fn transformed<T: Element>(
    kernel: Kernel<T>,
    scheme: Scheme,
    (c, o): (usize, usize),
    panels: &[T],
    order: &[usize],
) -> Scratch<T> {
    let (width, square) = (kernel.width, order.len());
    let reads: Vec<_> = order.iter().map(|place| (place * width, square * width)).collect();
    let writes = at_points_places(scheme, c, width);
    let (blocks, len) = (o.div_ceil(width), scheme.multiplications() * c * width);
    let mut transformed = Scratch::new(blocks * len);
    for_parts(&mut transformed, std::iter::repeat_n(len, blocks), blocks * len, |block, to| {
        let from = &panels[block * c * square * width..][..c * square * width];
        let (reads, writes) = (Places::Steps(&reads), Places::Steps(&writes));
        kernel.transform(scheme.weights, (c, width), from, reads, to, writes, &[]);
    });
    transformed
}

/// Where the numbers of a weight's transform lie, and how far the next input channel's are.
fn at_points_places(scheme: Scheme, c: usize, width: usize) -> Vec<(usize, usize)> {
    let place = |(point, pair): (Point, usize)| ((point.before + pair) * c * width, width);
    scheme.numbers().into_iter().map(place).collect()
}

/// dw \[o, c, side, side\] from gradients at the points; `sums` has `len` numbers for every block of output channels.
pub(super) fn from_points<T: Element>(
    kernel: Kernel<T>,
    scheme: Scheme,
    sizes: Sizes,
    sums: &[T],
    len: usize,
) -> Vec<T> {
    let (width, square, depth) = (kernel.width, scheme.side.pow(2), sizes.weights());
    let reads = at_points_places(scheme, sizes.c, width);
    let writes: Vec<_> = (0..square).map(|place| (place * width, square * width)).collect();
    build(sizes.o * depth, width * depth, sums.len(), |block, dw| {
        let mut weights = Scratch::new(depth * width);
        let (reads, writes) = (Places::Steps(&reads), Places::Steps(&writes));
        kernel.transform(scheme.back, (sizes.c, width), &sums[block * len..], reads, &mut weights, writes, &[]);
        kernel.transpose(&weights, width, (depth, dw.len() / depth), dw, depth);
    })
}
