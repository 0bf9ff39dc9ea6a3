//! Vectors as arrays: the compiler maps them to whatever the target guarantees. Products are rounded before they are added.

use super::Kernel;
use super::minimal::{self, transform};
use super::tile::{Job, Vector, tiles};
use super::transpose::{Turn, turn};

macro_rules! portable {
    ($name:ident, $type:ty, $lanes:literal) => {
        #[expect(non_camel_case_types, reason = "the usual names of vector types")]
        #[derive(Clone, Copy)]
        pub struct $name([$type; $lanes]);

        impl $name {
            pub const KERNEL: Kernel<$type> =
                Kernel { width: 2 * $lanes, run: Self::run, turn: Self::turn, transform: Self::transform };

            /// # Safety
            /// As for [`tiles`].
            unsafe fn run(job: &Job<$type>) {
                // SAFETY: the caller's promise is the callee's; no instruction beyond the target's is needed.
                unsafe { tiles::<Self, 4>(job) }
            }

            /// # Safety
            /// As for [`turn`].
            unsafe fn turn(job: &Turn<$type>) {
                // SAFETY: as above.
                unsafe { turn::<Self>(job) }
            }

            /// # Safety
            /// As for [`transform`].
            unsafe fn transform(job: &minimal::Job<$type>) {
                // SAFETY: as above.
                unsafe { transform::<Self>(job) }
            }
        }

        impl Vector for $name {
            type Element = $type;
            const LANES: usize = $lanes;
            const SIDE: usize = $lanes;

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

            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                let mut difference = self;
                for lane in 0..$lanes {
                    difference.0[lane] -= other.0[lane];
                }
                difference
            }

            #[inline(always)]
            unsafe fn scaled(self, by: Self) -> Self {
                let mut product = self;
                for lane in 0..$lanes {
                    product.0[lane] *= by.0[lane];
                }
                product
            }

            #[inline(always)]
            unsafe fn transpose(from: *const $type, stride: usize, to: *mut $type, out_stride: usize) {
                // SAFETY: the caller vouches for rows and columns of the block.
                unsafe {
                    let mut rows = [[0.0; $lanes]; $lanes];
                    for i in 0..$lanes {
                        rows[i] = Self::load(from.add(i * stride)).0;
                    }
                    for j in 0..$lanes {
                        let mut column = [0.0; $lanes];
                        for i in 0..$lanes {
                            column[i] = rows[i][j];
                        }
                        Self(column).store(to.add(j * out_stride));
                    }
                }
            }
        }
    };
}

portable!(f32x4, f32, 4);
portable!(f64x2, f64, 2);
