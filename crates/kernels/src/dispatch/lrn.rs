use candle_core::{Result, Tensor};

use super::{Backend, backend, check_rank, check_setting};
use crate::{KernelError, LocalResponseNormParams, LrnRegion, cpu, twin};

/// Local response normalisation: y = x / (k + α / N · Σ x²)^β, the sum over a neighbourhood of N numbers, where those beyond the
/// border count as 0 (Krizhevsky et al., 2012, section 3.3; PyTorch's `LocalResponseNorm` and Caffe's `LRN` layer).
///
/// `x` is \[n, c, h, w\].
///
/// # Errors
/// If `x` is no batch of pictures, the size is 0 or, within a channel, even, or a setting is not finite.
pub fn local_response_norm(x: &Tensor, params: LocalResponseNormParams) -> Result<Tensor> {
    const OP: &str = "local_response_norm";
    check_rank(OP, "x", "[n, c, h, w]", 4, x)?;
    let LocalResponseNormParams { region, size, alpha, beta, k } = params;
    let (expected, fits) = match region {
        LrnRegion::AcrossChannels => ("at least 1", size > 0),
        LrnRegion::WithinChannel => ("odd", size % 2 == 1),
    };
    if !fits {
        Err(KernelError::Setting { op: OP, name: "size", expected, found: size.to_string() })?;
    }
    for (name, number) in [("alpha", alpha), ("beta", beta), ("k", k)] {
        check_setting(OP, name, "finite", number, number.is_finite())?;
    }
    match backend(x) {
        Backend::Cpu => cpu::local_response_norm(x, params),
        Backend::Composed => twin::local_response_norm(x, params),
    }
}
