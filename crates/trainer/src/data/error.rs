use lrscope_runner::learner::Subset;

/// Why examples cannot be fed to a network.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Nothing is left to train on.
    #[error("validation = {validation} leaves nothing to train on: the set has {examples} training examples")]
    Validation {
        /// Examples to hold out.
        validation: u64,
        /// Training examples in the set.
        examples: usize,
    },
    /// The limit is 0 or more than there is.
    #[error("train_limit = {limit} must lie between 1 and the {available} training examples that are not held out")]
    TrainLimit {
        /// The limit asked for.
        limit: u64,
        /// Training examples after the split.
        available: usize,
    },
    /// A count that must be at least 1 is 0 or beyond what a machine can address.
    #[error("{name} = {value} must be at least 1 and batch_size × accumulation_steps at most {limit}")]
    Count {
        /// The setting's name.
        name: &'static str,
        /// Its value.
        value: u64,
        /// The upper limit.
        limit: u64,
    },
    /// `drop_last` drops every batch.
    #[error(
        "drop_last leaves out every update: one takes {per_update} examples (batch_size × accumulation_steps), and there are {examples}"
    )]
    NoFullUpdate {
        /// Examples that one update takes.
        per_update: usize,
        /// Training examples.
        examples: usize,
    },
    /// A subset without examples cannot be evaluated.
    #[error("the {0:?} subset is empty{hint}", hint = if *.0 == Subset::Validation { ": hold examples out with `validation`" } else { "" })]
    EmptySubset(Subset),
    /// A label that names no class.
    #[error(
        "{part} of {name}: label {label} of picture {picture} names no class; there are {classes}, numbered from 0"
    )]
    Label {
        /// Name of the set.
        name: String,
        /// `"train"` or `"test"`.
        part: &'static str,
        /// The label.
        label: u8,
        /// Its picture.
        picture: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Training and test pictures have different shapes.
    #[error("{name}: training pictures are {train:?} but test pictures {test:?} (channels, height, width)")]
    Parts {
        /// Name of the set.
        name: String,
        /// Channels, height and width of training pictures.
        train: [usize; 3],
        /// The same of test pictures.
        test: [usize; 3],
    },
    /// The arrays of a data set do not fit together.
    #[error(
        "{part} of {name}: {count} pictures of {channels}×{height}×{width} need {needed} pixels and {count} labels, got {pixels} and {labels}"
    )]
    Shape {
        /// Name of the set.
        name: String,
        /// `"train"` or `"test"`.
        part: &'static str,
        /// Pictures promised.
        count: usize,
        /// Channels of a picture.
        channels: usize,
        /// Rows of a picture.
        height: usize,
        /// Columns of a picture.
        width: usize,
        /// Pixels that follow from these.
        needed: u128,
        /// Pixels there are.
        pixels: usize,
        /// Labels there are.
        labels: usize,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}
