//! The one inner product that all matrix products and convolutions come down to.
//!
//! out\[j\]\[v\] (+)= Σₚ a\[rows\[j\] + taps\[p\]\] · panel\[p\]\[v\]
//!
//! One operand is packed into a panel of as many columns as two vectors hold; the other is read where it lies, one number at a
//! time, at an address that splits into a part for the row and a part for the depth. A matrix of any strides is such an operand,
//! and so are the windows of a picture: convolutions need no gathered copy of them.

#![expect(unsafe_code, reason = "vector instructions and unchecked addresses in the innermost loop")]

mod ascending;
mod minimal;
mod multiversion;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod tile;
mod transpose;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use ascending::{Ascending, Run};
pub(crate) use minimal::{Places, Square};
pub(crate) use multiversion::vectorised;
use tile::Job;
use transpose::Turn;

use super::element::Element;
use crate::isa::{Isa, Path};

/// Depth between two visits to `out`: a panel of it fits the smallest first-level cache with room to spare. It is the same on
/// every machine, because it decides how sums are grouped.
pub(crate) const DEPTH: usize = 256;

/// The inner product of one element type on one instruction-set path.
#[derive(Clone, Copy)]
pub(crate) struct Kernel<T> {
    /// Columns of a panel and of `out`.
    pub width: usize,
    /// Computes a [`Job`].
    ///
    /// # Safety
    /// The processor has the path's instructions, and all of the job's addresses are valid.
    run: unsafe fn(&Job<T>),
    /// Computes a [`Turn`].
    ///
    /// # Safety
    /// As for `run`.
    turn: unsafe fn(&Turn<T>),
    /// Computes a [`minimal::Job`].
    ///
    /// # Safety
    /// As for `run`.
    transform: unsafe fn(&minimal::Job<T>),
}

macro_rules! kernels {
    ($type:ty, $portable:ident, $avx2:ident, $avx512:ident, $neon:ident) => {
        impl Kernel<$type> {
            pub fn of(path: Path) -> Self {
                match path.isa() {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => x86::$avx2::KERNEL,
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => x86::$avx512::KERNEL,
                    #[cfg(target_arch = "aarch64")]
                    Isa::Neon => neon::$neon::KERNEL,
                    _ => portable::$portable::KERNEL,
                }
            }
        }
    };
}

kernels!(f32, f32x4, f32x8, f32x16, f32x4);
kernels!(f64, f64x2, f64x4, f64x8, f64x2);

/// Most rows that one call of the inner product takes: their sums stay in the first-level cache.
pub(crate) const ROWS: usize = 96;

impl<T: Element> Kernel<T> {
    /// Computes out\[places\[j\] + v\] = Σₚ a\[rows\[j\] + taps\[p\]\] · panel\[p\]\[v\], or adds it if `add`.
    ///
    /// `panel` has a row of `width` for every tap. The sum runs over `taps` in order, in groups of [`DEPTH`]. Places are at
    /// least `width` apart.
    ///
    /// # Panics
    /// If an address lies outside its slice.
    #[expect(clippy::too_many_arguments, reason = "two operands and a result, each with its addresses")]
    pub fn accumulate(
        self,
        a: &[T],
        rows: Run<'_, usize>,
        taps: Run<'_, u32>,
        panel: &[T],
        out: &mut [T],
        places: Run<'_, usize>,
        add: bool,
    ) {
        let (rows, taps, places) = (rows.offsets(), taps.offsets(), places.offsets());
        assert!(add || !taps.is_empty(), "an empty sum is nothing to store");
        let (Some(&last_row), Some(&last_tap), Some(&last_place)) = (rows.last(), taps.last(), places.last()) else {
            return;
        };
        assert!(last_row.saturating_add(last_tap as usize) < a.len(), "a row or tap lies outside its operand");
        assert!(last_place.saturating_add(self.width - 1) < out.len(), "a place lies outside the output");
        assert!(
            places.len() == rows.len() && panel.len() / self.width >= taps.len(),
            "too few places or a short panel"
        );
        for (index, (taps, panel)) in taps.chunks(DEPTH).zip(panel.chunks(DEPTH * self.width)).enumerate() {
            let add = add || index > 0;
            let job = Job { a: a.as_ptr(), rows, taps, panel: panel.as_ptr(), out: out.as_mut_ptr(), places, add };
            // SAFETY: `Path` is made only for instructions that the processor has, and the largest address on each side, that
            // of the last of ascending offsets, was checked above: rows + taps within `a`, taps · width within `panel`, places + width within `out`.
            unsafe { (self.run)(&job) };
        }
    }

    /// Writes out\[j · `out_stride` + i\] = a\[i · stride + j\] for i < `rows`, j < `cols`.
    ///
    /// # Panics
    /// If an address lies outside a slice.
    pub fn transpose(self, a: &[T], stride: usize, (rows, cols): (usize, usize), out: &mut [T], out_stride: usize) {
        if rows == 0 || cols == 0 {
            return;
        }
        assert!(
            (rows - 1) * stride + cols <= a.len() && (cols - 1) * out_stride + rows <= out.len(),
            "too short to transpose"
        );
        let turn = Turn { from: a.as_ptr(), stride, rows, cols, to: out.as_mut_ptr(), out_stride };
        // SAFETY: `Path` is made only for instructions that the processor has, and the largest address on each side was
        // checked above.
        unsafe { (self.turn)(&turn) };
    }

    /// Transforms squares of numbers, `lanes` of them side by side, and adds a bias for every lane unless it is empty.
    ///
    /// # Panics
    /// If an address lies outside its slice, or `lanes` is no multiple of half the panel's width.
    #[expect(clippy::too_many_arguments, reason = "an operand and a result, each with its addresses")]
    pub fn transform(
        self,
        square: Square,
        (squares, lanes): (usize, usize),
        from: &[T],
        reads: Places<'_>,
        to: &mut [T],
        writes: Places<'_>,
        bias: &[T],
    ) {
        let (sides_in, sides_out) = square.sides();
        if squares == 0 || lanes == 0 {
            return;
        }
        let within = |places: Places<'_>, side: usize, len: usize| {
            places.most(squares, side * side).is_some_and(|most| most.saturating_add(lanes) <= len)
        };
        assert!(lanes.is_multiple_of(self.width / 2), "lanes must fill vectors");
        assert!(within(reads, sides_in, from.len()), "a square lies outside its operand");
        assert!(within(writes, sides_out, to.len()), "a square lies outside the output");
        assert!(bias.is_empty() || bias.len() >= lanes, "too short a bias");
        let job = minimal::Job {
            square,
            from: from.as_ptr(),
            reads,
            to: to.as_mut_ptr(),
            writes,
            squares,
            lanes,
            bias: if bias.is_empty() { std::ptr::null() } else { bias.as_ptr() },
            half: T::from_f64(0.5),
        };
        // SAFETY: `Path` is made only for instructions that the processor has, and the largest address on each side was
        // checked above.
        unsafe { (self.transform)(&job) };
    }
}
