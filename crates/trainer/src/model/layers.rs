use candle_core::Tensor;
use lrscope_kernels::{Conv2dParams, Pool2dParams, conv2d, linear, max_pool2d};

use super::{ModelError, Parameter, ParameterSet, Pass};

/// Weight and bias with PyTorch's default start: both uniform within ±1/√(inputs of one output), which is what
/// `kaiming_uniform_` with a = √5 comes to for the weight.
fn weight_and_bias(set: &mut ParameterSet, layer: &str, shape: &[usize]) -> Result<(Parameter, Parameter), ModelError> {
    let fan_in: usize = shape.iter().skip(1).fold(1, |fan, side| fan.saturating_mul(*side));
    let bound = 1.0 / (fan_in as f64).sqrt();
    let weight = set.uniform(format!("{layer}.weight"), shape, bound)?;
    let bias = set.uniform(format!("{layer}.bias"), &shape[..1], bound)?;
    Ok((weight, bias))
}

fn failed(layer: &str) -> impl FnOnce(candle_core::Error) -> ModelError + use<> {
    let layer = layer.to_owned();
    move |source| ModelError::Layer { layer, source }
}

/// A fully connected layer: x · weightᵀ + bias.
#[derive(Debug)]
pub struct Linear {
    name: String,
    weight: Parameter,
    bias: Parameter,
}

impl Linear {
    /// The layer `name` with parameters `name.weight` \[outputs, inputs\] and `name.bias` \[outputs\].
    ///
    /// # Errors
    /// When the name is taken or a size is 0 or too large.
    pub fn new(set: &mut ParameterSet, name: &str, inputs: usize, outputs: usize) -> Result<Self, ModelError> {
        let (weight, bias) = weight_and_bias(set, name, &[outputs, inputs])?;
        let name = name.into();
        Ok(Self { name, weight, bias })
    }

    /// The layer's answer, \[n, outputs\], to \[n, …\] with `inputs` values an example.
    pub fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let flat = if input.rank() > 2 { &input.flatten_from(1)? } else { input };
        let bias = self.bias.tensor(pass);
        linear(flat, &self.weight.tensor(pass), Some(&bias)).map_err(failed(&self.name))
    }
}

/// A convolution with stride 1.
#[derive(Debug)]
pub struct Conv2d {
    name: String,
    weight: Parameter,
    bias: Parameter,
    params: Conv2dParams,
}

impl Conv2d {
    /// The layer `name` with parameters `name.weight` \[outputs, channels, kernel, kernel\] and `name.bias` \[outputs\].
    /// `size` (channels, height, width) is what reaches the layer, and afterwards what leaves it.
    ///
    /// # Errors
    /// When the kernel does not fit, the name is taken or a size is 0 or too large.
    pub fn new(
        set: &mut ParameterSet,
        name: &str,
        size: &mut (usize, usize, usize),
        (outputs, kernel, padding): (usize, usize, usize),
    ) -> Result<Self, ModelError> {
        let (channels, height, width) = *size;
        let (height, width) = windows(name, (height, width), kernel, padding)?;
        let (weight, bias) = weight_and_bias(set, name, &[outputs, channels, kernel, kernel])?;
        *size = (outputs, height, width);
        Ok(Self { name: name.into(), weight, bias, params: Conv2dParams { stride: 1, padding } })
    }

    /// The layer's answer, \[n, outputs, height', width'\], to \[n, channels, height, width\].
    pub fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let bias = self.bias.tensor(pass);
        conv2d(input, &self.weight.tensor(pass), Some(&bias), self.params).map_err(failed(&self.name))
    }
}

/// Rows and columns of windows of a convolution with stride 1.
fn windows(
    layer: &str,
    (height, width): (usize, usize),
    kernel: usize,
    padding: usize,
) -> Result<(usize, usize), ModelError> {
    let (height, width) = (height + 2 * padding, width + 2 * padding);
    if height < kernel || width < kernel {
        return Err(ModelError::TooSmall { layer: layer.into(), kernel, height, width });
    }
    Ok((height - kernel + 1, width - kernel + 1))
}

/// The size after 2×2 max-pooling behind `layer`; an odd last row or column is left out, as PyTorch does.
pub(super) fn halved(
    layer: &str,
    (channels, height, width): (usize, usize, usize),
) -> Result<(usize, usize, usize), ModelError> {
    if height < 2 || width < 2 {
        return Err(ModelError::TooSmall { layer: format!("the pooling behind {layer}"), kernel: 2, height, width });
    }
    Ok((channels, height / 2, width / 2))
}

/// 2×2 max-pooling.
pub(super) fn halve(input: &Tensor) -> Result<Tensor, ModelError> {
    Ok(max_pool2d(input, Pool2dParams::tiles(2))?)
}
