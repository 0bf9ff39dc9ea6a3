//! Which attempts there are.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::attempt::JOURNAL;
use super::checkpoint::Checkpoint;
use super::error::RecordError;
use super::files;
use super::follow::Follower;
use super::manifest::SPEC;
use super::name::AttemptName;
use super::owner::{Owner, Signs};
use super::published::{DELETE, MAX_SPEC};
use crate::spec::{RunId, RunSpec};

/// File that marks an attempt as evidence, to be kept.
pub(super) const DISPUTED: &str = "disputed.txt";

/// An attempt found in the results folder.
#[derive(Debug, Clone)]
pub struct AttemptEntry {
    /// Its folder.
    pub path: PathBuf,
    /// The run.
    pub run_id: RunId,
    /// The machine that it was begun on, or last gone on with.
    pub host: String,
    /// The process that did.
    pub pid: u32,
    owner: Owner,
}

/// What has become of an attempt's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// It is at work.
    Running,
    /// It has ended without publishing or giving up.
    Dead,
    /// It may be at work on another machine, or the file system has no locks: nobody can tell from here.
    Unknown,
    /// It finished with another result than the one published; kept as evidence until someone deletes it.
    Disputed,
}

impl AttemptEntry {
    /// What has become of the owner, as of now.
    pub fn state(&self) -> AttemptState {
        match self.path.join(DISPUTED).try_exists() {
            Ok(true) => return AttemptState::Disputed,
            Ok(false) => {}
            // What may be evidence is nobody's to clear away.
            Err(_) => return AttemptState::Unknown,
        }
        match self.signs().at_work() {
            Some(true) => AttemptState::Running,
            Some(false) => AttemptState::Dead,
            None => AttemptState::Unknown,
        }
    }

    /// What can be told of the owner, as of now.
    pub(super) fn signs(&self) -> Signs {
        Signs::of(&self.path, &self.owner)
    }

    /// The run's specification.
    pub fn spec(&self) -> Result<RunSpec, RecordError> {
        let path = self.path.join(SPEC);
        files::from_json(&files::read_bounded(&path, MAX_SPEC, DELETE)?, &path)
    }

    /// Steps of the attempt's checkpoints, newest first, whether they are whole or not.
    pub fn checkpoints(&self) -> Result<Vec<u64>, RecordError> {
        super::checkpoint::steps_in(&self.path)
    }

    /// Reads a checkpoint and checks all of it.
    pub fn checkpoint(&self, step: u64) -> Result<Checkpoint, RecordError> {
        Checkpoint::read(&self.path, &self.run_id, step)
    }

    /// Follows the attempt's journal.
    pub fn follow(&self) -> Result<Follower, RecordError> {
        Follower::open(&self.path.join(JOURNAL))
    }
}

/// The attempts in a folder, by name. What is not named like an attempt is not one.
pub(super) fn attempts(folder: &Path) -> Result<Vec<AttemptEntry>, RecordError> {
    let entry = |name: &OsString| {
        let parsed: AttemptName = name.to_str()?.parse().ok()?;
        let AttemptName { run_id, host, pid, .. } = parsed;
        let path = folder.join(name);
        let owner = Owner::of(&path).unwrap_or(Owner { host, pid, boot: None });
        Some(AttemptEntry { path, run_id, host: owner.host.clone(), pid: owner.pid, owner })
    };
    Ok(names(folder)?.iter().filter_map(entry).collect())
}

/// The names in a folder, sorted; none where the folder is not there. Names that begin with a dot belong to others.
pub(super) fn names(folder: &Path) -> Result<Vec<OsString>, RecordError> {
    let list = || -> io::Result<Vec<OsString>> {
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<OsString>>>()?;
        names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
        names.sort_unstable();
        Ok(names)
    };
    list().map_err(RecordError::io("list", folder))
}
