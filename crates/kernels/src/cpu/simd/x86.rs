//! AVX2 with fused multiply-add, and AVX-512.

use std::arch::x86_64::{
    __m256, __m256d, __m512, __m512d, _mm256_add_pd, _mm256_add_ps, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_loadu_pd,
    _mm256_loadu_ps, _mm256_mul_pd, _mm256_mul_ps, _mm256_permute2f128_pd, _mm256_permute2f128_ps, _mm256_set1_pd,
    _mm256_set1_ps, _mm256_setzero_pd, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_pd, _mm256_storeu_ps,
    _mm256_sub_pd, _mm256_sub_ps, _mm256_unpackhi_pd, _mm256_unpackhi_ps, _mm256_unpacklo_pd, _mm256_unpacklo_ps,
    _mm512_add_pd, _mm512_add_ps, _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_mul_pd,
    _mm512_mul_ps, _mm512_set1_pd, _mm512_set1_ps, _mm512_setzero_pd, _mm512_setzero_ps, _mm512_storeu_pd,
    _mm512_storeu_ps, _mm512_sub_pd, _mm512_sub_ps,
};

use super::Kernel;
use super::minimal::{self, transform};
use super::tile::{Job, Vector, tiles};
use super::transpose::{Turn, turn};

macro_rules! x86 {
    (
        $name:ident, $type:ty, $lanes:literal, $register:ty, $features:literal, $rows:literal,
        $zero:ident, $splat:ident, $load:ident, $store:ident, $mul_add:ident, $add:ident,
        $sub:ident, $mul:ident,
        $side:literal, $transpose:ident
    ) => {
        #[expect(non_camel_case_types, reason = "the usual names of vector types")]
        #[derive(Clone, Copy)]
        pub struct $name($register);

        impl $name {
            pub const KERNEL: Kernel<$type> =
                Kernel { width: 2 * $lanes, run: Self::run, turn: Self::turn, transform: Self::transform };

            /// # Safety
            /// As for [`tiles`], on a processor with these features.
            #[target_feature(enable = $features)]
            unsafe fn run(job: &Job<$type>) {
                // SAFETY: the caller's promise is the callee's.
                unsafe { tiles::<Self, $rows>(job) }
            }

            /// # Safety
            /// As for [`turn`], on a processor with these features.
            #[target_feature(enable = $features)]
            unsafe fn turn(job: &Turn<$type>) {
                // SAFETY: as above.
                unsafe { turn::<Self>(job) }
            }

            /// # Safety
            /// As for [`transform`], on a processor with these features.
            #[target_feature(enable = $features)]
            unsafe fn transform(job: &minimal::Job<$type>) {
                // SAFETY: as above.
                unsafe { transform::<Self>(job) }
            }
        }

        impl Vector for $name {
            type Element = $type;
            const LANES: usize = $lanes;
            const SIDE: usize = $side;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: the caller vouches for the instructions.
                Self(unsafe { $zero() })
            }

            #[inline(always)]
            unsafe fn splat(from: *const $type) -> Self {
                // SAFETY: the caller vouches for the instructions and for one number at `from`.
                Self(unsafe { $splat(from.read()) })
            }

            #[inline(always)]
            unsafe fn load(from: *const $type) -> Self {
                // SAFETY: the caller vouches for the instructions and for the numbers at `from`; the load needs no alignment.
                Self(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $type) {
                // SAFETY: the caller vouches for the instructions and for the room at `to`; the store needs no alignment.
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, by: Self, to: Self) -> Self {
                // SAFETY: the caller vouches for the instructions.
                Self(unsafe { $mul_add(self.0, by.0, to.0) })
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: the caller vouches for the instructions.
                Self(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: the caller vouches for the instructions.
                Self(unsafe { $sub(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn scaled(self, by: Self) -> Self {
                // SAFETY: the caller vouches for the instructions.
                Self(unsafe { $mul(self.0, by.0) })
            }

            #[inline(always)]
            unsafe fn transpose(from: *const $type, stride: usize, to: *mut $type, out_stride: usize) {
                // SAFETY: the caller vouches for the instructions and for rows and columns of the block.
                unsafe { $transpose(from, stride, to, out_stride) }
            }
        }
    };
}

// 6 rows of 2 vectors are 12 sums; with 2 panel vectors and a splat they fill 15 of 16 registers.
x86!(
    f32x8,
    f32,
    8,
    __m256,
    "avx2,fma",
    6,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    8,
    transpose_f32
);
x86!(
    f64x4,
    f64,
    4,
    __m256d,
    "avx2,fma",
    6,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_fmadd_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    4,
    transpose_f64
);
// 8 rows keep 16 sums, twice what the latency of two units needs, and leave the row addresses in general registers.
x86!(
    f32x16,
    f32,
    16,
    __m512,
    "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma",
    8,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    8,
    transpose_f32
);
x86!(
    f64x8,
    f64,
    8,
    __m512d,
    "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma",
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_fmadd_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    4,
    transpose_f64
);

/// Transposes 8×8 numbers.
///
/// # Safety
/// The processor has AVX2; 8 rows of 8 numbers can be read at `from`, `stride` apart, and written at `to`, `out_stride` apart.
#[inline(always)]
unsafe fn transpose_f32(from: *const f32, stride: usize, to: *mut f32, out_stride: usize) {
    // SAFETY: the caller vouches for the instructions and for rows 0 to 7 on both sides.
    unsafe {
        let mut rows = [_mm256_setzero_ps(); 8];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = _mm256_loadu_ps(from.add(i * stride));
        }
        let mut pairs = rows;
        for i in 0..4 {
            pairs[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
        }
        let mut fours = pairs;
        for (half, i) in [(0, 0), (0, 1), (4, 0), (4, 1)] {
            fours[half + 2 * i] = _mm256_shuffle_ps::<0x44>(pairs[half + i], pairs[half + i + 2]);
            fours[half + 2 * i + 1] = _mm256_shuffle_ps::<0xee>(pairs[half + i], pairs[half + i + 2]);
        }
        for j in 0..4 {
            _mm256_storeu_ps(to.add(j * out_stride), _mm256_permute2f128_ps::<0x20>(fours[j], fours[j + 4]));
            _mm256_storeu_ps(to.add((j + 4) * out_stride), _mm256_permute2f128_ps::<0x31>(fours[j], fours[j + 4]));
        }
    }
}

/// Transposes 4×4 numbers.
///
/// # Safety
/// The processor has AVX2; 4 rows of 4 numbers can be read at `from`, `stride` apart, and written at `to`, `out_stride` apart.
#[inline(always)]
unsafe fn transpose_f64(from: *const f64, stride: usize, to: *mut f64, out_stride: usize) {
    // SAFETY: the caller vouches for the instructions and for rows 0 to 3 on both sides.
    unsafe {
        let mut rows = [_mm256_setzero_pd(); 4];
        for (i, row) in rows.iter_mut().enumerate() {
            *row = _mm256_loadu_pd(from.add(i * stride));
        }
        let mut pairs = rows;
        for i in 0..2 {
            pairs[i] = _mm256_unpacklo_pd(rows[2 * i], rows[2 * i + 1]);
            pairs[i + 2] = _mm256_unpackhi_pd(rows[2 * i], rows[2 * i + 1]);
        }
        // Columns 0 and 2 come from the low pairs, 1 and 3 from the high ones.
        for j in 0..2 {
            let (upper, lower) = (pairs[2 * j], pairs[2 * j + 1]);
            _mm256_storeu_pd(to.add(j * out_stride), _mm256_permute2f128_pd::<0x20>(upper, lower));
            _mm256_storeu_pd(to.add((j + 2) * out_stride), _mm256_permute2f128_pd::<0x31>(upper, lower));
        }
    }
}
