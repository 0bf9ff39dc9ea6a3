//! Bytes of a file, plain or gzipped, never more than asked for.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::error::{Error, Problem};
use crate::gzip::{Gunzip, MAGIC};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nothing,
    /// A link to a place where nothing is.
    Dangling,
    File,
    Folder,
    /// A device, a pipe or a socket: reading it could wait for ever.
    Special,
}

impl Kind {
    /// What stands at `path`, links followed.
    pub fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => Ok(Self::File),
            Ok(found) if found.is_dir() => Ok(Self::Folder),
            Ok(_) => Ok(Self::Special),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                let dangling = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
                Ok(if dangling { Self::Dangling } else { Self::Nothing })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a folder is there; something else in its place is an error.
    pub fn is_folder(path: &Path) -> Result<bool, Error> {
        match Self::of(path).map_err(|error| Error::bad(path, error))? {
            Self::Nothing => Ok(false),
            Self::Folder => Ok(true),
            Self::Dangling => Err(Error::bad(path, dangling(path, "folder"))),
            Self::File | Self::Special => Err(Error::bad(path, Problem::NotAFolder)),
        }
    }
}

/// A link that leads nowhere, where `wanted` should be.
fn dangling(link: &Path, wanted: &'static str) -> Problem {
    Problem::Dangling { target: fs::read_link(link).unwrap_or_default(), wanted }
}

/// Opens a file that must be one.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let bad = |problem| Err(Error::bad(path, problem));
    match Kind::of(path).map_err(|error| Error::bad(path, error))? {
        Kind::File | Kind::Nothing => File::open(path).map_err(|error| Error::bad(path, error)),
        Kind::Dangling => bad(dangling(path, "file")),
        Kind::Folder => bad(Problem::NotAFile { found: "a folder" }),
        Kind::Special => bad(Problem::NotAFile { found: "a device or a pipe" }),
    }
}

/// The first `limit` bytes of a file, unpacked if the file *is* gzip, whatever its name says (a download that the browser
/// unpacked keeps its `.gz`).
pub(crate) fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let mut reader = BufReader::new(open(path)?);
    let head = reader.fill_buf().map_err(|error| Error::bad(path, error))?;
    if head.starts_with(&MAGIC) {
        bounded(Gunzip::new(reader), limit).map_err(|error| Error::bad(path, Problem::Gzip(error)))
    } else {
        bounded(reader, limit).map_err(|error| Error::bad(path, error))
    }
}

fn bounded(reader: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(limit);
    reader.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Fails unless there are exactly `expected` bytes.
pub(crate) fn check_length(bytes: &[u8], expected: usize) -> Result<(), Problem> {
    match bytes.len() {
        found if found < expected => Err(Problem::Short { found, expected }),
        found if found > expected => Err(Problem::Long { expected }),
        _ => Ok(()),
    }
}
