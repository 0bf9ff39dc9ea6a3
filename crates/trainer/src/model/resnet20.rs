use candle_core::Tensor;
use lrscope_kernels::{add_relu, subsample2d};

use super::conv_norm::{ConvNorm, ConvNormParams, Fans};
use super::pooling::{average_all, pooled_all};
use super::{Linear, ModelError, Network, ParameterSet, Pass, Planes, Problem};

/// The residual network of 20 layers for CIFAR-10 (arXiv 1512.03385, section 4.2): `stem` 3×3×16, then three stages of three
/// blocks with 16, 32 and 64 channels, the mean over each plane, `fc` classes.
///
/// A block is `ReLU`(shortcut(x) + `second`(`first`(x))) of two 3×3 convolutions with batch normalisation, a `ReLU` between them.
/// The first block of the second and third stage halves the planes; its shortcut takes every other pixel and fills up with
/// channels of zeros (option A), so that shortcuts have no parameters. Convolutions start as in arXiv 1502.01852.
#[derive(Debug)]
pub struct ResNet20 {
    stem: ConvNorm,
    blocks: Vec<Block>,
    fc: Linear,
    /// What the mean is taken over.
    last: Planes,
}

#[derive(Debug)]
struct Block {
    first: ConvNorm,
    second: ConvNorm,
    stride: usize,
    channels: usize,
}

impl Block {
    fn new(set: &mut ParameterSet, name: &str, input: Planes, channels: usize) -> Result<Self, ModelError> {
        let stride = if input.channels == channels { 1 } else { 2 };
        let same = ConvNormParams::same(channels);
        let first = ConvNormParams { stride, ..same };
        let first = ConvNorm::new(set, &format!("{name}.first"), input, first, Fans::he)?;
        let second = ConvNormParams { relu: false, ..same };
        let second = ConvNorm::new(set, &format!("{name}.second"), first.output(), second, Fans::he)?;
        Ok(Self { first, second, stride, channels })
    }

    fn forward(&self, x: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let branch = self.second.forward(&self.first.forward(x, pass)?, pass)?;
        if self.stride == 1 {
            return Ok(add_relu(x, &branch)?);
        }
        Ok(add_relu(&subsample2d(x, self.stride, self.channels)?, &branch)?)
    }
}

impl ResNet20 {
    /// The network for these pictures and classes.
    ///
    /// # Errors
    /// When the pictures have no pixels.
    pub fn new(set: &mut ParameterSet, problem: Problem) -> Result<Self, ModelError> {
        let stem = ConvNorm::new(set, "stem", problem.planes(), ConvNormParams::same(16), Fans::he)?;
        let mut last = stem.output();
        let mut blocks = Vec::with_capacity(9);
        for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
            for number in 1..=3 {
                let block = Block::new(set, &format!("stage{}.block{number}", stage + 1), last, channels)?;
                last = block.second.output();
                blocks.push(block);
            }
        }
        let fc = Linear::new(set, "fc", pooled_all(last).values(), problem.classes)?;
        Ok(Self { stem, blocks, fc, last })
    }
}

impl Network for ResNet20 {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let x = self.stem.forward(input, pass)?;
        let x = self.blocks.iter().try_fold(x, |x, block| block.forward(&x, pass))?;
        self.fc.forward(&average_all(&x, self.last)?, pass)
    }
}
