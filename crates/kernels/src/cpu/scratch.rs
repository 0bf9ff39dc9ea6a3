//! Working memory that threads keep between operations, so that packing does not fault in fresh pages every time.

use std::ops::{Deref, DerefMut};

use super::element::Element;

/// Where vectors are loaded from starts on a cache line.
const ALIGNMENT: usize = 64;

/// `len` numbers, aligned to a cache line, of unspecified (earlier) content. Goes back to its thread when dropped.
pub(crate) struct Scratch<T: Element> {
    buffer: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Element> Scratch<T> {
    pub fn new(len: usize) -> Self {
        let needed = len + ALIGNMENT / size_of::<T>();
        let mut buffer = T::idle().with_borrow_mut(|idle| {
            let fitting = (0..idle.len()).filter(|&i| idle[i].len() >= needed).min_by_key(|&i| idle[i].len());
            let chosen = fitting.or_else(|| (0..idle.len()).max_by_key(|&i| idle[i].len()));
            chosen.map(|i| idle.swap_remove(i)).unwrap_or_default()
        });
        if buffer.len() < needed {
            drop(std::mem::take(&mut buffer));
            buffer = vec![T::zero(); needed];
        }
        let start = buffer.as_ptr().align_offset(ALIGNMENT).min(needed - len);
        Self { buffer, start, len }
    }

    pub fn zeroed(len: usize) -> Self {
        let mut scratch = Self::new(len);
        scratch.fill(T::zero());
        scratch
    }
}

impl<T: Element> Drop for Scratch<T> {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        // At the end of a thread its idle list is gone already; the buffer is then simply freed.
        let _ = T::idle().try_with(|idle| idle.borrow_mut().push(buffer));
    }
}

impl<T: Element> Deref for Scratch<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.buffer[self.start..self.start + self.len]
    }
}

impl<T: Element> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.buffer[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_aligned_and_apart() {
        let address = {
            let mut one = Scratch::<f32>::zeroed(100);
            let two = Scratch::<f32>::zeroed(1000);
            one.fill(1.0);
            assert!(two.iter().all(|&x| x == 0.0));
            assert_eq!(one.as_ptr() as usize % ALIGNMENT, 0);
            assert_eq!(two.as_ptr() as usize % ALIGNMENT, 0);
            two.as_ptr() as usize
        };
        assert_eq!(Scratch::<f32>::new(900).as_ptr() as usize, address, "the smallest that fits is taken again");
    }
}
