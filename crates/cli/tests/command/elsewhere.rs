//! A folder of results that goes on under another machine name, or on another machine.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use lrscope_runner::record::{AttemptEntry, AttemptState, Store};

use super::support::{Folder, PROGRAM, Told, records, skipped, told};

/// Two runs that are long enough to be interrupted.
const SLOW: &str = r#"version = 1
[data]
name = "digits"
batch_size = 32
[model.mlp]
hidden = [128]
[optimizer.sgd]
[training]
length = "100ep"
seeds = 1
[[arm]]
name = "one"
[arm.schedule.constant]
lr = 0.1
[[arm]]
name = "two"
[arm.schedule.constant]
lr = 0.05
"#;

const ARGUMENTS: [&str; 8] =
    ["compare", "--config", "slow.toml", "--name", "mine", "--jobs", "2", "--checkpoint-every=0.05"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("slow.toml", SLOW);
    folder
}

fn attempts(folder: &Folder) -> Vec<PathBuf> {
    let store = Store::open(folder.join("results")).unwrap();
    store.attempts().unwrap().into_iter().map(|attempt| attempt.path).collect()
}

/// Waits until both runs have a saved state.
fn wait(folder: &Folder, child: &mut Child) {
    let store = Store::open(folder.join("results")).unwrap();
    let saved = || {
        let attempts = store.attempts().unwrap();
        attempts.iter().filter(|attempt| attempt.checkpoints().is_ok_and(|states| !states.is_empty())).count()
    };
    while saved() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
        thread::sleep(Duration::from_millis(1));
    }
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("/bin/kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

/// The command, begun and ended: by Ctrl-C, or (parent and children at once) by nobody's wish.
fn begun(folder: &Folder, orderly: bool) {
    use std::os::unix::process::CommandExt as _;
    let mut child = folder.command(&ARGUMENTS).process_group(0).spawn().unwrap();
    wait(folder, &mut child);
    if orderly {
        signal("INT", child.id());
        assert_eq!(told(child).code, Some(130));
    } else {
        let group = format!("-{}", child.id());
        assert!(Command::new("/bin/kill").args(["-KILL", "--", &group]).status().unwrap().success());
        assert_eq!(told(child).code, None);
    }
    assert_eq!(attempts(folder).len(), 2);
}

/// Makes the attempts those of another machine, as one of the same name that was started again would not find them.
fn move_to(host: &str, folder: &Folder, known: bool) {
    for path in attempts(folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let parts: Vec<&str> = name.split('.').collect();
        let owner = path.join("owner.json");
        if known {
            let boot = "01234567-89ab-cdef-0123-456789abcdef";
            fs::write(owner, format!(r#"{{"host":"{host}","pid":{},"boot":"{boot}"}}"#, parts[2])).unwrap();
        } else {
            // As an older version leaves it.
            fs::remove_file(owner).unwrap();
        }
        fs::rename(&path, path.with_file_name([parts[0], host, parts[2], parts[3]].join("."))).unwrap();
    }
}

/// The records of a command that nothing happened to.
fn uninterrupted() -> &'static BTreeMap<String, [Vec<u8>; 3]> {
    static RECORDS: LazyLock<BTreeMap<String, [Vec<u8>; 3]>> = LazyLock::new(|| {
        let folder = folder();
        folder.done(&ARGUMENTS);
        records(&folder.join("results"))
    });
    &RECORDS
}

fn must_have_gone_on(folder: &Folder, told: &Told, what: &str) {
    assert_eq!(told.code, Some(0), "{what}: {told:?}");
    assert_eq!(told.err.matches("goes on from step").count(), 2, "{what}: {told:?}");
    assert!(records(&folder.join("results")) == *uninterrupted(), "{what}");
    assert_eq!(attempts(folder).len(), 0, "{what}");
    let doctor = folder.run(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{what}: {doctor:?}");
}

/// On a disk that only this machine writes to, a free lock says that nobody is at work, whatever the machine was called.
#[test]
fn a_machine_with_another_name_goes_on() {
    if !is_local() {
        return skipped(
            "temporary files are on a disk of which other machines may write: a renamed machine is not tested",
        );
    }
    for (orderly, known) in [(true, true), (true, false), (false, true), (false, false)] {
        let folder = folder();
        begun(&folder, orderly);
        move_to("another-name", &folder, known);
        let told = folder.run(&ARGUMENTS);
        must_have_gone_on(&folder, &told, &format!("orderly: {orderly}, owner known: {known}"));
    }
}

/// Whether temporary files are on a disk that only this machine writes to, by what stat(1) calls its type.
fn is_local() -> bool {
    let output = Command::new("stat").args(["-f", "-c", "%T"]).arg(std::env::temp_dir()).output();
    let kind = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    ["ext2/ext3", "xfs", "btrfs", "tmpfs", "overlayfs", "f2fs", "zfs"].contains(&kind.as_str())
}

/// The same through and through, where a container can be played: the machine's name really changes.
#[test]
fn a_container_that_is_started_again_goes_on() {
    let folder = folder();
    let in_container = |name: &str| {
        let script = "hostname \"$0\" && exec \"$@\"";
        let arguments = [&["--uts", "/bin/sh", "-c", script, name, PROGRAM], &ARGUMENTS[..]].concat();
        let mut command = folder.start("/usr/bin/unshare", &arguments);
        command.env("PATH", "/usr/bin:/bin");
        command
    };
    let mut probe = Command::new("/usr/bin/unshare");
    probe.args(["--uts", "/bin/sh", "-c", "hostname probe"]).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        return skipped("no machine name can be played here: a container that is started again is not tested");
    }
    let mut child = in_container("box-1").spawn().unwrap();
    wait(&folder, &mut child);
    assert!(attempts(&folder).iter().all(|path| path.to_string_lossy().contains(".box-1.")));
    signal("TERM", child.id());
    assert_eq!(told(child).code, Some(143));
    let told = told(in_container("box-2").spawn().unwrap());
    must_have_gone_on(&folder, &told, "a container");
}

/// A file system that may be another machine's too, as far as the program knows: it has locks, and is none of the usual disks.
struct Shared(Folder);

impl Shared {
    fn mount() -> Option<Self> {
        let folder = folder();
        fs::create_dir(folder.join("results")).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "ramfs", "none"]).arg(folder.join("results")).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.join("results")).status();
    }
}

