//! Sums over neighbourhoods, as sums of shifted planes and rows.

use super::Lrn;
use crate::LrnRegion;
use crate::cpu::element::Element;
use crate::cpu::scratch::Scratch;
use crate::cpu::simd::vectorised;
use crate::isa::Path;

/// to\[i\] = Σ from\[j\] over the neighbours j of i (`reversed`: over those j whose neighbour i is) within a picture. `to` is all 0.
pub(super) fn window_sums<T: Element>(lrn: Lrn, reversed: bool, from: &[T], to: &mut [T]) {
    let Lrn { path, params, h, w, .. } = lrn;
    let (before, after) = params.reach(reversed);
    match params.region {
        LrnRegion::AcrossChannels => add_shifted(path, from, to, h * w, (before, after)),
        LrnRegion::WithinChannel => {
            let planes = from.chunks_exact(h * w).zip(to.chunks_exact_mut(h * w));
            let mut rows = Scratch::new(h * w);
            for (from, to) in planes {
                rows.fill(T::zero());
                for (from, rows) in from.chunks_exact(w).zip(rows.chunks_exact_mut(w)) {
                    add_shifted(path, from, rows, 1, (before, after));
                }
                add_shifted(path, &rows, to, w, (before, after));
            }
        }
    }
}

/// Adds to every item of `size` numbers those up to `before` places earlier and `after` places later, itself included.
fn add_shifted<T: Element>(path: Path, from: &[T], to: &mut [T], size: usize, (before, after): (usize, usize)) {
    let items = from.len() / size;
    for shift in 1..=before.min(items.saturating_sub(1)) {
        add_to(path, &from[..(items - shift) * size], &mut to[shift * size..]);
    }
    for shift in 0..=after.min(items.saturating_sub(1)) {
        add_to(path, &from[shift * size..], to);
    }
}

vectorised! {
    fn add_to<T>(from: &[T], to: &mut [T]) {
        for (to, &from) in to.iter_mut().zip(from) {
            *to += from;
        }
    }
}
