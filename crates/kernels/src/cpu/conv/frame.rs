//! Pictures with a border of zeros.

use crate::cpu::element::Element;
use crate::cpu::parallel::for_parts;
use crate::cpu::scratch::Scratch;

/// Planes of h×w inside planes of height×width, everything around them zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub h: usize,
    pub w: usize,
    pub top: usize,
    pub left: usize,
    pub height: usize,
    pub width: usize,
}

/// Bordered pictures, or the pictures themselves where no border is needed.
pub(super) enum Framed<'a, T: Element> {
    Same(&'a [T]),
    Copied(Scratch<T>),
}

impl<T: Element> std::ops::Deref for Framed<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Same(numbers) => numbers,
            Self::Copied(numbers) => numbers,
        }
    }
}

impl Frame {
    pub fn plane(&self) -> usize {
        self.height * self.width
    }

    fn changes_nothing(&self) -> bool {
        (self.h, self.w) == (self.height, self.width)
    }

    /// `planes` (any number of them) in the frame.
    pub fn around<'a, T: Element>(&self, planes: &'a [T]) -> Framed<'a, T> {
        if self.changes_nothing() {
            return Framed::Same(planes);
        }
        let count = planes.len() / (self.h * self.w);
        let mut framed = Scratch::new(count * self.plane());
        let lens = std::iter::repeat_n(self.plane(), count);
        // Pictures are spread over threads one level up where there are many; here the copies of one batch are.
        for_parts(&mut framed, lens, count * self.plane(), |index, framed| {
            self.copy(&planes[index * self.h * self.w..], framed);
        });
        Framed::Copied(framed)
    }

    /// As [`around`](Self::around), on the calling thread.
    pub fn around_here<'a, T: Element>(&self, planes: &'a [T]) -> Framed<'a, T> {
        if self.changes_nothing() {
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
        let rows = framed[self.top * self.width..].chunks_exact_mut(self.width);
        for (row, framed) in plane.chunks_exact(self.w).zip(rows).take(self.h) {
            framed[self.left..self.left + self.w].copy_from_slice(row);
        }
    }
}
