use candle_core::Tensor;
use lrscope_kernels::relu;

use super::pooling::{halve, halved};
use super::{Conv2d, Linear, ModelError, Network, ParameterSet, Pass, Problem};

/// Caffe's `cifar10_quick` with max-pooling of 2×2 throughout: `conv1` 5×5×32 padded by 2, max-pool, `ReLU`; `conv2` 5×5×32
/// padded by 2, `ReLU`, max-pool; `conv3` 5×5×64 padded by 2, `ReLU`, max-pool; `fc1` 64; `fc2` classes, with nothing between
/// the last two. Pictures need 8 rows and columns at least.
#[derive(Debug)]
pub struct CaffeQuick {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    fc1: Linear,
    fc2: Linear,
}

impl CaffeQuick {
    /// The network for these pictures and classes.
    ///
    /// # Errors
    /// When the pictures are too small.
    pub fn new(set: &mut ParameterSet, problem: Problem) -> Result<Self, ModelError> {
        let conv1 = Conv2d::new(set, "conv1", problem.planes(), 32, (5, 2))?;
        let conv2 = Conv2d::new(set, "conv2", halved(&conv1)?, 32, (5, 2))?;
        let conv3 = Conv2d::new(set, "conv3", halved(&conv2)?, 64, (5, 2))?;
        let fc1 = Linear::new(set, "fc1", halved(&conv3)?.values(), 64)?;
        let fc2 = Linear::new(set, "fc2", 64, problem.classes)?;
        Ok(Self { conv1, conv2, conv3, fc1, fc2 })
    }
}

impl Network for CaffeQuick {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let x = relu(&halve(&self.conv1.forward(input, pass)?)?)?;
        let x = halve(&relu(&self.conv2.forward(&x, pass)?)?)?;
        let x = halve(&relu(&self.conv3.forward(&x, pass)?)?)?;
        self.fc2.forward(&self.fc1.forward(&x, pass)?, pass)
    }
}
