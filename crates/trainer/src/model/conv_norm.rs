use candle_core::Tensor;
use lrscope_kernels::{BatchNormParams, Conv2dParams, RunningStatistics, Statistics, batch_norm2d, conv2d};
use lrscope_runner::random::Stream;

use super::layers::{failed, slid};
use super::{ModelError, Parameter, ParameterSet, Pass, Planes};

/// Weight of a batch in the running statistics: PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// A convolution without bias, batch normalisation and, where asked for, `ReLU`: PyTorch's
/// `Conv2d(…, bias=False), BatchNorm2d(…), ReLU()`. The last two are one pass over memory.
#[derive(Debug)]
pub struct ConvNorm {
    name: String,
    weight: Parameter,
    norm: Norm,
    params: Conv2dParams,
    relu: bool,
    output: Planes,
}

#[derive(Debug)]
struct Norm {
    weight: Parameter,
    bias: Parameter,
    mean: Parameter,
    var: Parameter,
}

impl Norm {
    fn new(set: &mut ParameterSet, layer: &str, channels: usize) -> Result<Self, ModelError> {
        Ok(Self {
            weight: set.draw(format!("{layer}.weight"), &[channels], |_| 1.0)?,
            bias: set.draw(format!("{layer}.bias"), &[channels], |_| 0.0)?,
            mean: set.buffer(format!("{layer}.running_mean"), &[channels], 0.0)?,
            var: set.buffer(format!("{layer}.running_var"), &[channels], 1.0)?,
        })
    }

    fn forward(&self, input: &Tensor, pass: Pass, relu: bool) -> candle_core::Result<Tensor> {
        let running = RunningStatistics { mean: &self.mean.var, var: &self.var.var };
        let statistics = if pass.is_training() {
            Statistics::Batch { running: Some(running), momentum: MOMENTUM }
        } else {
            Statistics::Running(running)
        };
        let params = BatchNormParams { relu, ..BatchNormParams::default() };
        batch_norm2d(input, &self.weight.tensor(pass), &self.bias.tensor(pass), statistics, params)
    }
}

/// How a [`ConvNorm`] convolves, and what follows.
#[derive(Debug, Clone, Copy)]
pub struct ConvNormParams {
    /// Output channels.
    pub outputs: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels between the starts of neighbouring windows.
    pub stride: usize,
    /// Zero pixels added on each side.
    pub padding: usize,
    /// Whether `ReLU` follows the normalisation.
    pub relu: bool,
}

impl ConvNormParams {
    /// 3×3 with padding 1 and `ReLU`, which keeps the size of the planes.
    pub fn same(outputs: usize) -> Self {
        Self { outputs, kernel: 3, stride: 1, padding: 1, relu: true }
    }
}

impl ConvNorm {
    /// The layer `name` for planes of the size of `input`, with parameters `name.conv.weight` \[outputs, channels, kernel, kernel\],
    /// `name.norm.weight` and `name.norm.bias` \[outputs\], and buffers `name.norm.running_mean` and `name.norm.running_var`.
    /// `draw` gives the convolution's initial weights, from the random numbers and the number of inputs and outputs of one
    /// kernel (fan in and fan out); the normalisation starts as the identity.
    ///
    /// # Errors
    /// When the kernel does not fit, the name is taken or a size is 0 or too large.
    pub fn new(
        set: &mut ParameterSet,
        name: &str,
        input: Planes,
        params: ConvNormParams,
        draw: impl Fn(&mut Stream, Fans) -> f64,
    ) -> Result<Self, ModelError> {
        let ConvNormParams { outputs, kernel, stride, padding, relu } = params;
        let output = Planes { channels: outputs, ..slid(name, input, (kernel, stride, padding))? };
        let taps = kernel * kernel;
        let fans = Fans { inputs: input.channels.saturating_mul(taps), outputs: outputs.saturating_mul(taps) };
        let shape = [outputs, input.channels, kernel, kernel];
        let weight = set.draw(format!("{name}.conv.weight"), &shape, |stream| draw(stream, fans))?;
        let norm = Norm::new(set, &format!("{name}.norm"), outputs)?;
        Ok(Self { name: name.into(), weight, norm, params: Conv2dParams { stride, padding }, relu, output })
    }

    /// Size of the layer's answer.
    pub fn output(&self) -> Planes {
        self.output
    }

    /// The layer's answer, \[n, outputs, height', width'\], to \[n, channels, height, width\]. In training the running statistics
    /// move towards the batch's.
    ///
    /// # Errors
    /// When the input is not of that size, or training has one number a channel.
    pub fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let convolved = conv2d(input, &self.weight.tensor(pass), None, self.params);
        convolved.and_then(|x| self.norm.forward(&x, pass, self.relu)).map_err(failed(&self.name))
    }
}

/// Numbers that meet in one output of a kernel, and outputs that one input number goes into.
#[derive(Debug, Clone, Copy)]
pub struct Fans {
    /// Channels · kernel area.
    pub inputs: usize,
    /// Output channels · kernel area.
    pub outputs: usize,
}

impl Fans {
    /// PyTorch's default: uniform within ±1/√inputs.
    pub fn uniform(stream: &mut Stream, fans: Self) -> f64 {
        (2.0 * stream.uniform() - 1.0) / (fans.inputs as f64).sqrt()
    }

    /// He's (arXiv 1502.01852): normal with variance 2 / outputs, as `torchvision`'s residual networks start.
    pub fn he(stream: &mut Stream, fans: Self) -> f64 {
        stream.normal() * (2.0 / fans.outputs as f64).sqrt()
    }
}
