use candle_core::{DType, Device, Tensor, Var};
use lrscope_runner::random::{Purpose, Seed, Stream};

use super::{ModelError, Pass};

/// Most parameters in a network: 1 GiB of f32 weights.
const MOST_PARAMETERS: usize = 1 << 28;

/// A tensor that is trained, or carried along with those that are.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name in PyTorch's style, for example `"conv1.weight"`.
    pub name: String,
    /// The values.
    pub var: Var,
}

impl Parameter {
    /// The values as a forward pass should use them: outside training, off the graph, so that nothing is kept for a gradient.
    pub fn tensor(&self, pass: Pass) -> Tensor {
        if pass.is_training() { self.var.as_tensor().clone() } else { self.var.as_detached_tensor() }
    }
}

/// A network's parameters in the order in which they were made, with the random numbers that they start from.
///
/// Initial values are computed in f64 and rounded once, so that runs in f32 and f64 start from the same weights. The stream of
/// a parameter depends on the run's seed and the parameter's place alone.
#[derive(Debug)]
pub struct ParameterSet {
    seed: Seed,
    dtype: DType,
    device: Device,
    trained: Vec<Parameter>,
    buffers: Vec<Parameter>,
}

impl ParameterSet {
    /// An empty set.
    pub fn new(seed: Seed, dtype: DType, device: &Device) -> Self {
        Self { seed, dtype, device: device.clone(), trained: Vec::new(), buffers: Vec::new() }
    }

    /// The trained parameters, in order.
    pub fn trained(&self) -> &[Parameter] {
        &self.trained
    }

    /// What is saved with the parameters but not trained (running statistics), in order.
    pub fn buffers(&self) -> &[Parameter] {
        &self.buffers
    }

    /// Numbers in all trained parameters.
    pub fn count(&self) -> usize {
        self.trained.iter().map(|parameter| parameter.var.elem_count()).sum()
    }

    /// A trained parameter whose values `draw` takes from the parameter's own stream, one after another.
    ///
    /// # Errors
    /// When the name is taken or the shape empty or too large.
    pub fn draw(
        &mut self,
        name: impl Into<String>,
        shape: &[usize],
        mut draw: impl FnMut(&mut Stream) -> f64,
    ) -> Result<Parameter, ModelError> {
        let mut stream = Stream::new(self.seed, Purpose::Weights, 0, self.trained.len() as u64);
        let parameter = self.make(name.into(), shape, || draw(&mut stream))?;
        self.trained.push(parameter.clone());
        Ok(parameter)
    }

    /// A trained parameter, uniform in [−bound, bound).
    ///
    /// # Errors
    /// As [`draw`](Self::draw).
    pub fn uniform(&mut self, name: impl Into<String>, shape: &[usize], bound: f64) -> Result<Parameter, ModelError> {
        self.draw(name, shape, |stream| bound * (2.0 * stream.uniform() - 1.0))
    }

    /// A buffer: saved and loaded, changed by the network's own forward pass (`Var::set`), not by the optimizer.
    ///
    /// # Errors
    /// As [`draw`](Self::draw).
    pub fn buffer(&mut self, name: impl Into<String>, shape: &[usize], value: f64) -> Result<Parameter, ModelError> {
        let parameter = self.make(name.into(), shape, || value)?;
        self.buffers.push(parameter.clone());
        Ok(parameter)
    }

    fn make(&self, name: String, shape: &[usize], value: impl FnMut() -> f64) -> Result<Parameter, ModelError> {
        if self.trained.iter().chain(&self.buffers).any(|other| other.name == name) {
            return Err(ModelError::SameName(name));
        }
        let count = shape.iter().try_fold(1_usize, |count, side| count.checked_mul(*side));
        let left = MOST_PARAMETERS - self.count();
        let Some(count) = count.filter(|count| (1..=left).contains(count)) else {
            return Err(ModelError::Size { name, shape: shape.to_vec(), limit: MOST_PARAMETERS });
        };
        let values: Vec<f64> = std::iter::repeat_with(value).take(count).collect();
        // Rounded on the host: Metal has no f64.
        let values = Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(self.dtype)?;
        let var = Var::from_tensor(&values.to_device(&self.device)?)?;
        Ok(Parameter { name, var })
    }
}
