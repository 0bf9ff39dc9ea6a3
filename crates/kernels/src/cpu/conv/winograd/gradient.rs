//! Gradients of weights and bias.

use std::ops::Range;

use super::tiling::{Chunk, Tiling};
use super::weights::from_points;
use super::{POINTS, scheme};
use crate::KernelError;
use crate::cpu::conv::Sizes;
use crate::cpu::conv::backward_weights::add_rows;
use crate::cpu::element::Element;
use crate::cpu::pack::taps;
use crate::cpu::parallel::{for_parts, ranges};
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Ascending, Kernel, Places, Square};

/// The batch is cut into at most so many pieces, each with sums of its own …
const PIECES: usize = 8;
/// … and into half as many where the sums of a piece are more numbers than this.
const MANY: usize = 64 << 10;
/// Numbers in one part of the sum over pieces.
const PART: usize = 1 << 14;

/// Of weights and bias.
type Gradients<T> = (Vec<T>, Vec<T>);

/// Gradients of a convolution's weights and bias, or none where this way does not pay.
pub(crate) fn backward_weights<T: Element>(
    kernel: Kernel<T>,
    sizes: Sizes,
    x: &[T],
    dy: &[T],
) -> Result<Option<Gradients<T>>, KernelError> {
    let Some(scheme) = scheme(sizes) else { return Ok(None) };
    let (width, rows) = (kernel.width, scheme.multiplications() * sizes.c);
    let job = Job::new(Tiling::new(kernel, scheme, sizes)?, x, dy)?;
    // One row of sums for every transformed weight of an output channel, and one for the bias.
    let (blocks, len) = (sizes.o.div_ceil(width), (rows + 1) * width);
    let most = if blocks * len > MANY { PIECES / 2 } else { PIECES };
    let pieces: Vec<_> = ranges(sizes.n, sizes.n.div_ceil(most).next_multiple_of(job.tiling.pictures)).collect();
    let mut sums = Scratch::zeroed(pieces.len() * blocks * len);
    let lens = std::iter::repeat_n(blocks * len, pieces.len());
    for_parts(&mut sums, lens, sizes.work(), |piece, sums| job.run(pieces[piece].clone(), sums));
    let (total, rest) = sums.split_at_mut(blocks * len);
    let lens = ranges(total.len(), PART).map(|range| range.len());
    for_parts(total, lens, rest.len(), |part, total| {
        for piece in rest.chunks_exact(blocks * len) {
            total.iter_mut().zip(&piece[part * PART..]).for_each(|(total, &sum)| *total += sum);
        }
    });
    let bias = total.chunks_exact(len).flat_map(|sums| &sums[rows * width..]);
    let bias = bias.copied().take(sizes.o).collect();
    Ok(Some((from_points(kernel, scheme, sizes, total, len), bias)))
}

struct Job<'a, T> {
    tiling: Tiling<T>,
    x: &'a [T],
    dy: &'a [T],
    /// For every pair of points: where its transforms start, and offsets of a tile's parts and channels, and of tiles.
    points: Vec<(usize, Ascending<usize>, Ascending<u32>)>,
    /// Offsets of the sums of a pair of points.
    sums: Ascending<usize>,
}

impl<'a, T: Element> Job<'a, T> {
    fn new(tiling: Tiling<T>, x: &'a [T], dy: &'a [T]) -> Result<Self, KernelError> {
        let points = tiling.scheme.points().into_iter().map(|point| {
            Ok((tiling.first(point), tiling.depth_places(point), taps("conv2d", &tiling.tile_places(point))?))
        });
        let points = points.collect::<Result<Vec<_>, KernelError>>()?;
        let deepest = points.iter().map(|(_, rows, _)| rows.all().len()).max().unwrap_or(0);
        let sums = Ascending::steps(deepest, tiling.kernel.width);
        Ok(Self { tiling, x, dy, points, sums })
    }

    /// Adds up the gradients at the points over some pictures.
    fn run(&self, pictures: Range<usize>, sums: &mut [T]) {
        let Tiling { sizes, .. } = self.tiling;
        let mut spread = Scratch::new(self.tiling.spread_len());
        for group in ranges(pictures.len(), self.tiling.pictures) {
            let group = pictures.start + group.start..pictures.start + group.end;
            let x = &self.x[group.start * sizes.input()..group.end * sizes.input()];
            let dy = &self.dy[group.start * sizes.output()..group.end * sizes.output()];
            let pixels = self.tiling.channels_last(x);
            for chunk in self.tiling.chunks(group.len()) {
                self.tiling.spread(&pixels, &chunk, &mut spread);
                self.multiply(&chunk, &spread, dy, sums);
            }
        }
    }

    /// Adds a chunk's gradients of all output channels.
    fn multiply(&self, chunk: &Chunk, spread: &[T], dy: &[T], sums: &mut [T]) {
        let kernel = self.tiling.kernel;
        let (apart, tiles, width) = (self.tiling.products(), chunk.tiles(), kernel.width);
        let mut grads = Scratch::new(POINTS * POINTS * apart);
        let writes: Vec<_> = (0..POINTS * POINTS).map(|point| (point * apart, width)).collect();
        let blocks = self.tiling.sizes.o.div_ceil(width);
        let len = sums.len() / blocks;
        for (block, sums) in sums.chunks_exact_mut(len).enumerate() {
            let (mut sums, bias) = sums.split_at_mut(len - width);
            let turned = self.turned(chunk, block, dy);
            add_rows(bias, &turned[..chunk.pictures.len() * chunk.pixels.len() * width]);
            let (reads, writes) = (self.tiling.results(chunk), Places::Steps(&writes));
            kernel.transform(Square::Gradients, (tiles, width), &turned, reads, &mut grads, writes, &[]);
            for ((first, rows, taps), grads) in self.points.iter().zip(grads.chunks_exact(apart)) {
                let (rows, taps) = (rows.all(), taps.part(0..tiles));
                let (own, rest) = sums.split_at_mut(rows.len() * width);
                let places = self.sums.part(0..rows.len());
                kernel.accumulate(&spread[*first..], rows, taps, grads, own, places, true);
                sums = rest;
            }
        }
    }

    /// The gradients of a chunk's results as \[pictures, pixels, width\], with zeros for what lies outside.
    fn turned(&self, chunk: &Chunk, block: usize, dy: &[T]) -> Scratch<T> {
        let Tiling { kernel, sizes, .. } = self.tiling;
        let (plane, pixels, width) = (sizes.windows.oh * sizes.windows.ow, chunk.pixels.len(), kernel.width);
        let channels = width.min(sizes.o - block * width);
        let mut turned = Scratch::new((self.tiling.most_results() + 1) * width);
        let first_outside = if channels == width { self.tiling.most_results() * width } else { 0 };
        turned[first_outside..].fill(T::zero());
        for (turned, picture) in turned.chunks_exact_mut(pixels * width).zip(chunk.pictures.clone()) {
            let dy = &dy[(picture * sizes.o + block * width) * plane + chunk.pixels.start..];
            kernel.transpose(dy, plane, (channels, pixels), turned, width);
        }
        turned
    }
}
