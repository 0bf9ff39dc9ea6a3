//! Pictures with a border of zeros.

use std::ops::Deref;

use crate::cpu::element::Element;
use crate::cpu::scratch::Scratch;

/// Planes of h×w with `padding` zeros on each side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub h: usize,
    pub w: usize,
    pub padding: usize,
}

/// Pictures laid out anew, or the pictures themselves where there is no need.
pub(super) enum Framed<'a, T: Element> {
    Same(&'a [T]),
    Copied(Scratch<T>),
}

impl<T: Element> Deref for Framed<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Same(numbers) => numbers,
            Self::Copied(numbers) => numbers,
        }
    }
}

impl Frame {
    /// Width of a bordered plane.
    pub fn width(&self) -> usize {
        self.w + 2 * self.padding
    }

    /// Numbers of a bordered plane.
    pub fn plane(&self) -> usize {
        (self.h + 2 * self.padding) * self.width()
    }

    /// `planes` (any number of them) in the frame.
    pub fn around<'a, T: Element>(&self, planes: &'a [T]) -> Framed<'a, T> {
        if self.padding == 0 {
            return Framed::Same(planes);
        }
        let count = planes.len() / (self.h * self.w);
        let mut framed = Scratch::new(count * self.plane());
        for (plane, framed) in planes.chunks_exact(self.h * self.w).zip(framed.chunks_exact_mut(self.plane())) {
            self.copy(plane, framed);
        }
        Framed::Copied(framed)
    }

    fn copy<T: Element>(&self, plane: &[T], framed: &mut [T]) {
        framed.fill(T::zero());
        let rows = framed[self.padding * self.width()..].chunks_exact_mut(self.width());
        for (row, framed) in plane.chunks_exact(self.w).zip(rows).take(self.h) {
            framed[self.padding..self.padding + self.w].copy_from_slice(row);
        }
    }
}
