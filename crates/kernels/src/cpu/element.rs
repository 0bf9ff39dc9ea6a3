//! The two number types that the kernels work on.

use std::cell::RefCell;
use std::thread::LocalKey;

use candle_core::{CpuStorage, Result, WithDType, bail};

use super::simd::Kernel;
use crate::isa::Path;

/// f32 or f64.
pub(crate) trait Element: WithDType + Default {
    /// Buffers that this thread has given back, for [`super::scratch`].
    fn idle() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>>;

    /// The inner product kernel of an instruction-set path.
    fn kernel(path: Path) -> Kernel<Self>;

    /// The storage as mutable numbers.
    fn slice_mut(storage: &mut CpuStorage) -> Result<&mut [Self]>;

    fn sqrt(self) -> Self;

    /// The number in f64, and a number rounded from it: inlined into loops, as candle's own conversions are not promised to be.
    fn wide(self) -> f64;
    fn narrow(number: f64) -> Self;

    fn is_nan(self) -> bool;

    /// The number, or 0; without a branch, so that loops stay vectors.
    fn only_if(self, condition: bool) -> Self;
}

macro_rules! element {
    ($type:ty, $bits:ty, $variant:ident) => {
        impl Element for $type {
            fn idle() -> &'static LocalKey<RefCell<Vec<Vec<Self>>>> {
                thread_local! {
                    static IDLE: RefCell<Vec<Vec<$type>>> = const { RefCell::new(Vec::new()) };
                }
                &IDLE
            }

            fn kernel(path: Path) -> Kernel<Self> {
                Kernel::<$type>::of(path)
            }

            fn slice_mut(storage: &mut CpuStorage) -> Result<&mut [Self]> {
                match storage {
                    CpuStorage::$variant(numbers) => Ok(numbers),
                    _ => bail!("expected a tensor of {}", stringify!($type)),
                }
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }

            #[inline(always)]
            #[allow(clippy::unnecessary_cast, reason = "one of the two types is f64 itself")]
            fn wide(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            #[allow(clippy::unnecessary_cast, reason = "one of the two types is f64 itself")]
            fn narrow(number: f64) -> Self {
                number as Self
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }

            #[inline(always)]
            fn only_if(self, condition: bool) -> Self {
                Self::from_bits(self.to_bits() & <$bits>::from(condition).wrapping_neg())
            }
        }
    };
}

element!(f32, u32, F32);
element!(f64, u64, F64);