/// Where another machine's lock may be unseen, an end in order is all that counts; else the command says what to do, which works
/// as printed.
#[test]
fn another_machine_is_believed_only_when_it_says_so() {
    let Some(disk) = Shared::mount() else {
        return skipped("no ramfs can be mounted here: another machine's attempts are not tested");
    };
    let folder = &disk.0;
    begun(folder, true);
    move_to("node-7", folder, true);
    let told = folder.run(&ARGUMENTS);
    must_have_gone_on(folder, &told, "after an end in order");

    let Some(disk) = Shared::mount() else { return };
    let folder = &disk.0;
    begun(folder, false);
    move_to("node-7", folder, true);
    let doctor = folder.done(&["doctor"]);
    assert_eq!(doctor.matches("it was begun on node-7; if nothing is at work there").count(), 2, "{doctor}");
    // The advice comes before anything is trained; what it says is tried in a copy of the moment.
    let copy = self::folder();
    copy_all(&folder.join("results"), &copy.join("results"));
    let told = folder.run(&ARGUMENTS);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(records(&folder.join("results")) == *uninterrupted());
    assert_eq!(told.err.matches("goes on from step").count(), 0, "nobody said that node-7 has ended: {told:?}");
    assert_eq!(told.err.matches("2 runs were begun on node-7").count(), 1, "{told:?}");
    let advice = told.err.lines().find_map(|line| line.split_once("go on with them: lrscope ")).unwrap().1;
    let arguments: Vec<&str> = advice.split(' ').collect();
    assert_eq!(arguments, [&ARGUMENTS[..], &["--adopt", "node-7"]].concat());
    // Superseded, and said to be.
    assert_eq!(attempts(folder).len(), 2);
    let doctor = folder.done(&["doctor"]);
    assert_eq!(doctor.matches("node-7, and its run is published").count(), 2, "{doctor}");

    let Some(disk) = Shared::mount() else { return };
    copy_all(&copy.join("results"), &disk.0.join("results"));
    let told = disk.0.run(&arguments);
    must_have_gone_on(&disk.0, &told, "as advised");
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}

/// A process that is at work is never disturbed, whatever it is called.
#[test]
fn an_attempt_at_work_is_left_alone() {
    let folder = folder();
    let mut child = folder.command(&ARGUMENTS).spawn().unwrap();
    wait(&folder, &mut child);
    for path in attempts(&folder) {
        fs::write(path.join("owner.json"), r#"{"host":"another-name","pid":1,"boot":null}"#).unwrap();
    }
    let store = Store::open(folder.join("results")).unwrap();
    let states: Vec<_> = store.attempts().unwrap().iter().map(AttemptEntry::state).collect();
    assert_eq!(states, [AttemptState::Running; 2]);
    assert_eq!(store.release_attempts_of("another-name").unwrap(), 0);
    assert_eq!(told(child).code, Some(0));
    assert!(records(&folder.join("results")) == *uninterrupted());
}
