//! Sums of two tensors of one shape, followed by relu where asked for.

use super::element::Element;
use super::parallel::build;
use super::relu::PART;
use super::simd::vectorised;
use crate::isa::Path;

/// a + b, or max(a + b, 0).
pub(crate) fn forward<T: Element>(path: Path, a: &[T], b: &[T], relu: bool) -> Vec<T> {
    build(a.len(), PART, a.len(), |index, out| {
        let (a, b) = (&a[index * PART..], &b[index * PART..]);
        if relu { sum_cut(path, a, b, out) } else { sum(path, a, b, out) }
    })
}

vectorised! {
    fn sum<T>(a: &[T], b: &[T], out: &mut [T]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out = a + b;
        }
    }
}

vectorised! {
    fn sum_cut<T>(a: &[T], b: &[T], out: &mut [T]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            let sum = a + b;
            *out = if sum <= T::zero() { T::zero() } else { sum };
        }
    }
}
