//! The inner loop, written once for all vector types.

use std::slice;

/// One call of the inner loop; see [`super::Kernel::accumulate`].
pub(super) struct Job<'a, T> {
    pub a: *const T,
    pub rows: &'a [usize],
    pub taps: &'a [u32],
    pub panel: *const T,
    pub out: *mut T,
    pub places: &'a [usize],
    pub add: bool,
}

/// A vector register.
///
/// # Safety
/// Methods may be called only where the processor has the type's instructions; pointers must be valid for
/// [`LANES`](Self::LANES) numbers (one for [`splat`](Self::splat)), of any alignment.
pub(super) trait Vector: Copy {
    type Element;
    const LANES: usize;
    /// Side of the blocks that [`transpose`](Self::transpose) moves.
    const SIDE: usize;
    unsafe fn zero() -> Self;
    unsafe fn splat(from: *const Self::Element) -> Self;
    unsafe fn load(from: *const Self::Element) -> Self;
    unsafe fn store(self, to: *mut Self::Element);
    /// self · by + to.
    unsafe fn mul_add(self, by: Self, to: Self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    /// self · by.
    unsafe fn scaled(self, by: Self) -> Self;
    /// Moves a block of SIDE rows of SIDE numbers, `stride` apart, to as many columns.
    unsafe fn transpose(from: *const Self::Element, stride: usize, to: *mut Self::Element, out_stride: usize);
}

/// Computes a job in tiles of at most `MOST` rows, of as equal height as can be.
///
/// # Safety
/// As for [`tile`], over all rows of the job.
#[inline(always)]
pub(super) unsafe fn tiles<V: Vector, const MOST: usize>(job: &Job<V::Element>) {
    const { assert!(MOST <= 8, "no tile is higher than 8 rows") };
    let count = job.rows.len().div_ceil(MOST);
    let mut first = 0;
    for index in 0..count {
        let height = (job.rows.len() - first).div_ceil(count - index);
        // SAFETY: the rows first..first + height are within the job's, and the caller vouches for the rest.
        unsafe {
            match height {
                8 => tile::<V, 8>(job, first),
                7 => tile::<V, 7>(job, first),
                6 => tile::<V, 6>(job, first),
                5 => tile::<V, 5>(job, first),
                4 => tile::<V, 4>(job, first),
                3 => tile::<V, 3>(job, first),
                2 => tile::<V, 2>(job, first),
                _ => tile::<V, 1>(job, first),
            }
        }
        first += height;
    }
}

/// `ROWS` rows of a job, kept in registers over its whole depth.
///
/// # Safety
/// The processor has `V`'s instructions; `first + ROWS` rows and places exist; every row + tap lies within `a`; `panel` holds
/// two vectors for every tap, and `out` from every place on.
#[inline(always)]
unsafe fn tile<V: Vector, const ROWS: usize>(job: &Job<V::Element>, first: usize) {
    // SAFETY: every address below is one that the caller has vouched for.
    unsafe {
        let rows = slice::from_raw_parts(job.rows.as_ptr().add(first), ROWS);
        let places = slice::from_raw_parts(job.places.as_ptr().add(first), ROWS);
        let mut bases = [job.a; ROWS];
        for j in 0..ROWS {
            bases[j] = job.a.add(rows[j]);
        }
        let mut sums = [[V::zero(); 2]; ROWS];
        let mut panel = job.panel;
        for &tap in job.taps {
            let (left, right) = (V::load(panel), V::load(panel.add(V::LANES)));
            for j in 0..ROWS {
                let number = V::splat(bases[j].add(tap as usize));
                sums[j][0] = number.mul_add(left, sums[j][0]);
                sums[j][1] = number.mul_add(right, sums[j][1]);
            }
            panel = panel.add(2 * V::LANES);
        }
        for (j, sum) in sums.iter().enumerate() {
            for (half, &sum) in sum.iter().enumerate() {
                let to = job.out.add(places[j] + half * V::LANES);
                (if job.add { V::load(to).add(sum) } else { sum }).store(to);
            }
        }
    }
}
