//! dw\[o, c, a, b\] = Σ dy\[n, o, i, j\] · x\[n, c, i·s + a − p, j·s + b − p\] over pictures and pixels

use super::Sizes;
use super::forward::{input_frame, rows, taps};
use crate::KernelError;
use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, pack_panel, tap};
use crate::cpu::parallel::{build, for_parts, ranges};
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::Kernel;
use crate::isa::Path;

/// Pixels that are summed in registers at least; small pictures go together.
const PIXELS: usize = 256;
/// Weights that one part of the work sums up.
const WEIGHTS: usize = 48;

/// Gradient of a convolution's weights.
pub(crate) fn backward_weights<T: Element>(path: Path, sizes: Sizes, x: &[T], dy: &[T]) -> Result<Vec<T>, KernelError> {
    let (kernel, pixels) = (T::kernel(path), sizes.windows.oh * sizes.windows.ow);
    let frame = input_frame(sizes.windows);
    let pictures = frame.around(x);
    let picture = sizes.c * frame.plane();
    let panels = pack_gradients(kernel, sizes, dy);
    // Several pictures' pixels in a row: the pictures lie one after the other, and so do their panels.
    let together = PIXELS.div_ceil(pixels.max(1)).min(sizes.n.max(1));
    let windows = rows(sizes.windows, frame);
    let places = (0..together).flat_map(|n| windows.iter().map(move |window| n * picture + window));
    let places = places.map(|place| tap("conv2d", place)).collect::<Result<Vec<_>, _>>()?;
    let weights: Vec<usize> = taps(sizes, frame)?.into_iter().map(|tap| tap as usize).collect();

    let (width, count) = (kernel.width, sizes.o.div_ceil(kernel.width));
    let parts: Vec<_> =
        (0..count).flat_map(|panel| ranges(weights.len(), WEIGHTS).map(move |range| (panel, range))).collect();
    let mut sums = Scratch::zeroed(count * weights.len() * width);
    let lens = parts.iter().map(|(_, range)| range.len() * width);
    for_parts(&mut sums, lens, sizes.work(), |index, sums| {
        let (panel, range) = &parts[index];
        for group in ranges(sizes.n, together) {
            let start = (panel * sizes.n + group.start) * pixels * width;
            let panel = &panels[start..start + group.len() * pixels * width];
            let pictures = &pictures[group.start * picture..group.end * picture];
            let places = &places[..group.len() * pixels];
            kernel.accumulate(pictures, &weights[range.clone()], places, panel, sums, true);
        }
    });
    Ok(unpacked(&sums, width, sizes))
}

/// dy as panels \[o / width, n, pixels, width\].
fn pack_gradients<T: Element>(kernel: Kernel<T>, sizes: Sizes, dy: &[T]) -> Scratch<T> {
    let (pixels, width) = (sizes.windows.oh * sizes.windows.ow, kernel.width);
    let count = sizes.o.div_ceil(width) * sizes.n;
    let mut panels = Scratch::new(count * pixels * width);
    for_parts(&mut panels, std::iter::repeat_n(pixels * width, count), count * pixels * width, |index, panel| {
        let (block, picture) = (index / sizes.n, index % sizes.n);
        let planes = &dy[picture * sizes.output()..(picture + 1) * sizes.output()];
        pack_panel(Matrix::row_major(planes, sizes.o, pixels).t(), block, width, panel);
    });
    panels
}

/// \[o / width, weights, width\] as \[o, weights\].
fn unpacked<T: Element>(sums: &[T], width: usize, sizes: Sizes) -> Vec<T> {
    let weights = sizes.weights();
    build(sizes.o * weights, weights, sizes.o * weights, |o, to| {
        let block = &sums[o / width * weights * width + o % width..];
        for (to, &from) in to.iter_mut().zip(block.iter().step_by(width)) {
            *to = from;
        }
    })
}

/// Gradient of a convolution's bias: the sum of every output channel.
pub(crate) fn backward_bias<T: Element>(sizes: Sizes, dy: &[T]) -> Vec<T> {
    /// Sums side by side, so that the order does not depend on how wide the vectors are.
    const LANES: usize = 16;
    let pixels = sizes.windows.oh * sizes.windows.ow;
    build(sizes.o, 1, dy.len(), |o, sum| {
        for picture in dy.chunks_exact(sizes.output().max(1)) {
            let mut lanes = [T::zero(); LANES];
            for numbers in picture[o * pixels..(o + 1) * pixels].chunks(LANES) {
                lanes.iter_mut().zip(numbers).for_each(|(lane, &number)| *lane += number);
            }
            sum[0] += lanes.into_iter().fold(T::zero(), |sum, lane| sum + lane);
        }
    })
}
