use candle_core::Tensor;
use lrscope_kernels::add;

use super::conv_norm::{ConvNorm, ConvNormParams, Fans};
use super::pooling::{halve, halved_planes, pool_all, pooled_all};
use super::{Linear, ModelError, Network, ParameterSet, Pass, Planes, Problem};

/// The small residual network of fast CIFAR-10 trainings (D. Page, "How to train your ResNet"), with `w` channels at first. A
/// block is a 3×3 convolution padded by 1 without bias, batch normalisation and `ReLU`:
///
/// `block1` w; `block2` 2w, max-pool 2; x + `block4`(`block3`(x)); `block5` 4w, max-pool 2; `block6` 4w, max-pool 2;
/// x + `block8`(`block7`(x)); max-pool over all that is left (4×4 of 32×32); `fc` classes. Pictures need 8 rows and columns at
/// least.
#[derive(Debug)]
pub struct ResNet9 {
    block1: ConvNorm,
    block2: ConvNorm,
    block3: ConvNorm,
    block4: ConvNorm,
    block5: ConvNorm,
    block6: ConvNorm,
    block7: ConvNorm,
    block8: ConvNorm,
    /// What the last pooling takes.
    last: Planes,
    fc: Linear,
}

fn block(set: &mut ParameterSet, name: &str, input: Planes, outputs: usize) -> Result<ConvNorm, ModelError> {
    ConvNorm::new(set, name, input, ConvNormParams::same(outputs), Fans::uniform)
}

impl ResNet9 {
    /// The network for these pictures and classes.
    ///
    /// # Errors
    /// When the pictures are too small, or the width is 0 or too large.
    pub fn new(set: &mut ParameterSet, problem: Problem, width: u64) -> Result<Self, ModelError> {
        let width = usize::try_from(width).unwrap_or(usize::MAX);
        let (double, fourfold) = (width.saturating_mul(2), width.saturating_mul(4));
        let block1 = block(set, "block1", problem.planes(), width)?;
        let block2 = block(set, "block2", block1.output(), double)?;
        let block3 = block(set, "block3", halved_planes("block2", block2.output())?, double)?;
        let block4 = block(set, "block4", block3.output(), double)?;
        let block5 = block(set, "block5", block4.output(), fourfold)?;
        let block6 = block(set, "block6", halved_planes("block5", block5.output())?, fourfold)?;
        let block7 = block(set, "block7", halved_planes("block6", block6.output())?, fourfold)?;
        let block8 = block(set, "block8", block7.output(), fourfold)?;
        let last = block8.output();
        let fc = Linear::new(set, "fc", pooled_all(last).values(), problem.classes)?;
        Ok(Self { block1, block2, block3, block4, block5, block6, block7, block8, last, fc })
    }
}

impl Network for ResNet9 {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let x = self.block2.forward(&self.block1.forward(input, pass)?, pass)?;
        let x = halve(&x)?;
        let x = add(&x, &self.block4.forward(&self.block3.forward(&x, pass)?, pass)?)?;
        let x = halve(&self.block5.forward(&x, pass)?)?;
        let x = halve(&self.block6.forward(&x, pass)?)?;
        let x = add(&x, &self.block8.forward(&self.block7.forward(&x, pass)?, pass)?)?;
        self.fc.forward(&pool_all(&x, self.last)?, pass)
    }
}
