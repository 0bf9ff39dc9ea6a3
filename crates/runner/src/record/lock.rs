//! The lock that tells an attempt's owner is alive.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::error::RecordError;

const LOCK: &str = "lock";

/// Someone who only asks whether the owner lives ([`is_held`]) holds the lock for a moment: how often, and after what pause,
/// it is tried again before it counts as held.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(4);

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
        match try_for_a_moment(&file) {
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

impl Drop for Lock {
    fn drop(&mut self) {
        release(self.file.as_ref());
    }
}

/// Gives a lock back at once. Closing the file would do so only when the last copy of the handle goes, and a child process that
/// another thread is starting has copies of all handles until its program begins.
pub(super) fn release(file: Option<&File>) {
    if let Some(file) = file {
        // Where this fails, closing the file does it.
        let _ = file.unlock();
    }
}

fn try_for_a_moment(file: &File) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            other => return other,
        }
    }
    file.try_lock()
}

/// Whether someone holds the lock of a folder; nothing where that cannot be told.
pub(super) fn is_held(folder: &Path) -> Option<bool> {
    let file = match File::open(folder.join(LOCK)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Some(false),
        other => other.ok()?,
    };
    match file.try_lock_shared() {
        Ok(()) => {
            release(Some(&file));
            Some(false)
        }
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}
