//! The program's file is replaced or removed while a command is at work, as by a build or an upgrade.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use lrscope_runner::record::Store;

use super::support::{Folder, PROGRAM, SMALL, records, told};

const ARGUMENTS: [&str; 9] = ["compare", "--config", "small.toml", "--seeds", "4", "--name", "mine", "--jobs", "1"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("length = 4", "length = \"10ep\""));
    folder
}

/// What a package manager or a linker does: the name goes, or is another file's.
fn remove(program: &Path) {
    fs::remove_file(program).unwrap();
}

fn replace(program: &Path) {
    let new = program.with_extension("new");
    fs::write(&new, "#!/bin/sh\necho another program >&2\nexit 9\n").unwrap();
    fs::set_permissions(&new, fs::metadata(program).unwrap().permissions()).unwrap();
    fs::rename(&new, program).unwrap();
}

/// The children of a command that is at work are the same program still, and are called by its name.
#[test]
fn the_runs_go_on_with_the_same_program() {
    let whole = folder();
    whole.done(&ARGUMENTS);
    let expected = records(&whole.join("results"));
    assert_eq!(expected.len(), 8);
    for change in [remove, replace] {
        let folder = folder();
        let program = folder.join("lrscope");
        fs::copy(PROGRAM, &program).unwrap();
        let mut child = folder.start(&program, &ARGUMENTS).spawn().unwrap();
        let published = || fs::read_dir(folder.join("results/runs")).map_or(0, Iterator::count);
        while published() == 0 {
            assert!(child.try_wait().unwrap().is_none(), "it ended too soon");
            thread::sleep(Duration::from_millis(1));
        }
        change(&program);
        let left = expected.len() - published();
        assert!(left > 2, "only {left} runs are to be started after the change");
        let names = names_of_children(&folder, &mut child);
        let told = told(child);
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(records(&folder.join("results")) == expected, "{told:?}");
        assert!(!names.is_empty() && names.iter().all(|name| name == "lrscope lrscope"), "{names:?}");
    }
}

/// What `ps` calls the children: the name of the process, and of its command.
fn names_of_children(folder: &Folder, child: &mut std::process::Child) -> Vec<String> {
    let store = Store::open(folder.join("results")).unwrap();
    let mut names = Vec::new();
    while names.len() < 3 && child.try_wait().unwrap().is_none() {
        for attempt in store.attempts().unwrap() {
            let read = |what: &str| fs::read_to_string(format!("/proc/{}/{what}", attempt.pid)).unwrap_or_default();
            let (name, command) = (read("comm"), read("cmdline"));
            let command = command.split('\0').next().unwrap_or_default();
            // A process that has just ended has neither.
            if !name.is_empty() && !command.is_empty() {
                names.push(format!("{} {command}", name.trim_end()));
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    names
}
