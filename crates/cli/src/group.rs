//! Process groups: a child that starts programs of others, which must not outlive it.

use std::process::Command;

/// Makes a process that is about to start the first of a group of its own, which holds whatever it will start.
pub fn lead(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Ends all processes of a group at once; `leader` is the number of the process that is or was its first.
pub fn end(leader: u32) {
    #[cfg(unix)]
    if let Some(leader) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // A group that has nobody left needs no end.
        let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// Ends this process and whatever it has started, where it is the first of its group.
pub fn end_own() {
    #[cfg(unix)]
    if rustix::process::getpgrp() == rustix::process::getpid() {
        end(std::process::id());
    }
}
