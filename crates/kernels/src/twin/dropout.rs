//! Dropout as a product with a mask.

use candle_core::{Device, Result, Tensor};

/// Twin of [`crate::dropout`].
pub fn dropout(x: &Tensor, kept: &[bool], probability: f64) -> Result<Tensor> {
    dropout_in(x, kept, 1.0 / (1.0 - probability))
}

pub(crate) fn dropout_in(x: &Tensor, kept: &[bool], scale: f64) -> Result<Tensor> {
    let flags: Vec<u8> = kept.iter().map(|&kept| u8::from(kept)).collect();
    let flags = Tensor::from_vec(flags, x.dims(), &Device::Cpu)?.to_device(x.device())?;
    x * flags.to_dtype(x.dtype())?.affine(scale, 0.0)?
}
