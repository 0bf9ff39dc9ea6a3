//! The inner product alone, to measure everything else against.

use super::element::Element;
use super::scratch::Scratch;
use super::simd::{Ascending, DEPTH, ROWS};
use crate::isa::Path;

/// Runs the f32 inner product `times` over operands that stay in the first-level cache; returns its multiplications.
///
/// Nothing is packed or stored beyond that: what products and convolutions lose to this rate, they lose outside of the inner
/// loop.
pub fn inner_product(times: usize) -> usize {
    let kernel = f32::kernel(Path::current());
    // As many rows as fill whole tiles of every path.
    let (rows, places) = (Ascending::steps(24, DEPTH / 8), Ascending::steps(24, kernel.width));
    let taps = Ascending::new((0..DEPTH as u32).collect());
    let a = vec![1.0; 24 * DEPTH / 8 + DEPTH];
    let mut panel = Scratch::new(DEPTH * kernel.width);
    panel.fill(1e-3);
    let mut out = Scratch::zeroed(ROWS * kernel.width);
    for _ in 0..times {
        kernel.accumulate(&a, rows.all(), taps.all(), &panel, &mut out, places.all(), false);
        std::hint::black_box(&mut out[..]);
    }
    times * rows.all().len() * taps.all().len() * kernel.width
}
