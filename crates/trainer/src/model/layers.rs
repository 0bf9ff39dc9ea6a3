use candle_core::Tensor;
use lrscope_kernels::{Conv2dParams, conv2d, flatten, linear};

use super::{ModelError, Parameter, ParameterSet, Pass, Planes};

/// Where a layer's weight and bias start.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// PyTorch's default: both uniform within ±1/√(inputs of one output), which is what `kaiming_uniform_` with a = √5 comes to
    /// for the weight.
    Uniform,
    /// Caffe's `gaussian` filler: the weight normal with this standard deviation, the bias 0.
    Normal(f64),
}

fn weight_and_bias(
    set: &mut ParameterSet,
    layer: &str,
    shape: &[usize],
    start: Start,
) -> Result<(Parameter, Parameter), ModelError> {
    let fan_in: usize = shape.iter().skip(1).fold(1, |fan, side| fan.saturating_mul(*side));
    let bound = 1.0 / (fan_in as f64).sqrt();
    let (weight, bias) = (format!("{layer}.weight"), format!("{layer}.bias"));
    Ok(match start {
        Start::Uniform => (set.uniform(weight, shape, bound)?, set.uniform(bias, &shape[..1], bound)?),
        Start::Normal(deviation) => {
            (set.draw(weight, shape, |stream| deviation * stream.normal())?, set.draw(bias, &shape[..1], |_| 0.0)?)
        }
    })
}

pub(super) fn failed(layer: &str) -> impl FnOnce(candle_core::Error) -> ModelError + use<> {
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
        Self::starting(set, name, (inputs, outputs), Start::Uniform)
    }

    /// As [`new`](Self::new) for (inputs, outputs), with a start of one's own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn starting(
        set: &mut ParameterSet,
        name: &str,
        (inputs, outputs): (usize, usize),
        start: Start,
    ) -> Result<Self, ModelError> {
        let (weight, bias) = weight_and_bias(set, name, &[outputs, inputs], start)?;
        let name = name.into();
        Ok(Self { name, weight, bias })
    }

    /// The layer's answer, \[n, outputs\], to \[n, …\] with `inputs` values an example.
    pub fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let bias = self.bias.tensor(pass);
        let answer = flatten(input).and_then(|flat| linear(&flat, &self.weight.tensor(pass), Some(&bias)));
        answer.map_err(failed(&self.name))
    }
}

/// A convolution with stride 1.
#[derive(Debug)]
pub struct Conv2d {
    pub(super) name: String,
    weight: Parameter,
    bias: Parameter,
    params: Conv2dParams,
    output: Planes,
}

impl Conv2d {
    /// The layer `name` with parameters `name.weight` \[outputs, channels, kernel, kernel\] and `name.bias` \[outputs\], for
    /// planes of the size of `input`.
    ///
    /// # Errors
    /// When the kernel does not fit, the name is taken or a size is 0 or too large.
    pub fn new(
        set: &mut ParameterSet,
        name: &str,
        input: Planes,
        outputs: usize,
        window: (usize, usize),
    ) -> Result<Self, ModelError> {
        Self::starting(set, name, input, outputs, window, Start::Uniform)
    }

    /// As [`new`](Self::new), with a start of one's own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn starting(
        set: &mut ParameterSet,
        name: &str,
        input: Planes,
        outputs: usize,
        (kernel, padding): (usize, usize),
        start: Start,
    ) -> Result<Self, ModelError> {
        let output = slid(name, input, (kernel, 1, padding))?;
        let (weight, bias) = weight_and_bias(set, name, &[outputs, input.channels, kernel, kernel], start)?;
        let params = Conv2dParams { stride: 1, padding };
        let output = Planes { channels: outputs, ..output };
        Ok(Self { name: name.into(), weight, bias, params, output })
    }

    /// Size of the layer's answer.
    pub fn output(&self) -> Planes {
        self.output
    }

    /// The layer's answer, \[n, outputs, height', width'\], to \[n, channels, height, width\].
    pub fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let bias = self.bias.tensor(pass);
        conv2d(input, &self.weight.tensor(pass), Some(&bias), self.params).map_err(failed(&self.name))
    }
}

/// The size that a window of `kernel` × `kernel` leaves of planes padded on all sides.
pub(super) fn slid(
    layer: &str,
    input: Planes,
    (kernel, stride, padding): (usize, usize, usize),
) -> Result<Planes, ModelError> {
    let (height, width) = (input.height + 2 * padding, input.width + 2 * padding);
    if height < kernel || width < kernel {
        return Err(ModelError::TooSmall { layer: layer.into(), kernel, height, width });
    }
    Ok(Planes { height: (height - kernel) / stride + 1, width: (width - kernel) / stride + 1, ..input })
}
