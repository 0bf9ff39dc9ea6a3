//! What the operations refuse.

use crate::isa::Isa;

/// An argument that an operation cannot work on. Operations return it wrapped in [`candle_core::Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// A tensor has another number of dimensions than the operation takes.
    #[error("{op}: {name} must have shape {expected}, but has shape {shape:?}")]
    Rank {
        /// The operation.
        op: &'static str,
        /// The argument's name.
        name: &'static str,
        /// The shape it takes, in letters.
        expected: &'static str,
        /// The shape it was given.
        shape: Vec<usize>,
    },
    /// Two tensors whose shapes do not fit together.
    #[error("{op}: {what}, but the shapes are {left:?} and {right:?}")]
    Mismatch {
        /// The operation.
        op: &'static str,
        /// What has to hold.
        what: &'static str,
        /// Shape of the first tensor.
        left: Vec<usize>,
        /// Shape of the second tensor.
        right: Vec<usize>,
    },
    /// A kernel, stride or padding that no picture can be worked on with.
    #[error("{op}: {what}, but kernel is {kernel:?}, stride {stride}, padding {padding}")]
    Window {
        /// The operation.
        op: &'static str,
        /// What has to hold.
        what: &'static str,
        /// Kernel height and width.
        kernel: (usize, usize),
        /// Step between windows.
        stride: usize,
        /// Border on each side.
        padding: usize,
    },
    /// A window that is larger than the padded picture.
    #[error("{op}: a {}x{} window does not fit into a {}x{} picture padded by {padding}", kernel.0, kernel.1, picture.0, picture.1)]
    TooSmall {
        /// The operation.
        op: &'static str,
        /// Kernel height and width.
        kernel: (usize, usize),
        /// Picture height and width.
        picture: (usize, usize),
        /// Border on each side.
        padding: usize,
    },
    /// A label that names no class.
    #[error("cross_entropy: label {label} of example {example} names no class; there are {classes}, numbered from 0")]
    Label {
        /// The label.
        label: u32,
        /// Its place in the batch.
        example: usize,
        /// Number of classes.
        classes: usize,
    },
    /// An operation that has no meaning on an empty tensor.
    #[error("{op}: {name} is empty (shape {shape:?})")]
    Empty {
        /// The operation.
        op: &'static str,
        /// The argument's name.
        name: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A variance of one number.
    #[error("{op}: training needs more than one number a channel, but x has shape {shape:?}; take a larger batch")]
    OneNumber {
        /// The operation.
        op: &'static str,
        /// Shape of its input.
        shape: Vec<usize>,
    },
    /// A setting out of its range.
    #[error("{op}: {name} must be {expected}, but is {found}")]
    Setting {
        /// The operation.
        op: &'static str,
        /// The setting.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A tensor with more numbers than the kernels can address.
    #[error("{op}: an operand of {numbers} numbers is too large; split the batch")]
    TooLarge {
        /// The operation.
        op: &'static str,
        /// Numbers that would have to be addressed.
        numbers: usize,
    },
    /// The machine has no room for the threads that compute.
    #[error("cannot start {threads} thread{} to compute with: {problem}", if *threads == 1 { "" } else { "s" })]
    Workers {
        /// Threads asked for.
        threads: usize,
        /// The system's words.
        problem: String,
    },
    /// An instruction set that this processor does not have.
    #[error("this processor has no {wanted}; it has {}", list(available))]
    IsaMissing {
        /// The instruction set asked for.
        wanted: Isa,
        /// Those that it has.
        available: Vec<Isa>,
    },
    /// A second, different choice of instruction set within one process.
    #[error("the instruction set of this process is already {current}; it cannot become {wanted}")]
    IsaFixed {
        /// The instruction set asked for.
        wanted: Isa,
        /// The one in use.
        current: Isa,
    },
    /// A word that names no instruction set.
    #[error("{word:?} is not an instruction set; choose portable, avx2, avx512 or neon")]
    IsaUnknown {
        /// The word.
        word: String,
    },
}

fn list(isas: &[Isa]) -> String {
    isas.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl From<KernelError> for candle_core::Error {
    fn from(error: KernelError) -> Self {
        Self::wrap(error)
    }
}
