//! Convolutions of 3×3 and 5×5 with stride 1 by minimal filtering (Winograd; Lavin and Gray, arXiv 1509.09308).
//!
//! F(2×2, 3×3) computes 2×2 results from 4×4 pixels with 16 multiplications instead of 36: pixels and weights are multiplied by
//! small matrices, then with each other, and their products by another small matrix. Between the matrices stand 16 matrix
//! products, one for each pair of interpolation points (0, 1, −1 and ∞ along both axes), over channels.
//!
//! A line of five taps is taken as one of three and one of two: F(2, 2) needs the points 0, 1 and ∞, three of those that F(2, 3)
//! uses. At a common point both yield results in the same way, so that their products are summed there: a point's matrix product
//! is then one, two or four times as deep, 49 multiplications instead of 100. F(2×2, 5×5) in one piece would need 36, but the
//! points ±2 or ±½ for it, at several times the rounding error; with 0, ±1 and ∞ the error is that of the plain sum.
//!
//! Channels lie in lanes, so that every transform works on whole vectors; pictures are turned to channels-last, and back, in
//! cache. The gradient of the input is such a convolution too. That of the weights comes from the same products, transposed:
//! gradients of the results spread to the points, multiplied with the pixels' transforms, and summed over the batch.

mod gradient;
mod results;
mod tiling;
mod weights;

pub(super) use gradient::backward_weights;
pub(super) use results::{backward_input, forward};

use super::Sizes;
use crate::cpu::simd::Square;
use crate::params::Windows;

/// Points along an axis.
const POINTS: usize = 4;
/// Side of the square of results that one tile yields.
const RESULTS: usize = 2;
/// Channels on both sides below which transforms cost more than they save.
const CHANNELS: usize = 16;

/// How a kernel of one size is taken apart.
#[derive(Debug, Clone, Copy)]
struct Scheme {
    /// Side of the kernel.
    side: usize,
    pixels: Square,
    weights: Square,
    back: Square,
    /// Parts of the kernel that each point takes along an axis.
    parts: [usize; POINTS],
}

const THREE: Scheme = Scheme {
    side: 3,
    pixels: Square::Pixels3,
    weights: Square::Weights3,
    back: Square::Weights3Back,
    parts: [1; POINTS],
};

const FIVE: Scheme = Scheme {
    side: 5,
    pixels: Square::Pixels5,
    weights: Square::Weights5,
    back: Square::Weights5Back,
    parts: [2, 2, 1, 2],
};

/// One pair of points: its number, how many pairs of parts it takes, and how many all pairs before it take.
#[derive(Debug, Clone, Copy)]
struct Point {
    index: usize,
    before: usize,
    pairs: usize,
}

impl Scheme {
    /// All pairs of points, row by row.
    fn points(&self) -> [Point; POINTS * POINTS] {
        let mut before = 0;
        std::array::from_fn(|index| {
            let point = Point { index, before, pairs: self.parts[index / POINTS] * self.parts[index % POINTS] };
            before += point.pairs;
            point
        })
    }

    /// For every number of a transformed square, row by row: its pair of points, and its place among that pair's parts.
    fn numbers(&self) -> Vec<(Point, usize)> {
        let points = self.points();
        let along = |point: usize| (0..self.parts[point]).map(move |part| (point, part));
        let line: Vec<_> = (0..POINTS).flat_map(along).collect();
        let pairs = line.iter().flat_map(|&row| line.iter().map(move |&column| (row, column)));
        pairs.map(|((p, a), (q, b))| (points[p * POINTS + q], a * self.parts[q] + b)).collect()
    }

    /// Multiplications for a tile, of each input channel with each output channel.
    fn multiplications(&self) -> usize {
        self.parts.iter().sum::<usize>().pow(2)
    }
}

/// The scheme for a convolution, where it pays.
fn scheme(sizes: Sizes) -> Option<Scheme> {
    scheme_instead_of(sizes, sizes.windows.oh * sizes.windows.ow * sizes.windows.kh * sizes.windows.kw)
}

/// The scheme for a convolution, where it pays instead of so many multiplications of each input channel with each output channel.
fn scheme_instead_of(sizes: Sizes, plain: usize) -> Option<Scheme> {
    let Windows { kh, kw, oh, ow, stride, padding, .. } = sizes.windows;
    let scheme = [THREE, FIVE].into_iter().find(|scheme| (kh, kw) == (scheme.side, scheme.side))?;
    let tiles = oh.div_ceil(RESULTS) * ow.div_ceil(RESULTS);
    // Transforms cost about half as much again as small products do.
    let pays = 3 * tiles * scheme.multiplications() <= 2 * plain;
    (stride == 1 && padding < kh && sizes.c.min(sizes.o) >= CHANNELS && pays).then_some(scheme)
}

/// The convolution that yields the gradient of the input, of dy with turned weights, where it pays: the plain way back
/// multiplies nothing that falls on the border.
fn backward_scheme(sizes: Sizes) -> Option<(Sizes, Scheme)> {
    let Windows { h, w, kh, kw, oh, ow, stride, padding } = sizes.windows;
    let padding = (kh - 1).checked_sub(padding)?;
    let hit = |side: usize, out: usize, k: usize| {
        let pixels =
            (0..out).flat_map(|o| (0..k).filter_map(move |k| Windows::pixel(side, o, k, 1, sizes.windows.padding)));
        pixels.count()
    };
    let plain = hit(h, oh, kh) * hit(w, ow, kw);
    let windows = Windows { h: oh, w: ow, kh, kw, oh: h, ow: w, stride, padding };
    let sizes = Sizes { n: sizes.n, c: sizes.o, o: sizes.c, windows };
    Some((sizes, scheme_instead_of(sizes, plain)?))
}
