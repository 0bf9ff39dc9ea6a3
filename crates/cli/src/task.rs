//! What a parent tells a child process to do, and what the child tells back.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use lrscope_data::Name;
use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::Subset;
use lrscope_runner::spec::RunSpec;
use serde::{Deserialize, Serialize};

use crate::configured::data_facts;

/// Threads of a run, at most.
pub const MOST_THREADS: u16 = 1024;
/// Seconds between two saved states, at most: a day.
pub const MOST_SECONDS: f64 = 86_400.0;

/// One run, as a parent hands it to `lrscope run-task` on standard input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The run.
    pub spec: RunSpec,
    /// Folder of records and reports.
    pub results: PathBuf,
    /// Device, for example `cuda:1`.
    pub device: String,
    /// Folder to look for data files in first.
    pub data_dir: Option<PathBuf>,
    /// Whether no data may come over the network.
    #[serde(default)]
    pub offline: bool,
    /// Threads to compute with.
    pub threads: u16,
    /// Seconds between two saved states.
    pub checkpoint_every: f64,
}

impl Task {
    /// Checks every value: a task need not come from this program. Returns the data set.
    ///
    /// # Errors
    /// The first value that makes no sense, by its key.
    pub fn check(&self) -> anyhow::Result<Name> {
        let name: Name = self.spec.data.name.parse().context("the task's spec.data.name")?;
        self.spec.check(&data_facts(name)).map_err(|problem| anyhow!("the task's spec.{problem}"))?;
        if !(1..=MOST_THREADS).contains(&self.threads) {
            bail!("the task's threads: {} is outside 1..={MOST_THREADS}", self.threads);
        }
        if !(0.0..=MOST_SECONDS).contains(&self.checkpoint_every) {
            let seconds = self.checkpoint_every;
            bail!("the task's checkpoint_every: {seconds} is not a number of seconds from 0 to {MOST_SECONDS}");
        }
        Ok(name)
    }
}

/// What a parent tells a child after its task, one JSON line each on the child's standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Finish the block, save the state and end, as if this signal had come.
    Stop {
        /// The signal's number.
        signal: i32,
    },
}

/// What happens in a child, one JSON line each on its standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Data is being fetched or read.
    Data {
        /// What is being done, for example `downloading`.
        phase: String,
        /// Units done.
        done: u64,
        /// Units in all, where known.
        total: Option<u64>,
    },
    /// Where the data came from.
    DataReady {
        /// The source in words.
        source: String,
    },
    /// Another process of this machine is doing the same run; this one waits for it.
    Waiting,
    /// The run goes on from a saved state, or from its start where none could be used.
    Resumed {
        /// Updates done.
        step: u64,
        /// What is damaged and was not used.
        notes: Vec<String>,
    },
    /// A signal ended the run in order.
    Interrupted {
        /// The signal's number.
        signal: i32,
        /// Updates done, of which the state is saved.
        step: u64,
    },
    /// Training begins.
    Started {
        /// Updates in the run.
        steps: u64,
    },
    /// Updates were done; at most ten of these a second.
    Step {
        /// Updates done.
        step: u64,
        /// Last loss.
        #[serde(with = "lrscope_runner::float")]
        loss: f64,
        /// Last learning rate.
        lr: f64,
    },
    /// An evaluation was made.
    Evaluated {
        /// Updates done.
        step: u64,
        /// What was evaluated.
        subset: Subset,
        /// Mean loss.
        #[serde(with = "lrscope_runner::float")]
        loss: f64,
        /// Share of right answers, in [0, 1].
        accuracy: Option<f64>,
    },
    /// The run is published.
    Finished {
        /// How it ended.
        ending: Ending,
        /// Whether another process had published the same run before.
        already_there: bool,
    },
    /// The run failed.
    Failed {
        /// Why.
        error: String,
        /// Whether the input was bad, rather than the machine.
        bad_input: bool,
        /// Whether it lacked threads or memory that other runs may give back.
        #[serde(default)]
        shortage: bool,
    },
}
