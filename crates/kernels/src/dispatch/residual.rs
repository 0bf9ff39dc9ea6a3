use candle_core::{Result, Tensor};

use super::{Backend, backend, check_fit};
use crate::{cpu, twin};

/// a + b of one shape, without broadcasting: where two branches of a network meet.
///
/// # Errors
/// If the shapes differ.
pub fn add(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_fit("add", "a and b must have the same shape", a, b, a.dims() == b.dims())?;
    match backend(a) {
        Backend::Cpu => cpu::add(a, b),
        Backend::Composed => a + b,
    }
}

/// max(a + b, 0) of one shape: [`add`] and [`relu`](crate::relu) in one pass over memory. The gradient at 0 is 0.
///
/// # Errors
/// If the shapes differ.
pub fn add_relu(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check_fit("add_relu", "a and b must have the same shape", a, b, a.dims() == b.dims())?;
    match backend(a) {
        Backend::Cpu => cpu::add_relu(a, b),
        Backend::Composed => twin::add_relu(a, b),
    }
}
