//! Machines that have no room for another process, thread or open file: that is the outcome of the run that lacks it, with its
//! reason; the others go on, nothing panics or waits for ever, and with room again the command comes to the same records.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::sync::LazyLock;

use super::support::{Folder, SMALL, Told, records, skipped, told};

const ARGUMENTS: [&str; 7] = ["compare", "--config", "small.toml", "--seeds", "2", "--name", "mine"];

/// Somebody with no processes, whose number of processes can be limited: nothing limits the superuser's.
fn nobody() -> u32 {
    70_000 + std::process::id() % 50_000
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("length = 4", "length = 40"));
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// The records of a command that lacks nothing.
static EXPECTED: LazyLock<BTreeMap<String, [Vec<u8>; 3]>> = LazyLock::new(|| {
    let whole = folder();
    whole.done(&ARGUMENTS);
    let records = records(&whole.join("results"));
    assert_eq!(records.len(), 4);
    records
});

/// The command under a limit, by somebody else where that is needed.
fn limited(folder: &Folder, limit: &str, jobs: usize, threads: usize, uid: Option<u32>) -> Option<Told> {
    let (jobs, threads) = (jobs.to_string(), threads.to_string());
    let arguments = [&ARGUMENTS[..], &["--jobs", &jobs, "--threads", &threads]].concat();
    let mut command = folder.command_after(limit, &arguments);
    if let Some(uid) = uid {
        command.uid(uid).gid(uid);
    }
    command.spawn().ok().map(told)
}

/// A command that ran under a limit: done or failed, in words for users, and whole afterwards. Whether it was done.
fn must_heal(folder: &Folder, told: &Told, words: &[&str], what: &str) -> bool {
    let expected = &*EXPECTED;
    told.must_be_fit(what);
    let done = told.code == Some(0);
    assert!(done || told.code == Some(1), "{what}: {told:?}");
    assert!(done || words.iter().any(|words| told.err.contains(words)), "{what}: {told:?}");
    let before = records(&folder.join("results"));
    assert!(before.iter().all(|(run, files)| expected.get(run) == Some(files)), "{what}");
    assert!(!done || before == *expected, "{what}");
    folder.done(&ARGUMENTS);
    assert!(records(&folder.join("results")) == *expected, "{what}: afterwards");
    folder.done(&["doctor"]);
    done
}

const NO_THREAD: &str = "Resource temporarily unavailable";

/// The command is 2 threads, and a run of one thread is 6: two that listen to it here, and there its main thread, one for signals, one
/// for orders and one that computes. So a user with room for 8 gets everything done one by one, whatever `--jobs` says.
#[test]
fn no_room_for_threads_and_processes() {
    for (threads, enough) in [(1, 8), (3, 10)] {
        for limit in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13] {
            let folder = folder();
            let what = format!("room for {limit}, {threads} threads");
            let Some(told) = limited(&folder, &format!("ulimit -u {limit}"), 2, threads, Some(nobody())) else {
                return skipped("nobody else may start the program: a lack of threads is not tested");
            };
            if told.err.contains("ermission denied") {
                return skipped("nobody else may read the program: a lack of threads is not tested");
            }
            // The owner of what was written is somebody else.
            let done = must_heal(&folder, &told, &[NO_THREAD], &what);
            assert_eq!(done, limit >= enough, "{what}: {told:?}");
            if !done && limit > 1 {
                let study = fs::read_to_string(folder.join("results/compare-mine/study.json")).unwrap();
                assert!(!study.contains("interrupted"), "{what}: {study}");
            }
        }
    }
}

/// A thread's stack needs addresses, and so does everything else.
#[test]
fn no_room_in_the_address_space() {
    for kilobytes in [250_000, 400_000, 600_000] {
        let folder = folder();
        let what = format!("{kilobytes} kB of addresses");
        let told = limited(&folder, &format!("ulimit -v {kilobytes}"), 4, 2, None).unwrap();
        let words = [NO_THREAD, "of addresses are in use", "ran out of memory", "Cannot allocate memory"];
        must_heal(&folder, &told, &words, &what);
    }
}

#[test]
fn no_room_for_open_files() {
    let mut done = 0;
    for limit in [7, 9, 11, 13, 16, 20, 24, 32] {
        let folder = folder();
        let what = format!("{limit} open files");
        let told = limited(&folder, &format!("ulimit -n {limit}"), 4, 1, None).unwrap();
        let through = must_heal(&folder, &told, &["Too many open files"], &what);
        // A report of a dozen files is written with one of them open at a time.
        assert!(through || limit < 16, "{what}: {told:?}");
        done += usize::from(through);
    }
    assert!((1..8).contains(&done), "{done} of 8: some limits must be too low and some high enough");
}

/// The check of a processor starts threads in the command itself.
#[test]
fn no_room_for_the_threads_of_doctor() {
    let folder = folder();
    let mut command = folder.command_after("ulimit -u 1", &["doctor", "--device", "cpu"]);
    match command.uid(nobody()).gid(nobody()).spawn().map(told) {
        Ok(told) if !told.err.contains("ermission denied") => {
            told.must_fail("doctor", 1, &["cannot start", "to compute with", NO_THREAD]);
        }
        _ => skipped("nobody else may start the program: a lack of threads is not tested"),
    }
}
