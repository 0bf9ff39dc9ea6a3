//! AVX2 with fused multiply-add, and AVX-512.

use std::arch::x86_64::{
    __m256, __m256d, __m512, __m512d, _mm256_add_pd, _mm256_add_ps, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_loadu_pd,
    _mm256_loadu_ps, _mm256_set1_pd, _mm256_set1_ps, _mm256_setzero_pd, _mm256_setzero_ps, _mm256_storeu_pd,
    _mm256_storeu_ps, _mm512_add_pd, _mm512_add_ps, _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps,
    _mm512_set1_pd, _mm512_set1_ps, _mm512_setzero_pd, _mm512_setzero_ps, _mm512_storeu_pd, _mm512_storeu_ps,
};

use super::tile::{Job, Vector, tiles};

macro_rules! x86 {
    (
        $name:ident, $type:ty, $lanes:literal, $register:ty, $features:literal, $rows:literal,
        $zero:ident, $splat:ident, $load:ident, $store:ident, $mul_add:ident, $add:ident
    ) => {
        #[expect(non_camel_case_types, reason = "the usual names of vector types")]
        #[derive(Clone, Copy)]
        pub struct $name($register);

        impl $name {
            pub const LANES: usize = $lanes;

            /// # Safety
            /// As for [`tiles`], on a processor with these features.
            #[target_feature(enable = $features)]
            pub unsafe fn run(job: &Job<$type>) {
                // SAFETY: the caller's promise is the callee's.
                unsafe { tiles::<Self, $rows>(job) }
            }
        }

        impl Vector for $name {
            type Element = $type;
            const LANES: usize = $lanes;

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
    _mm256_add_ps
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
    _mm256_add_pd
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
    _mm512_add_ps
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
    _mm512_add_pd
);
