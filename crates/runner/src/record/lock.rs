//! The lock that tells an attempt's owner is alive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use super::error::RecordError;

const LOCK: &str = "lock";

/// A held lock. The system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    /// Absent on file systems without locks (some network ones): then nobody can tell whether the owner lives.
    file: Option<File>,
}

impl Lock {
    /// Takes the lock of an attempt's folder, or nothing if someone else holds it or the folder has gone.
    pub(super) fn take(folder: &Path) -> Result<Option<Self>, RecordError> {
        let path = folder.join(LOCK);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = match opened {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(RecordError::io("create the lock", &path))?,
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(_)) => return Ok(Some(Self { file: None })),
        }
        // Someone may have removed the folder between opening and locking; names are never used again.
        Ok(path.exists().then_some(Self { file: Some(file) }))
    }

    /// Whether the lock is real, so that what it guards may be removed or taken over.
    pub(super) fn is_sure(&self) -> bool {
        self.file.is_some()
    }
}

/// Whether someone holds the lock of a folder; nothing where that cannot be told.
pub(super) fn is_held(folder: &Path) -> Option<bool> {
    let file = match File::open(folder.join(LOCK)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Some(false),
        other => other.ok()?,
    };
    match file.try_lock_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}
