//! The one inner product that all matrix products and convolutions come down to.
//!
//! out\[j\]\[v\] (+)= Σₚ a\[rows\[j\] + taps\[p\]\] · panel\[p\]\[v\]
//!
//! One operand is packed into a panel of as many columns as two vectors hold; the other is read where it lies, one number at a
//! time, at an address that splits into a part for the row and a part for the depth. A matrix of any strides is such an operand,
//! and so are the windows of a picture: convolutions need no gathered copy of them.

#![expect(unsafe_code, reason = "vector instructions and unchecked addresses in the innermost loop")]

mod multiversion;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use multiversion::vectorised;
use tile::Job;

use super::element::Element;
use crate::isa::{Isa, Path};

/// Depth between two visits to `out`: a panel of it fits the smallest first-level cache with room to spare. It is the same on
/// every machine, because it decides how sums are grouped.
const DEPTH: usize = 256;

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
}

macro_rules! kernels {
    ($type:ty, $portable:ident, $avx2:ident, $avx512:ident, $neon:ident) => {
        impl Kernel<$type> {
            pub fn of(path: Path) -> Self {
                match path.isa() {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => Self { width: 2 * x86::$avx2::LANES, run: x86::$avx2::run },
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => Self { width: 2 * x86::$avx512::LANES, run: x86::$avx512::run },
                    #[cfg(target_arch = "aarch64")]
                    Isa::Neon => Self { width: 2 * neon::$neon::LANES, run: neon::$neon::run },
                    _ => Self { width: 2 * portable::$portable::LANES, run: portable::$portable::run },
                }
            }
        }
    };
}

kernels!(f32, f32x4, f32x8, f32x16, f32x4);
kernels!(f64, f64x2, f64x4, f64x8, f64x2);

impl<T: Element> Kernel<T> {
    /// Computes out\[j\]\[v\] = Σₚ a\[rows\[j\] + taps\[p\]\] · panel\[p\]\[v\], or adds it to `out` if `add`.
    ///
    /// `panel` has a row of `width` for every tap, `out` one for every row. The sum runs over `taps` in order, in groups of [`DEPTH`].
    ///
    /// # Panics
    /// If an address lies outside `a`, or a length does not fit.
    pub fn accumulate(self, a: &[T], rows: &[usize], taps: &[u32], panel: &[T], out: &mut [T], add: bool) {
        let (Some(row), Some(tap)) = (rows.iter().max(), taps.iter().max()) else {
            if !add {
                out.fill(T::zero());
            }
            return;
        };
        assert!(
            row.checked_add(*tap as usize).is_some_and(|last| last < a.len()),
            "a row or tap lies outside its operand"
        );
        assert!(
            panel.len() >= taps.len() * self.width && out.len() >= rows.len() * self.width,
            "panel or output too short"
        );
        for (index, (taps, panel)) in taps.chunks(DEPTH).zip(panel.chunks(DEPTH * self.width)).enumerate() {
            let job =
                Job { a: a.as_ptr(), rows, taps, panel: panel.as_ptr(), out: out.as_mut_ptr(), add: add || index > 0 };
            // SAFETY: `Path` is made only for instructions that the processor has, and the largest address on each side was
            // checked above: rows + taps within `a`, taps · width within `panel`, rows · width within `out`.
            unsafe { (self.run)(&job) };
        }
    }
}
