//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

use crate::attempt::NoSource;
use crate::name::{Name, UnknownName};
pub use crate::problem::Problem;
use crate::source::{Origin, Source};

/// Why a data set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No data set has this name.
    #[error(transparent)]
    UnknownName(#[from] UnknownName),
    /// A file is there, but is not what it must be.
    #[error("{place}: {problem}; {}", problem.advice())]
    Bad {
        /// The file, with the entry if it is an archive.
        place: String,
        /// What is wrong with it.
        #[source]
        problem: Problem,
    },
    /// The data is not the known data.
    #[error(transparent)]
    Hash(Box<HashMismatch>),
    /// Several copies of the data are here, and each has something wrong.
    #[error("no copy of `{name}` that is here is right:{}", lines(.faults))]
    NoneRight {
        /// Which data set.
        name: Name,
        /// What is wrong with each, in the order in which they were tried.
        faults: Vec<Error>,
    },
    /// No source had the data.
    #[error(transparent)]
    NoSource(Box<NoSource>),
    /// The data set never comes from this source.
    #[error("`{name}` does not come from the source `{wanted}`: {}; leave the source out", embedded(*.name))]
    WrongSource {
        /// Which data set.
        name: Name,
        /// The source that was asked for.
        wanted: Source,
    },
    /// A file or folder of the cache could not be written.
    #[error("cannot {action} {}: {source}; free some space or name another folder by LRSCOPE_CACHE_DIR", path.display())]
    Write {
        /// What was to be done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// Each fault on a line of its own.
fn lines(faults: &[Error]) -> String {
    faults.iter().fold(String::new(), |lines, fault| lines + "\n  " + &fault.to_string())
}

const fn embedded(name: Name) -> &'static str {
    match name {
        Name::Digits => "it is embedded in lrscope",
        _ => "only `digits` is embedded in lrscope",
    }
}

impl Error {
    pub(crate) fn bad(place: &Path, problem: impl Into<Problem>) -> Self {
        Self::Bad { place: place.display().to_string(), problem: problem.into() }
    }

    pub(crate) fn bad_entry(archive: &Path, entry: &str, problem: impl Into<Problem>) -> Self {
        Self::Bad { place: format!("{}: {entry}", archive.display()), problem: problem.into() }
    }

    /// What is wrong with several copies as one error.
    pub(crate) fn all(name: Name, faults: Vec<Self>) -> Self {
        let mut single: Vec<Self> = Vec::new();
        let flat = faults.into_iter().flat_map(|fault| match fault {
            Self::NoneRight { faults, .. } => faults,
            other => vec![other],
        });
        for fault in flat {
            // Two combinations of files have the same fault where they share a file.
            if single.iter().all(|other| other.to_string() != fault.to_string()) {
                single.push(fault);
            }
        }
        if single.len() == 1 { single.remove(0) } else { Self::NoneRight { name, faults: single } }
    }

    pub(crate) fn write(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { action, path: path.to_owned(), source }
    }
}

impl From<HashMismatch> for Error {
    fn from(mismatch: HashMismatch) -> Self {
        Self::Hash(Box::new(mismatch))
    }
}

impl From<NoSource> for Error {
    fn from(nothing: NoSource) -> Self {
        Self::NoSource(Box::new(nothing))
    }
}

/// The data does not have the known hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the data of `{name}` from {origin} has the hash {found}, the known data has {known}{}; replace or remove these files, \
     or choose another source",
    .looks_like.map(|other| format!(" (it is the data of `{other}`)")).unwrap_or_default()
)]
pub struct HashMismatch {
    /// Which data set.
    pub name: Name,
    /// Where the data came from.
    pub origin: Origin,
    /// The hash of what was found.
    pub found: String,
    /// The hash that it should have.
    pub known: &'static str,
    /// The data set whose data it is instead.
    pub looks_like: Option<Name>,
}
