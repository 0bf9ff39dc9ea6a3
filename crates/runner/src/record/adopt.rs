//! Taking up attempts whose owners died.

use std::path::Path;

use super::attempt::{Attempt, JOURNAL};
use super::error::RecordError;
use super::files;
use super::journal::Journal;
use super::listing::{AttemptEntry, AttemptState};
use super::lock::Lock;
use super::manifest::SPEC;
use super::owner::{self, Owner};
use super::published::{DELETE, MAX_SPEC};
use crate::spec::RunSpec;

/// The attempt of this run that has come furthest of those that nobody is at work on, if there is one that can be read.
pub(super) fn furthest(
    results: &Path,
    entries: &[AttemptEntry],
    spec: &RunSpec,
) -> Result<Option<Attempt>, RecordError> {
    let mut best: Option<(Reach, Attempt)> = None;
    let run_id = spec.id();
    for entry in entries {
        if entry.run_id != run_id || entry.state() != AttemptState::Dead {
            continue;
        }
        if let Some(attempt) = take_up(results, entry, spec)? {
            let reach = (attempt.checkpoints()?.first().copied(), attempt.steps());
            let less = if best.as_ref().is_none_or(|(furthest, _)| *furthest < reach) {
                best.replace((reach, attempt)).map(|(_, attempt)| attempt)
            } else {
                Some(attempt)
            };
            // Without its mark it may be nobody's. Where there is no writing it, it is left as it is.
            less.map(Attempt::release);
        }
    }
    Ok(best.map(|(_, attempt)| attempt))
}

/// How far an attempt has come: first by the state that it can go on from, then by what it has written down.
type Reach = (Option<u64>, u64);

/// Takes up one attempt. One that cannot be read is left as it is: the run can always start from nothing.
fn take_up(results: &Path, entry: &AttemptEntry, spec: &RunSpec) -> Result<Option<Attempt>, RecordError> {
    let signs = entry.signs();
    let Some(lock) = Lock::take(&entry.path)? else { return Ok(None) };
    let marked = owner::take_over(&entry.path);
    let locked = signs.lock_decides() && lock.is_sure();
    if !(marked || locked) {
        return Ok(None);
    }
    let taken = read(results, entry, spec, lock)?;
    match &taken {
        // On a full disk the one before is still named, which is no reason not to go on.
        Some(_) => drop(Owner::here().write(&entry.path)),
        None if marked => owner::release(&entry.path)?,
        None => {}
    }
    Ok(taken)
}

/// What the attempt holds; nothing where it cannot be read.
fn read(results: &Path, entry: &AttemptEntry, spec: &RunSpec, lock: Lock) -> Result<Option<Attempt>, RecordError> {
    let path = entry.path.join(SPEC);
    let expected = files::to_json(spec, &path)?;
    if files::read_bounded(&path, MAX_SPEC, DELETE).ok() != Some(expected) {
        return Ok(None);
    }
    let Ok((journal, damage)) = Journal::reopen(&entry.path.join(JOURNAL)) else {
        return Ok(None);
    };
    Ok(Some(Attempt { results: results.into(), folder: entry.path.clone(), spec: spec.clone(), journal, lock, damage }))
}
