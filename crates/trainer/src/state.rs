//! A learner's state as named byte blobs: tensors as safetensors, the step as JSON.

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor};
use lrscope_runner::learner::State;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};

/// Version of the blobs' names and contents.
const VERSION: u32 = 1;

/// Name of the blob that holds the weights, and buffers such as running statistics.
pub(crate) const WEIGHTS: &str = "weights.safetensors";
/// Name of the blob that holds the optimizer's state.
pub(crate) const OPTIMIZER: &str = "optimizer.safetensors";
/// Name of the blob that holds the step.
pub(crate) const PROGRESS: &str = "progress.json";

/// Why a state cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A blob is not there.
    #[error("blob {0:?} is missing")]
    MissingBlob(&'static str),
    /// A blob that no learner writes.
    #[error("blob {0:?} is unknown; a state holds {WEIGHTS:?}, {OPTIMIZER:?} and {PROGRESS:?}")]
    UnknownBlob(String),
    /// A blob's bytes are no safetensors.
    #[error("blob {blob:?} is damaged: {source}")]
    Damaged {
        /// The blob.
        blob: &'static str,
        /// What does not fit.
        source: safetensors::SafeTensorError,
    },
    /// The progress blob is no JSON of its kind.
    #[error("blob {PROGRESS:?} is damaged: {0}")]
    Progress(#[from] serde_json::Error),
    /// The state was written by another version.
    #[error("blob {PROGRESS:?} has version {found}, this program reads version {VERSION}")]
    Version {
        /// Version found.
        found: u32,
    },
    /// The state lies beyond the end of the run.
    #[error("blob {PROGRESS:?} says step {step}, but the run has {steps} steps")]
    Step {
        /// Step found.
        step: u64,
        /// Steps in the run.
        steps: u64,
    },
    /// A tensor is not there.
    #[error("blob {blob:?}: tensor {tensor:?} is missing")]
    MissingTensor {
        /// The blob.
        blob: &'static str,
        /// The tensor.
        tensor: String,
    },
    /// Tensors that this learner does not have.
    #[error("blob {blob:?}: this run has no tensor {tensor:?}")]
    UnknownTensor {
        /// The blob.
        blob: &'static str,
        /// The first of them.
        tensor: String,
    },
    /// A tensor of another shape or type.
    #[error("blob {blob:?}: tensor {tensor:?} is {found}, but this run needs {needed}")]
    Mismatch {
        /// The blob.
        blob: &'static str,
        /// The tensor.
        tensor: String,
        /// Type and shape found.
        found: String,
        /// Type and shape of this learner's tensor.
        needed: String,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    version: u32,
    step: u64,
}

/// Bytes of the progress blob.
pub(crate) fn write_progress(step: u64) -> Result<Vec<u8>, StateError> {
    let version = VERSION;
    Ok(serde_json::to_vec(&Progress { version, step })?)
}

/// The step that a state's progress blob holds, at most `steps`.
pub(crate) fn read_progress(state: &State, steps: u64) -> Result<u64, StateError> {
    let Progress { version, step } = serde_json::from_slice(bytes(state, PROGRESS)?)?;
    if version != VERSION {
        return Err(StateError::Version { found: version });
    }
    if step > steps {
        return Err(StateError::Step { step, steps });
    }
    Ok(step)
}

/// Checks that a state holds no blob that nobody reads.
pub(crate) fn check_names(state: &State) -> Result<(), StateError> {
    let known = [WEIGHTS, OPTIMIZER, PROGRESS];
    match state.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(StateError::UnknownBlob(name.clone())),
        None => Ok(()),
    }
}

/// Bytes of a blob of named tensors.
pub(crate) fn write(blob: &'static str, tensors: Vec<(String, Tensor)>) -> Result<Vec<u8>, StateError> {
    // Brought to the host first: the safetensors view of a tensor cannot report a failed copy.
    let tensors = tensors
        .into_iter()
        .map(|(name, tensor)| Ok((name, tensor.detach().to_device(&Device::Cpu)?)))
        .collect::<candle_core::Result<Vec<_>>>()?;
    let no_metadata: Option<HashMap<String, String>> = None;
    safetensors::serialize(tensors, no_metadata).map_err(|source| StateError::Damaged { blob, source })
}

/// A blob of named tensors being read; every tensor is taken once.
pub(crate) struct Blob<'a> {
    name: &'static str,
    tensors: BTreeMap<String, TensorView<'a>>,
}

impl<'a> Blob<'a> {
    /// Opens a state's blob `name`; its header and sizes are checked here.
    pub(crate) fn open(state: &'a State, name: &'static str) -> Result<Self, StateError> {
        let tensors = SafeTensors::deserialize(bytes(state, name)?)
            .map_err(|source| StateError::Damaged { blob: name, source })?;
        Ok(Self { name, tensors: tensors.tensors().into_iter().collect() })
    }

    /// Whether a tensor of this name is left.
    pub(crate) fn holds(&self, tensor: &str) -> bool {
        self.tensors.contains_key(tensor)
    }

    /// The tensor of this name, on the device of `like`, whose type and shape it must have.
    pub(crate) fn take(&mut self, tensor: &str, like: &Tensor) -> Result<Tensor, StateError> {
        let view = self
            .tensors
            .remove(tensor)
            .ok_or_else(|| StateError::MissingTensor { blob: self.name, tensor: tensor.into() })?;
        let dtype = DType::try_from(view.dtype()).ok();
        if dtype != Some(like.dtype()) || view.shape() != like.dims() {
            return Err(StateError::Mismatch {
                blob: self.name,
                tensor: tensor.into(),
                found: format!("{:?} {:?}", view.dtype(), view.shape()),
                needed: format!("{:?} {:?}", like.dtype(), like.dims()),
            });
        }
        Ok(Tensor::from_raw_buffer(view.data(), like.dtype(), like.dims(), like.device())?)
    }

    /// Checks that every tensor was taken.
    pub(crate) fn close(self) -> Result<(), StateError> {
        match self.tensors.into_keys().next() {
            Some(tensor) => Err(StateError::UnknownTensor { blob: self.name, tensor }),
            None => Ok(()),
        }
    }
}

fn bytes<'a>(state: &'a State, blob: &'static str) -> Result<&'a [u8], StateError> {
    state.get(blob).map(Vec::as_slice).ok_or(StateError::MissingBlob(blob))
}
