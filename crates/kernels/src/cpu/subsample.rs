//! Every few pixels of \[n, c, h, w\], with channels of zeros behind.

use super::element::Element;
use super::parallel::build;

/// A subsampling's sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub n: usize,
    pub c: usize,
    pub h: usize,
    pub w: usize,
    pub stride: usize,
    /// Channels of the result.
    pub channels: usize,
}

impl Sizes {
    /// Rows and columns of the result.
    pub fn output(&self) -> (usize, usize) {
        (self.h.div_ceil(self.stride), self.w.div_ceil(self.stride))
    }

    fn input_picture(&self) -> usize {
        self.c * self.h * self.w
    }

    fn output_picture(&self) -> usize {
        let (height, width) = self.output();
        self.channels * height * width
    }
}

pub(crate) fn forward<T: Element>(sizes: Sizes, x: &[T]) -> Vec<T> {
    let ((_, width), picture) = (sizes.output(), sizes.output_picture());
    build(sizes.n * picture, picture, x.len(), |index, y| {
        let x = &x[index * sizes.input_picture()..][..sizes.input_picture()];
        let mut rows = y.chunks_exact_mut(width.max(1));
        for plane in x.chunks_exact((sizes.h * sizes.w).max(1)) {
            // Planes first: a zip asks its left side first, and takes nothing from the rows where that has ended.
            for (from, to) in plane.chunks_exact(sizes.w).step_by(sizes.stride).zip(rows.by_ref()) {
                to.iter_mut().zip(from.iter().step_by(sizes.stride)).for_each(|(to, &from)| *to = from);
            }
        }
    })
}

pub(crate) fn backward<T: Element>(sizes: Sizes, grad: &[T]) -> Vec<T> {
    let ((_, width), picture) = (sizes.output(), sizes.input_picture());
    build(sizes.n * picture, picture, sizes.n * picture, |index, dx| {
        let mut rows = grad[index * sizes.output_picture()..].chunks_exact(width.max(1));
        for plane in dx.chunks_exact_mut((sizes.h * sizes.w).max(1)) {
            for (to, from) in plane.chunks_exact_mut(sizes.w).step_by(sizes.stride).zip(rows.by_ref()) {
                to.iter_mut().step_by(sizes.stride).zip(from).for_each(|(to, &from)| *to = from);
            }
        }
    })
}
