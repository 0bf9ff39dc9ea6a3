//! What can go wrong with records, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a record could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The system refused.
    #[error("cannot {doing} {}: {}", path.display(), explain(source, path))]
    Io {
        /// What was being done, for example `"write"`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file or folder that must be there is not.
    #[error("{} is missing: {remedy}", path.display())]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// Something else stands in the place of a file or folder.
    #[error("{} is not a {wanted}: move it away", path.display())]
    WrongKind {
        /// What stands there.
        path: PathBuf,
        /// `"folder"`, `"regular file"` or `"published run"`.
        wanted: &'static str,
    },
    /// A file is larger than any that lrscope writes.
    #[error("{} has {bytes} bytes, more than the {limit} that such a file can have: delete the run's folder and run it again", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size accepted.
        limit: u64,
    },
    /// A JSON file does not say what it must.
    #[error("{}:{line}:{column}: {problem}: delete the run's folder and run it again", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 before the first character of a line.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A file was written by a version of the record format that this program does not know.
    #[error("{} has schema version {found}, and this program reads versions {} to {}: use a newer lrscope", path.display(), super::READABLE.start(), super::READABLE.end())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// A file's bytes are not those that were published.
    #[error("{} is damaged: its SHA-256 is {found} where {said_by} says {expected}{detail}: delete the run's folder and run it again", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// Checksum of its bytes.
        found: String,
        /// Checksum that it should have.
        expected: String,
        /// The file that says so.
        said_by: &'static str,
        /// What else is wrong with it, with a leading separator; may be empty.
        detail: String,
    },
    /// `SHA256SUMS` is not as lrscope writes it.
    #[error("{}:{line}: {problem}: delete the run's folder and run it again", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// Damage within a file of steps.
    #[error("{} is damaged in block {block}, at byte {offset}: {problem}: {remedy}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Blocks before the damaged one.
        block: u64,
        /// Where it starts.
        offset: u64,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A published file of steps ends early.
    #[error("{} ends within a block, after {steps} whole steps at byte {offset}: delete the run's folder and run it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Steps in its whole blocks.
        steps: u64,
        /// Where the broken block starts.
        offset: u64,
    },
    /// Two parts of a record contradict each other.
    #[error("{}: {key} is {found} and must be {expected}: {remedy}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        key: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        expected: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Rows or an evaluation came out of order.
    #[error("{}: {what} of step {found} came where step {expected} was due: this is a fault of the program", path.display())]
    OutOfOrder {
        /// The journal.
        path: PathBuf,
        /// `"rows"` or `"an evaluation"`.
        what: &'static str,
        /// The step given.
        found: u64,
        /// The step due.
        expected: u64,
    },
    /// The same evaluation was done twice, with two results.
    #[error("{}: step {step} was evaluated twice on the {subset} examples with different results: the run does not repeat to the bit; please report it", path.display())]
    EvaluationDiffers {
        /// The journal.
        path: PathBuf,
        /// Updates done.
        step: u64,
        /// The subset.
        subset: String,
    },
    /// A journal does not reach as far as the state from which the run was to go on.
    #[error("{} holds {have} steps, and {wanted} are needed: go on from an earlier state", path.display())]
    StepsMissing {
        /// The journal.
        path: PathBuf,
        /// Steps in the journal.
        have: u64,
        /// Steps needed.
        wanted: u64,
    },
    /// The same specification gave two results.
    #[error("{} was published with another result than {} found ({difference}): the run does not repeat to the bit; both are kept, please report it", published.display(), attempt.display())]
    NotReproducible {
        /// The folder of the published run.
        published: PathBuf,
        /// The folder of the attempt that differs.
        attempt: PathBuf,
        /// Where they first differ.
        difference: String,
    },
    /// A run was found published, but the published record is broken.
    #[error("{} is finished, but the run was already published and that record is broken ({source}): delete the published folder and start the run again", attempt.display())]
    PublishedBroken {
        /// The folder of the finished attempt, which is kept.
        attempt: PathBuf,
        /// What is wrong with the published record.
        source: Box<RecordError>,
    },
    /// A checkpoint is damaged, or not one of this run.
    #[error("the saved state in {} cannot be used: {problem}; an earlier one, or the run's start, takes its place", path.display())]
    BadCheckpoint {
        /// The file that is wrong.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A message could not be encoded.
    #[error("cannot encode a block for {}: {source}", path.display())]
    Encode {
        /// The file it was for.
        path: PathBuf,
        /// The encoder's error.
        source: postcard::Error,
    },
}

impl RecordError {
    /// Wraps a system error; for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { doing, path, source }
    }

    /// Wraps a JSON error; for `map_err`.
    pub(super) fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> Self {
        let path = path.to_path_buf();
        move |error| {
            let text = error.to_string();
            let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
            Self::Json { path, line: error.line(), column: error.column(), problem: problem.into() }
        }
    }
}

/// The system's error in words that say what to do.
fn explain(error: &io::Error, path: &Path) -> String {
    use io::ErrorKind as Kind;
    let file_on_the_way = || path.ancestors().find(|part| part.is_file());
    match error.kind() {
        Kind::StorageFull => "no space left on the device: free some and start again, nothing published is lost".into(),
        Kind::QuotaExceeded => {
            "the disk quota is used up: free some space and start again, nothing published is lost".into()
        }
        Kind::FileTooLarge => {
            let limit = "a limit on the size of files (ulimit -f, or the file system's own) is reached: raise it and start again";
            format!("{error}: {limit}, nothing published is lost")
        }
        Kind::PermissionDenied => {
            "permission denied: make the folder writable, or choose another results folder".into()
        }
        Kind::ReadOnlyFilesystem => "the file system is read-only: choose another results folder".into(),
        Kind::CrossesDevices => "runs/ and attempts/ are on different file systems: keep both on one".into(),
        Kind::NotADirectory | Kind::AlreadyExists => match file_on_the_way() {
            Some(file) => format!("{} is a file where a folder belongs: move it away", file.display()),
            None => error.to_string(),
        },
        _ => error.to_string(),
    }
}
