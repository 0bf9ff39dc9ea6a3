//! The picks of range tests, kept by what they were made for, so that a comparison finds the one that fits it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::analysis::Pick;
use crate::spec::{GroupSpec, LossSpec, ModelSpec, Normalization, OptimizerSpec, RunId, RunSpec};

/// A pick's bounds as schedules take them: to three significant digits, as reports print them. More digits than that are the
/// noise of the curve, and so what a report shows is what was trained with.
pub fn bounds(pick: &Pick) -> lrscope_schedule::Pick {
    lrscope_schedule::Pick { base_lr: three_digits(pick.base_lr), max_lr: three_digits(pick.max_lr) }
}

fn three_digits(rate: f64) -> f64 {
    // What was formatted as a number reads back as one.
    format!("{rate:.2e}").parse().unwrap_or(rate)
}

/// Everything that a pick depends on beside the sweep itself. Another value of any of these asks for another range test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickKey {
    /// Data set.
    pub data: String,
    /// Its data hash.
    pub sha256: String,
    /// Training examples used; absent for all.
    pub train_limit: Option<u64>,
    /// How pixels become network input.
    pub normalization: Normalization,
    /// Examples per update: batch size × accumulation steps.
    pub examples_per_update: u64,
    /// The network.
    pub model: ModelSpec,
    /// The optimizer with momentum and weight decay.
    pub optimizer: OptimizerSpec,
    /// What is minimised; left out where it is the plain cross-entropy.
    #[serde(default, skip_serializing_if = "LossSpec::is_plain")]
    pub loss: LossSpec,
    /// Parameter groups with their factors.
    pub groups: Vec<GroupSpec>,
}

impl PickKey {
    /// What a run's pick would depend on.
    pub fn of(spec: &RunSpec) -> Self {
        Self {
            data: spec.data.name.clone(),
            sha256: spec.data.sha256.clone(),
            train_limit: spec.data.train_limit,
            normalization: spec.data.normalization,
            examples_per_update: spec.data.batch_size * spec.data.accumulation_steps,
            model: spec.model.clone(),
            optimizer: spec.optimizer.clone(),
            loss: spec.loss,
            groups: spec.groups.clone(),
        }
    }

    /// File name of the key's pick.
    fn file_name(&self) -> Result<String, serde_json::Error> {
        let digest = Sha256::digest(serde_json::to_vec(self)?);
        let hex = crate::spec::hex(&digest[..8]);
        Ok(format!("{}-{hex}.json", self.data))
    }
}

/// A pick together with what it was made for and from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickRecord {
    /// Version of this record: 1.
    pub schema: u32,
    /// What the pick was made for.
    pub key: PickKey,
    /// The two bounds and how they were found.
    pub pick: Pick,
    /// The range test's runs.
    pub runs: Vec<RunId>,
    /// Folder of the range test's report, below the results folder.
    pub report: String,
}

/// Version of [`PickRecord`] that this program reads and writes.
pub const PICK_SCHEMA: u32 = 1;

/// Why a pick cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum PickError {
    /// Reading or writing failed.
    #[error("{}: cannot {doing} this pick: {source}", path.display())]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file holds no pick that this program knows.
    #[error("{}: {problem}; delete it and run the range test again", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// Reads the latest pick for `key` below `results`; none where no range test has been run for it.
pub fn find_pick(results: &Path, key: &PickKey) -> Result<Option<PickRecord>, PickError> {
    let path = path_of(results, key)?;
    let Some(record) = read_pick(&path)? else { return Ok(None) };
    if record.key != *key {
        let problem = "it was made for other settings".into();
        return Err(PickError::Content { path, problem });
    }
    Ok(Some(record))
}

/// Reads a pick's file, whose name must be that of its settings; none where there is no file.
pub fn read_pick(path: &Path) -> Result<Option<PickRecord>, PickError> {
    /// No pick is larger.
    const LIMIT: u64 = 16 << 20;
    let text = match crate::replace::read_bounded(path, LIMIT) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(PickError::Io { doing: "read", path: path.into(), source });
        }
    };
    let content = |problem: String| PickError::Content { path: path.into(), problem };
    let record: PickRecord = serde_json::from_str(&text).map_err(|error| content(error.to_string()))?;
    if record.schema != PICK_SCHEMA {
        let schema = record.schema;
        return Err(content(format!("its schema is {schema}; this program reads {PICK_SCHEMA}")));
    }
    let name = record.key.file_name().map_err(|error| content(error.to_string()))?;
    if path.file_name().is_some_and(|found| *found != *name) {
        return Err(content("it was made for other settings".into()));
    }
    Ok(Some(record))
}

/// Keeps a pick, in place of an earlier one for the same key.
pub fn keep_pick(results: &Path, record: &PickRecord) -> Result<(), PickError> {
    let path = path_of(results, &record.key)?;
    let io = |source| PickError::Io { doing: "write", path: path.clone(), source };
    let mut text = serde_json::to_vec_pretty(record).map_err(|error| io(error.into()))?;
    text.push(b'\n');
    crate::replace::replace(&path, &text).map_err(io)
}

fn path_of(results: &Path, key: &PickKey) -> Result<PathBuf, PickError> {
    let folder = results.join("picks");
    let name =
        key.file_name().map_err(|error| PickError::Io { doing: "name", path: folder.clone(), source: error.into() })?;
    Ok(folder.join(name))
}
