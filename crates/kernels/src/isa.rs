//! Which instructions the CPU kernels use. Results are the same to the bit within one path, never promised across paths.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::KernelError;

/// An instruction-set path through the CPU kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isa {
    /// What the target guarantees, without run-time detection.
    Portable,
    /// x86-64 with AVX2 and fused multiply-add.
    Avx2,
    /// x86-64 with AVX-512 F, VL, BW and DQ.
    Avx512,
    /// 64-bit Arm.
    Neon,
}

impl Isa {
    const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Neon];

    /// The fastest path that this processor can run.
    pub fn detect() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// Every path that this processor can run, slowest first; [`Isa::Portable`] is always among them.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|isa| isa.runs_here()).collect()
    }

    #[cfg(target_arch = "x86_64")]
    fn runs_here(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Avx512 => {
                Self::Avx2.runs_here()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            Self::Neon => false,
        }
    }

    #[cfg(target_arch = "aarch64")]
    fn runs_here(self) -> bool {
        matches!(self, Self::Portable | Self::Neon)
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    fn runs_here(self) -> bool {
        self == Self::Portable
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
        })
    }
}

impl FromStr for Isa {
    type Err = KernelError;

    fn from_str(word: &str) -> Result<Self, KernelError> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.to_string() == word)
            .ok_or_else(|| KernelError::IsaUnknown { word: word.to_owned() })
    }
}

static PROCESS: OnceLock<Isa> = OnceLock::new();

thread_local! {
    static SCOPED: Cell<Option<Isa>> = const { Cell::new(None) };
}

/// Fixes the path for the whole process; to be called before the first operation.
///
/// # Errors
/// If this processor lacks `isa`, or if another path is already in use.
pub fn force_isa(isa: Isa) -> Result<(), KernelError> {
    check(isa)?;
    let current = *PROCESS.get_or_init(|| isa);
    if current == isa { Ok(()) } else { Err(KernelError::IsaFixed { wanted: isa, current }) }
}

/// The path that operations started by this thread take: the one [forced](force_isa), else the [detected](Isa::detect) one.
pub fn current_isa() -> Isa {
    SCOPED.get().unwrap_or_else(|| *PROCESS.get_or_init(Isa::detect))
}

/// Proof that a path was checked against this processor: what the kernels take instead of an [`Isa`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path(Isa);

impl Path {
    pub fn current() -> Self {
        Self(current_isa())
    }

    pub fn isa(self) -> Isa {
        self.0
    }
}

/// Runs `work` with `isa` for the operations that this thread starts meanwhile: for tests and measurements of one path.
///
/// # Errors
/// If this processor lacks `isa`.
pub fn with_isa<T>(isa: Isa, work: impl FnOnce() -> T) -> Result<T, KernelError> {
    struct Restore(Option<Isa>);
    impl Drop for Restore {
        fn drop(&mut self) {
            SCOPED.set(self.0);
        }
    }
    check(isa)?;
    let _restore = Restore(SCOPED.replace(Some(isa)));
    Ok(work())
}

fn check(isa: Isa) -> Result<(), KernelError> {
    if isa.runs_here() { Ok(()) } else { Err(KernelError::IsaMissing { wanted: isa, available: Isa::available() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_paths_match() {
        for isa in Isa::ALL {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
        assert_eq!("sse9".parse::<Isa>(), Err(KernelError::IsaUnknown { word: "sse9".into() }));
    }

    #[test]
    fn a_missing_path_is_refused_by_name() {
        let missing =
            Isa::ALL.into_iter().find(|isa| !Isa::available().contains(isa)).expect("no processor has all paths");
        let error = with_isa(missing, || ()).expect_err("it is missing");
        let message = error.to_string();
        assert!(message.contains(&missing.to_string()) && message.contains("portable"), "{message}");
    }

    #[test]
    fn a_scope_ends_even_by_a_panic() {
        let before = current_isa();
        with_isa(Isa::Portable, || assert_eq!(current_isa(), Isa::Portable)).expect("always there");
        let caught = std::panic::catch_unwind(|| with_isa(Isa::Portable, || panic!("on purpose")));
        assert!(caught.is_err());
        assert_eq!(current_isa(), before);
    }
}
