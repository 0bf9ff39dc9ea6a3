//! Convolution as one matrix product over gathered windows.

use candle_core::{Result, Tensor};

use super::windows::gather;
use crate::params::Windows;

pub(crate) fn conv2d(x: &Tensor, w: &Tensor, bias: Option<&Tensor>, windows: Windows) -> Result<Tensor> {
    let (n, c, _, _) = x.dims4()?;
    let (o, _, kh, kw) = w.dims4()?;
    let (taps, outputs) = (c * kh * kw, windows.oh * windows.ow);
    let columns = gather(x, windows)?.bordered(0.0)?.permute((0, 3, 1, 2))?.reshape((n * outputs, taps))?;
    let product = columns.matmul(&w.reshape((o, taps))?.t()?)?;
    let product = bias.map_or(Ok(product.clone()), |bias| product.broadcast_add(bias))?;
    product.reshape((n, outputs, o))?.transpose(1, 2)?.reshape((n, o, windows.oh, windows.ow))
}
