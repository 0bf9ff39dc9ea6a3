//! One attempt at a run, from its first step to publication.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::RecordError;
use super::files;
use super::follow::Follower;
use super::journal::Journal;
use super::lock::Lock;
use super::manifest::SPEC;
use super::name::AttemptName;
use super::owner::{self, Owner};
use super::result::EvaluationAt;
use crate::learner::{Evaluation, Row, Subset};
use crate::spec::RunSpec;

pub(super) const JOURNAL: &str = "journal.bin";

/// An attempt at a run: it takes rows and evaluations in order, then is published or given up.
///
/// Dropping it leaves everything where it is, as a crash would: [`Store::adopt`](super::Store::adopt) goes on from there and
/// [`Store::clear_stale_attempts`](super::Store::clear_stale_attempts) clears it away.
#[derive(Debug)]
pub struct Attempt {
    pub(super) results: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) spec: RunSpec,
    pub(super) journal: Journal,
    pub(super) lock: Lock,
    pub(super) damage: Option<RecordError>,
}

impl Attempt {
    /// Makes a folder of its own under `attempts`.
    pub(super) fn begin(results: &Path, attempts: &Path, spec: &RunSpec) -> Result<Self, RecordError> {
        let (folder, lock) = own_folder(attempts, spec)?;
        let path = folder.join(SPEC);
        let json = files::to_json(spec, &path)?;
        let read: RunSpec = files::from_json(&json, &path)?;
        if read.id() != spec.id() {
            return Err(RecordError::Mismatch {
                path,
                key: "the run's identity once written and read",
                found: read.id().to_string(),
                expected: spec.id().to_string(),
                remedy: "this is a fault of the program",
            });
        }
        files::write_synced(&path, &json)?;
        Owner::here().write(&folder)?;
        let journal = Journal::create(&folder.join(JOURNAL))?;
        Ok(Self { results: results.into(), folder, spec: spec.clone(), journal, lock, damage: None })
    }

    /// Adds the rows of the updates from `first_step` on, which must be the next one due.
    ///
    /// Rows wait in memory until there are 1024 of them or a second has gone by. After an error they are still there:
    /// [`flush`](Self::flush) tries again.
    pub fn append(&mut self, first_step: u64, rows: &[Row]) -> Result<(), RecordError> {
        self.journal.append(first_step, rows)
    }

    /// Adds an evaluation made when `step` updates were done, which must be all so far.
    ///
    /// An evaluation of the same subset at the same step may come again, with the same bits: it counts once.
    pub fn evaluated(&mut self, step: u64, subset: Subset, evaluation: Evaluation) -> Result<(), RecordError> {
        self.journal.evaluated(EvaluationAt { step, subset, evaluation })
    }

    /// Hands everything so far to the system, where it outlives the process.
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.journal.flush()
    }

    /// Waits until everything so far is on the disk, where it outlives the machine's power.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        self.journal.sync()
    }

    /// Forgets everything after `step` updates, to go on from a state saved then. Evaluations made at `step` stay.
    pub fn rewind(&mut self, step: u64) -> Result<(), RecordError> {
        self.journal.rewind(step)
    }

    /// The run.
    pub fn spec(&self) -> &RunSpec {
        &self.spec
    }

    /// Updates recorded.
    pub fn steps(&self) -> u64 {
        self.journal.steps()
    }

    /// Evaluations recorded.
    pub fn evaluations(&self) -> &[EvaluationAt] {
        self.journal.evaluations()
    }

    /// The attempt's own folder, where its owner may keep files besides the journal, such as saved states. All go with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The damage that was cut off when the attempt was taken up again.
    pub fn damage(&self) -> Option<&RecordError> {
        self.damage.as_ref()
    }

    /// Reads back what has been written, from step 0.
    pub fn follow(&self) -> Result<Follower, RecordError> {
        Follower::open(&self.folder.join(JOURNAL))
    }

    /// Leaves the attempt for others to go on with, wherever they run: nobody is at work on it any more. Without it, as after a
    /// crash, only those that see its lock can tell.
    pub fn release(self) -> Result<(), RecordError> {
        owner::release(&self.folder)
    }

    /// Gives the attempt up and removes its folder.
    pub fn abandon(self) -> Result<(), RecordError> {
        self.remove()
    }

    /// Removes the folder while the lock is held, so that nobody takes up half of it.
    pub(super) fn remove(self) -> Result<(), RecordError> {
        let Self { folder, lock, journal, .. } = self;
        drop(journal);
        let removed = remove_folder(&folder);
        drop(lock);
        // Where an open file cannot be removed, the lock had to go first.
        removed.or_else(|_| remove_folder(&folder))
    }
}

pub(super) fn remove_folder(folder: &Path) -> Result<(), RecordError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RecordError::io("remove", folder)(e)),
        _ => Ok(()),
    }
}

fn own_folder(attempts: &Path, spec: &RunSpec) -> Result<(PathBuf, Lock), RecordError> {
    let run_id = spec.id();
    loop {
        files::create_folder(attempts)?;
        let folder = attempts.join(AttemptName::new(&run_id).to_string());
        match fs::create_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => continue,
            other => other.map_err(RecordError::io("create the folder", &folder))?,
        }
        // Someone clearing up may have taken the folder for a dead one before it was locked.
        if let Some(lock) = Lock::take(&folder)? {
            return Ok((folder, lock));
        }
    }
}
