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
/// Where kept blocks start: on a cache line.
const ALIGNMENT: usize = 64;
/// Most blocks kept.
const SLOTS: usize = 512;

/// Keeps freed blocks of 128 KiB and more, and hands them out again for requests of nearly the same size.
///
/// It holds at most an eighth more than the most that was in use at once: kept blocks go back, longest unused first, before a new
/// one would go beyond that. On Unix, blocks come from the system page by page, so that what goes back is gone at once; elsewhere
/// from the allocator behind. Meant to be a program's global allocator:
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

/// A block that is not in use.
#[derive(Debug, Clone, Copy)]
struct Block {
    address: usize,
    size: usize,
}

/// Blocks in the order in which they were freed.
#[derive(Debug)]
struct Kept {
    blocks: [Block; SLOTS],
    count: usize,
    /// Bytes of the kept blocks, of the large ones in use, and the most that were ever in use.
    idle: usize,
    used: usize,
    most: usize,
    /// New blocks so far.
    made: usize,
}

impl<A> Recycling<A> {
    /// An allocator that takes its memory from the one `behind` it.
    pub const fn new(behind: A) -> Self {
        let blocks = [Block { address: 0, size: 0 }; SLOTS];
        Self { behind, kept: Mutex::new(Kept { blocks, count: 0, idle: 0, used: 0, most: 0, made: 0 }) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No code that could panic runs while the lock is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, index: usize) -> Block {
        let block = self.blocks[index];
        self.blocks.copy_within(index + 1..self.count, index);
        self.count -= 1;
        self.idle -= block.size;
        block
    }

    /// The block of this size that was freed last.
    fn fitting(&mut self, size: usize) -> Option<Block> {
        let index = self.blocks[..self.count].iter().rposition(|block| block.size == size)?;
        Some(self.take(index))
    }

    /// The longest unused block, if all blocks and `more` bytes are beyond what may be held.
    fn surplus(&mut self, more: usize) -> Option<Block> {
        let held = self.used + self.idle + more;
        (self.count > 0 && (held > self.most + self.most / 8 || self.count == SLOTS)).then(|| self.take(0))
    }

    fn enter(&mut self, size: usize) {
        self.used += size;
        self.most = self.most.max(self.used);
    }
}

/// What is asked of the allocator behind for a large block: one of eight sizes between powers of two, so that nearly equal
/// requests share blocks. Small and oddly aligned ones are none of ours.
fn large(layout: Layout) -> Option<Layout> {
    if layout.size() < LARGE || layout.align() > ALIGNMENT {
        return None;
    }
    let step = 1_usize << (layout.size().ilog2() - 3);
    let size = layout.size().checked_next_multiple_of(step)?;
    Layout::from_size_align(size, ALIGNMENT).ok()
}

/// Where blocks come from and go to: the system's pages.
#[cfg(unix)]
mod source {
    use std::alloc::{GlobalAlloc, Layout};
    use std::ptr::null_mut;

    use super::{ALIGNMENT, Block};

    const PAGE: usize = 4096;

    /// A new block of zeros, or null. Number `made` starts that many cache lines into its first page: what starts at the same
    /// place of a page competes for the same places in the caches.
    ///
    /// # Safety
    /// `wanted` is not empty.
    pub unsafe fn acquire<A: GlobalAlloc>(_: &A, wanted: Layout, _: bool, made: usize) -> *mut u8 {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: new pages, wherever the system likes.
        let pages = unsafe { libc::mmap(null_mut(), wanted.size() + PAGE, access, kind, -1, 0) };
        if pages == libc::MAP_FAILED {
            return null_mut();
        }
        // SAFETY: within the extra page.
        unsafe { pages.cast::<u8>().add(made * 5 % (PAGE / ALIGNMENT) * ALIGNMENT) }
    }

    /// # Safety
    /// The block came from [`acquire`], and is nobody's.
    pub unsafe fn release<A: GlobalAlloc>(_: &A, block: Block) {
        let pages = block.address / PAGE * PAGE;
        // SAFETY: these are the pages that were mapped for the block, which starts within the first of them.
        unsafe { libc::munmap(pages as *mut libc::c_void, block.size + PAGE) };
    }
}

/// Where blocks come from and go to: the allocator behind.
#[cfg(not(unix))]
mod source {
    use std::alloc::{GlobalAlloc, Layout};

