//! Results made channel group by channel group.

#![expect(
    unsafe_code,
    reason = "a group's numbers lie in pieces, one a picture, and are cleared just before they are computed"
)]

use std::ops::Range;

use super::Sizes;
use crate::cpu::element::Element;
use crate::cpu::parallel::{cleared, run};

/// A new \[n, c, plane\] vector, and `begin`'s findings about every channel.
///
/// For each group of channels `begin(channels, findings)` is called once; then `fill(channels, prepared, picture, numbers)` for
/// every picture with the group's numbers, as zeros.
pub(super) fn build_groups<T: Element, F: Send + Clone + Default, P>(
    sizes: Sizes,
    begin: impl Fn(Range<usize>, &mut [F]) -> P + Sync,
    fill: impl Fn(usize, &P, &mut [T]) + Sync,
) -> (Vec<T>, Vec<F>) {
    let together = sizes.together();
    let mut findings = vec![F::default(); sizes.c];
    let mut numbers = Vec::with_capacity(sizes.numbers());
    let mut groups: Vec<_> =
        findings.chunks_mut(together).map(|findings| (findings, Vec::with_capacity(sizes.n))).collect();
    if sizes.numbers() > 0 {
        for picture in numbers.spare_capacity_mut()[..sizes.numbers()].chunks_mut(sizes.c * sizes.plane) {
            for (group, piece) in groups.iter_mut().zip(picture.chunks_mut(together * sizes.plane)) {
                group.1.push(piece);
            }
        }
    }
    run(groups, sizes.numbers(), |index, (findings, pieces)| {
        let first = index * together;
        let prepared = begin(first..first + findings.len(), findings);
        for (picture, piece) in pieces.into_iter().enumerate() {
            fill(sizes.start(picture, first), &prepared, cleared(piece));
        }
    });
    // SAFETY: the pieces cover all numbers once, `run` has called the closure for every group, and the closure initialises every
    // piece before anything else is done with it; a panic in it leaves the length at 0.
    unsafe { numbers.set_len(sizes.numbers()) };
    (numbers, findings)
}
