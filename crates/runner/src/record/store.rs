//! The results folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::adopt;
use super::attempt::{Attempt, remove_folder};
use super::error::RecordError;
use super::files;
use super::listing::{self, AttemptEntry, AttemptState, DISPUTED};
use super::lock::Lock;
use super::owner;
use super::published::Published;
use super::turn::Turn;
use crate::spec::{RunId, RunSpec};

/// A results folder with its published runs and its attempts. Several processes, on several machines, may use it at once.
#[derive(Debug, Clone)]
pub struct Store {
    results: PathBuf,
}

impl Store {
    /// Uses a results folder, which need not exist yet: only [`begin`](Self::begin) creates it.
    pub fn open(results: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let results = results.into();
        files::is_folder(&results, "folder")?;
        Ok(Self { results })
    }

    /// The results folder.
    pub fn path(&self) -> &Path {
        &self.results
    }

    /// The published run of this identity, checked; nothing if it has not been published.
    pub fn find(&self, run_id: &RunId) -> Result<Option<Published>, RecordError> {
        let folder = self.runs_folder().join(run_id.as_str());
        match folder.symlink_metadata() {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(RecordError::io("read", &folder)(e)),
            Ok(_) => Published::read(&folder).map(Some),
        }
    }

    /// All published runs in the order of their identities, each read and checked as its turn comes. What cannot be read is an
    /// error that names it; the others go on.
    pub fn runs(&self) -> Result<impl Iterator<Item = Result<Published, RecordError>>, RecordError> {
        let folder = self.runs_folder();
        let names = listing::names(&folder)?;
        Ok(names.into_iter().map(move |name| Published::read(&folder.join(name))))
    }

    /// Begins an attempt in a folder of its own. Whether the run is already published is for [`find`](Self::find) to tell.
    pub fn begin(&self, spec: &RunSpec) -> Result<Attempt, RecordError> {
        Attempt::begin(&self.results, &self.attempts_folder(), spec)
    }

    /// Takes up the attempt at this run that came furthest of those that nobody is at work on, its journal cut back to the last
    /// whole block. To go on from a saved state, [`rewind`](Attempt::rewind) it to the state's step.
    pub fn adopt(&self, spec: &RunSpec) -> Result<Option<Attempt>, RecordError> {
        adopt::furthest(&self.results, &self.attempts()?, spec)
    }

    /// All attempts, alive or dead.
    pub fn attempts(&self) -> Result<Vec<AttemptEntry>, RecordError> {
        listing::attempts(&self.attempts_folder())
    }

    /// The runs that an attempt came to another result for than the published one, each with the note about it, as a path below
    /// the results folder.
    pub fn disputed(&self) -> Result<BTreeMap<RunId, PathBuf>, RecordError> {
        let attempts = self.attempts()?;
        let disputed = attempts.into_iter().filter(|entry| entry.state() == AttemptState::Disputed);
        let note = |entry: AttemptEntry| {
            let folder = entry.path.file_name().unwrap_or_default();
            (entry.run_id, Path::new("attempts").join(folder).join(DISPUTED))
        };
        Ok(disputed.map(note).collect())
    }

    /// The note beside a published run that says that it is disputed, as a path below the results folder.
    pub fn dispute_note(&self, run_id: &RunId) -> Option<PathBuf> {
        let note = Path::new("runs").join(run_id.as_str()).join(DISPUTED);
        self.results.join(&note).exists().then_some(note)
    }

    /// Declares that nothing is at work on the attempts of a machine of which nobody can tell, so that [`adopt`](Self::adopt) takes
    /// them up; how many there were.
    ///
    /// If that is not so, two processes write one attempt, and damage it.
    pub fn release_attempts_of(&self, host: &str) -> Result<usize, RecordError> {
        let mut released = 0;
        for entry in self.attempts()? {
            if entry.host == host && entry.state() == AttemptState::Unknown {
                owner::release(&entry.path)?;
                released += 1;
            }
        }
        Ok(released)
    }

    /// Removes the attempts that nobody is at work on and answers with their folders. Attempts of living processes, those of
    /// which nobody can tell, and those kept as evidence stay.
    pub fn clear_stale_attempts(&self) -> Result<Vec<PathBuf>, RecordError> {
        self.clear(|_| true)
    }

    /// The same for the attempts that nobody can go on from: those without a checkpoint, and those of runs that are published.
    pub fn clear_useless_attempts(&self) -> Result<Vec<PathBuf>, RecordError> {
        let published = |entry: &AttemptEntry| self.runs_folder().join(entry.run_id.as_str()).is_dir();
        self.clear(|entry| published(entry) || entry.checkpoints().is_ok_and(|found| found.is_empty()))
    }

    /// Takes the turn at a run among the processes of this machine, or nothing while another one has it. It only saves double
    /// work: attempts are their own, and publishing is first-wins, with it and without it.
    pub fn turn(&self, run_id: &RunId) -> Result<Option<Turn>, RecordError> {
        Turn::take(&self.results.join(".locks"), run_id)
    }

    fn clear(&self, useless: impl Fn(&AttemptEntry) -> bool) -> Result<Vec<PathBuf>, RecordError> {
        let mut removed = Vec::new();
        for entry in self.attempts()? {
            if entry.state() != AttemptState::Dead || !useless(&entry) {
                continue;
            }
            let lock_decides = entry.signs().lock_decides();
            if let Some(lock) = Lock::take(&entry.path)?.filter(Lock::is_sure)
                && (owner::take_over(&entry.path) || lock_decides)
            {
                let result = remove_folder(&entry.path);
                drop(lock);
                result.or_else(|_| remove_folder(&entry.path))?;
                removed.push(entry.path);
            }
        }
        Ok(removed)
    }

    fn runs_folder(&self) -> PathBuf {
        self.results.join("runs")
    }

    fn attempts_folder(&self) -> PathBuf {
        self.results.join("attempts")
    }
}
