//! dw\[o, c, a, b\] = Σ dy\[n, o, i, j\] · x\[n, c, i·s + a − p, j·s + b − p\] over pictures and pixels, and
//! db\[o\] = Σ dy\[n, o, i, j\]

use std::ops::Range;

use super::forward::{input_frame, taps, windows};
use super::frame::Frame;
use super::{Sizes, winograd};
use crate::KernelError;
use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, pack_panel, tap};
use crate::cpu::parallel::{build, for_parts, ranges};
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::{Ascending, Kernel, ROWS};
use crate::isa::Path;

/// Pixels that are summed in registers at least; small pictures go together.
const PIXELS: usize = 256;
/// The batch is cut into at most so many pieces, each with sums of its own, and into none that has fewer pixels than this.
const PIECES: usize = 8;
const PIECE_PIXELS: usize = 512;
/// Pixels whose gradients are summed for the bias before they are added to the total: short sums lose less.
const BIAS_PIXELS: usize = 64;

/// Gradients of a convolution's weights and bias.
pub(crate) fn backward_weights<T: Element>(
    path: Path,
    sizes: Sizes,
    x: &[T],
    dy: &[T],
) -> Result<(Vec<T>, Vec<T>), KernelError> {
    if sizes.n == 0 {
        return Ok((vec![T::zero(); sizes.o * sizes.weights()], vec![T::zero(); sizes.o]));
    }
    if let Some(grads) = winograd::backward_weights(T::kernel(path), sizes, x, dy)? {
        return Ok(grads);
    }
    let job = Job::new(T::kernel(path), sizes, x, dy)?;
    let (width, blocks) = (job.kernel.width, sizes.o.div_ceil(job.kernel.width));
    let pieces = (sizes.n * job.windows.len() / PIECE_PIXELS).clamp(1, PIECES);
    let pieces: Vec<_> = ranges(sizes.n, sizes.n.div_ceil(pieces)).collect();
    // One row of sums for every weight of a channel, and one for the bias.
    let len = (job.weights.all().len() + 1) * width;
    let mut sums = Scratch::zeroed(pieces.len() * blocks * len);
    let lens = std::iter::repeat_n(len, pieces.len() * blocks);
    for_parts(&mut sums, lens, sizes.work(), |index, sums| {
        job.run(pieces[index / blocks].clone(), index % blocks, sums);
    });
    let (total, rest) = sums.split_at_mut(blocks * len);
    for piece in rest.chunks_exact(total.len().max(1)) {
        total.iter_mut().zip(piece).for_each(|(total, &sum)| *total += sum);
    }
    Ok(job.unpacked(total))
}

struct Job<'a, T> {
    kernel: Kernel<T>,
    sizes: Sizes,
    x: &'a [T],
    dy: &'a [T],
    frame: Frame,
    /// Offset of every weight's pixel in a window.
    weights: Ascending<usize>,
    windows: Vec<usize>,
    /// Offsets of the windows of all pictures that go together.
    places: Ascending<u32>,
    together: usize,
}

impl<'a, T: Element> Job<'a, T> {
    fn new(kernel: Kernel<T>, sizes: Sizes, x: &'a [T], dy: &'a [T]) -> Result<Self, KernelError> {
        let frame = input_frame(sizes.windows);
        let (picture, windows) = (sizes.c * frame.plane(), windows(sizes.windows, frame));
        // Pictures without channels all begin at the same place: their offsets would not ascend.
        let together = if sizes.c == 0 { 1 } else { PIXELS.div_ceil(windows.len()) };
        let places = (0..together).flat_map(|n| windows.iter().map(move |window| n * picture + window));
        let places = Ascending::new(places.map(|place| tap("conv2d", place)).collect::<Result<_, _>>()?);
        let weights = Ascending::new(taps(sizes, frame)?.into_iter().map(|tap| tap as usize).collect());
        Ok(Self { kernel, sizes, x, dy, frame, weights, windows, places, together })
    }

    /// Adds up the gradients of one block of output channels over some pictures.
    fn run(&self, pictures: Range<usize>, block: usize, sums: &mut [T]) {
        let (pixels, width) = (self.windows.len(), self.kernel.width);
        let targets = Ascending::steps(ROWS, width);
        let mut panel = Scratch::new(self.together * pixels * width);
        for group in ranges(pictures.len(), self.together) {
            let group = pictures.start + group.start..pictures.start + group.end;
            let panel = &mut panel[..group.len() * pixels * width];
            for (picture, panel) in group.clone().zip(panel.chunks_exact_mut(pixels * width)) {
                let dy = &self.dy[picture * self.sizes.output()..(picture + 1) * self.sizes.output()];
                pack_panel(self.kernel, Matrix::row_major(dy, self.sizes.o, pixels).t(), block, panel);
            }
            let input = self.sizes.input();
            let x = self.frame.around(&self.x[group.start * input..group.end * input]);
            let places = self.places.part(0..group.len() * pixels);
            let (sums, bias) = sums.split_at_mut(self.weights.all().len() * width);
            for (weights, sums) in self.weights.chunks(ROWS).zip(sums.chunks_mut(ROWS * width)) {
                self.kernel.accumulate(&x, weights, places, panel, sums, targets.part(0..weights.len()), true);
            }
            add_rows(bias, panel);
        }
    }

    /// \[o / width, weights and bias, width\] as \[o, weights\] and \[o\].
    fn unpacked(&self, sums: &[T]) -> (Vec<T>, Vec<T>) {
        let (weights, width, o) = (self.weights.all().len(), self.kernel.width, self.sizes.o);
        let len = (weights + 1) * width;
        let dw = build(o * weights, width * weights, o * weights, |block, dw| {
            self.kernel.transpose(&sums[block * len..], width, (weights, dw.len() / weights), dw, weights);
        });
        let bias = sums.chunks_exact(len).flat_map(|sums| &sums[weights * width..]);
        (dw, bias.copied().take(o).collect())
    }
}

pub(super) fn add_rows<T: Element>(total: &mut [T], rows: &[T]) {
    let mut sums = Scratch::new(total.len());
    for rows in rows.chunks(BIAS_PIXELS * total.len()) {
        sums.fill(T::zero());
        for row in rows.chunks_exact(total.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, &number)| *sum += number);
        }
        total.iter_mut().zip(sums.iter()).for_each(|(total, &sum)| *total += sum);
    }
}
