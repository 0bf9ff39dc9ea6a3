//! Local response normalisation: y = x · s^−β with s = k + α / N · Σ x² over a neighbourhood of N numbers, zeros beyond the border.
//!
//! dx = g · s^−β − 2αβ / N · x · Σ g · y / s, where the sum runs over the numbers whose neighbourhood x lies in.

mod power;
mod sums;

use power::Power;
use sums::window_sums;

use super::element::Element;
use super::parallel::build;
use super::scratch::Scratch;
use super::simd::vectorised;
use crate::LocalResponseNormParams;
use crate::isa::Path;

/// A local response normalisation of \[n, c, h, w\].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lrn {
    pub path: Path,
    pub params: LocalResponseNormParams,
    pub c: usize,
    pub h: usize,
    pub w: usize,
}

impl Lrn {
    fn picture(&self) -> usize {
        self.c * self.h * self.w
    }

    /// Additions of the whole operation, about.
    fn work(&self, numbers: usize) -> usize {
        numbers.saturating_mul(2 * self.params.size)
    }

    /// α / N
    fn rate(&self) -> f64 {
        self.params.alpha / self.params.neighbours()
    }
}

/// The result.
pub(crate) fn forward<T: Element>(lrn: Lrn, x: &[T]) -> Vec<T> {
    let (picture, power) = (lrn.picture(), Power::new(lrn.params.beta));
    build(x.len(), picture, lrn.work(x.len()), |index, y| {
        let x = &x[index * picture..][..picture];
        power.negative(lrn.path, &scales(lrn, x), y);
        multiply_by(lrn.path, x, y);
    })
}

/// Gradient of the input. The scales are computed again: that is quicker than bringing them back from memory.
pub(crate) fn backward<T: Element>(lrn: Lrn, x: &[T], grad: &[T]) -> Vec<T> {
    let (picture, power) = (lrn.picture(), Power::new(lrn.params.beta));
    let factor = T::narrow(-2.0 * lrn.rate() * lrn.params.beta);
    build(x.len(), picture, 2 * lrn.work(x.len()), |index, dx| {
        let (x, grad) = (&x[index * picture..][..picture], &grad[index * picture..][..picture]);
        let s = scales(lrn, x);
        let (mut direct, mut others) = (Scratch::new(picture), Scratch::new(picture));
        power.negative(lrn.path, &s, &mut direct);
        multiply_by(lrn.path, grad, &mut direct);
        shares(lrn.path, x, &s, &direct, &mut others);
        window_sums(lrn, true, &others, dx);
        combine(lrn.path, x, &direct, factor, dx);
    })
}

/// s of a picture.
fn scales<T: Element>(lrn: Lrn, x: &[T]) -> Scratch<T> {
    let (mut squares, mut s) = (Scratch::new(x.len()), Scratch::zeroed(x.len()));
    multiply(lrn.path, x, x, &mut squares);
    window_sums(lrn, false, &squares, &mut s);
    scale(lrn.path, T::narrow(lrn.rate()), T::narrow(lrn.params.k), &mut s);
    s
}

vectorised! {
    fn multiply<T>(a: &[T], b: &[T], out: &mut [T]) {
        for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
            *out = a * b;
        }
    }
}

vectorised! {
    fn multiply_by<T>(x: &[T], out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out *= x;
        }
    }
}

vectorised! {
    fn scale<T>(rate: T, k: T, s: &mut [T]) {
        for s in s {
            *s = *s * rate + k;
        }
    }
}

vectorised! {
    fn shares<T>(x: &[T], s: &[T], direct: &[T], out: &mut [T]) {
        for (((out, &x), &s), &direct) in out.iter_mut().zip(x).zip(s).zip(direct) {
            *out = direct * x / s;
        }
    }
}

vectorised! {
    fn combine<T>(x: &[T], direct: &[T], factor: T, dx: &mut [T]) {
        for ((dx, &x), &direct) in dx.iter_mut().zip(x).zip(direct) {
            *dx = *dx * x * factor + direct;
        }
    }
}
