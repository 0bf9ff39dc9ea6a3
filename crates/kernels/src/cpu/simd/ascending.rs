//! Offsets whose reach is known without looking at all of them.

use std::ops::Range;

/// Offsets in ascending order.
#[derive(Debug, Clone)]
pub(crate) struct Ascending<N>(Vec<N>);

/// Some neighbouring ones of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a, N>(&'a [N]);

impl<N: Copy + Ord> Ascending<N> {
    /// # Panics
    /// If they do not ascend.
    pub fn new(offsets: Vec<N>) -> Self {
        assert!(offsets.is_sorted(), "offsets must ascend");
        Self(offsets)
    }

    pub fn all(&self) -> Run<'_, N> {
        Run(&self.0)
    }

    pub fn part(&self, range: Range<usize>) -> Run<'_, N> {
        Run(&self.0[range])
    }

    /// In runs of `size`, the last one shorter where it does not divide.
    pub fn chunks(&self, size: usize) -> impl ExactSizeIterator<Item = Run<'_, N>> {
        self.0.chunks(size).map(Run)
    }
}

impl Ascending<usize> {
    /// 0, `step`, 2 · `step` …
    pub fn steps(count: usize, step: usize) -> Self {
        Self((0..count).map(|index| index * step).collect())
    }
}

impl<'a, N: Copy + Ord> Run<'a, N> {
    pub fn offsets(self) -> &'a [N] {
        self.0
    }

    pub fn len(self) -> usize {
        self.0.len()
    }
}
