//! Who is at work on an attempt, and whether anyone still is.
//!
//! A folder of results may be on a disk that several machines share, whose locks other machines do not always see; and a machine
//! may have another name tomorrow (a container that is started again, a laptop in another network). So the name alone says little:
//! - an owner that ends in order leaves a mark, [`RELEASED`]; whoever removes it has the attempt;
//! - a lock that is held is held by someone, wherever;
//! - a lock that is free says that nobody is at work where it could not be held unseen: by a process of the same boot of the same
//!   system, or on a disk that no other machine writes to.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::error::RecordError;
use super::{files, lock, name};

/// Who began an attempt, or goes on with it.
const OWNER: &str = "owner.json";
/// The mark of an owner that has ended in order.
const RELEASED: &str = "released";
/// No such file is longer.
const LIMIT: u64 = 1 << 16;

/// The process that an attempt belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    /// The machine's name.
    pub(super) host: String,
    /// The process.
    pub(super) pid: u32,
    /// What the system calls its present run, from its start to its end, where it says.
    pub(super) boot: Option<String>,
}

impl Owner {
    /// This process.
    pub(super) fn here() -> Self {
        Self { host: name::host(), pid: std::process::id(), boot: boot() }
    }

    /// The owner that an attempt names; nothing where it names none, as those of older versions.
    pub(super) fn of(attempt: &Path) -> Option<Self> {
        let text = crate::replace::read_bounded(&attempt.join(OWNER), LIMIT).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Writes this owner down.
    pub(super) fn write(&self, attempt: &Path) -> Result<(), RecordError> {
        let path = attempt.join(OWNER);
        let json = files::to_json(self, &path)?;
        crate::replace::replace(&path, &json).map_err(RecordError::io("write", &path))
    }
}

/// What can be told of an attempt from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signs {
    /// Whether its lock is held, where the file system has locks.
    held: Option<bool>,
    /// Whether its owner has ended in order.
    released: bool,
    /// Whether a lock of its owner, if it were held, would be seen here.
    seen: bool,
}

impl Signs {
    pub(super) fn of(attempt: &Path, owner: &Owner) -> Self {
        let here = owner.host == name::host() || owner.boot.is_some() && owner.boot == boot();
        Self {
            held: lock::is_held(attempt),
            released: attempt.join(RELEASED).exists(),
            seen: here || is_of_this_machine_alone(attempt),
        }
    }

    /// Whether someone is at work; nothing where nobody can tell.
    pub(super) fn at_work(self) -> Option<bool> {
        match self {
            Self { held: Some(true), .. } => Some(true),
            Self { released: true, .. } | Self { held: Some(false), seen: true, .. } => Some(false),
            Self { held: Some(false) | None, .. } => None,
        }
    }

    /// Whether the lock decides, so that whoever takes it has the attempt; else the mark does.
    pub(super) fn lock_decides(self) -> bool {
        self.held == Some(false) && self.seen
    }
}

/// Marks an attempt as one that nobody is at work on.
pub(super) fn release(attempt: &Path) -> Result<(), RecordError> {
    let path = attempt.join(RELEASED);
    fs::write(&path, "").map_err(RecordError::io("write", &path))?;
    files::sync_folder(attempt)
}

/// Takes the mark away; whether it was there. Of several that try only one succeeds.
pub(super) fn take_over(attempt: &Path) -> bool {
    fs::remove_file(attempt.join(RELEASED)).is_ok()
}

/// What the system calls its present run.
fn boot() -> Option<String> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    BOOT.get_or_init(|| read_boot().ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())).clone()
}

#[cfg(not(target_os = "macos"))]
fn read_boot() -> io::Result<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
}

#[cfg(target_os = "macos")]
fn read_boot() -> io::Result<String> {
    let output = std::process::Command::new("/usr/sbin/sysctl").args(["-n", "kern.bootsessionuuid"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a folder is on a disk that no other machine can write to.
#[cfg(target_os = "linux")]
fn is_of_this_machine_alone(folder: &Path) -> bool {
    /// statfs(2): ext2 to ext4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ZFS, bcachefs, JFS.
    const LOCAL: [u64; 9] = [
        0xef53,
        0x5846_5342,
        0x9123_683e,
        0x0102_1994,
        0x794c_7630,
        0xf2f5_2010,
        0x2fc1_2fc1,
        0xca45_1a4e,
        0x3153_464a,
    ];
    // The type is a number of 32 bits, whatever its C type is here.
    rustix::fs::statfs(folder).is_ok_and(|found| LOCAL.contains(&(found.f_type as u64 & 0xffff_ffff)))
}

/// Whether a folder is on a disk that no other machine can write to.
#[cfg(target_os = "macos")]
fn is_of_this_machine_alone(folder: &Path) -> bool {
    /// `MNT_LOCAL` of statfs(2).
    const LOCAL: u32 = 0x1000;
    rustix::fs::statfs(folder).is_ok_and(|found| found.f_flags & LOCAL != 0)
}

/// Whether a folder is on a disk that no other machine can write to: nobody can tell here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn is_of_this_machine_alone(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of signs, and what may be done: nobody is ever taken for gone whose lock is held, or could be unseen.
    #[test]
    fn nobody_who_may_be_at_work_is_disturbed() {
        let (yes, no, unknown) = (Some(true), Some(false), None);
        for (held, released, seen, at_work) in [
            (yes, false, false, yes),
            (yes, false, true, yes),
            // It has left its mark, and has not ended yet.
            (yes, true, false, yes),
            (yes, true, true, yes),
            // A free lock that could be held unseen says nothing.
            (no, false, false, unknown),
            (no, false, true, no),
            (no, true, false, no),
            (no, true, true, no),
            // No locks here: only the mark says anything.
            (None, false, false, unknown),
            (None, false, true, unknown),
            (None, true, false, no),
            (None, true, true, no),
        ] {
            let signs = Signs { held, released, seen };
            assert_eq!(signs.at_work(), at_work, "{signs:?}");
            assert_eq!(signs.lock_decides(), held == no && seen, "{signs:?}");
        }
    }

    #[test]
    fn one_of_many_takes_an_attempt_over() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!take_over(folder.path()));
        release(folder.path()).expect("released");
        let took = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| take_over(folder.path()))).collect();
            tries.into_iter().map(|one| usize::from(one.join().expect("no panic"))).sum::<usize>()
        });
        assert_eq!(took, 1);
    }

    #[test]
    fn an_owner_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Owner::of(folder.path()), None);
        let here = Owner::here();
        here.write(folder.path()).expect("written");
        assert_eq!(Owner::of(folder.path()), Some(here.clone()));
        if cfg!(target_os = "linux") {
            let boot = here.boot.expect("Linux says");
            assert_eq!(boot.len(), 36, "{boot} is no UUID");
        }
    }
}
