//! Plain loops, compiled once for every instruction-set path.

/// Defines `fn name<T: Element>(path, …)` whose body the compiler vectorises for the path's instructions.
///
/// Rust never fuses or reorders floating-point operations, so that such a loop gives the same bits on every path.
macro_rules! vectorised {
    ($(#[$meta:meta])* fn $name:ident<T>($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code, reason = "calls of functions compiled for instructions that the path was checked for")]
        fn $name<T: $crate::cpu::element::Element>(path: $crate::isa::Path, $($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body<T: $crate::cpu::element::Element>($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2<T: $crate::cpu::element::Element>($($arg: $type),*) $(-> $result)? {
                body($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
            fn avx512<T: $crate::cpu::element::Element>($($arg: $type),*) $(-> $result)? {
                body($($arg),*)
            }

            match path.isa() {
                // SAFETY: a `Path` is made only for instructions that this processor has.
                #[cfg(target_arch = "x86_64")]
                $crate::Isa::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::Isa::Avx512 => unsafe { avx512($($arg),*) },
                _ => body($($arg),*),
            }
        }
    };
}

pub(crate) use vectorised;
