//! Work in parts whose bounds do not depend on the number of threads.

#![expect(unsafe_code, reason = "fresh outputs are cleared part by part, in cache, just before they are computed")]

use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::workers;

/// Multiplications or moved numbers below which other threads are not worth waking.
const WORTHWHILE: usize = 1 << 17;

/// Whether `work` (multiplications or moved numbers) is spread over threads. One thread never goes through rayon.
fn spread(parts: usize, work: usize) -> bool {
    parts > 1 && work >= WORTHWHILE && rayon::current_num_threads() > 1
}

pub(super) fn run<P: Send>(parts: Vec<P>, work: usize, part: impl Fn(usize, P) + Sync) {
    if spread(parts.len(), work) {
        share(parts, &part);
    } else {
        parts.into_iter().enumerate().for_each(|(index, numbers)| part(index, numbers));
    }
}

/// Parts from the front for this thread, from the back for the others: from section to section a thread then finds much of what
/// it wrote last in its own cache.
fn share<P: Send>(parts: Vec<P>, part: &(impl Fn(usize, P) + Sync)) {
    let others = rayon::current_num_threads().min(parts.len()) - 1;
    let queue = Mutex::new(parts.into_iter().enumerate());
    let busy = AtomicUsize::new(0);
    let next =
        |from: fn(&mut Queue<P>) -> Option<(usize, P)>| from(&mut queue.lock().unwrap_or_else(PoisonError::into_inner));
    let help = || {
        let _busy = Busy::new(&busy);
        while let Some((index, numbers)) = next(DoubleEndedIterator::next_back) {
            part(index, numbers);
        }
    };
    workers::begin_section();
    rayon::scope(|scope| {
        (0..others).for_each(|_| scope.spawn(|_| help()));
        while let Some((index, numbers)) = next(Iterator::next) {
            part(index, numbers);
        }
        // The others end within a part's time. rayon would send this thread to sleep sooner, and waking it takes longer.
        while busy.load(Ordering::Acquire) > 0 {
            thread::yield_now();
        }
    });
}

type Queue<P> = std::iter::Enumerate<std::vec::IntoIter<P>>;

/// Counted as long as it lives.
struct Busy<'a>(&'a AtomicUsize);

impl<'a> Busy<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Calls `part(index, numbers)` for every part of `numbers`, part *i* being `lens[i]` long.
///
/// # Panics
/// If the lengths sum to more than there is.
pub(crate) fn for_parts<T: Send>(
    mut numbers: &mut [T],
    lens: impl Iterator<Item = usize>,
    work: usize,
    part: impl Fn(usize, &mut [T]) + Sync,
) {
    let mut parts = Vec::with_capacity(lens.size_hint().0);
    for len in lens {
        let (head, tail) = numbers.split_at_mut(len);
        parts.push(head);
        numbers = tail;
    }
    run(parts, work, part);
}

/// A new vector of `len` numbers in parts of `size` (the last may be shorter), each handed to `part` as zeros.
///
/// Clearing a part while it is about to be written costs little; clearing the whole vector first would send it through memory
/// once more.
pub(crate) fn build<T: Cleared>(len: usize, size: usize, work: usize, part: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    build_pair::<T, ()>(len, size, work, |index, numbers, _| part(index, numbers)).0
}

/// Two new vectors of one length, in parts that belong together; see [`build`].
pub(crate) fn build_pair<T: Cleared, U: Cleared>(
    len: usize,
    size: usize,
    work: usize,
    part: impl Fn(usize, &mut [T], &mut [U]) + Sync,
) -> (Vec<T>, Vec<U>) {
    let (mut left, mut right) = (Vec::with_capacity(len), Vec::with_capacity(len));
    let size = size.max(1);
    let slots =
        left.spare_capacity_mut()[..len].chunks_mut(size).zip(right.spare_capacity_mut()[..len].chunks_mut(size));
    run(slots.collect(), work, |index, (left, right)| part(index, cleared(left), cleared(right)));
    // SAFETY: the chunks cover all `len` slots of both vectors, `run` has called the closure for each, and the closure
    // initialises every slot of its chunk before anything else; a panic in it leaves the lengths at 0.
    unsafe {
        left.set_len(len);
        right.set_len(len);
    }
    (left, right)
}

/// What may start as zero.
pub(crate) trait Cleared: Copy + Default + Send {}
impl<T: Copy + Default + Send> Cleared for T {}

pub(super) fn cleared<T: Cleared>(slots: &mut [MaybeUninit<T>]) -> &mut [T] {
    for slot in slots.iter_mut() {
        slot.write(T::default());
    }
    // SAFETY: the loop above has written every slot, and `MaybeUninit<T>` has the layout of `T`.
    unsafe { &mut *(std::ptr::from_mut(slots) as *mut [T]) }
}

/// `0..len` in ranges of `size`, the last one shorter where it does not divide.
pub(crate) fn ranges(len: usize, size: usize) -> impl ExactSizeIterator<Item = Range<usize>> + Clone {
    (0..len.div_ceil(size)).map(move |index| index * size..(index * size + size).min(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        let two = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
        for len in [0, 1, 5, 12, 13] {
            let fill =
                || build::<f64>(len, 4, usize::MAX, |index, part| part.iter_mut().for_each(|x| *x += index as f64));
            let expected: Vec<f64> = (0..len).map(|i| (i / 4) as f64).collect();
            assert_eq!(fill(), expected);
            assert_eq!(two.install(fill), expected);
        }
    }
}
