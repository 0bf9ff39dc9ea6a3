//! y\[n, o, i, j\] = bias\[o\] + Σ x\[n, c, i·s + a − p, j·s + b − p\] · w\[o, c, a, b\]

use super::Sizes;
use super::frame::Frame;
use super::pass::{Pass, Targets};
use crate::KernelError;
use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, tap};
use crate::cpu::parallel::build;
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
    let frame = input_frame(sizes.windows);
    let weights = Matrix::row_major(w, sizes.o, sizes.weights()).t();
    let (taps, rows) = (taps(sizes, frame)?, rows(sizes.windows, frame));
    let pass = Pass::new(T::kernel(path), taps, rows, Targets::All, weights);
    let (input, output, plane) = (sizes.input(), sizes.output(), sizes.windows.oh * sizes.windows.ow);
    Ok(build(sizes.n * output, output, sizes.work(), |index, y| {
        let picture = frame.around_here(&x[index * input..(index + 1) * input]);
        pass.run(&picture, bias, y, plane);
    }))
}

/// The padded input.
pub(super) fn input_frame(windows: Windows) -> Frame {
    let Windows { h, w, padding, .. } = windows;
    Frame { h, w, top: padding, left: padding, height: h + 2 * padding, width: w + 2 * padding }
}

/// Offset of every weight's pixel from its window's first, in the order of the weights.
pub(super) fn taps(sizes: Sizes, frame: Frame) -> Result<Vec<u32>, KernelError> {
    let Windows { kh, kw, .. } = sizes.windows;
    let offsets = (0..sizes.weights()).map(|index| {
        let (c, ky, kx) = (index / (kh * kw), index / kw % kh, index % kw);
        c * frame.plane() + ky * frame.width + kx
    });
    offsets.map(|offset| tap("conv2d", offset)).collect()
}

/// Offset of every window's first pixel.
pub(super) fn rows(windows: Windows, frame: Frame) -> Vec<usize> {
    let Windows { oh, ow, stride, .. } = windows;
    (0..oh * ow).map(|index| index / ow * stride * frame.width + index % ow * stride).collect()
}
