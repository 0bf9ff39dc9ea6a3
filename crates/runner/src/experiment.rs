//! An experiment as its TOML file says it: `configs/*.toml`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lrscope_schedule::{Epochs, Length, ScheduleSpec, whole};
use serde::{Deserialize, Serialize};

use crate::learner::{Probes, Subset};
use crate::spec::{FloatType, GroupSpec, LossSpec, ModelSpec, Normalization, OptimizerSpec};

pub(crate) mod check;
mod near_miss;
mod place;

pub use check::Problem;
pub use place::Place;

/// Version of the configuration format that this program reads.
pub const CONFIG_VERSION: u32 = 1;

/// More than any configuration that a person writes.
const MOST_BYTES: u64 = 1 << 20;

/// Everything that a configuration file can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Version of the format: 1.
    #[serde(deserialize_with = "whole::number")]
    pub version: u32,
    /// Name of the report: its folder is named by the command and this. Absent for data set, model, optimizer and a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The data.
    pub data: DataConfig,
    /// The network.
    pub model: ModelSpec,
    /// The optimizer.
    pub optimizer: OptimizerSpec,
    /// What training minimises, in every command; absent for the plain cross-entropy.
    #[serde(default, skip_serializing_if = "LossSpec::is_plain")]
    pub loss: LossSpec,
    /// Parameter groups; none means one group that holds everything.
    #[serde(default, rename = "group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupSpec>,
    /// How `train` and `compare` train.
    #[serde(default)]
    pub training: TrainingConfig,
    /// How `range-test` sweeps.
    #[serde(default)]
    pub range_test: RangeTestConfig,
    /// The schedule of `train`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleSpec>,
    /// The arms of `compare`; the first one is compared with each of the others.
    #[serde(default, rename = "arm", skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<ArmConfig>,
}

/// The data and how batches are made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Name of the set: `digits`, `mnist`, `fashion-mnist` or `cifar10`.
    pub name: String,
    /// Training examples held out for validation; absent for the set's default.
    #[serde(default, deserialize_with = "whole::optional", skip_serializing_if = "Option::is_none")]
    pub validation: Option<u64>,
    /// Training examples used; absent for all.
    #[serde(default, deserialize_with = "whole::optional", skip_serializing_if = "Option::is_none")]
    pub train_limit: Option<u64>,
    /// How pixels become network input.
    #[serde(default = "unit")]
    pub normalization: Normalization,
    /// Examples per forward pass.
    #[serde(deserialize_with = "whole::number")]
    pub batch_size: u64,
    /// Forward passes per update.
    #[serde(default = "one", deserialize_with = "whole::number")]
    pub accumulation_steps: u64,
    /// Whether an epoch's last, smaller batch is left out.
    #[serde(default)]
    pub drop_last: bool,
}

fn unit() -> Normalization {
    Normalization::Unit
}

fn one() -> u64 {
    1
}

/// How `train` and `compare` train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// Length of a run: updates (`500`) or epochs (`"5ep"`).
    pub length: Length,
    /// Number of seeds: 0, 1, 2, … of each arm.
    #[serde(deserialize_with = "whole::number")]
    pub seeds: u64,
    /// Updates or epochs between evaluations; one epoch where a file says nothing.
    pub evaluate_every: Option<Length>,
    /// Subset evaluated during the run.
    pub evaluate_on: Subset,
    /// Type of weights and activations.
    pub dtype: FloatType,
    /// Extra readings per update.
    pub probes: Probes,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            length: Length::Epochs(Epochs::ONE),
            seeds: 3,
            evaluate_every: Some(Length::Epochs(Epochs::ONE)),
            evaluate_on: Subset::Validation,
            dtype: FloatType::F32,
            probes: Probes::default(),
        }
    }
}

/// How `range-test` sweeps the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RangeTestConfig {
    /// Rate of the first update.
    pub start_lr: f64,
    /// Rate of the last update.
    pub end_lr: f64,
    /// Updates in the sweep, or epochs.
    pub length: Length,
    /// How the rate grows.
    pub sweep: lrscope_schedule::SweepKind,
    /// Number of seeds: 0, 1, 2, …, never shared with training runs.
    #[serde(deserialize_with = "whole::number")]
    pub seeds: u64,
    /// A sweep ends where the running median of the loss exceeds this many times the best so far.
    pub divergence_factor: f64,
}

impl Default for RangeTestConfig {
    fn default() -> Self {
        Self {
            start_lr: 1e-6,
            end_lr: 10.0,
            length: Length::Count(300.0),
            sweep: lrscope_schedule::SweepKind::Exponential,
            seeds: 5,
            divergence_factor: 4.0,
        }
    }
}

/// An arm of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmConfig {
    /// Name shown in reports.
    pub name: String,
    /// Its schedule.
    pub schedule: ScheduleSpec,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read this configuration: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The text is no TOML, or has an unknown key, a missing key or a value of the wrong type.
    #[error("{origin}:{line}:{column}: {message}")]
    Text {
        /// File or other origin of the text.
        origin: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value makes no sense.
    #[error("{place}: {problem}")]
    Value {
        /// Where it stands: file, line and key, or a flag.
        place: String,
        /// The value, and what would be right.
        problem: String,
    },
}

/// A configuration's text together with where it came from, so that errors can name file, line and column.
#[derive(Debug, Clone)]
pub struct Source {
    /// File name, or a name like `built-in digits`.
    pub origin: String,
    /// The TOML text.
    pub text: String,
}

impl Source {
    /// Reads a file. What has no length of its own, a pipe for example, is read as far as a configuration may go.
    pub fn file(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MOST_BYTES {
            let problem = format!("it has more than {MOST_BYTES} bytes, the most that a configuration can have");
            return Err(unreadable(std::io::Error::other(problem)));
        }
        let not_text =
            |_| unreadable(std::io::Error::other("it is not a TOML file: it holds bytes that are not UTF-8 text"));
        let text = String::from_utf8(bytes).map_err(not_text)?;
        Ok(Self { origin: path.display().to_string(), text })
    }

    /// Parses the text. Values are checked later, by [`Experiment::check`], once flags have had their say.
    pub fn parse(&self) -> Result<Experiment, ConfigError> {
        toml::from_str(&self.text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let (line, column) = place::line_and_column(&self.text, start);
            ConfigError::Text { origin: self.origin.clone(), line, column, message: in_words(error.message()) }
        })
    }
}

/// The TOML reader's message, with the program's types in the user's words, and the name that was meant where one is near.
pub fn in_words(message: &str) -> String {
    const TYPES: [(&str, &str); 8] = [
        ("expected u64", "expected a whole number from 0 up"),
        ("expected u32", "expected a whole number from 0 up"),
        ("expected f64", "expected a number"),
        ("expected a boolean", "expected true or false"),
        ("expected a sequence", "expected a list"),
        ("expected a tuple of size", "expected a list of length"),
        ("wanted exactly 1 element, more than 1 element", "expected one kind in this table, found several"),
        (" as i128", ""),
    ];
    let words = TYPES.iter().fold(message.trim().to_owned(), |message, (theirs, ours)| message.replace(theirs, ours));
    near_miss::with_suggestion(words)
}