    use super::{ALIGNMENT, Block};

    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    pub unsafe fn acquire<A: GlobalAlloc>(behind: &A, wanted: Layout, zeroed: bool, _: usize) -> *mut u8 {
        // SAFETY: the caller's promise is the callees'.
        unsafe { if zeroed { behind.alloc_zeroed(wanted) } else { behind.alloc(wanted) } }
    }

    /// # Safety
    /// The block came from [`acquire`], and is nobody's.
    pub unsafe fn release<A: GlobalAlloc>(behind: &A, block: Block) {
        // SAFETY: every block was allocated with this layout, made by `large`.
        unsafe { behind.dealloc(block.address as *mut u8, Layout::from_size_align_unchecked(block.size, ALIGNMENT)) };
    }
}

impl<A: GlobalAlloc> Recycling<A> {
    /// A block for a request that [`large`] has rounded: a kept one, or a new one (`true`).
    ///
    /// # Safety
    /// As for [`GlobalAlloc::alloc`].
    unsafe fn block(&self, wanted: Layout, zeroed: bool) -> (*mut u8, bool) {
        let mut kept = self.kept();
        if let Some(block) = kept.fitting(wanted.size()) {
            kept.enter(block.size);
            return (block.address as *mut u8, false);
        }
        while let Some(block) = kept.surplus(wanted.size()) {
            // SAFETY: kept blocks came from there, and are nobody's.
            unsafe { source::release(&self.behind, block) };
        }
        // SAFETY: the caller's promise is the callee's.
        let address = unsafe { source::acquire(&self.behind, wanted, zeroed, kept.made) };
        if !address.is_null() {
            kept.made = kept.made.wrapping_add(1) % 4096;
            kept.enter(wanted.size());
        }
        (address, true)
    }
}

// SAFETY: small requests go to the allocator behind as they are. A large one gets a block of at least its size and alignment,
// which is in use once at a time: it leaves the kept ones when it is handed out, and enters them when it is given back.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Recycling<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the callees'.
        unsafe {
            match large(layout) {
                Some(wanted) => self.block(wanted, false).0,
                None => self.behind.alloc(layout),
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the callees'; a kept block has as many bytes as are cleared.
        unsafe {
            let Some(wanted) = large(layout) else { return self.behind.alloc_zeroed(layout) };
            let (address, fresh) = self.block(wanted, true);
            if !fresh {
                address.write_bytes(0, layout.size());
            }
            address
        }
    }

    unsafe fn dealloc(&self, address: *mut u8, given: Layout) {
        let Some(wanted) = large(given) else {
            // SAFETY: small blocks came from the allocator behind with this layout.
            return unsafe { self.behind.dealloc(address, given) };
        };
        let mut kept = self.kept();
        kept.used -= wanted.size();
        while let Some(block) = kept.surplus(wanted.size()) {
            // SAFETY: kept blocks came from there, and are nobody's.
            unsafe { source::release(&self.behind, block) };
        }
        let count = kept.count;
        kept.blocks[count] = Block { address: address as usize, size: wanted.size() };
        kept.count += 1;
        kept.idle += wanted.size();
    }

    unsafe fn realloc(&self, address: *mut u8, old: Layout, size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(size, old.align()) else { return null_mut() };
        // SAFETY: the caller's promise is the callees'; blocks of equal rounded size are the same block, and otherwise the new
        // one is apart from the old one.
        unsafe {
            match (large(old), large(new)) {
                (None, None) => self.behind.realloc(address, old, size),
                (old_block, new_block) if old_block == new_block => address,
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

#[cfg(test)]
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
            let second = allocator.alloc_zeroed(bytes(299_000));
            assert_eq!(second, first, "nearly the same size");
            assert!((0..299_000).all(|index| second.add(index).read() == 0));
            let same = allocator.realloc(second, bytes(299_000), 300_500);
            assert_eq!(same, first);
            same.write(9);
            let moved = allocator.realloc(same, bytes(300_500), 900_000);
            assert_eq!((moved.read(), moved == first), (9, false));
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
                most = most.max(size + size / 2);
                let kept = allocator.kept();
                assert_eq!((kept.used, kept.most), (size + size / 2, most));
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
