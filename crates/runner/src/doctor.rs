//! Looking through a results folder: what is broken, what was left behind, and what to do about it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::command_line::with_results;
use crate::picks::{PickFile, check_pick, read_pick};
use crate::record::{AttemptEntry, AttemptState, RecordError, Store, Tail, names_in};
use crate::spec::{NUMERICS_VERSION, RunId};
use crate::study::{Study, StudyArm, StudyError, StudyRun};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Note,
    /// A study of which some runs are not done yet.
    Unfinished,
    /// Whole, but made by another version or of other records.
    Outdated,
    /// Left behind by a process that is gone; harmless.
    Leftover,
    /// Damaged or contradictory.
    Broken,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it, and what to do.
    pub message: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Examination {
    /// Published runs.
    pub runs: u64,
    /// Attempts.
    pub attempts: u64,
    /// Checkpoints of attempts.
    pub checkpoints: u64,
    /// Picks.
    pub picks: u64,
    /// Studies.
    pub studies: u64,
    /// What was found, in the order of the search.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Whether anything is broken.
    pub fn is_broken(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Broken)
    }

    /// Adds a finding.
    pub fn find(&mut self, severity: Severity, path: &Path, message: impl Into<String>) {
        self.findings.push(Finding { severity, path: path.into(), message: message.into() });
    }
}

/// Reads every run, attempt, pick and study below a results folder, with all their checksums.
///
/// # Errors
/// Where a folder cannot be listed; whatever is wrong with a file is a finding.
pub fn examine(results: &Path) -> Result<Examination, RecordError> {
    let store = Store::open(results)?;
    let mut found = Examination::default();
    runs(&store, &mut found)?;
    attempts(&store, &mut found)?;
    picks(&store, &mut found)?;
    studies(&store, &mut found)?;
    for folder in [results.to_path_buf(), results.join("picks")] {
        unfinished(&folder, &mut found);
    }
    Ok(found)
}

fn runs(store: &Store, found: &mut Examination) -> Result<(), RecordError> {
    let folder = store.path().join("runs");
    for name in names_in(&folder)? {
        let path = folder.join(&name);
        let Some(run_id) = name.to_str().and_then(|name| name.parse::<RunId>().ok()) else {
            found.find(Severity::Note, &path, "this is not a run of lrscope; it is left alone");
            continue;
        };
        found.runs += 1;
        if store.dispute_note(&run_id).is_some() {
            let message =
                "a second run gave other bits; see disputed.txt, report it, then delete this run and do it again";
            found.find(Severity::Broken, &path, message);
        }
        let read =
            store.find(&run_id).and_then(|run| run.map_or(Ok(()), |run| run.rows()?.try_for_each(|r| r.map(drop))));
        if let Err(error) = read {
            found.find(Severity::Broken, &path, error.to_string());
        }
    }
    Ok(())
}

fn attempts(store: &Store, found: &mut Examination) -> Result<(), RecordError> {
    let folder = store.path().join("attempts");
    let entries = store.attempts()?;
    for name in names_in(&folder)? {
        if !entries.iter().any(|entry| entry.path.ends_with(&name)) {
            found.find(Severity::Note, &folder.join(name), "this is no attempt of lrscope; it is left alone");
        }
    }
    for entry in &entries {
        found.attempts += 1;
        match entry.state() {
            AttemptState::Running => {
                found.find(Severity::Note, &entry.path, "a process is at work on it");
            }
            AttemptState::Unknown => {
                found.find(Severity::Note, &entry.path, out_of_reach(store, entry));
            }
            AttemptState::Disputed => {
                let message =
                    "it came to another result than the one published; see disputed.txt, report it, then delete it";
                found.find(Severity::Broken, &entry.path, message);
            }
            AttemptState::Dead => dead(store, entry, found)?,
        }
    }
    Ok(())
}

/// What to do about an attempt of which nobody can tell from here whether anyone is at work on it.
fn out_of_reach(store: &Store, entry: &AttemptEntry) -> String {
    let host = &entry.host;
    if store.path().join("runs").join(entry.run_id.as_str()).is_dir() {
        return format!(
            "it was begun on {host}, and its run is published; if nothing is at work there, it can be deleted"
        );
    }
    format!(
        "it was begun on {host}; if nothing is at work there, the command that began it goes on with it here by --adopt {host}"
    )
}

/// An attempt whose process is gone: is it of any use?
fn dead(store: &Store, entry: &AttemptEntry, found: &mut Examination) -> Result<(), RecordError> {
    let published = store.path().join("runs").join(entry.run_id.as_str()).is_dir();
    if published {
        found.find(Severity::Leftover, &entry.path, "its run is published; the next command clears it away");
        return Ok(());
    }
    let steps = entry.checkpoints()?;
    // Without a state to go on from nobody needs the rest.
    let severity = if steps.is_empty() { Severity::Leftover } else { Severity::Broken };
    let wrong = [entry.spec().err(), journal(entry, found)];
    for error in wrong.into_iter().flatten() {
        found.find(severity, &entry.path, error.to_string());
    }
    let mut good = None;
    for step in steps {
        found.checkpoints += 1;
        match entry.checkpoint(step) {
            Ok(checkpoint) => good = good.or(Some(checkpoint.info)),
            Err(error) => found.find(Severity::Broken, &entry.path, error.to_string()),
        }
    }
    let message = match good {
        Some(info) => {
            let why = if info.reason == "time" {
                "its process died".into()
            } else {
                format!("interrupted by {}", info.reason)
            };
            format!("{why}; the command that began it goes on after {} updates", info.step)
        }
        None => "its process died before its state was saved; the next command clears it away".into(),
    };
    found.find(Severity::Leftover, &entry.path, message);
    Ok(())
}

