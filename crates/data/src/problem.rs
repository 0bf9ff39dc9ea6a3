//! What can be wrong with a file.

use std::io;
use std::path::PathBuf;

use crate::name::Name;

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
    /// A link leads to a place where nothing is.
    #[error("is a link to {}, which does not exist", target.display())]
    Dangling {
        /// Where it leads.
        target: PathBuf,
        /// What should be there: `file` or `folder`.
        wanted: &'static str,
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
    /// An archive of something else.
    #[error("holds none of CIFAR-10's batches")]
    NoBatches,
    /// An archive without an entry that it must have.
    #[error("the archive does not hold it")]
    Lacking,
    /// A damaged parquet file.
    #[error("the parquet file is damaged: {0}")]
    Parquet(#[source] Box<parquet::errors::ParquetError>),
    /// A set of files of which some are not there.
    #[error("is one of {of} files, of which {found} are here")]
    Shards {
        /// The files that are there.
        found: usize,
        /// The files that there should be, as their names say.
        of: usize,
    },
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
    /// A damaged zip archive.
    #[error("the zip archive is damaged: {0}")]
    Zip(#[source] zip::result::ZipError),
    /// A damaged entry of a zip archive.
    #[error("cannot be unpacked: {0}")]
    Deflate(#[source] io::Error),
    /// An array of numpy's that is not what it must be.
    #[error("is not the array it should be: {0}")]
    Npy(String),
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
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::NoFolder | Self::NotAFolder | Self::Dangling { wanted: "folder", .. } => {
                "name an existing folder by --data-dir or LRSCOPE_DATA_DIR"
            }
            Self::Dangling { .. } => "put the file there or remove the link",
            Self::Read(_) => "make it readable or remove it",
            Self::Missing(_) => "add it, or remove the others",
            Self::Shards { .. } => "add the others, or remove it",
            _ => "replace it by the official file or remove it",
        }
    }
}

impl From<parquet::errors::ParquetError> for Problem {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Parquet(Box::new(error))
    }
}
