//! Vectors as arrays: the compiler maps them to whatever the target guarantees. Products are rounded before they are added.

use super::tile::{Job, Vector, tiles};

macro_rules! portable {
    ($name:ident, $type:ty, $lanes:literal) => {
        #[expect(non_camel_case_types, reason = "the usual names of vector types")]
        #[derive(Clone, Copy)]
        pub struct $name([$type; $lanes]);

        impl $name {
            pub const LANES: usize = $lanes;

            /// # Safety
            /// As for [`tiles`].
            pub unsafe fn run(job: &Job<$type>) {
                // SAFETY: the caller's promise is the callee's; no instruction beyond the target's is needed.
                unsafe { tiles::<Self, 4>(job) }
            }
        }

        impl Vector for $name {
            type Element = $type;
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn zero() -> Self {
                Self([0.0; $lanes])
            }

            #[inline(always)]
            unsafe fn splat(from: *const $type) -> Self {
                // SAFETY: the caller vouches for one number at `from`.
                Self([unsafe { from.read() }; $lanes])
            }

            #[inline(always)]
            unsafe fn load(from: *const $type) -> Self {
                // SAFETY: the caller vouches for the numbers at `from`; an array has its element's alignment.
                Self(unsafe { from.cast::<[$type; $lanes]>().read_unaligned() })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $type) {
                // SAFETY: the caller vouches for the room at `to`.
                unsafe { to.cast::<[$type; $lanes]>().write_unaligned(self.0) }
            }

            #[inline(always)]
            unsafe fn mul_add(self, by: Self, to: Self) -> Self {
                let mut sum = to;
                for lane in 0..$lanes {
                    sum.0[lane] += self.0[lane] * by.0[lane];
                }
                sum
            }

            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                let mut sum = self;
                for lane in 0..$lanes {
                    sum.0[lane] += other.0[lane];
                }
                sum
            }
        }
    };
}

portable!(f32x4, f32, 4);
portable!(f64x2, f64, 2);
