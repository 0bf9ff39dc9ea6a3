//! max(x, 0).

use super::element::Element;
use super::parallel::build;
use super::simd::vectorised;

/// Numbers in one part of an element-wise operation.
pub(super) const PART: usize = 1 << 14;

pub(crate) fn forward<T: Element>(path: crate::isa::Path, x: &[T]) -> Vec<T> {
    build(x.len(), PART, x.len(), |index, out| clip(path, &x[index * PART..], out))
}

/// The gradient passes where the result is above 0, or NaN.
pub(crate) fn backward<T: Element>(path: crate::isa::Path, y: &[T], grad: &[T]) -> Vec<T> {
    build(y.len(), PART, y.len(), |index, out| mask(path, &y[index * PART..], &grad[index * PART..], out))
}

vectorised! {
    fn clip<T>(x: &[T], out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = if x <= T::zero() { T::zero() } else { x };
        }
    }
}

vectorised! {
    fn mask<T>(y: &[T], grad: &[T], out: &mut [T]) {
        for ((out, &y), &grad) in out.iter_mut().zip(y).zip(grad) {
            *out = if y <= T::zero() { T::zero() } else { grad };
        }
    }
}
