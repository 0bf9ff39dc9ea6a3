//! Full disks, read-only file systems, files that may not grow: a clear message, nothing corrupted, and once the fault is gone
//! the same command comes to the same records.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::support::{Folder, SMALL, Told, records, skipped, told};

const ARGUMENTS: [&str; 8] = ["train", "--config", "small.toml", "--seeds", "2", "--checkpoint-every", "0", "--quiet"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("length = 4", "length = 60"));
    folder
}

fn expected() -> BTreeMap<String, [Vec<u8>; 3]> {
    let folder = folder();
    folder.done(&ARGUMENTS);
    records(&folder.join("results"))
}

/// A file system of its own below a folder, where the machine allows that.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(place: &'a Path, size: &str) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        let options = format!("size={size},mode=777");
        mount(&["-t", "tmpfs", "-o", &options, "none"], place).then_some(Self(place))
    }

    fn remount(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], self.0), "remount {options}");
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

fn mount(arguments: &[&str], place: &Path) -> bool {
    let status = Command::new("mount").args(arguments).arg(place).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Nothing that is published is damaged, and a state that cannot be used is none at all.
fn must_be_sound(folder: &Folder, when: &str) {
    let told = folder.run(&["doctor", "--json"]);
    if told.code == Some(2) {
        return;
    }
    let value: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    for finding in value["results"]["findings"].as_array().unwrap() {
        let path = finding["path"].as_str().unwrap();
        let ours = ["/runs/", "/attempts/", "/picks/", "study.json"].iter().any(|part| path.contains(part));
        assert!(!ours || finding["severity"] != "broken", "{when}: {finding}");
    }
}

/// On a disk with so much space the command may fail anywhere: the study, an attempt, a state, the publication, the report.
#[test]
fn a_full_disk_is_named_and_costs_nothing_once_there_is_space() {
    let expected = expected();
    let mut failures = Vec::new();
    for kilobytes in [4, 12, 24, 32, 40, 56, 72, 88, 104, 120, 136, 152, 176, 208, 240, 288, 336, 400] {
        let folder = folder();
        let results = folder.join("results");
        let Some(disk) = Disk::mount(&results, &format!("{kilobytes}k")) else {
            return skipped("no tmpfs can be mounted here: a full disk is not tested");
        };
        let told = folder.run(&ARGUMENTS);
        if told.code != Some(0) {
            told.must_fail(&format!("{kilobytes} kB"), 1, &["o space left on"]);
            failures.push(told.err.lines().last().unwrap_or_default().to_owned());
        }
        must_be_sound(&folder, &format!("{kilobytes} kB"));
        disk.remount("size=64m");
        folder.done(&ARGUMENTS);
        assert!(records(&results) == expected, "{kilobytes} kB: {failures:?}");
        folder.done(&["doctor"]);
    }
    let kinds: std::collections::BTreeSet<_> = failures.iter().map(|line| line.split('/').next()).collect();
    assert!(failures.len() >= 8 && kinds.len() >= 2, "{failures:#?}");
}

#[test]
fn a_read_only_file_system_is_named() {
    let folder = folder();
    let results = folder.join("results");
    let Some(disk) = Disk::mount(&results, "64m") else {
        return skipped("no tmpfs can be mounted here: a read-only file system is not tested");
    };
    disk.remount("ro");
    folder.run(&ARGUMENTS).must_fail("read-only", 1, &["ead-only file system", "results"]);
    disk.remount("rw");
    folder.done(&ARGUMENTS);
    assert!(records(&results) == expected());
    // What is done can be looked at and reported without writing anything.
    disk.remount("ro");
    folder.done(&["doctor"]);
    folder.run(&["report"]).must_fail("a report", 1, &["ead-only file system"]);
    disk.remount("rw");
}

/// The system's limit on a file's size gives short writes: part of a block gets through, the rest is refused.
fn limited(folder: &Folder, blocks: u32) -> Told {
    let program = env!("CARGO_BIN_EXE_lrscope");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} {}", ARGUMENTS.join(" "));
    let mut command = folder.command(&[]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.stdin(Stdio::null());
    told(shell.stdin(Stdio::null()).spawn().unwrap())
}

#[test]
fn short_writes_corrupt_nothing() {
    let expected = expected();
    let mut failures = 0;
    // In units of 512 bytes.
    for blocks in [0, 1, 2, 4, 8, 16, 40] {
        let folder = folder();
        let told = limited(&folder, blocks);
        if told.code != Some(0) {
            failures += 1;
            told.must_fail(&format!("{blocks} blocks"), 1, &["File too large"]);
        }
        must_be_sound(&folder, &format!("{blocks} blocks"));
        folder.done(&ARGUMENTS);
        assert!(records(&folder.join("results")) == expected, "{blocks} blocks");
    }
    assert!(failures >= 4, "only {failures}");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        return skipped("there is no /dev/full: output that cannot be written is not tested");
    };
    let folder = folder();
    let mut command = folder.command(&[&ARGUMENTS[..], &["--json"]].concat());
    command.stdout(full);
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot write to standard output: No space left on device"), "{err}");
    assert!(records(&folder.join("results")) == expected());
}
