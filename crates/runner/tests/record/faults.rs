//! What the machine refuses: full and read-only file systems, files in the place of folders.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use lrscope_runner::record::{Publication, RecordError, Store};

use super::sample;

const CHILD: &str = "LRSCOPE_TEST_RIGHTS";

/// A file system of a few kilobytes, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"], folder.path()).then(|| Self(folder))
    }

    fn remount(&self, options: &str) -> bool {
        mount(&["-o", &format!("remount,{options}")], self.0.path())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

fn mount(args: &[&str], folder: &Path) -> bool {
    let mounted = Command::new("mount").args(args).arg(folder).output();
    mounted.is_ok_and(|output| output.status.success())
}

fn kind(error: &RecordError) -> Option<io::ErrorKind> {
    error.source()?.downcast_ref().map(io::Error::kind)
}

/// Fills a disk but for `left` bytes, with a file that can be removed again.
fn fill(disk: &Path, left: u64) -> PathBuf {
    let path = disk.join("ballast");
    let mut size = 0;
    let chunk = vec![7_u8; 4096];
    let mut bytes = Vec::new();
    while fs::write(&path, &bytes).is_ok() {
        size = bytes.len() as u64;
        bytes.extend(&chunk);
    }
    fs::write(&path, &bytes[..(size.saturating_sub(left)) as usize]).unwrap();
    path
}

#[test]
fn a_full_disk_loses_nothing_and_the_run_completes_once_there_is_space() {
    let Some(disk) = SmallDisk::mount("512k") else {
        return sample::skipped("no tmpfs can be mounted here: a full disk is not tested");
    };
    let reference = tempfile::tempdir().unwrap();
    let spec = sample::spec(0, 5000);
    let expected = sample::repeatable(&sample::run(&Store::open(reference.path()).unwrap(), &spec, 10).record().path);
    // From no space at all, through a journal that breaks off, to one that is whole but cannot be copied.
    let (mut in_journal, mut in_publish) = (0, 0);
    for left in (0..=30).map(|pages| pages * 8192) {
        let results = disk.path().join("results");
        let store = Store::open(&results).unwrap();
        let begun = store.begin(&spec).unwrap();
        drop(begun);
        let ballast = fill(disk.path(), left);
        let mut attempt = store.adopt(&spec).unwrap().expect("the one begun");
        let failed = match sample::train(&mut attempt, 10) {
            Err(error) => {
                in_journal += 1;
                drop(attempt);
                Some(error)
            }
            Ok(()) => sample::publish(attempt).err().inspect(|_| in_publish += 1),
        };
        fs::remove_file(ballast).unwrap();
        if let Some(error) = failed {
            assert_eq!(kind(&error), Some(io::ErrorKind::StorageFull), "{error}");
            assert!(error.to_string().contains("no space left on the device: free some"), "{error}");
            assert!(store.find(&spec.id()).unwrap().is_none(), "nothing half done is published");
            let mut attempt = store.adopt(&spec).unwrap().expect("the attempt is still there");
            assert!(attempt.damage().is_none(), "a short write leaves no broken block: {:?}", attempt.damage());
            sample::train(&mut attempt, 10).unwrap();
            assert!(matches!(sample::publish(attempt).unwrap(), Publication::First(_)));
        }
        let record = store.find(&spec.id()).unwrap().expect("published");
        assert_eq!(sample::repeatable(&record.path), expected, "{left} bytes left");
        fs::remove_dir_all(&results).unwrap();
    }
    assert!(in_journal > 0 && in_publish > 0, "both must have happened: {in_journal}, {in_publish}");
}

#[test]
fn writing_goes_on_in_the_same_process_once_there_is_space() {
    let Some(disk) = SmallDisk::mount("256k") else {
        return sample::skipped("no tmpfs can be mounted here: a full disk is not tested");
    };
    let store = Store::open(disk.path().join("results")).unwrap();
    let spec = sample::spec(0, 5000);
    let mut attempt = store.begin(&spec).unwrap();
    let ballast = fill(disk.path(), 16384);
    let mut failures = 0;
    for first in (0..5000).step_by(10) {
        // The rows stay in memory; the next call tries again.
        failures += u32::from(attempt.append(first, &sample::rows(first..first + 10)).is_err());
        if failures == 3 {
            let _ = fs::remove_file(&ballast);
        }
    }
    assert!(failures >= 3);
    let record = sample::publish(attempt).unwrap().record().clone();
    assert!(record.rows().unwrap().map(Result::unwrap).eq(sample::rows(0..5000)));
}

#[test]
fn a_read_only_file_system_is_named_and_can_be_read() {
    let Some(disk) = SmallDisk::mount("512k") else {
        return sample::skipped("no tmpfs can be mounted here: a read-only file system is not tested");
    };
    let store = Store::open(disk.path().join("results")).unwrap();
    let spec = sample::spec(0, 50);
    let mut attempt = store.begin(&sample::spec(1, 50)).unwrap();
    attempt.append(0, &sample::rows(0..5)).unwrap();
    drop(attempt);
    sample::run(&store, &spec, 10);
    assert!(disk.remount("ro"));
    let error = store.begin(&spec).unwrap_err();
    assert_eq!(kind(&error), Some(io::ErrorKind::ReadOnlyFilesystem), "{error}");
    assert!(error.to_string().contains("read-only: choose another results folder"), "{error}");
    assert!(store.find(&spec.id()).unwrap().is_some());
    assert_eq!(store.attempts().unwrap().len(), 1);
    let cannot_remove = store.clear_stale_attempts().unwrap_err();
    assert!(cannot_remove.to_string().contains("attempts"), "{cannot_remove}");
    assert!(disk.remount("rw"));
    assert_eq!(store.clear_stale_attempts().unwrap().len(), 1);
}

/// A process that begins a run in `LRSCOPE_TEST_RIGHTS` and says what became of it.
#[test]
#[ignore = "started by other tests as a process of its own"]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let begun = Store::open(folder).unwrap().begin(&sample::spec(0, 5));
    let said = begun.map_or_else(|error| format!("{:?}: {error}", kind(&error)), |_| "begun".into());
    io::stdout().write_all(format!("{said}\n").as_bytes()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    let folder = tempfile::tempdir().unwrap();
    let probe = folder.path().join("probe");
    let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    let root = fs::write(&probe, "").is_ok();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::child", "--ignored", "--nocapture"]).env(CHILD, folder.path());
    if root {
        // Nothing is forbidden to the superuser, so somebody else tries.
        command.uid(NOBODY).current_dir("/");
    }
    let output = command.output();
    mode(0o755);
    let Ok(output) = output else {
        return sample::skipped("nobody may start this test: a folder without permission is not tested");
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Some(PermissionDenied): cannot create the folder"), "{said}");
    assert!(said.contains("permission denied: make the folder writable"), "{said}");
}

#[test]
fn a_file_in_the_place_of_a_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let error = Store::open(&file).unwrap_err().to_string();
    assert!(error.contains("file is not a folder: move it away"), "{error}");

    // Higher up: the results folder is inside a file.
    let inside = Store::open(file.join("results")).unwrap();
    let error = inside.begin(&sample::spec(0, 5)).unwrap_err().to_string();
    assert!(error.contains(&format!("{} is a file where a folder belongs", file.display())), "{error}");

    // Below: runs, attempts and the run itself.
    let store = Store::open(folder.path()).unwrap();
    fs::write(folder.path().join("attempts"), "mine").unwrap();
    let error = store.begin(&sample::spec(0, 5)).unwrap_err().to_string();
    assert!(error.contains("attempts is a file where a folder belongs"), "{error}");
    assert!(store.attempts().is_err());
    fs::remove_file(folder.path().join("attempts")).unwrap();
    let spec = sample::spec(0, 5);
    for place in ["runs".to_owned(), format!("runs/{}", spec.id())] {
        let place = folder.path().join(place);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "mine").unwrap();
        assert!(store.find(&spec.id()).is_err());
        let mut attempt = store.begin(&spec).unwrap();
        sample::train(&mut attempt, 5).unwrap();
        let error = sample::publish(attempt).unwrap_err().to_string();
        assert!(error.contains(&format!("{} is a file where a folder belongs", place.display())), "{error}");
        assert_eq!(fs::read(&place).unwrap(), b"mine");
        fs::remove_file(&place).unwrap();
    }
    let attempt = store.adopt(&spec).unwrap().expect("a finished one");
    assert!(matches!(sample::publish(attempt).unwrap(), Publication::First(_)));
}
