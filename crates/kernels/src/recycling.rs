//! An allocator that keeps large blocks for the next step of a training.
//!
//! A training step allocates the same large tensors again and again. Handed back to the system in between, their pages are
//! cleared and mapped anew every time: a quarter of a step's time and more.

#![expect(unsafe_code, reason = "an allocator is unsafe by its signature")]

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes from which blocks are kept.
const LARGE: usize = 128 << 10;
/// Where blocks start: on a cache line.
const ALIGNMENT: usize = 64;
/// The system's pages.
const PAGE: usize = 4096;
/// Where pages are known to be of that size.
const KNOWN: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));
/// Most stretches of pages kept.
const SLOTS: usize = 512;

/// Keeps the pages of freed blocks of 128 KiB and more, and makes other such blocks of them: split, or joined with their
/// neighbours.
///
/// It holds at most an eighth more than the most that was in use at once: where no kept stretch of pages is long enough, some go
/// back to the system before new ones come. Small blocks come from the allocator behind. Meant to be a program's global
/// allocator. Elsewhere than on 64-bit x86 under Linux it hands everything to the one behind:
///
/// ```
/// use std::alloc::System;
///
/// #[global_allocator]
/// static ALLOCATOR: lrscope_kernels::Recycling<System> = lrscope_kernels::Recycling::new(System);
///
/// assert_eq!(vec![1.0_f32; 1 << 20].iter().sum::<f32>(), (1 << 20) as f32);
/// ```
#[derive(Debug)]
pub struct Recycling<A> {
    behind: A,
    kept: Mutex<Kept>,
}

/// Neighbouring pages that are not in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pages {
    address: usize,
    len: usize,
}

/// Pages that are not in use, in no order; no two of them are neighbours.
#[derive(Debug)]
struct Kept {
    pages: [Pages; SLOTS],
    count: usize,
    /// Bytes of the kept pages, of those in use, and the most that were ever in use.
    idle: usize,
    used: usize,
    most: usize,
    /// Blocks handed out so far.
    made: usize,
}

