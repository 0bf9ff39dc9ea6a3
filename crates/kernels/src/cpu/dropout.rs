//! Numbers that are kept or dropped by flags.

use super::element::Element;
use super::parallel::build;
use super::relu::PART;
use super::simd::vectorised;
use crate::isa::Path;

/// x · scale where the flag is up, x · 0 where not: NaN and infinity stay seen. The gradient is the same function of the result's.
pub(crate) fn mask<T: Element>(path: Path, x: &[T], kept: &[bool], scale: T) -> Vec<T> {
    build(x.len(), PART, x.len(), |index, out| {
        choose(path, &x[index * PART..], &kept[index * PART..], scale, out);
    })
}

vectorised! {
    fn choose<T>(x: &[T], kept: &[bool], scale: T, out: &mut [T]) {
        for ((out, &x), &kept) in out.iter_mut().zip(x).zip(kept) {
            *out = x * scale.only_if(kept);
        }
    }
}