fn journal(entry: &AttemptEntry, found: &mut Examination) -> Option<RecordError> {
    let mut follower = match entry.follow() {
        Ok(follower) => follower,
        Err(error) => return Some(error),
    };
    loop {
        match follower.poll() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Some(error),
        }
    }
    if let Tail::Incomplete { steps, .. } = follower.tail() {
        let message =
            format!("its journal ends within a block, after {steps} whole steps; the block is cut off and done again");
        found.find(Severity::Note, &entry.path, message);
    }
    None
}

fn picks(store: &Store, found: &mut Examination) -> Result<(), RecordError> {
    let folder = store.path().join("picks");
    for name in names_in(&folder)? {
        let path = folder.join(&name);
        if path.extension().is_none_or(|ending| ending != "json") {
            found.find(Severity::Note, &path, "this is no pick of lrscope; it is left alone");
            continue;
        }
        found.picks += 1;
        match read_pick(&path) {
            Ok(Some(file)) => pick_of_runs(store, &path, &file, found),
            Ok(None) => {}
            Err(error) => found.find(Severity::Broken, &path, error.to_string()),
        }
    }
    Ok(())
}

/// A pick must be what the records of its runs give.
fn pick_of_runs(store: &Store, path: &Path, file: &PickFile, found: &mut Examination) {
    let record = match check_pick(store, path, file) {
        Ok(record) => record,
        Err(error) => {
            let message = error.to_string();
            let named = format!("{}: ", path.display());
            return found.find(Severity::Broken, path, message.strip_prefix(&named).unwrap_or(&message));
        }
    };
    if record.numerics != NUMERICS_VERSION {
        let (theirs, report) = (record.numerics, &record.report);
        let message = format!(
            "numerics version {theirs} made it, and this program has {NUMERICS_VERSION}; only `--pick {report}` uses it"
        );
        found.find(Severity::Note, path, message);
    }
    match Study::read(&store.path().join(&file.report)) {
        Err(_) => {
            let message = format!("its report {:?} is not here; its runs are, and they give it", file.report);
            found.find(Severity::Note, path, message);
        }
        Ok(study) if !study.arms.iter().flat_map(|arm| &arm.runs).map(|run| &run.id).eq(&record.runs) => {
            found.find(Severity::Note, path, "its report was made anew from other runs");
        }
        Ok(_) => {}
    }
}

fn studies(store: &Store, found: &mut Examination) -> Result<(), RecordError> {
    for name in names_in(store.path())? {
        let folder = store.path().join(&name);
        match std::fs::metadata(folder.join("study.json")) {
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => continue,
            // One that cannot be looked at is read, which says why.
            _ => {}
        }
        found.studies += 1;
        unfinished(&folder, found);
        let study = match Study::read(&folder) {
            Ok(study) => study,
            Err(error @ StudyError::Newer { .. }) => {
                found.find(Severity::Note, &folder.join("study.json"), error.to_string());
                continue;
            }
            Err(error) => {
                let message = format!("{error}; the command that made it makes it again, without training");
                found.find(Severity::Broken, &folder.join("study.json"), message);
                continue;
            }
        };
        missing(store, &folder, &study, found);
    }
    Ok(())
}

/// Says how many of a study's runs have no record: those that are still to do, and those that failed.
fn missing(store: &Store, folder: &Path, study: &Study, found: &mut Examination) {
    let runs = || study.runs();
    let without = |(_, run): &(&StudyArm, &StudyRun)| !store.path().join("runs").join(run.id.as_str()).exists();
    let (failed, undone): (Vec<_>, Vec<_>) = runs().filter(without).partition(|(_, run)| run.failure().is_some());
    let all = runs().count();
    let command = with_results(&study.command, store.path());
    if !undone.is_empty() {
        let done = all - undone.len() - failed.len();
        let message = format!("unfinished: {done} of {all} runs done; `{command}` goes on");
        found.find(Severity::Unfinished, folder, message);
    }
    if let Some((arm, run)) = failed.first() {
        let why = run.failure().unwrap_or_default();
        let first = format!("arm {:?}, seed {}: {why}", arm.name, run.seed);
        let failed = failed.len();
        let message = format!("{failed} of {all} runs failed ({first}); `{command}` does them again");
        found.find(Severity::Note, folder, message);
    }
}

/// Files that a process was writing when it was killed.
fn unfinished(folder: &Path, found: &mut Examination) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with(".tmp") || name.starts_with(".report-"));
    names.sort();
    for name in names {
        let message = "a process was killed while it wrote this; it can be deleted unless a command is at work";
        found.find(Severity::Leftover, &folder.join(name), message);
    }
}
