//! Taking up attempts whose owners died.

use std::path::Path;

use super::attempt::{Attempt, JOURNAL};
use super::error::RecordError;
use super::files;
use super::journal::Journal;
use super::listing::{AttemptEntry, AttemptState};
use super::lock::Lock;
use super::manifest::SPEC;
use super::published::{DELETE, MAX_SPEC};
use crate::spec::RunSpec;

/// The dead attempt of this run on this machine that has come furthest, if there is one that can be read.
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
            if best.as_ref().is_none_or(|(furthest, _)| *furthest < reach) {
                best = Some((reach, attempt));
            }
        }
    }
    Ok(best.map(|(_, attempt)| attempt))
}

/// How far an attempt has come: first by the state that it can go on from, then by what it has written down.
type Reach = (Option<u64>, u64);

/// Takes up one attempt. One that cannot be read is left as it is: the run can always start from nothing.
fn take_up(results: &Path, entry: &AttemptEntry, spec: &RunSpec) -> Result<Option<Attempt>, RecordError> {
    let Some(lock) = Lock::take(&entry.path)?.filter(Lock::is_sure) else {
        return Ok(None);
    };
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
