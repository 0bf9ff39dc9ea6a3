//! What cannot repeat: clocks and surroundings.

use serde::{Deserialize, Serialize};

use super::machine::Machine;

/// `measured.json`: how a run was made. Two records of the same run differ here and nowhere else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The program and its version, for example `"lrscope 0.1.0"`.
    pub program: String,
    /// The machine when the run ended.
    pub machine: Machine,
    /// The accelerator's name, where one was used.
    pub device: Option<String>,
    /// Instruction set path of the kernels, for example `"avx512"`.
    pub isa: String,
    /// Threads computed with.
    pub threads: u64,
    /// The clocks.
    pub clocks: Clocks,
}

/// Clocks of a run. One that was interrupted counts the time that led to its checkpoints, and not what was lost after them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Clocks {
    /// When the first process began, in seconds since 1970-01-01 00:00 UTC.
    #[serde(with = "crate::float")]
    pub started_unix: f64,
    /// When the run ended, in the same seconds.
    #[serde(with = "crate::float")]
    pub ended_unix: f64,
    /// Seconds spent fetching and reading data.
    #[serde(with = "crate::float")]
    pub data_seconds: f64,
    /// Seconds spent in updates.
    #[serde(with = "crate::float")]
    pub training_seconds: f64,
    /// Seconds spent in evaluations.
    #[serde(with = "crate::float")]
    pub evaluation_seconds: f64,
    /// Seconds spent in saving states to go on from.
    #[serde(with = "crate::float", default)]
    pub saving_seconds: f64,
}
