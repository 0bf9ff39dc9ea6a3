//! Putting fetched data into lrscope's cache folder: whole or not at all.
//!
//! The data is written and checked in a temporary folder beside its final place and renamed into it at the end. A process
//! that is killed leaves at most a temporary folder behind, which the next one removes. One process per data set does this
//! at a time; the others wait for it and then find the data in place.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::Error;
use crate::name::Name;

/// The right to fetch one data set into one cache folder, given back when dropped (or when the process ends).
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// Time between two tries to get the right.
const PAUSE: Duration = Duration::from_millis(100);

impl Lock {
    /// Waits until no other process fetches `name`, telling `waiting` now and then, for `patience` at most. Where the file
    /// system knows no locks, nobody is waited for.
    pub fn acquire(store: &Path, name: Name, patience: Duration, waiting: &mut dyn FnMut()) -> Result<Self, Error> {
        fs::create_dir_all(store).map_err(Error::write("create the folder", store))?;
        let path = store.join(format!(".{name}.lock"));
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let file = open.map_err(Error::write("create the lock file", &path))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { file });
                }
                Err(TryLockError::Error(error)) => return Err(Error::write("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if start.elapsed() > patience => {
                    let busy = io::Error::new(io::ErrorKind::TimedOut, "another process has held it for too long");
                    return Err(Error::write("lock", &path)(busy));
                }
                Err(TryLockError::WouldBlock) => {
                    waiting();
                    thread::sleep(PAUSE);
                }
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would do so only when a child process that another thread is starting lets go of its copy too.
        let _ = self.file.unlock();
    }
}

/// A temporary folder in the cache folder for data set `name`, after those of killed processes were removed. Only the holder
/// of the lock may ask for one.
pub(crate) fn workplace(store: &Path, name: Name, _lock: &Lock) -> Result<TempDir, Error> {
    let prefix = format!(".incoming-{name}-");
    let entries = fs::read_dir(store).map_err(Error::write("list the folder", store))?;
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)) {
        // What cannot be removed does no harm: it is never read.
        drop(fs::remove_dir_all(entry.path()));
    }
    tempfile::Builder::new()
        .prefix(&prefix)
        .tempdir_in(store)
        .map_err(Error::write("create a temporary folder in", store))
}

/// Moves the finished folder `from` to its place `store/folder`. What is there already, a damaged older copy, goes first
/// into the temporary folder, which is removed at the end.
pub(crate) fn publish(from: &Path, store: &Path, folder: &str, work: &TempDir) -> Result<PathBuf, Error> {
    let target = store.join(folder);
    if target.exists() {
        let old = work.path().join("replaced");
        fs::rename(&target, &old).map_err(Error::write("move away", &target))?;
    }
    fs::rename(from, &target).map_err(Error::write("move the finished data to", &target))?;
    Ok(target)
}

/// Writes a file and waits until it is on the disk, so that a renamed folder never holds half a file.
pub(crate) fn write_file(path: &Path, pieces: &[&[u8]]) -> Result<(), Error> {
    let write = || {
        let mut file = File::create_new(path)?;
        pieces.iter().try_for_each(|piece| io::Write::write_all(&mut file, piece))?;
        file.sync_all()
    };
    write().map_err(Error::write("write", path))
}
