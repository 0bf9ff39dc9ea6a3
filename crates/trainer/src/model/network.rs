use candle_core::Tensor;
use lrscope_runner::random::{Purpose, Seed, Stream};

use super::ModelError;

/// A network: a function from pictures to logits.
///
/// Its parameters are made through the [`ParameterSet`](super::ParameterSet) that it is built with, which the learner keeps:
/// whatever was made there is trained, saved and loaded.
pub trait Network {
    /// Logits, \[n, classes\], of pictures, \[n, channels, height, width\].
    ///
    /// Everything random must come from `pass`, so that an interrupted run goes on with the same bits. `input` may not be kept:
    /// the next batch is written over it.
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError>;
}

/// What a network maps from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// Channels of a picture.
    pub channels: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Classes to tell apart.
    pub classes: usize,
}

/// Size of a stack of planes, one a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planes {
    /// Number of planes.
    pub channels: usize,
    /// Rows of a plane.
    pub height: usize,
    /// Columns of a plane.
    pub width: usize,
}

impl Planes {
    /// Values in the stack.
    pub fn values(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl Problem {
    /// A picture's size.
    pub fn planes(&self) -> Planes {
        Planes { channels: self.channels, height: self.height, width: self.width }
    }

    /// Values in a picture.
    pub fn inputs(&self) -> usize {
        self.planes().values()
    }
}

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass(Option<(Seed, u64)>);

impl Pass {
    /// A pass whose gradient is taken: number `number` of the run with this seed, from 0.
    pub fn training(seed: Seed, number: u64) -> Self {
        Self(Some((seed, number)))
    }

    /// A pass that only measures.
    pub fn evaluation() -> Self {
        Self(None)
    }

    /// Whether gradients are taken: dropout drops and batch statistics are used.
    pub fn is_training(self) -> bool {
        self.0.is_some()
    }

    /// The random numbers of a layer's dropout in this pass; absent in evaluation, where nothing is dropped.
    pub fn dropout(self, layer: u64) -> Option<Stream> {
        let (seed, number) = self.0?;
        Some(Stream::new(seed, Purpose::Dropout, number, layer))
    }
}
