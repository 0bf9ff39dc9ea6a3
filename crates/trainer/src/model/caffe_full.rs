use candle_core::Tensor;
use lrscope_kernels::{LocalResponseNormParams, LrnRegion, avg_pool2d, local_response_norm, max_pool2d, relu};

use super::layers::Start;
use super::pooling::{OVERLAPPING, halved};
use super::{Conv2d, Linear, ModelError, Network, ParameterSet, Pass, Problem};

/// Caffe's `cifar10_full` (`examples/cifar10/cifar10_full_train_test.prototxt`), on which arXiv 1506.01186 trains: `conv1` 5×5×32
/// padded by 2, max-pool, `ReLU`, response normalisation; `conv2` 5×5×32 padded by 2, `ReLU`, average-pool, response
/// normalisation; `conv3` 5×5×64 padded by 2, `ReLU`, average-pool; `fc` classes.
///
/// Pooling is over 3×3 windows 2 apart, the last hanging over the border; response normalisation is within a channel over 3×3
/// pixels with α = 5e-5 and β = 0.75. Weights start as there, normal with deviation 0.0001 (`conv1`) and 0.01, which suits pixels
/// from 0 to 255 less their mean (`normalization = "mean_image"`). Pictures need 8 rows and columns at least.
#[derive(Debug)]
pub struct CaffeFull {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    fc: Linear,
}

const NORMALISATION: LocalResponseNormParams =
    LocalResponseNormParams { region: LrnRegion::WithinChannel, size: 3, alpha: 5e-5, beta: 0.75, k: 1.0 };

impl CaffeFull {
    /// The network for these pictures and classes.
    ///
    /// # Errors
    /// When the pictures are too small.
    pub fn new(set: &mut ParameterSet, problem: Problem) -> Result<Self, ModelError> {
        let (first, later) = (Start::Normal(1e-4), Start::Normal(1e-2));
        let conv1 = Conv2d::starting(set, "conv1", problem.planes(), 32, (5, 2), first)?;
        let conv2 = Conv2d::starting(set, "conv2", halved(&conv1)?, 32, (5, 2), later)?;
        let conv3 = Conv2d::starting(set, "conv3", halved(&conv2)?, 64, (5, 2), later)?;
        let inputs = halved(&conv3)?.values();
        let fc = Linear::starting(set, "fc", (inputs, problem.classes), later)?;
        Ok(Self { conv1, conv2, conv3, fc })
    }
}

impl Network for CaffeFull {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let x = relu(&max_pool2d(&self.conv1.forward(input, pass)?, OVERLAPPING)?)?;
        let x = self.conv2.forward(&local_response_norm(&x, NORMALISATION)?, pass)?;
        let x = avg_pool2d(&relu(&x)?, OVERLAPPING)?;
        let x = self.conv3.forward(&local_response_norm(&x, NORMALISATION)?, pass)?;
        self.fc.forward(&avg_pool2d(&relu(&x)?, OVERLAPPING)?, pass)
    }
}
