use candle_core::{Result, Tensor};

use super::{Backend, backend, check_rank};
use crate::{KernelError, cpu, twin};

/// Every `stride`-th pixel along both axes, the first one included, with channels of zeros behind those of `x` until there are
/// `channels`: the shortcut without parameters where a residual network narrows its pictures and widens its channels (option A of
/// He et al., arXiv 1512.03385, section 4.2).
///
/// `x` is \[n, c, h, w\]; the result is \[n, channels, ⌈h / stride⌉, ⌈w / stride⌉\].
///
/// # Errors
/// If `x` is no batch of pictures, `stride` is 0, or `channels` are fewer than those of `x`.
pub fn subsample2d(x: &Tensor, stride: usize, channels: usize) -> Result<Tensor> {
    const OP: &str = "subsample2d";
    check_rank(OP, "x", "[n, c, h, w]", 4, x)?;
    if stride == 0 {
        Err(KernelError::Setting { op: OP, name: "stride", expected: "at least 1", found: "0".into() })?;
    }
    if channels < x.dims()[1] {
        let (expected, found) = ("at least those of x", channels.to_string());
        Err(KernelError::Setting { op: OP, name: "channels", expected, found })?;
    }
    match backend(x) {
        Backend::Cpu => cpu::subsample2d(x, stride, channels),
        Backend::Composed => twin::subsample2d(x, stride, channels),
    }
}
