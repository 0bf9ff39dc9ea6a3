//! Reading with bounds and writing that lasts.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::checksum::Checksum;
use super::error::RecordError;

/// Creates a folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), RecordError> {
    crate::replace::create_folder(path).map_err(RecordError::io("create the folder", path))
}

/// Writes a new file and waits until it is on the disk.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(RecordError::io("write", path))
}

/// Waits until a folder's entries are on the disk. Systems whose folders cannot be synced (Windows, some network file systems)
/// order such changes themselves.
pub(super) fn sync_folder(path: &Path) -> Result<(), RecordError> {
    if cfg!(windows) {
        return Ok(());
    }
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    match synced {
        Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other.map_err(RecordError::io("sync the folder", path)),
    }
}

/// Whether a folder is there; where something else is, or where the system cannot tell, that is an error.
pub(super) fn is_folder(path: &Path, wanted: &'static str) -> Result<bool, RecordError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(RecordError::WrongKind { path: path.into(), wanted }),
        // A file on the way is named by whoever makes the folder.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(e) => Err(RecordError::io("read", path)(e)),
    }
}

/// Opens a regular file of at most `limit` bytes; a pipe or device in its place would never end.
pub(super) fn open_bounded(path: &Path, limit: u64, remedy: &'static str) -> Result<File, RecordError> {
    let metadata = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(RecordError::Missing { path: path.into(), remedy });
        }
        other => other.map_err(RecordError::io("read", path))?,
    };
    if !metadata.is_file() {
        return Err(RecordError::WrongKind { path: path.into(), wanted: "regular file" });
    }
    if metadata.len() > limit {
        return Err(RecordError::TooLarge { path: path.into(), bytes: metadata.len(), limit });
    }
    File::open(path).map_err(RecordError::io("read", path))
}

/// Reads a file of at most `limit` bytes.
pub(super) fn read_bounded(path: &Path, limit: u64, remedy: &'static str) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::new();
    let mut file = open_bounded(path, limit, remedy)?.take(limit);
    file.read_to_end(&mut bytes).map_err(RecordError::io("read", path))?;
    Ok(bytes)
}

/// The checksum of a file of at most `limit` bytes.
pub(super) fn checksum_bounded(path: &Path, limit: u64, remedy: &'static str) -> Result<Checksum, RecordError> {
    let mut file = open_bounded(path, limit, remedy)?.take(limit);
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Checksum::finished(hasher)),
            Ok(read) => hasher.update(buffer.get(..read).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(RecordError::io("read", path)(e)),
        }
    }
}

/// JSON for people to read, with a line end.
pub(super) fn to_json(value: &impl Serialize, path: &Path) -> Result<Vec<u8>, RecordError> {
    let mut json = serde_json::to_vec_pretty(value).map_err(RecordError::json(path))?;
    json.push(b'\n');
    Ok(json)
}

pub(super) fn from_json<T: DeserializeOwned>(json: &[u8], path: &Path) -> Result<T, RecordError> {
    serde_json::from_slice(json).map_err(RecordError::json(path))
}
