//! What a run is: everything that can change a number in it, and nothing else.

mod check;

use std::fmt::Write as _;

use lrscope_schedule::{ScheduleSpec, whole};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::learner::{Probes, Subset};
use crate::random::Seed;

/// Version of the arithmetic. It goes up whenever the same specification gives other bits; a golden-bits test guards it.
pub const NUMERICS_VERSION: u32 = 3;

/// A run with every reference resolved. Its hash is the run's identity: the same specification is the same run, never done
/// twice. Number of jobs and threads, paths and presentation are left out, since they change no number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// [`NUMERICS_VERSION`] of the program that made the specification.
    pub numerics: u32,
    /// Seed of initial weights, example order and everything else random.
    pub seed: Seed,
    /// The data and how it is fed.
    pub data: DataSpec,
    /// The network.
    pub model: ModelSpec,
    /// The optimizer.
    pub optimizer: OptimizerSpec,
    /// What training minimises; left out where it is the plain cross-entropy, whose runs are known by that.
    #[serde(default, skip_serializing_if = "LossSpec::is_plain")]
    pub loss: LossSpec,
    /// Parameter groups; a parameter belongs to the first one that matches it.
    pub groups: Vec<GroupSpec>,
    /// The schedule, lengths in steps and rates as numbers.
    pub schedule: ScheduleSpec,
    /// Updates in the run.
    pub steps: u64,
    /// Updates in an epoch, as the data and the batch size make it; kept so that rates can be recomputed without the data.
    pub steps_per_epoch: u64,
    /// Evaluations during and after the run.
    pub evaluation: EvaluationSpec,
    /// When to stop early; absent for never.
    pub stop: Option<StopRule>,
    /// Extra readings per update.
    pub probes: Probes,
    /// Type of weights and activations.
    pub dtype: FloatType,
    /// Class of device.
    pub device: DeviceClass,
    /// Instruction set path of the CPU kernels; `"none"` on other devices.
    pub isa: String,
}

/// The data of a run and how batches are made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// Name of the set, for example `"mnist"`.
    pub name: String,
    /// The set's data hash in hexadecimal; loading checks it.
    pub sha256: String,
    /// Training examples held out for validation; which ones is a constant of the set.
    pub validation: u64,
    /// Training examples used, the first ones of the split's order; absent for all.
    pub train_limit: Option<u64>,
    /// How pixels become network input.
    pub normalization: Normalization,
    /// Examples per forward pass.
    pub batch_size: u64,
    /// Forward passes per update; their gradients are averaged.
    pub accumulation_steps: u64,
    /// Whether an epoch's last, smaller batch is left out.
    pub drop_last: bool,
}

/// How pixels (bytes) become network input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// pixel / 255.
    Unit,
    /// (pixel / 255 − mean) / standard deviation, each channel's own over the training examples.
    Standard,
    /// pixel − the mean picture of the training examples, in 0…255 (Caffe's CIFAR-10 examples).
    MeanImage,
}

/// A network, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelSpec {
    /// Fully connected layers with `ReLU` between them.
    Mlp {
        /// Widths of the hidden layers.
        #[serde(default = "default_hidden", deserialize_with = "whole::list")]
        hidden: Vec<u64>,
        /// Probability with which training drops a hidden layer's output; 0 for never.
        #[serde(default, skip_serializing_if = "is_zero")]
        dropout: f64,
    },
    /// Two 5×5 convolutions (32, 64) with max-pooling, then 1024 and the classes.
    Lenet {},
    /// Caffe's `cifar10_quick`: three 5×5 convolutions (32, 32, 64) with pooling, then 64 and the classes.
    CaffeQuick {},
    /// Caffe's `cifar10_full`, on which the paper of cyclical learning rates trains: three 5×5 convolutions (32, 32, 64) with
    /// overlapping pooling and local response normalisation.
    CaffeFull {},
    /// The residual network of 20 layers for CIFAR-10 (arXiv 1512.03385, section 4.2), with shortcuts that have no parameters.
    Resnet20 {},
    /// A residual network of eight 3×3 convolutions with batch normalisation, as fast CIFAR-10 trainings use it.
    Resnet9 {
        /// Channels of the first convolution; the others have twice and four times as many.
        #[serde(default = "default_width", deserialize_with = "whole::number")]
        width: u64,
    },
    /// A network that the calling program brings. It is known by its name alone, so another network needs another name.
    Own {
        /// Name, for example `"two-layers-v1"`.
        name: String,
    },
}

