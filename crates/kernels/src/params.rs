//! Window parameters and the output sizes that follow from them, as in PyTorch.

use crate::KernelError;

/// Stride and zero padding of a convolution, the same along both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2dParams {
    /// Pixels between the starts of neighbouring windows.
    pub stride: usize,
    /// Zero pixels added on each side.
    pub padding: usize,
}

impl Default for Conv2dParams {
    fn default() -> Self {
        Self { stride: 1, padding: 0 }
    }
}

/// Window of a pooling operation, the same along both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pool2dParams {
    /// Side of the square window.
    pub kernel: usize,
    /// Pixels between the starts of neighbouring windows.
    pub stride: usize,
    /// Pixels added on each side: −∞ under a maximum, 0 under a mean. At most half the kernel.
    pub padding: usize,
    /// Keeps a last window that hangs over the border, as long as it starts inside the picture or its left border.
    pub ceil_mode: bool,
}

impl Pool2dParams {
    /// Windows side by side: stride equal to `kernel`, no padding.
    pub fn tiles(kernel: usize) -> Self {
        Self { kernel, stride: kernel, padding: 0, ceil_mode: false }
    }
}

/// Where the windows of one operation lie over pictures of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Windows {
    /// Picture height and width.
    pub h: usize,
    pub w: usize,
    /// Kernel height and width.
    pub kh: usize,
    pub kw: usize,
    /// Output height and width.
    pub oh: usize,
    pub ow: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Windows {
    pub fn conv(picture: (usize, usize), kernel: (usize, usize), params: Conv2dParams) -> Result<Self, KernelError> {
        Self::new("conv2d", picture, kernel, (params.stride, params.padding), false)
    }

    pub fn pool(op: &'static str, picture: (usize, usize), params: Pool2dParams) -> Result<Self, KernelError> {
        let kernel = (params.kernel, params.kernel);
        if params.padding > params.kernel / 2 {
            let what = "padding must be at most half the kernel";
            return Err(KernelError::Window { op, what, kernel, stride: params.stride, padding: params.padding });
        }
        Self::new(op, picture, kernel, (params.stride, params.padding), params.ceil_mode)
    }

    fn new(
        op: &'static str,
        picture: (usize, usize),
        kernel: (usize, usize),
        (stride, padding): (usize, usize),
        ceil_mode: bool,
    ) -> Result<Self, KernelError> {
        let largest = picture.0.max(picture.1).max(kernel.0).max(kernel.1).max(stride).max(padding);
        if kernel.0 == 0 || kernel.1 == 0 || stride == 0 || largest > LARGEST_SIDE {
            let what = "kernel and stride must be at least 1, and every side at most 1048576";
            return Err(KernelError::Window { op, what, kernel, stride, padding });
        }
        let size = |side: usize, kernel: usize| {
            // Rounded up, so that even a picture smaller than the window can have one.
            let extra = if ceil_mode { stride - 1 } else { 0 };
            let room = (side + 2 * padding + extra).checked_sub(kernel).filter(|_| side > 0)?;
            let count = room / stride + 1;
            // A window that would start in the right border sees no pixel at all.
            let overhangs = ceil_mode && (count - 1) * stride >= side + padding;
            Some(count - usize::from(overhangs))
        };
        match (size(picture.0, kernel.0), size(picture.1, kernel.1)) {
            (Some(oh), Some(ow)) => {
                Ok(Self { h: picture.0, w: picture.1, kh: kernel.0, kw: kernel.1, oh, ow, stride, padding })
            }
            _ => Err(KernelError::TooSmall { op, kernel, picture, padding }),
        }
    }

    /// Pixels of a picture under the kernel row or column `k` of window `o`, or `None` where that is border.
    pub fn pixel(side: usize, o: usize, k: usize, stride: usize, padding: usize) -> Option<usize> {
        (o * stride + k).checked_sub(padding).filter(|&at| at < side)
    }

    /// Number of pixels, border included, that the mean over window (`oy`, `ox`) divides by (PyTorch's `count_include_pad`):
    /// what hangs over the border in ceil mode does not count.
    pub fn area(&self, oy: usize, ox: usize) -> usize {
        let along =
            |side: usize, o: usize, k: usize| (o * self.stride + k).min(side + 2 * self.padding) - o * self.stride;
        along(self.h, oy, self.kh) * along(self.w, ox, self.kw)
    }
}

const LARGEST_SIDE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_pytorchs() {
        let size = |side, kernel, stride, padding, ceil_mode| {
            let params = Pool2dParams { kernel, stride, padding, ceil_mode };
            Windows::pool("max_pool2d", (side, side), params).map(|windows| windows.oh)
        };
        assert_eq!(size(32, 3, 2, 0, false), Ok(15));
        assert_eq!(size(32, 3, 2, 0, true), Ok(16));
        assert_eq!(size(2, 3, 2, 0, true), Ok(1));
        assert!(size(1, 3, 2, 0, true).is_err() && size(2, 3, 2, 0, false).is_err());
        assert_eq!(size(3, 2, 2, 1, true), Ok(2), "the third window would start in the border");
        assert_eq!(size(1, 1, 1, 0, false), Ok(1));
        assert!(matches!(size(2, 3, 1, 0, true), Err(KernelError::TooSmall { .. })));
        assert!(matches!(size(2, 2, 0, 0, true), Err(KernelError::Window { .. })));
        assert!(matches!(size(9, 3, 1, 2, true), Err(KernelError::Window { .. })));
    }
}
