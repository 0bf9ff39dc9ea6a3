//! What was begun on other machines, of which nobody can tell from here whether anything is still at work on it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use lrscope_runner::record::{AttemptState, Store};
use lrscope_runner::spec::RunId;

use crate::args::MachineArgs;
use crate::progress::Display;

/// Makes the attempts of the machines that the user names anyone's. Of those of `runs` that stay out of reach it says so, and how
/// `command` gets at them.
pub fn release(runs: &BTreeSet<RunId>, store: &Store, machine: &MachineArgs, command: &str) -> Result<()> {
    for host in &machine.adopt {
        store.release_attempts_of(host)?;
    }
    let display = Display::new(machine.output, "", 0);
    for (host, count) in out_of_reach(runs, store)? {
        let (begun, start, them) =
            if count == 1 { ("run was", "it starts", "it") } else { ("runs were", "they start", "them") };
        display.say(&format!(
            "{count} {begun} begun on {host}, and from here nobody can tell whether anything is still at work there, so {start} \
             from nothing. If nothing is, stop this command and go on with {them}: {command} --adopt {host}"
        ));
    }
    Ok(())
}

/// How many of the runs that are not done have a saved state out of reach, by machine.
fn out_of_reach(runs: &BTreeSet<RunId>, store: &Store) -> Result<BTreeMap<String, usize>> {
    let mut hosts = BTreeMap::new();
    for attempt in store.attempts()? {
        let lost = runs.contains(&attempt.run_id)
            && attempt.state() == AttemptState::Unknown
            && attempt.checkpoints().is_ok_and(|states| !states.is_empty())
            && store.find(&attempt.run_id)?.is_none();
        if lost {
            *hosts.entry(attempt.host).or_default() += 1;
        }
    }
    Ok(hosts)
}
