//! 64-bit Arm. Tested on an emulated processor (`just neon`); no such machine has been at hand, so nothing is timed.

use std::arch::aarch64::{
    float32x4_t, float64x2_t, vaddq_f32, vaddq_f64, vdupq_n_f32, vdupq_n_f64, vfmaq_f32, vfmaq_f64, vld1q_f32,
    vld1q_f64, vmulq_f32, vmulq_f64, vst1q_f32, vst1q_f64, vsubq_f32, vsubq_f64,
};

use super::Kernel;
use super::minimal::{self, transform};
use super::tile::{Job, Vector, tiles};
use super::transpose::{Turn, turn};

macro_rules! neon {
    ($name:ident, $type:ty, $lanes:literal, $register:ty, $splat:ident, $load:ident, $store:ident, $mul_add:ident, $add:ident, $sub:ident, $mul:ident) => {
        #[expect(non_camel_case_types, reason = "the usual names of vector types")]
        #[derive(Clone, Copy)]
        pub struct $name($register);

        impl $name {
            pub const KERNEL: Kernel<$type> =
                Kernel { width: 2 * $lanes, run: Self::run, turn: Self::turn, transform: Self::transform };

            /// # Safety
            /// As for [`tiles`].
            #[target_feature(enable = "neon")]
            unsafe fn run(job: &Job<$type>) {
                // SAFETY: the caller's promise is the callee's.
                unsafe { tiles::<Self, 8>(job) }
            }

            /// # Safety
            /// As for [`turn`].
            #[target_feature(enable = "neon")]
            unsafe fn turn(job: &Turn<$type>) {
                // SAFETY: as above.
                unsafe { turn::<Self>(job) }
            }

            /// # Safety
            /// As for [`transform`].
            #[target_feature(enable = "neon")]
            unsafe fn transform(job: &minimal::Job<$type>) {
                // SAFETY: as above.
                unsafe { transform::<Self>(job) }
            }
        }

        impl Vector for $name {
            type Element = $type;
            const LANES: usize = $lanes;
            const SIDE: usize = 1;

            #[inline(always)]
            unsafe fn zero() -> Self {
                // SAFETY: every 64-bit Arm has these instructions.
                Self(unsafe { $splat(0.0) })
            }

            #[inline(always)]
            unsafe fn splat(from: *const $type) -> Self {
                // SAFETY: the caller vouches for one number at `from`.
                Self(unsafe { $splat(from.read()) })
            }

            #[inline(always)]
            unsafe fn load(from: *const $type) -> Self {
                // SAFETY: the caller vouches for the numbers at `from`.
                Self(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $type) {
                // SAFETY: the caller vouches for the room at `to`.
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, by: Self, to: Self) -> Self {
                // SAFETY: every 64-bit Arm has these instructions.
                Self(unsafe { $mul_add(to.0, self.0, by.0) })
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: every 64-bit Arm has these instructions.
                Self(unsafe { $add(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: every 64-bit Arm has these instructions.
                Self(unsafe { $sub(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn scaled(self, by: Self) -> Self {
                // SAFETY: every 64-bit Arm has these instructions.
                Self(unsafe { $mul(self.0, by.0) })
            }

            #[inline(always)]
            unsafe fn transpose(from: *const $type, stride: usize, to: *mut $type, out_stride: usize) {
                let _ = (stride, out_stride);
                // SAFETY: the caller vouches for the block, which is a single number.
                unsafe { to.write(from.read()) }
            }
        }
    };
}

neon!(f32x4, f32, 4, float32x4_t, vdupq_n_f32, vld1q_f32, vst1q_f32, vfmaq_f32, vaddq_f32, vsubq_f32, vmulq_f32);
neon!(f64x2, f64, 2, float64x2_t, vdupq_n_f64, vld1q_f64, vst1q_f64, vfmaq_f64, vaddq_f64, vsubq_f64, vmulq_f64);
