//! Writing a report's files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

use crate::fact::ReportFile;
pub use crate::streamed::StreamedFile;

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file's name is no plain name, or stands twice.
    #[error("a report cannot hold a file called {name:?}: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The folder cannot be made.
    #[error("cannot make the folder {}: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file cannot be written; the report that was there before, if any, is as it was.
    #[error("cannot write {} (the report is left as it was): {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A finished file cannot be put in its place; run the command again, since the files before it are already new.
    #[error("cannot replace {} (run the command again): {source}", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Every name that a report's files can have. A report has not all of them: which pictures there are depends on its values.
pub const NAMES: [&str; 15] = [
    "README.md",
    "accuracy.svg",
    "curves.csv",
    "evaluation-loss.svg",
    "evaluations.csv",
    "final.svg",
    "loss.svg",
    "mean_curve.csv",
    "pick.json",
    "range-test.svg",
    "rules.csv",
    "runs.csv",
    "schedule.svg",
    "schedules.svg",
    "validation.csv",
];

/// Writes a report into `folder`, which is made where it is missing. Other files there are left alone.
///
/// Every file is first written in full under a temporary name and flushed to the disk; only when all are there do they take
/// their names, those that were streamed first and then the others in the given order, each by one rename. So a reader finds
/// either the old or the new content of a file, and a full disk leaves the old report whole.
pub fn write_report(folder: &Path, files: &[ReportFile], streamed: Vec<StreamedFile>) -> Result<(), WriteError> {
    check_names(files.iter().map(|file| &file.name).chain(streamed.iter().map(|file| &file.name)))?;
    make(folder).map_err(|source| WriteError::Folder { folder: folder.into(), source })?;
    let mut ready = Vec::with_capacity(files.len() + streamed.len());
    for file in streamed {
        let path = folder.join(&file.name);
        let temporary = file.completed().map_err(|source| WriteError::Write { path: path.clone(), source })?;
        ready.extend(temporary.map(|temporary| (path, temporary.into_temp_path())));
    }
    for file in files {
        let path = folder.join(&file.name);
        let temporary =
            prepare(folder, &file.bytes).map_err(|source| WriteError::Write { path: path.clone(), source })?;
        // Closed, so that a report of many files needs no more than one handle at a time.
        ready.push((path, temporary.into_temp_path()));
    }
    for (path, temporary) in ready {
        temporary.persist(&path).map_err(|error| WriteError::Replace { path, source: error.error })?;
    }
    flush_names(folder);
    Ok(())
}

/// Makes a folder. One that cannot be looked at is not taken for a file in the way.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if fs::metadata(folder)?.is_dir() {
                Ok(())
            } else {
                Err(error)
            }
        }
        other => other,
    }
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), WriteError> {
    let mut seen = BTreeSet::new();
    for name in names {
        let refused = |reason| WriteError::Name { name: name.clone(), reason };
        let mut parts = Path::new(name).components();
        let plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
        if !plain || name.contains(['/', '\\', '\0']) {
            return Err(refused("it must be a plain file name"));
        }
        if !seen.insert(name) {
            return Err(refused("it stands twice"));
        }
    }
    Ok(())
}

fn prepare(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = temporary(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

pub(crate) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    readable(&mut builder).tempfile_in(folder)
}

/// Temporary files are made for their owner alone; a report is for everyone whom the user's mask lets read.
#[cfg(unix)]
fn readable<'a, 'b>(builder: &'b mut tempfile::Builder<'a, 'a>) -> &'b mut tempfile::Builder<'a, 'a> {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn readable<'a, 'b>(builder: &'b mut tempfile::Builder<'a, 'a>) -> &'b mut tempfile::Builder<'a, 'a> {
    builder
}

/// Makes the renames last through a power cut where the system can; the files are right without it.
fn flush_names(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str) -> ReportFile {
        ReportFile { name: name.into(), bytes: content.into() }
    }

    #[test]
    fn a_report_replaces_its_old_files_and_leaves_others_alone() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = base.path().join("a/b");
        write_report(&folder, &[file("x.csv", "old"), file("README.md", "old")], Vec::new()).expect("written");
        fs::write(folder.join("mine.txt"), "mine").expect("written");
        write_report(&folder, &[file("x.csv", "new"), file("README.md", "newer")], Vec::new()).expect("written");
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("there");
        assert_eq!((read("x.csv"), read("README.md"), read("mine.txt")), ("new".into(), "newer".into(), "mine".into()));
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 3);
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        let base = tempfile::tempdir().expect("a folder");
        for name in ["", ".", "..", "../x", "/x", "a/b", "a\\b", "nul\0"] {
            let error = write_report(base.path(), &[file(name, "")], Vec::new()).expect_err(name);
            assert!(matches!(error, WriteError::Name { .. }), "{name}");
        }
        let twice = write_report(base.path(), &[file("x", ""), file("x", "")], Vec::new());
        assert!(matches!(twice, Err(WriteError::Name { .. })));
        assert_eq!(fs::read_dir(base.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn an_error_names_the_path_and_leaves_nothing_behind() {
        let base = tempfile::tempdir().expect("a folder");
        let blocked = base.path().join("blocked");
        fs::write(&blocked, "a file, no folder").expect("written");
        let error = write_report(&blocked, &[file("x", "")], Vec::new()).expect_err("a file is in the way");
        assert!(error.to_string().contains("blocked"), "{error}");
        let folder = base.path().join("report");
        fs::create_dir_all(folder.join("x")).expect("a folder where a file should go");
        let error = write_report(&folder, &[file("x", "")], Vec::new()).expect_err("a folder is in the way");
        assert!(matches!(error, WriteError::Replace { .. }), "{error}");
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_report_is_readable_like_any_file_of_its_user() {
        use std::os::unix::fs::PermissionsExt as _;
        let base = tempfile::tempdir().expect("a folder");
        write_report(base.path(), &[file("x", "")], Vec::new()).expect("written");
        fs::write(base.path().join("y"), "").expect("written");
        let mode = |name: &str| fs::metadata(base.path().join(name)).expect("there").permissions().mode();
        assert_eq!(mode("x"), mode("y"));
    }
}
