//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

use crate::attempt::NoSource;
use crate::name::{Name, UnknownName};
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

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// Something else stands where a file should be.
    #[error("is {found}, not a file")]
    NotAFile {
        /// What it is.
        found: &'static str,
    },
    /// Something else stands where a folder should be.
    #[error("is a file, not a folder")]
    NotAFolder,
    /// The folder the user named is not there.
    #[error("does not exist")]
    NoFolder,
    /// Other files of the same set are there, this one is not.
    #[error("is missing, though other files of `{0}` are beside it")]
    Missing(Name),
    /// An IDX file that does not start as one.
    #[error("starts with 0x{found:08x}, an IDX file of {what} starts with 0x{expected:08x}")]
    Magic {
        /// What the file should hold.
        what: &'static str,
        /// Its first four bytes.
        found: u32,
        /// What they should be.
        expected: u32,
    },
    /// Another number of things than the data set has.
    #[error("announces {found} {what}, expected {expected}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// The number in the file.
        found: u64,
        /// The number there should be.
        expected: usize,
    },
    /// The file ends too early.
    #[error("holds {found} bytes, expected {expected}: it is truncated")]
    Short {
        /// Its bytes (unpacked).
        found: usize,
        /// The bytes there should be.
        expected: usize,
    },
    /// The file goes on after its end.
    #[error("goes on after the {expected} bytes that it should hold")]
    Long {
        /// The bytes there should be.
        expected: usize,
    },
    /// A label that names no class.
    #[error("label {label} of picture {row} is not below {classes}, the number of classes")]
    Label {
        /// Which picture, from 0.
        row: usize,
        /// Its label.
        label: i64,
        /// The number of classes.
        classes: usize,
    },
    /// A damaged gzip stream.
    #[error("its gzip stream is damaged: {0}")]
    Gzip(#[source] io::Error),
    /// A damaged archive.
    #[error("the archive is damaged: {0}")]
    Tar(#[source] io::Error),
    /// An archive entry whose path leaves the archive's folder.
    #[error("its path leads out of the archive's folder")]
    Escape,
    /// An archive entry that is neither a file nor a folder.
    #[error("is {0} inside an archive, which lrscope never follows")]
    Special(&'static str),
    /// An archive entry that is larger than it can be.
    #[error("announces {bytes} bytes, at most {limit} are possible")]
    Oversized {
        /// The bytes that its header announces.
        bytes: u64,
        /// The bytes it can have.
        limit: u64,
    },
    /// An archive without an entry that it must have.
    #[error("the archive does not hold it")]
    Lacking,
    /// A damaged parquet file.
    #[error("the parquet file is damaged: {0}")]
    Parquet(#[source] Box<parquet::errors::ParquetError>),
    /// A parquet file without a column, or with one of another type.
    #[error("has no parquet column `{column}` of type {expected}")]
    Column {
        /// The column's path.
        column: String,
        /// The type it should have.
        expected: &'static str,
    },
    /// A row without a value.
    #[error("row {row} has no value in column `{column}`")]
    Null {
        /// The column's path.
        column: String,
        /// Which row, from 0.
        row: usize,
    },
    /// A picture that cannot be decoded.
    #[error("picture {row} cannot be decoded: {source}")]
    Picture {
        /// Which picture, from 0.
        row: usize,
        /// What the decoder says.
        source: Box<image::ImageError>,
    },
    /// A picture of another size or kind.
    #[error("picture {row} is {found}, expected {expected}")]
    PictureKind {
        /// Which picture, from 0.
        row: usize,
        /// Its size and kind.
        found: String,
        /// The size and kind it should have.
        expected: String,
    },
    /// A damaged pickle.
    #[error("the pickle is damaged or of a kind that lrscope does not read: {0}")]
    Pickle(String),
    /// A pickle without a value that it must have.
    #[error("the pickle holds no {0}")]
    PickleField(&'static str),
    /// Labels that are not a JSON list of small numbers.
    #[error("is not a JSON list of labels: {0}")]
    Json(#[source] serde_json::Error),
}

impl Problem {
    const fn advice(&self) -> &'static str {
        match self {
            Self::NoFolder | Self::NotAFolder => "name an existing folder by --data-dir or LRSCOPE_DATA_DIR",
            Self::Read(_) => "make it readable or remove it",
            Self::Missing(_) => "add it, or remove the others",
            _ => "replace it by the official file or remove it",
        }
    }
}

impl From<parquet::errors::ParquetError> for Problem {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet(Box::new(error))
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
