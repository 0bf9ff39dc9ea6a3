//! dx\[n, c, y, x\] = Σ dy\[n, o, i, j\] · w\[o, c, a, b\] over all i·s + a − p = y and j·s + b − p = x
//!
//! Pixels whose y and x leave the same remainders by the stride meet the same weights, and among themselves they lie as the
//! output pixels do: each such class is a convolution of dy, of stride 1, with some of the weights.

use super::Sizes;
use super::frame::Frame;
use super::pass::{Pass, Targets};
use crate::KernelError;
use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, tap};
use crate::cpu::parallel::build;
use crate::cpu::scratch::Scratch;
use crate::isa::Path;
use crate::params::Windows;

/// Gradient of a convolution's input.
pub(crate) fn backward_input<T: Element>(path: Path, sizes: Sizes, w: &[T], dy: &[T]) -> Result<Vec<T>, KernelError> {
    let Windows { h, w: width, kh, kw, oh, ow, stride, padding } = sizes.windows;
    let vertical = Axis::new(h, kh, oh, stride, padding);
    let horizontal = Axis::new(width, kw, ow, stride, padding);
    let frame = Frame {
        h: oh,
        w: ow,
        top: vertical.before,
        left: horizontal.before,
        height: vertical.len,
        width: horizontal.len,
    };
    let mut passes = Vec::new();
    for rows in &vertical.classes {
        for columns in &horizontal.classes {
            passes.extend(class_pass(T::kernel(path), sizes, frame, w, rows, columns)?);
        }
    }
    let (input, output, plane) = (sizes.input(), sizes.output(), h * width);
    Ok(build(sizes.n * input, input, sizes.work(), |index, dx| {
        let picture = frame.around_here(&dy[index * output..(index + 1) * output]);
        for pass in &passes {
            pass.run(&picture, None, dx, plane);
        }
    }))
}

/// The pixels along one axis that leave one remainder by the stride.
struct Class {
    pixels: Vec<usize>,
    /// Places in the bordered dy where the pixels' windows start: one apart.
    starts: Vec<usize>,
    /// Kernel rows that meet these pixels, each with the distance of its dy from the window's start.
    taps: Vec<(usize, usize)>,
}

/// One axis of dy: border before it, length with both borders, classes of input pixels.
struct Axis {
    before: usize,
    len: usize,
    classes: Vec<Class>,
}

impl Axis {
    fn new(side: usize, kernel: usize, outputs: usize, stride: usize, padding: usize) -> Self {
        let stride = stride.cast_signed();
        // Output that pixel y meets through kernel row k; only where the division leaves nothing.
        let output = |y: usize, k: usize| (y + padding).cast_signed() - k.cast_signed();
        let meets = |y: usize, k: usize| output(y, k).rem_euclid(stride) == 0;
        let places = (0..side).flat_map(|y| (0..kernel).filter(move |&k| meets(y, k)).map(move |k| (y, k)));
        let places: Vec<isize> = places.map(|(y, k)| output(y, k).div_euclid(stride)).collect();
        let before = places.iter().min().map_or(0, |&least| least.min(0).unsigned_abs());
        let last = places.iter().max().map_or(0, |&most| most.max(0).unsigned_abs());
        let classes = (0..stride.unsigned_abs().min(side)).map(|first| {
            let ks: Vec<usize> = (0..kernel).filter(|&k| meets(first, k)).collect();
            let place = |y: usize, k: usize| (output(y, k).div_euclid(stride) + before.cast_signed()).unsigned_abs();
            // The largest kernel row reads the first place.
            let start = |y: usize| ks.last().map_or(0, |&k| place(y, k));
            let pixels: Vec<usize> = (first..side).step_by(stride.unsigned_abs()).collect();
            let starts = pixels.iter().map(|&y| start(y)).collect();
            let taps = ks.iter().map(|&k| (k, place(first, k) - start(first))).collect();
            Class { pixels, starts, taps }
        });
        let classes = classes.collect();
        Self { before, len: before + outputs.max(last + 1), classes }
    }
}

fn class_pass<T: Element>(
    kernel: crate::cpu::simd::Kernel<T>,
    sizes: Sizes,
    frame: Frame,
    w: &[T],
    rows: &Class,
    columns: &Class,
) -> Result<Option<Pass<T>>, KernelError> {
    if rows.taps.is_empty() || columns.taps.is_empty() {
        return Ok(None);
    }
    let Windows { kh, kw, w: width, stride, .. } = sizes.windows;
    let taken: Vec<(usize, usize)> = rows
        .taps
        .iter()
        .flat_map(|&(ky, dy)| columns.taps.iter().map(move |&(kx, dx)| (ky * kw + kx, dy * frame.width + dx)))
        .collect();
    let offsets = (0..sizes.o).flat_map(|o| taken.iter().map(move |&(_, offset)| o * frame.plane() + offset));
    let taps = offsets.map(|offset| tap("conv2d", offset)).collect::<Result<Vec<_>, _>>()?;
    // Weights [taps, c] row by row.
    let mut weights = Scratch::new(taps.len() * sizes.c);
    for (index, row) in weights.chunks_exact_mut(sizes.c.max(1)).enumerate() {
        let (o, (place, _)) = (index / taken.len(), taken[index % taken.len()]);
        for (c, to) in row.iter_mut().enumerate() {
            *to = w[(o * sizes.c + c) * kh * kw + place];
        }
    }
    let starts = rows.starts.iter().flat_map(|&y| columns.starts.iter().map(move |&x| y * frame.width + x)).collect();
    let targets = || rows.pixels.iter().flat_map(|&y| columns.pixels.iter().map(move |&x| y * width + x)).collect();
    let targets = if stride == 1 { Targets::All } else { Targets::Some(targets()) };
    let weights = Matrix::row_major(&weights, taps.len(), sizes.c);
    Ok(Some(Pass::new(kernel, taps, starts, targets, weights)))
}
