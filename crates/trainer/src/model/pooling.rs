use candle_core::Tensor;
use lrscope_kernels::{Pool2dParams, avg_pool2d, max_pool2d};

use super::layers::slid;
use super::{Conv2d, ModelError, Planes};

/// The size after 2×2 max-pooling behind `layer`; an odd last row or column is left out, as PyTorch does.
pub(super) fn halved(layer: &Conv2d) -> Result<Planes, ModelError> {
    halved_planes(&layer.name, layer.output())
}

/// As [`halved`], for any planes.
pub(super) fn halved_planes(layer: &str, planes: Planes) -> Result<Planes, ModelError> {
    slid(&format!("the pooling behind {layer}"), planes, (2, 2, 0))
}

/// 2×2 max-pooling.
pub(super) fn halve(input: &Tensor) -> Result<Tensor, ModelError> {
    Ok(max_pool2d(input, Pool2dParams::tiles(2))?)
}

/// Side of the largest square window in planes of this size.
fn square(planes: Planes) -> usize {
    planes.height.min(planes.width)
}

/// The size after [`pool_all`]: one pixel of square planes.
pub(super) fn pooled_all(planes: Planes) -> Planes {
    let side = square(planes).max(1);
    Planes { height: planes.height / side, width: planes.width / side, ..planes }
}

/// Max-pooling with the largest square window that fits planes of this size.
pub(super) fn pool_all(input: &Tensor, planes: Planes) -> Result<Tensor, ModelError> {
    Ok(max_pool2d(input, Pool2dParams::tiles(square(planes)))?)
}

/// Mean over the largest square window that fits planes of this size.
pub(super) fn average_all(input: &Tensor, planes: Planes) -> Result<Tensor, ModelError> {
    Ok(avg_pool2d(input, Pool2dParams::tiles(square(planes)))?)
}

/// Caffe's overlapping windows: 3×3, 2 apart, a last one hanging over the border. They leave as much as 2×2 tiles do.
pub(super) const OVERLAPPING: Pool2dParams = Pool2dParams { kernel: 3, stride: 2, padding: 0, ceil_mode: true };
