use candle_core::Tensor;
use lrscope_kernels::relu;

use super::{Dropout, Linear, ModelError, Network, ParameterSet, Pass, Problem};

/// Most hidden layers.
const MOST_LAYERS: usize = 64;

/// Fully connected layers `fc1`, `fc2`, … with `ReLU` and then dropout between them; the first takes the picture's values in a row.
#[derive(Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    dropout: f64,
}

impl Mlp {
    /// The network with hidden layers of these widths, none for a linear classifier, whose outputs are dropped with probability
    /// `dropout`.
    ///
    /// # Errors
    /// When a width is 0, there are too many parameters, or the probability is not below 1.
    pub fn new(set: &mut ParameterSet, problem: Problem, hidden: &[u64], dropout: f64) -> Result<Self, ModelError> {
        if hidden.len() > MOST_LAYERS {
            return Err(ModelError::Layers { found: hidden.len(), limit: MOST_LAYERS });
        }
        let mut layers = Vec::with_capacity(hidden.len() + 1);
        let mut inputs = problem.inputs();
        let hidden = hidden.iter().map(|&width| usize::try_from(width).unwrap_or(usize::MAX));
        for (index, outputs) in hidden.chain([problem.classes]).enumerate() {
            layers.push(Linear::new(set, &format!("fc{}", index + 1), inputs, outputs)?);
            inputs = outputs;
        }
        Dropout::new(0, dropout)?;
        Ok(Self { layers, dropout })
    }
}

impl Network for Mlp {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let mut x = input.clone();
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x, pass)?;
            if index + 1 < self.layers.len() {
                x = Dropout::new(index as u64, self.dropout)?.forward(&relu(&x)?, pass)?;
            }
        }
        Ok(x)
    }
}
