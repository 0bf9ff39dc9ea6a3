//! Local response normalisation by shifted sums.

use candle_core::{Result, Tensor};

use crate::{LocalResponseNormParams, LrnRegion};

/// Twin of [`crate::local_response_norm`].
pub fn local_response_norm(x: &Tensor, params: LocalResponseNormParams) -> Result<Tensor> {
    let squares = x.sqr()?;
    let sums = match params.region {
        LrnRegion::AcrossChannels => along(&squares, 1, params)?,
        LrnRegion::WithinChannel => along(&along(&squares, 2, params)?, 3, params)?,
    };
    let scale = sums.affine(params.alpha / params.neighbours(), params.k)?;
    // s^−β as exp(−β ln s): candle's power by a constant has no gradient on every device.
    x * (scale.log()? * -params.beta)?.exp()?
}

/// Sums over the neighbours along one dimension.
fn along(x: &Tensor, dim: usize, params: LocalResponseNormParams) -> Result<Tensor> {
    let (before, after) = params.reach(false);
    let len = x.dims()[dim];
    // More zeros than there are numbers change nothing.
    let (before, after) = (before.min(len), after.min(len));
    let padded = x.pad_with_zeros(dim, before, after)?;
    let shifted = (0..=before + after).map(|shift| padded.narrow(dim, shift, len));
    shifted.reduce(|sum, shifted| sum? + shifted?).unwrap_or_else(|| x.copy())
}