fn default_hidden() -> Vec<u64> {
    vec![64]
}

fn default_width() -> u64 {
    32
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// An optimizer and its settings, as in `torch.optim`. The learning rate is the schedule's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OptimizerSpec {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam (arXiv 1412.6980) with L2 weight decay.
    Adam(Adam),
    /// `AdamW` (arXiv 1711.05101): decoupled weight decay.
    Adamw(Adam),
}

/// Settings of `torch.optim.SGD`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Momentum in [0, 1).
    pub momentum: f64,
    /// Dampening of the momentum.
    pub dampening: f64,
    /// Nesterov's momentum.
    pub nesterov: bool,
    /// L2 weight decay.
    pub weight_decay: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }
}

/// Settings of `torch.optim.Adam` and `torch.optim.AdamW`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// Decay rates of the first and second moment, each in [0, 1).
    pub betas: (f64, f64),
    /// Term added to the denominator.
    pub eps: f64,
    /// Weight decay: L2 for Adam, decoupled for `AdamW`.
    pub weight_decay: f64,
    /// The variant of "On the Convergence of Adam and Beyond".
    pub amsgrad: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, amsgrad: false }
    }
}

/// What training minimises: the mean cross-entropy, as in `torch.nn.CrossEntropyLoss`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LossSpec {
    /// Share of every target, in [0, 1), that is spread evenly over all classes (arXiv 1512.00567, section 7). It changes the
    /// loss of updates alone: evaluations measure the plain cross-entropy, so that they can be compared.
    #[serde(skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
}

impl LossSpec {
    /// Whether it is the plain cross-entropy.
    pub fn is_plain(&self) -> bool {
        self.label_smoothing == 0.0
    }
}

/// A parameter group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Name shown in reports.
    pub name: String,
    /// Names of its parameters, with `*` for any run of characters, for example `"*.bias"`.
    pub parameters: Vec<String>,
    /// Factor on the scheduled rate.
    #[serde(default = "one")]
    pub lr_mult: f64,
    /// Factor on the optimizer's weight decay.
    #[serde(default = "one")]
    pub weight_decay_mult: f64,
}

fn one() -> f64 {
    1.0
}

impl GroupSpec {
    /// The group that holds every parameter.
    pub fn all() -> Self {
        Self { name: "all".into(), parameters: vec!["*".into()], lr_mult: 1.0, weight_decay_mult: 1.0 }
    }
}

/// When and on what a run is evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationSpec {
    /// Updates between evaluations of the `during` subset; absent for none.
    pub every: Option<u64>,
    /// Subset evaluated during the run; what comes out feeds schedules that follow a metric.
    pub during: Subset,
    /// Subsets evaluated once, after the last update.
    pub after: Vec<Subset>,
}

/// When a run is stopped before its last step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StopRule {
    /// At the first non-finite loss.
    NonFinite {},
    /// At the first non-finite loss, or when the median of the last `window` losses exceeds `factor` × the smallest such median so far.
    Divergence {
        /// How many times the best median.
        factor: f64,
        /// Losses in the running median; 1 takes each loss as it is.
        window: u64,
    },
}

/// Type of weights and activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloatType {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

/// Class of device that a run computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceClass {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU.
    Cuda,
    /// An Apple GPU.
    Metal,
}

/// A run's identity: 80 bits of the SHA-256 of its specification, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// The identity as text: 20 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for RunId {
    type Err = String;

    /// Takes 20 lower-case hexadecimal digits and nothing else: an identity names a folder.
    fn from_str(text: &str) -> Result<Self, String> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 20 && text.bytes().all(digit) {
            return Ok(Self(text.into()));
        }
        Err(format!("{text:?} is not a run id (20 lower-case hexadecimal digits)"))
    }
}

impl TryFrom<String> for RunId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(run_id: RunId) -> Self {
        run_id.0
    }
}

impl RunSpec {
    /// The run's identity.
    ///
    /// # Panics
    /// Never: a specification holds finite numbers and strings alone, which JSON can always write.
    pub fn id(&self) -> RunId {
        let json = serde_json::to_vec(self).expect("a specification can be written as JSON");
        let digest = Sha256::digest(&json);
        RunId(hex(&digest[..10]))
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
