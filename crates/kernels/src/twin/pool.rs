//! Pooling over gathered windows.

use candle_core::{D, DType, Device, Result, Tensor};

use super::windows::{Gathered, gather};
use crate::params::Windows;

pub(crate) fn max_pool2d(x: &Tensor, windows: Windows) -> Result<Tensor> {
    let (n, c, _, _) = x.dims4()?;
    let gathered = gather(x, windows)?;
    let winners = winners(&gathered)?;
    let maxima = gathered.pixels.gather(&winners, 2)?;
    maxima.reshape((n, c, windows.oh, windows.ow))
}

/// Place within every window \[n, c, 1, oh·ow\] of the last NaN, else of the first maximum: PyTorch's choice.
fn winners(gathered: &Gathered) -> Result<Tensor> {
    let pixels = gathered.pixels.detach();
    let gathered = Gathered { pixels: pixels.clone(), valid: gathered.valid.clone() };
    let taps = pixels.dim(2)?;
    let places = Tensor::arange(0u32, taps as u32, pixels.device())?.to_dtype(DType::F32)?.reshape((1, 1, taps, 1))?;
    let places = places.broadcast_as(pixels.shape())?;
    let nan = pixels.ne(&pixels)?;
    let ranked = nan.where_cond(&pixels.zeros_like()?.affine(0.0, f64::NEG_INFINITY)?, &pixels)?;
    let ranked = Gathered { pixels: ranked, valid: gathered.valid.clone() }.bordered(f64::NEG_INFINITY)?;
    let largest = ranked.eq(&ranked.max_keepdim(2)?.broadcast_as(pixels.shape())?)?;
    let never = places.zeros_like()?.affine(0.0, taps as f64)?;
    // NaN places are below −1, the later the lower, so that a minimum prefers the last NaN and then the first maximum.
    let order = largest.where_cond(&places, &never)?;
    let order = nan.where_cond(&places.affine(-1.0, -2.0)?, &order)?;
    let order = gathered.valid.where_cond(&order, &never)?.min_keepdim(2)?;
    order.lt(0.0)?.where_cond(&order.affine(-1.0, -2.0)?, &order)?.to_dtype(DType::U32)?.contiguous()
}

pub(crate) fn avg_pool2d(x: &Tensor, windows: Windows) -> Result<Tensor> {
    let (n, c, _, _) = x.dims4()?;
    let sums = gather(x, windows)?.bordered(0.0)?.sum(D::Minus2)?.reshape((n, c, windows.oh, windows.ow))?;
    let outputs = (0..windows.oh).flat_map(|oy| (0..windows.ow).map(move |ox| (oy, ox)));
    let areas: Vec<f64> = outputs.map(|(oy, ox)| windows.area(oy, ox) as f64).collect();
    let areas = Tensor::from_vec(areas, (1, 1, windows.oh, windows.ow), &Device::Cpu)?;
    sums.broadcast_div(&areas.to_dtype(x.dtype())?.to_device(x.device())?)
}
