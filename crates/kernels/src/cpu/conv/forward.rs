//! y\[n, o, i, j\] = bias\[o\] + Σ x\[n, c, i·s + a − p, j·s + b − p\] · w\[o, c, a, b\]

use super::frame::Frame;
use super::{Sizes, winograd};
use crate::KernelError;
use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, pack_panels, store_columns, tap};
use crate::cpu::parallel::build;
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Ascending, ROWS};
use crate::isa::Path;
use crate::params::Windows;

/// Output of a convolution, with a bias for every channel.
pub(crate) fn forward<T: Element>(
    path: Path,
    sizes: Sizes,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
) -> Result<Vec<T>, KernelError> {
    let kernel = T::kernel(path);
    if let Some(y) = winograd::forward(kernel, sizes, x, w, bias)? {
        return Ok(y);
    }
    let (width, depth) = (kernel.width, sizes.weights());
    let frame = input_frame(sizes.windows);
    let (taps, windows) = (taps(sizes, frame)?, windows(sizes.windows, frame));
    let (taps, windows) = (Ascending::new(taps), Ascending::new(windows));
    let panels = pack_panels(kernel, Matrix::row_major(w, sizes.o, depth).t());
    let (input, output, plane) = (sizes.input(), sizes.output(), windows.all().len());
    Ok(build(sizes.n * output, output, sizes.work(), |index, y| {
        let picture = frame.around(&x[index * input..(index + 1) * input]);
        let places = Ascending::steps(ROWS, width);
        let mut tile = Scratch::zeroed(ROWS.min(plane) * width);
        for (block, planes) in y.chunks_mut(width * plane).enumerate() {
            let panel = &panels[block * depth * width..(block + 1) * depth * width];
            let bias = bias.map(|bias| &bias[block * width..]);
            for (part, windows) in windows.chunks(ROWS).enumerate() {
                let tile = &mut tile[..windows.len() * width];
                if depth > 0 {
                    let places = places.part(0..windows.len());
                    kernel.accumulate(&picture, windows, taps.all(), panel, tile, places, false);
                }
                store_columns(kernel, tile, planes.len() / plane, bias, &mut planes[part * ROWS..], plane);
            }
        }
    }))
}

/// The padded input.
pub(super) fn input_frame(windows: Windows) -> Frame {
    let Windows { h, w, padding, .. } = windows;
    Frame { h, w, padding }
}

/// Offset of every weight's pixel from its window's first, in the order of the weights.
pub(super) fn taps(sizes: Sizes, frame: Frame) -> Result<Vec<u32>, KernelError> {
    let Windows { kh, kw, .. } = sizes.windows;
    let offsets = (0..sizes.weights()).map(|index| {
        let (c, ky, kx) = (index / (kh * kw), index / kw % kh, index % kw);
        c * frame.plane() + ky * frame.width() + kx
    });
    offsets.map(|offset| tap("conv2d", offset)).collect()
}

/// Offset of every window's first pixel.
pub(super) fn windows(windows: Windows, frame: Frame) -> Vec<usize> {
    let Windows { oh, ow, stride, .. } = windows;
    (0..oh * ow).map(|index| (index / ow * frame.width() + index % ow) * stride).collect()
}
