use candle_core::Tensor;
use lrscope_runner::random::Stream;

use super::{ModelError, Pass};

/// Dropout: in training every number is 0 with a probability p, and divided by 1 − p otherwise; in evaluation nothing happens.
///
/// What is dropped follows from the run's seed, the pass and the layer's number alone, whatever the number of threads and
/// wherever the run was interrupted.
#[derive(Debug, Clone, Copy)]
pub struct Dropout {
    layer: u64,
    probability: f64,
}

impl Dropout {
    /// Dropout with a number that no other dropout of the network has.
    ///
    /// # Errors
    /// When the probability is not in [0, 1).
    pub fn new(layer: u64, probability: f64) -> Result<Self, ModelError> {
        if (0.0..1.0).contains(&probability) {
            return Ok(Self { layer, probability });
        }
        Err(ModelError::Probability(probability))
    }

    /// `input` with numbers dropped.
    pub fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        match pass.dropout(self.layer).filter(|_| self.probability > 0.0) {
            None => Ok(input.clone()),
            Some(stream) => {
                Ok(lrscope_kernels::dropout(input, self.flags(stream, input.elem_count()), self.probability)?)
            }
        }
    }

    /// Which of `count` numbers are kept: each by 32 bits of the stream, so that the probability is right to 2⁻³².
    fn flags(&self, mut stream: Stream, count: usize) -> Vec<bool> {
        let dropped = (self.probability * f64::from(u32::MAX)).round() as u32;
        let mut flags = Vec::with_capacity(count + 1);
        while flags.len() < count {
            let bits = stream.bits();
            flags.extend([bits as u32 >= dropped, (bits >> 32) as u32 >= dropped]);
        }
        flags.truncate(count);
        flags
    }
}
