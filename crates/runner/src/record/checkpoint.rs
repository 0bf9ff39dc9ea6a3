//! A learner's state on the disk, to go on from after an interruption.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checkpoint_file::{INFO, SUMS, Sums, bad, check_name, read_checked};
use super::checksum::Checksum;
use super::error::RecordError;
use super::files;
use super::listing::names;
use super::measured::Clocks;
use crate::learner::State;
use crate::spec::RunId;

/// Version of a checkpoint's files that this program writes; it reads no other yet.
const SCHEMA: u32 = 1;
/// Folder of an attempt's checkpoints.
const FOLDER: &str = "checkpoints";
/// Where a checkpoint is written before it takes its name.
const UNFINISHED: &str = ".new";
/// Where a checkpoint goes before it is removed, so that none is ever half there.
const RETIRED: &str = ".old";
/// How many are kept: the newest, and the one before it.
const KEPT: usize = 2;
const MAX_INFO: u64 = 1 << 20;

/// A learner's state as it was saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// What it is.
    pub info: CheckpointInfo,
    /// The learner's blobs.
    pub state: State,
}

/// `checkpoint.json`: what the blobs beside it are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointInfo {
    /// Version of the checkpoint's files.
    pub schema: u32,
    /// The run.
    pub run_id: RunId,
    /// Updates done.
    pub step: u64,
    /// Where the next update stands in the data; it follows from the step.
    pub position: Position,
    /// Why it was saved: `time`, or the name of the signal that interrupted the run.
    pub reason: String,
    /// The program and its version.
    pub program: String,
    /// Clocks of the run until then.
    pub clocks: Clocks,
    /// Name and bytes of each blob.
    pub blobs: BTreeMap<String, u64>,
}

/// A place in the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Passes over the training examples that are complete.
    pub epoch: u64,
    /// Updates done in the pass that is not.
    pub update: u64,
}

impl CheckpointInfo {
    /// Describes the state of a run after `step` updates.
    pub(super) fn new(run_id: RunId, step: u64, steps_per_epoch: u64, reason: &str, clocks: Clocks) -> Self {
        let epoch = steps_per_epoch.max(1);
        Self {
            schema: SCHEMA,
            run_id,
            step,
            position: Position { epoch: step / epoch, update: step % epoch },
            reason: reason.into(),
            program: format!("lrscope {}", env!("CARGO_PKG_VERSION")),
            clocks,
            blobs: BTreeMap::new(),
        }
    }
}

impl Checkpoint {
    /// Reads the checkpoint of an attempt after `step` updates, with everything checked.
    pub(super) fn read(attempt: &Path, run_id: &RunId, step: u64) -> Result<Self, RecordError> {
        let folder = folder_of(attempt, step);
        let sums = Sums::read(&folder)?;
        let json = read_checked(&folder, INFO, &sums, None, MAX_INFO)?;
        let path = folder.join(INFO);
        let info = parse(&json, &path)?;
        if (&info.run_id, info.step) != (run_id, step) {
            let problem = format!("it is of run {}, step {}, not of run {run_id}, step {step}", info.run_id, info.step);
            return Err(bad(&path, problem));
        }
        sums.must_name(&folder, info.blobs.keys())?;
        let blob = |(name, bytes): (&String, &u64)| {
            Ok((name.clone(), read_checked(&folder, name, &sums, Some(*bytes), *bytes)?))
        };
        let state = info.blobs.iter().map(blob).collect::<Result<State, RecordError>>()?;
        Ok(Self { info, state })
    }
}

/// Saves a state in place of the oldest: under another name first, synced, then by one rename.
pub(super) fn save(attempt: &Path, mut info: CheckpointInfo, state: &State) -> Result<(), RecordError> {
    let folder = attempt.join(FOLDER);
    let (unfinished, target) = (folder.join(UNFINISHED), folder_of(attempt, info.step));
    files::create_folder(&folder)?;
    remove(&unfinished)?;
    for (name, blob) in state {
        check_name(&unfinished, name)?;
        info.blobs.insert(name.clone(), blob.len() as u64);
    }
    let written = write(&unfinished, &info, state);
    if written.is_err() {
        // Gives the space back; what cannot be removed now is removed by the next one.
        let _ = fs::remove_dir_all(&unfinished);
    }
    written?;
    // A state of the same step is there only where it could not be used.
    retire(attempt, info.step)?;
    fs::rename(&unfinished, &target).map_err(RecordError::io("keep the state as", &target))?;
    files::sync_folder(&folder)?;
    prune(attempt, KEPT)
}

fn write(folder: &Path, info: &CheckpointInfo, state: &State) -> Result<(), RecordError> {
    files::create_folder(folder)?;
    let mut sums = Sums::default();
    for (name, blob) in state {
        files::write_synced(&folder.join(name), blob)?;
        sums.insert(name, Checksum::of(blob));
    }
    let path = folder.join(INFO);
    let json = files::to_json(info, &path)?;
    files::write_synced(&path, &json)?;
    sums.insert(INFO, Checksum::of(&json));
    files::write_synced(&folder.join(SUMS), sums.to_text().as_bytes())?;
    files::sync_folder(folder)
}

/// Removes all checkpoints but the newest `kept`.
pub(super) fn prune(attempt: &Path, kept: usize) -> Result<(), RecordError> {
    steps_in(attempt)?.into_iter().skip(kept).try_for_each(|step| retire(attempt, step))
}

/// Removes the checkpoints after `step` updates: those that could not be used.
pub(super) fn remove_after(attempt: &Path, step: u64) -> Result<(), RecordError> {
    let later = steps_in(attempt)?.into_iter().filter(|found| *found > step);
    later.into_iter().try_for_each(|step| retire(attempt, step))
}

/// Takes a checkpoint away by one rename, and removes it then.
fn retire(attempt: &Path, step: u64) -> Result<(), RecordError> {
    let (folder, retired) = (folder_of(attempt, step), attempt.join(FOLDER).join(RETIRED));
    remove(&retired)?;
    match fs::rename(&folder, &retired) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(RecordError::io("remove", &folder)(e)),
        Ok(()) => remove(&retired),
    }
}

/// Steps of an attempt's checkpoints, newest first.
pub(super) fn steps_in(attempt: &Path) -> Result<Vec<u64>, RecordError> {
    let named = |name: &std::ffi::OsString| name.to_str()?.parse().ok().filter(|step| *folder_name(*step) == **name);
    let mut steps: Vec<u64> = names(&attempt.join(FOLDER))?.iter().filter_map(named).collect();
    steps.sort_unstable_by(|a, b| b.cmp(a));
    Ok(steps)
}

fn folder_of(attempt: &Path, step: u64) -> PathBuf {
    attempt.join(FOLDER).join(folder_name(step))
}

fn folder_name(step: u64) -> String {
    format!("{step:012}")
}

fn remove(folder: &Path) -> Result<(), RecordError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RecordError::io("remove", folder)(e)),
        _ => Ok(()),
    }
}

/// The version decides how the rest is read, so it is looked at first.
fn parse(json: &[u8], path: &Path) -> Result<CheckpointInfo, RecordError> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: u32,
    }
    let wrong = |error: serde_json::Error| bad(path, error.to_string());
    let Versioned { schema } = serde_json::from_slice(json).map_err(wrong)?;
    if schema != SCHEMA {
        return Err(bad(path, format!("its schema version is {schema}, and this program reads {SCHEMA}")));
    }
    serde_json::from_slice(json).map_err(wrong)
}