impl<A> Recycling<A> {
    /// An allocator that takes its small blocks from the one `behind` it.
    pub const fn new(behind: A) -> Self {
        let pages = [Pages { address: 0, len: 0 }; SLOTS];
        Self { behind, kept: Mutex::new(Kept { pages, count: 0, idle: 0, used: 0, most: 0, made: 0 }) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No code that could panic runs while the lock is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn remove(&mut self, index: usize) -> Pages {
        let pages = self.pages[index];
        self.count -= 1;
        self.pages[index] = self.pages[self.count];
        self.idle -= pages.len;
        pages
    }

    fn insert(&mut self, pages: Pages) {
        self.pages[self.count] = pages;
        self.count += 1;
        self.idle += pages.len;
    }

    /// Some pages, off the smallest stretch that has so many.
    fn fitting(&mut self, len: usize) -> Option<Pages> {
        let fits = (0..self.count).filter(|&index| self.pages[index].len >= len);
        let index = fits.min_by_key(|&index| self.pages[index].len)?;
        let pages = self.remove(index);
        if pages.len > len {
            self.insert(Pages { address: pages.address + len, len: pages.len - len });
        }
        Some(Pages { address: pages.address, len })
    }

    /// Adds pages that were in use to what is kept, together with their neighbours.
    fn put(&mut self, mut pages: Pages) {
        let mut index = 0;
        while index < self.count {
            let other = self.pages[index];
            if other.address + other.len == pages.address || pages.address + pages.len == other.address {
                self.remove(index);
                pages = Pages { address: other.address.min(pages.address), len: other.len + pages.len };
                index = 0;
            } else {
                index += 1;
            }
        }
        self.insert(pages);
    }

    /// Pages to give back, as long as all together and `more` bytes are beyond what may be held: of the smallest stretch, which
    /// is the least likely to be of use.
    fn surplus(&mut self, more: usize) -> Option<Pages> {
        let (held, most) = (self.used + self.idle + more, self.most + self.most / 8);
        let full = self.count + 1 >= SLOTS;
        if self.count == 0 || (held <= most && !full) {
            return None;
        }
        let index = (0..self.count).min_by_key(|&index| self.pages[index].len)?;
        let pages = self.remove(index);
        let surplus = if full { pages.len } else { (held - most).next_multiple_of(PAGE).min(pages.len) };
        if surplus < pages.len {
            self.insert(Pages { address: pages.address, len: pages.len - surplus });
        }
        Some(Pages { address: pages.address + pages.len - surplus, len: surplus })
    }

    fn enter(&mut self, len: usize) {
        self.used += len;
        self.most = self.most.max(self.used);
        self.made = self.made.wrapping_add(1) % PAGE;
    }
}

/// Bytes of the pages that hold a large block: one page more than it needs, so that it can start anywhere in the first. Small and
/// oddly aligned ones are none of ours.
fn large(layout: Layout) -> Option<usize> {
    if !KNOWN || layout.size() < LARGE || layout.align() > ALIGNMENT {
        return None;
    }
    layout.size().checked_next_multiple_of(PAGE)?.checked_add(PAGE).filter(|&len| len < isize::MAX as usize)
}

/// The pages of a large block in use.
fn pages_of(block: *mut u8, len: usize) -> Pages {
    Pages { address: block as usize / PAGE * PAGE, len }
}

/// New pages of zeros, or none.
#[cfg(not(target_os = "linux"))]
fn map(_: usize) -> Option<Pages> {
    None
}

/// # Safety
/// Nothing is done.
#[cfg(not(target_os = "linux"))]
unsafe fn unmap(_: Pages) {}

/// New pages of zeros, or none.
#[cfg(target_os = "linux")]
fn map(len: usize) -> Option<Pages> {
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: new pages, wherever the system likes.
    let address = unsafe { libc::mmap(null_mut(), len, access, kind, -1, 0) };
    (address != libc::MAP_FAILED).then_some(Pages { address: address as usize, len })
}

/// Gives pages back.
///
/// # Safety
/// They came from [`map`], whole or in part, and are nobody's.
#[cfg(target_os = "linux")]
unsafe fn unmap(pages: Pages) {
    // SAFETY: the caller's promise is the callee's.
    unsafe { libc::munmap(pages.address as *mut libc::c_void, pages.len) };
}

impl<A> Recycling<A> {
    /// A block on `len` bytes of pages, and whether they are new and zeros; null where there are none.
    ///
    /// What starts at the same place of a page competes for the same places in the caches, so blocks start some cache lines into
    /// theirs.
    fn block(&self, len: usize) -> (*mut u8, bool) {
        let mut kept = self.kept();
        let found = kept.fitting(len);
        let fresh = found.is_none();
        if fresh {
            while let Some(pages) = kept.surplus(len) {
                // SAFETY: kept pages were mapped, and are nobody's.
                unsafe { unmap(pages) };
            }
        }
        let Some(pages) = found.or_else(|| map(len)) else { return (null_mut(), true) };
        kept.enter(len);
        let place = kept.made * 5 % (PAGE / ALIGNMENT) * ALIGNMENT;
        ((pages.address + place) as *mut u8, fresh)
    }
}

// SAFETY: small requests go to the allocator behind as they are. A large one gets pages of its own, one more than it needs, and
// starts within the first, aligned: pages leave the kept ones when they are handed out, and enter them when they are given back.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Recycling<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match large(layout) {
            Some(len) => self.block(len).0,
            // SAFETY: the caller's promise is the callee's.
            None => unsafe { self.behind.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(len) = large(layout) else {
            // SAFETY: the caller's promise is the callee's.
            return unsafe { self.behind.alloc_zeroed(layout) };
        };
        let (block, fresh) = self.block(len);
        if !fresh && !block.is_null() {
            // SAFETY: the block has as many bytes.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(len) = large(layout) else {
            // SAFETY: small blocks came from the allocator behind with this layout.
            return unsafe { self.behind.dealloc(block, layout) };
        };
        let mut kept = self.kept();
        kept.used -= len;
        while let Some(pages) = kept.surplus(len) {
            // SAFETY: kept pages were mapped, and are nobody's.
            unsafe { unmap(pages) };
        }
        kept.put(pages_of(block, len));
    }

    unsafe fn realloc(&self, address: *mut u8, old: Layout, size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(size, old.align()) else { return null_mut() };
        // SAFETY: the caller's promise is the callees'; a block on as many pages is the same block, and otherwise the new one is
        // apart from the old one.
        unsafe {
            match (large(old), large(new)) {
                (None, None) => self.behind.realloc(address, old, size),
                (old_len, new_len) if old_len == new_len => address,
                _ => {
                    let moved = self.alloc(new);
                    if !moved.is_null() {
                        moved.copy_from_nonoverlapping(address, old.size().min(size));
                        self.dealloc(address, old);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use std::alloc::System;

    use super::*;

    fn bytes(size: usize) -> Layout {
        Layout::from_size_align(size, 4).expect("a small size")
    }

    #[test]
    fn a_block_comes_back_and_is_cleared_when_asked() {
        let allocator = Recycling::new(System);
        // SAFETY: every block is given back once, with the layout it was asked with, and written within its size.
        unsafe {
            let first = allocator.alloc(bytes(300_000));
            first.write_bytes(7, 300_000);
            allocator.dealloc(first, bytes(300_000));
            let second = allocator.alloc_zeroed(bytes(150_000));
            let third = allocator.alloc_zeroed(bytes(140_000));
            assert!(
                first.addr().abs_diff(second.addr()) < 300_000 && first.addr().abs_diff(third.addr()) < 300_000,
                "off the same pages"
            );
            assert!((0..150_000).all(|index| second.add(index).read() == 0));
            assert!((0..140_000).all(|index| third.add(index).read() == 0));
            allocator.dealloc(third, bytes(140_000));
            second.write(9);
            let same = allocator.realloc(second, bytes(150_000), 150_100);
            assert_eq!(same, second);
            let moved = allocator.realloc(same, bytes(150_100), 900_000);
            assert_eq!((moved.read(), moved == same), (9, false));
            let small = allocator.realloc(moved, bytes(900_000), 100);
            assert_eq!(small.read(), 9);
            allocator.dealloc(small, bytes(100));
        }
    }

    #[test]
    fn hardly_more_is_held_than_was_in_use_at_once() {
        let allocator = Recycling::new(System);
        let mut most = 0;
        for size in [1 << 20, 3 << 20, 2 << 20, 1 << 18, 5 << 20, 1 << 20] {
            // SAFETY: as above.
            unsafe {
                let blocks = [allocator.alloc(bytes(size)), allocator.alloc(bytes(size / 2))];
                let both = [size, size / 2].map(|size| large(bytes(size)).expect("large")).iter().sum();
                most = most.max(both);
                let kept = allocator.kept();
                assert_eq!((kept.used, kept.most), (both, most));
                assert!(kept.used + kept.idle <= most + most / 8);
                drop(kept);
                allocator.dealloc(blocks[1], bytes(size / 2));
                allocator.dealloc(blocks[0], bytes(size));
            }
            assert_eq!(allocator.kept().used, 0);
        }
    }

    #[test]
    fn threads_share_blocks_without_losing_any() {
        let allocator = Recycling::new(System);
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let allocator = &allocator;
                scope.spawn(move || {
                    for round in 0..200 {
                        let layout = bytes(LARGE + 40_000 * (round % 5));
                        // SAFETY: as above.
                        unsafe {
                            let block = allocator.alloc(layout);
                            block.write_bytes(thread, layout.size());
                            assert!((0..layout.size()).step_by(999).all(|index| block.add(index).read() == thread));
                            allocator.dealloc(block, layout);
                        }
                    }
                });
            }
        });
    }
}
