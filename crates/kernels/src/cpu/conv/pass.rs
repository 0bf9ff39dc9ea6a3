//! Planes of a picture computed from windows of another: what the forward pass and the input's gradient have in common.

use crate::cpu::element::Element;
use crate::cpu::pack::{Matrix, pack_panels, store_columns};
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::Kernel;

/// Windows that go through a panel together; their sums stay in the first-level cache.
const ROWS: usize = 96;

/// One set of windows with their weights.
pub(super) struct Pass<T: Element> {
    kernel: Kernel<T>,
    /// Offset of every weight's pixel in a window.
    taps: Vec<u32>,
    /// Offset of every window.
    rows: Vec<usize>,
    /// Pixel of the target plane that each window makes.
    targets: Targets,
    /// Weights \[taps, channels\], packed.
    panels: Scratch<T>,
    channels: usize,
}

/// Which pixels of a plane are computed.
pub(super) enum Targets {
    /// All of them, in order.
    All,
    /// These.
    Some(Vec<usize>),
}

impl<T: Element> Pass<T> {
    pub fn new(kernel: Kernel<T>, taps: Vec<u32>, rows: Vec<usize>, targets: Targets, weights: Matrix<'_, T>) -> Self {
        Self { kernel, taps, rows, targets, panels: pack_panels(weights, kernel.width), channels: weights.cols }
    }

    /// Computes the target's planes \[channels, plane\] from one (bordered) picture.
    pub fn run(&self, picture: &[T], bias: Option<&[T]>, target: &mut [T], plane: usize) {
        let width = self.kernel.width;
        let mut tile = Scratch::new(ROWS.min(self.rows.len()) * width);
        for (index, planes) in target.chunks_mut(width * plane).enumerate() {
            let channels = width.min(self.channels - index * width);
            let panel = &self.panels[index * self.taps.len() * width..(index + 1) * self.taps.len() * width];
            let bias = bias.map(|bias| &bias[index * width..]);
            for (block, rows) in self.rows.chunks(ROWS).enumerate() {
                let tile = &mut tile[..rows.len() * width];
                self.kernel.accumulate(picture, rows, &self.taps, panel, tile, false);
                match &self.targets {
                    Targets::All => store_columns(tile, width, channels, bias, &mut planes[block * ROWS..], plane),
                    Targets::Some(targets) => {
                        let targets = &targets[block * ROWS..block * ROWS + rows.len()];
                        scatter(tile, width, targets, planes, plane);
                    }
                }
            }
        }
    }
}

fn scatter<T: Element>(tile: &[T], width: usize, targets: &[usize], planes: &mut [T], plane: usize) {
    for (channel, to) in planes.chunks_mut(plane).enumerate() {
        for (&target, &from) in targets.iter().zip(tile[channel..].iter().step_by(width)) {
            to[target] = from;
        }
    }
}
