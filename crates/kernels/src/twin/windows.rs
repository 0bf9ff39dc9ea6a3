//! The pixels under every window, gathered: the one building block of convolution and pooling.

use candle_core::{Device, Result, Tensor};

use crate::params::Windows;

/// Pixels of all windows: `pixels` \[n, c, kh·kw, oh·ow\], and where they are real, `valid` of the same shape (broadcast).
/// Border pixels hold some pixel of the picture, and are to be masked.
pub(super) struct Gathered {
    pub pixels: Tensor,
    pub valid: Tensor,
}

pub(super) fn gather(x: &Tensor, windows: Windows) -> Result<Gathered> {
    let (n, c, h, w) = x.dims4()?;
    let (places, valid) = places(windows);
    let (taps, outputs) = (windows.kh * windows.kw, windows.oh * windows.ow);
    let places = Tensor::from_vec(places, taps * outputs, x.device())?;
    let pixels = x.reshape((n, c, h * w))?.index_select(&places, 2)?.reshape((n, c, taps, outputs))?;
    let valid = Tensor::from_vec(valid, (1, 1, taps, outputs), &Device::Cpu)?.to_device(x.device())?;
    Ok(Gathered { valid: valid.broadcast_as(pixels.shape())?, pixels })
}

impl Gathered {
    /// The pixels with `value` on the border.
    pub fn bordered(&self, value: f64) -> Result<Tensor> {
        let border = self.pixels.zeros_like()?.affine(0.0, value)?;
        self.valid.where_cond(&self.pixels, &border)
    }
}

fn places(windows: Windows) -> (Vec<u32>, Vec<u8>) {
    let Windows { h, w, kh, kw, oh, ow, stride, padding } = windows;
    let mut places = Vec::with_capacity(kh * kw * oh * ow);
    let mut valid = Vec::with_capacity(places.capacity());
    for tap in 0..kh * kw {
        for output in 0..oh * ow {
            let y = Windows::pixel(h, output / ow, tap / kw, stride, padding);
            let x = Windows::pixel(w, output % ow, tap % kw, stride, padding);
            valid.push(u8::from(y.is_some() && x.is_some()));
            places.push((y.unwrap_or(0) * w + x.unwrap_or(0)) as u32);
        }
    }
    (places, valid)
}
