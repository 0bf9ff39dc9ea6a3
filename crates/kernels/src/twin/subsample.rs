//! Subsampling by gathering.

use candle_core::{Result, Tensor};

/// Twin of [`crate::subsample2d`].
pub fn subsample2d(x: &Tensor, stride: usize, channels: usize) -> Result<Tensor> {
    let (_, c, h, w) = x.dims4()?;
    let every = |side: usize| {
        let places: Vec<u32> = (0..side).step_by(stride).map(|place| place as u32).collect();
        Tensor::from_vec(places, side.div_ceil(stride), x.device())
    };
    let x = x.contiguous()?.index_select(&every(h)?, 2)?.index_select(&every(w)?, 3)?;
    if channels == c { Ok(x) } else { x.pad_with_zeros(1, 0, channels - c) }
}
