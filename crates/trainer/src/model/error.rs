/// Why a network cannot be built or computed.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The specification names a network that only the calling program has.
    #[error(
        "model {0:?} is brought by the program that trains it: build its learner with `CandleLearner::with_network`"
    )]
    Own(String),
    /// A window is larger than the picture that reaches it.
    #[error(
        "{layer}: a {kernel}×{kernel} kernel does not fit into its {height}×{width} input; this network needs larger pictures"
    )]
    TooSmall {
        /// The layer.
        layer: String,
        /// Side of the kernel.
        kernel: usize,
        /// Rows that reach the layer, padding included.
        height: usize,
        /// Columns that reach the layer, padding included.
        width: usize,
    },
    /// A layer without inputs or outputs, or more parameters than the limit.
    #[error("{name}: shape {shape:?} is empty or takes the network beyond {limit} parameters")]
    Size {
        /// The parameter.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Most parameters in a network.
        limit: usize,
    },
    /// Too many layers.
    #[error("{found} hidden layers are more than the {limit} that an mlp may have")]
    Layers {
        /// Layers asked for.
        found: usize,
        /// Most layers.
        limit: usize,
    },
    /// A dropout that drops everything, or whose probability is none.
    #[error("dropout with probability {0}: it must be at least 0 and below 1")]
    Probability(f64),
    /// Two parameters have the same name.
    #[error("two parameters are called {0:?}: state could not be told apart")]
    SameName(String),
    /// A layer's operation failed.
    #[error("{layer}: {source}")]
    Layer {
        /// The layer.
        layer: String,
        /// The cause.
        source: candle_core::Error,
    },
    /// The network's answer has the wrong shape.
    #[error("the network answers with shape {found:?}, but logits must have shape {expected:?} (examples, classes)")]
    Logits {
        /// Shape of the answer.
        found: Vec<usize>,
        /// Shape that the loss takes.
        expected: Vec<usize>,
    },
    /// A parameter on which the loss does not depend.
    #[error("parameter {0:?} has no gradient: the network's forward pass does not use it, or cuts it off the graph")]
    NoGradient(String),
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
