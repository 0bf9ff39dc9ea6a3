use candle_core::Tensor;
use lrscope_kernels::relu;

use super::pooling::{halve, halved};
use super::{Conv2d, Linear, ModelError, Network, ParameterSet, Pass, Problem};

/// `LeNet` as PyTorch's and Caffe's MNIST examples have it, wider: `conv1` 5×5×32, max-pool 2, `conv2` 5×5×64, max-pool 2,
/// `fc1` 1024, `ReLU`, `fc2` classes. Pictures need 16 rows and columns at least.
#[derive(Debug)]
pub struct LeNet {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
}

impl LeNet {
    /// The network for these pictures and classes.
    ///
    /// # Errors
    /// When the pictures are too small.
    pub fn new(set: &mut ParameterSet, problem: Problem) -> Result<Self, ModelError> {
        let conv1 = Conv2d::new(set, "conv1", problem.planes(), 32, (5, 0))?;
        let conv2 = Conv2d::new(set, "conv2", halved(&conv1)?, 64, (5, 0))?;
        let fc1 = Linear::new(set, "fc1", halved(&conv2)?.values(), 1024)?;
        let fc2 = Linear::new(set, "fc2", 1024, problem.classes)?;
        Ok(Self { conv1, conv2, fc1, fc2 })
    }
}

impl Network for LeNet {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let x = halve(&self.conv1.forward(input, pass)?)?;
        let x = halve(&self.conv2.forward(&x, pass)?)?;
        let x = relu(&self.fc1.forward(&x, pass)?)?;
        self.fc2.forward(&x, pass)
    }
}
