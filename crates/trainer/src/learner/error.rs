use lrscope_kernels::KernelError;
use lrscope_runner::spec::{DeviceClass, NUMERICS_VERSION};

use crate::data::DataError;
use crate::device::DeviceError;
use crate::model::ModelError;
use crate::optimizer::OptimizerError;

/// Why no learner can be made of a specification.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The data is another set than the specification's.
    #[error("the specification is for the data set {asked:?}, but the data given is {given}")]
    DataName {
        /// Name in the specification.
        asked: String,
        /// The set given.
        given: lrscope_data::Name,
    },
    /// The specification was made by a program that computes other bits.
    #[error("the specification has numerics version {found}, this program computes version {NUMERICS_VERSION}")]
    Numerics {
        /// Version found.
        found: u32,
    },
    /// The device is of another class than the specification's.
    #[error("the specification is for the device class {asked:?}, but the device given is {given:?}")]
    DeviceClass {
        /// Class in the specification.
        asked: DeviceClass,
        /// Class of the device.
        given: DeviceClass,
    },
    /// The specification counts another epoch than the data and batches make.
    #[error("the specification has {found} steps an epoch, but its data and batch size make {needed}")]
    Epoch {
        /// Steps in the specification.
        found: u64,
        /// Steps that follow from the data.
        needed: u64,
    },
    /// An instruction set path where no CPU kernels run.
    #[error("isa = {found:?} must be \"none\" on a GPU")]
    Isa {
        /// Path found.
        found: String,
    },
    /// The path of the CPU kernels is unknown or not there.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The data cannot be fed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network cannot be built.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The optimizer cannot be built.
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),
}

/// Why an update or an evaluation failed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The run is over.
    #[error("the run has {steps} steps, and all of them are done")]
    Finished {
        /// Steps in the run.
        steps: u64,
    },
    /// The examples could not be fed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The optimizer failed.
    #[error(transparent)]
    Optimizer(#[from] OptimizerError),
    /// The path of the CPU kernels is not there.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
