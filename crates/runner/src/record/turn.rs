//! Whose turn a run is, among the processes of one machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::RecordError;
use super::lock::release;
use crate::spec::RunId;

/// The turn at a run. It ends with this value, or with the process, however that ends.
///
/// It is a courtesy between processes that would do the same work twice. Where the file system has no locks everybody has it.
#[derive(Debug)]
pub struct Turn {
    path: PathBuf,
    file: Option<File>,
}

impl Turn {
    pub(super) fn take(locks: &Path, run_id: &RunId) -> Result<Option<Self>, RecordError> {
        let path = locks.join(run_id.as_str());
        let file = open(locks, &path).map_err(RecordError::io("create the lock", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(_)) => Ok(Some(Self { path, file: None })),
        }
    }

    /// Ends the turn of a run that is published: nobody will want it again, so its file goes too.
    pub fn done(self) {
        // Whoever has the file open gets the turn next and finds the run published.
        let _ = fs::remove_file(&self.path);
        // Only the last one succeeds.
        let _ = self.path.parent().map(fs::remove_dir);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        release(self.file.as_ref());
    }
}

/// Opens the lock file, whose folder another process may remove at any time.
fn open(locks: &Path, path: &Path) -> io::Result<File> {
    let mut tries = 0;
    loop {
        fs::create_dir_all(locks)?;
        match OpenOptions::new().write(true).create(true).truncate(false).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries < 100 => tries += 1,
            other => return other,
        }
    }
}
