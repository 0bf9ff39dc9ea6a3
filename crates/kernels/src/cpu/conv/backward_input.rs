//! dx\[n, c, y, x\] = Σ dy\[n, o, i, j\] · w\[o, c, a, b\] over all i·s + a − p = y and j·s + b − p = x
//!
//! Every kernel place (a, b) sends the output pixels, through its o × c weights, to input pixels of their own. What falls on
//! the border is left out, so that nothing is multiplied in vain, whatever stride and padding.

use super::frame::Framed;
use super::{Sizes, winograd};
use crate::KernelError;
use crate::cpu::element::Element;
use crate::cpu::pack::tap;
use crate::cpu::parallel::{build, for_parts};
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Ascending, Kernel, ROWS};
use crate::isa::Path;
use crate::params::Windows;

/// Gradient of a convolution's input.
pub(crate) fn backward_input<T: Element>(path: Path, sizes: Sizes, w: &[T], dy: &[T]) -> Result<Vec<T>, KernelError> {
    let kernel = T::kernel(path);
    if let Some(dx) = winograd::backward_input(kernel, sizes, w, dy)? {
        return Ok(dx);
    }
    let Windows { h, w: w_side, kh, kw, oh, ow, .. } = sizes.windows;
    let (width, plane, pixels) = (kernel.width, h * w_side, oh * ow);
    let spaced = spaced::<T>(pixels);
    let taps = (0..sizes.o).map(|o| tap("conv2d", o * spaced)).collect::<Result<Vec<_>, _>>()?;
    let taps = Ascending::new(taps);
    let ways: Vec<_> = (0..kh * kw).map(|place| Way::new(sizes.windows, place / kw, place % kw, width)).collect();
    let panels = pack_weights(kernel, sizes, w);
    let (input, output, panel) = (sizes.input(), sizes.output(), sizes.o * width);
    Ok(build(sizes.n * input, input, sizes.work(), |index, dx| {
        let picture = apart(&dy[index * output..(index + 1) * output], pixels, spaced);
        let mut sums = Scratch::new(plane * width);
        for (block, planes) in dx.chunks_mut(width * plane).enumerate() {
            sums.fill(T::zero());
            for (place, way) in ways.iter().enumerate() {
                let panel = &panels[(block * ways.len() + place) * panel..][..panel];
                for (from, to) in way.from.chunks(ROWS).zip(way.to.chunks(ROWS)) {
                    kernel.accumulate(&picture, from, taps.all(), panel, &mut sums, to, true);
                }
            }
            kernel.transpose(&sums, width, (plane, planes.len() / plane), planes, plane);
        }
    }))
}

/// Distance of planes at which one pixel of all of them does not fall into a few sets of a cache.
fn spaced<T>(pixels: usize) -> usize {
    const LINE: usize = 64;
    let clashes = (pixels * size_of::<T>()).is_multiple_of(4 * LINE);
    pixels + if clashes { LINE / size_of::<T>() } else { 0 }
}

/// Planes of `pixels` at that distance.
fn apart<T: Element>(planes: &[T], pixels: usize, spaced: usize) -> Framed<'_, T> {
    if pixels == spaced {
        return Framed::Same(planes);
    }
    let mut copied = Scratch::new(planes.len() / pixels * spaced);
    for (plane, copied) in planes.chunks_exact(pixels).zip(copied.chunks_exact_mut(spaced)) {
        copied[..pixels].copy_from_slice(plane);
    }
    Framed::Copied(copied)
}

/// Where one kernel place sends output pixels: to which sums.
struct Way {
    from: Ascending<usize>,
    to: Ascending<usize>,
}

impl Way {
    fn new(windows: Windows, ky: usize, kx: usize, width: usize) -> Self {
        let Windows { h, w, oh, ow, stride, padding, .. } = windows;
        let pixel = |side, o, k| Windows::pixel(side, o, k, stride, padding);
        let ends = (0..oh * ow).filter_map(|from| {
            let (y, x) = (pixel(h, from / ow, ky)?, pixel(w, from % ow, kx)?);
            Some((from, (y * w + x) * width))
        });
        let (from, to) = ends.unzip();
        Self { from: Ascending::new(from), to: Ascending::new(to) }
    }
}

/// w \[o, c, kh · kw\] as panels \[c / width, kh · kw, o, width\].
fn pack_weights<T: Element>(kernel: Kernel<T>, sizes: Sizes, w: &[T]) -> Scratch<T> {
    let (width, places) = (kernel.width, sizes.windows.kh * sizes.windows.kw);
    let (blocks, len) = (sizes.c.div_ceil(width), places * sizes.o * width);
    let mut panels = Scratch::zeroed(blocks * len);
    for_parts(&mut panels, std::iter::repeat_n(len, blocks), blocks * len, |block, panels| {
        let channels = width.min(sizes.c - block * width);
        for (o, weights) in w.chunks_exact(sizes.weights().max(1)).enumerate() {
            let weights = &weights[block * width * places..];
            kernel.transpose(weights, places, (channels, places), &mut panels[o * width..], sizes.o * width);
        }
    });
    panels
}
