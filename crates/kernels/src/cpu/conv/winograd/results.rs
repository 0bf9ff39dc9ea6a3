//! Results of a convolution, and the gradient of its input.

use super::tiling::{Chunk, Tiling};
use super::weights::{at_points, turned_at_points};
use super::{POINTS, backward_scheme, scheme};
use crate::KernelError;
use crate::cpu::conv::Sizes;
use crate::cpu::element::Element;
use crate::cpu::pack::taps;
use crate::cpu::parallel::build;
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Ascending, Kernel, Places, Square};

/// Output of a convolution, or none where this way does not pay.
pub(crate) fn forward<T: Element>(
    kernel: Kernel<T>,
    sizes: Sizes,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
) -> Result<Option<Vec<T>>, KernelError> {
    let Some(scheme) = scheme(sizes) else { return Ok(None) };
    let tiling = Tiling::new(kernel, scheme, sizes)?;
    let weights = at_points(kernel, scheme, sizes, w);
    Ok(Some(Convolution::new(&tiling, &weights, bias)?.run(x)))
}

/// Gradient of a convolution's input, or none where this way does not pay.
pub(crate) fn backward_input<T: Element>(
    kernel: Kernel<T>,
    sizes: Sizes,
    w: &[T],
    dy: &[T],
) -> Result<Option<Vec<T>>, KernelError> {
    let Some((sizes, scheme)) = backward_scheme(sizes) else { return Ok(None) };
    let tiling = Tiling::new(kernel, scheme, sizes)?;
    let weights = turned_at_points(kernel, scheme, sizes, w);
    Ok(Some(Convolution::new(&tiling, &weights, None)?.run(dy)))
}

struct Convolution<'a, T: Element> {
    tiling: &'a Tiling<T>,
    weights: &'a [T],
    /// One number a lane of every block, or none at all.
    bias: Option<Scratch<T>>,
    /// For every pair of points: where its transforms start, and offsets of tiles and of the depth.
    points: Vec<(usize, Ascending<usize>, Ascending<u32>)>,
}

impl<'a, T: Element> Convolution<'a, T> {
    fn new(tiling: &'a Tiling<T>, weights: &'a [T], bias: Option<&[T]>) -> Result<Self, KernelError> {
        let bias = bias.map(|bias| {
            let mut lanes = Scratch::zeroed(bias.len().next_multiple_of(tiling.kernel.width));
            lanes[..bias.len()].copy_from_slice(bias);
            lanes
        });
        let points = tiling.scheme.points().into_iter().map(|point| {
            Ok((tiling.first(point), tiling.tile_places(point), taps("conv2d", &tiling.depth_places(point))?))
        });
        Ok(Self { tiling, weights, bias, points: points.collect::<Result<_, KernelError>>()? })
    }

    fn run(&self, x: &[T]) -> Vec<T> {
        let Tiling { sizes, pictures, .. } = *self.tiling;
        let (input, output) = (sizes.input(), sizes.output());
        build(sizes.n * output, pictures * output, sizes.work(), |index, y| {
            let count = y.len() / output;
            let x = &x[index * pictures * input..][..count * input];
            let pixels = self.tiling.channels_last(x);
            let mut spread = Scratch::new(self.tiling.spread_len());
            for chunk in self.tiling.chunks(count) {
                self.tiling.spread(&pixels, &chunk, &mut spread);
                self.multiply(&chunk, &spread, y);
            }
        })
    }

    /// All output channels of a chunk.
    fn multiply(&self, chunk: &Chunk, spread: &[T], y: &mut [T]) {
        let Kernel { width, .. } = self.tiling.kernel;
        let (tiles, apart) = (chunk.tiles(), self.tiling.products());
        let mut products = Scratch::new(POINTS * POINTS * apart);
        let mut results = Scratch::new((self.tiling.most_results() + 1) * width);
        let places = Ascending::steps(tiles, width);
        let reads: Vec<_> = (0..POINTS * POINTS).map(|point| (point * apart, width)).collect();
        let len = self.weights.len() / self.tiling.sizes.o.div_ceil(width);
        for (block, weights) in self.weights.chunks_exact(len).enumerate() {
            let mut weights = weights;
            for ((first, rows, taps), products) in self.points.iter().zip(products.chunks_exact_mut(apart)) {
                let (panel, rest) = weights.split_at(taps.all().len() * width);
                let (spread, rows) = (&spread[*first..], rows.part(0..tiles));
                self.tiling.kernel.accumulate(spread, rows, taps.all(), panel, products, places.all(), false);
                weights = rest;
            }
            let bias = self.bias.as_deref().map_or(&[][..], |bias| &bias[block * width..]);
            let writes = self.tiling.results(chunk);
            let squares = (tiles, width);
            let reads = Places::Steps(&reads);
            self.tiling.kernel.transform(Square::Results, squares, &products, reads, &mut results, writes, bias);
            self.store(chunk, block, &results, y);
        }
    }

    /// A chunk's results \[pictures, pixels, width\] to the planes of their channels.
    fn store(&self, chunk: &Chunk, block: usize, results: &[T], y: &mut [T]) {
        let Tiling { kernel, sizes, .. } = *self.tiling;
        let (plane, pixels) = (sizes.windows.oh * sizes.windows.ow, chunk.pixels.len());
        let channels = kernel.width.min(sizes.o - block * kernel.width);
        for (results, picture) in results.chunks_exact(pixels * kernel.width).zip(chunk.pictures.clone()) {
            let y = &mut y[(picture * sizes.o + block * kernel.width) * plane + chunk.pixels.start..];
            kernel.transpose(results, kernel.width, (pixels, channels), y, plane);
        }
    }
}
