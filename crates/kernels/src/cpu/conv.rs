//! Convolution without gathered windows: all three products read pictures where they lie, bordered with zeros where needed.

mod backward_input;
mod backward_weights;
mod forward;
mod frame;
mod winograd;

pub(crate) use backward_input::backward_input;
pub(crate) use backward_weights::backward_weights;
pub(crate) use forward::forward;

use crate::params::Windows;

/// Sizes of one convolution: x \[n, c, h, w\], w \[o, c, kh, kw\], y \[n, o, oh, ow\].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub n: usize,
    pub c: usize,
    pub o: usize,
    pub windows: Windows,
}

impl Sizes {
    /// Numbers of one input picture.
    fn input(&self) -> usize {
        self.c * self.windows.h * self.windows.w
    }

    /// Numbers of one output picture.
    fn output(&self) -> usize {
        self.o * self.windows.oh * self.windows.ow
    }

    /// Numbers of one output channel's weights.
    fn weights(&self) -> usize {
        self.c * self.windows.kh * self.windows.kw
    }

    /// Multiplications of the whole convolution; each of the three products takes as many.
    fn work(&self) -> usize {
        self.n.saturating_mul(self.output()).saturating_mul(self.weights())
    }
}
