//! What a study's folder holds already. The same study goes on, with more seeds or arms if need be; another one is not replaced
//! unless the user says so.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use lrscope_report::NAMES;
use lrscope_runner::experiment::{Experiment, Source, TrainingConfig};
use lrscope_runner::record::Store;
use lrscope_runner::study::{Question, Study, StudyError};

use crate::args::MachineArgs;
use crate::exit::bad_input;
use crate::manifest::MANIFEST;
use crate::progress::note;
use crate::recipe::day_and_time;
use crate::render::ENTRY;

/// Under this name a study is kept that cannot be read, or that its records contradict.
const ASIDE: &str = "study.json.damaged";

/// Makes sure that writing `study` into `folder` loses no other one.
///
/// # Errors
/// Where another study is there, or one that this program is too old for.
pub fn make_room(folder: &Path, study: &Study, store: &Store, machine: &MachineArgs) -> Result<()> {
    let Some(earlier) = earlier(folder, machine.replace)? else { return Ok(()) };
    if study.continues(&earlier) {
        return Ok(());
    }
    match earlier.collect(store) {
        Err(error @ StudyError::Disagrees { .. }) => return set_aside(folder, &error),
        _ if machine.replace => return clear(folder),
        _ => {}
    }
    if holds_nothing(folder, &earlier, store)? { Ok(()) } else { Err(refused(folder, &earlier, Some(study), store)) }
}

/// Refuses a study whose configuration differs from that of the one that is there, before a range test is run for it.
///
/// # Errors
/// As [`make_room`].
pub fn refuse_another(question: Question, experiment: &Experiment, machine: &MachineArgs) -> Result<()> {
    let Some(name) = &experiment.name else { return Ok(()) };
    let folder = machine.results.join(crate::perform::folder_name(question, name));
    if machine.replace {
        return Ok(());
    }
    let Some(earlier) = earlier(&folder, false)? else { return Ok(()) };
    let store = Store::open(&machine.results)?;
    let source = Source { origin: "the study's configuration".into(), text: earlier.configuration.clone() };
    let Ok(configured) = source.parse() else { return Ok(()) };
    if may_go_on(question, &configured, experiment) || holds_nothing(&folder, &earlier, &store)? {
        return Ok(());
    }
    Err(refused(&folder, &earlier, None, &store))
}

/// Whether runs of the one configuration may be among those of the other.
fn may_go_on(question: Question, earlier: &Experiment, now: &Experiment) -> bool {
    let training = TrainingConfig { seeds: now.training.seeds, ..earlier.training.clone() };
    let same = training == now.training
        && (&earlier.data, &earlier.model, &earlier.optimizer) == (&now.data, &now.model, &now.optimizer)
        && (&earlier.loss, &earlier.groups) == (&now.loss, &now.groups);
    let schedules = match question {
        Question::RangeTest => earlier.range_test == now.range_test,
        Question::Training => earlier.schedule == now.schedule,
        Question::Comparison => earlier.arms.iter().all(|arm| now.arms.contains(arm)),
    };
    same && schedules
}

/// The study of a folder. One that cannot be read is set aside, so that nothing is lost; one of a newer program is refused.
fn earlier(folder: &Path, replace: bool) -> Result<Option<Study>> {
    match Study::read(folder) {
        Ok(study) => Ok(Some(study)),
        Err(StudyError::Io { source, .. })
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error @ StudyError::Content { .. }) => set_aside(folder, &error).map(|()| None),
        Err(error @ StudyError::Newer { .. }) if replace => set_aside(folder, &error).map(|()| None),
        Err(error @ StudyError::Newer { .. }) => {
            Err(bad_input(anyhow!("{error}. Give another --name, or --replace to give that study up")))
        }
        Err(error) => Err(error.into()),
    }
}

fn set_aside(folder: &Path, error: &StudyError) -> Result<()> {
    let (from, to) = (folder.join("study.json"), folder.join(ASIDE));
    std::fs::rename(&from, &to).with_context(|| format!("cannot rename {} to {ASIDE}", from.display()))?;
    note(&format!("note: {}: {error}; it is kept as {ASIDE}, and made again", folder.display()));
    Ok(())
}

/// Removes the files of a report whose study the user gives up.
fn clear(folder: &Path) -> Result<()> {
    for path in NAMES.into_iter().chain([ENTRY, MANIFEST]).map(|name| folder.join(name)) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether nothing would be lost with a study: none of its runs is done or begun, and there is no page of it.
fn holds_nothing(folder: &Path, study: &Study, store: &Store) -> Result<bool> {
    if folder.join("README.md").exists() || done(study, store) > 0 {
        return Ok(false);
    }
    let ids: Vec<_> = study.arms.iter().flat_map(|arm| &arm.runs).map(|run| &run.id).collect();
    Ok(!store.attempts()?.iter().any(|attempt| ids.contains(&&attempt.run_id)))
}

fn done(study: &Study, store: &Store) -> usize {
    let runs = study.arms.iter().flat_map(|arm| &arm.runs);
    runs.filter(|run| store.path().join("runs").join(run.id.as_str()).exists()).count()
}

fn refused(folder: &Path, earlier: &Study, now: Option<&Study>, store: &Store) -> anyhow::Error {
    let all: usize = earlier.arms.iter().map(|arm| arm.runs.len()).sum();
    let done = done(earlier, store);
    let when = day_and_time(earlier.started_unix).map_or_else(|_| String::new(), |(day, _)| format!(" of {day}"));
    let command = &earlier.command;
    let seeds = |study: &Study| study.arms.iter().map(|arm| arm.runs.len()).max().unwrap_or(0);
    let fewer = now.filter(|now| earlier.continues(now)).map(seeds);
    let what = match fewer {
        Some(fewer) => format!(
            "{} holds this study with {} seeds of each arm, and this command has {fewer}; a study grows, but does not \
             shrink: give --seeds {}, ",
            folder.display(),
            seeds(earlier),
            seeds(earlier)
        ),
        None => format!(
            "{} holds another study{when}, made by `{command}`, with {done} of {all} runs done: give ",
            folder.display()
        ),
    };
    bad_input(anyhow!("--name: {what}another --name, or --replace to give that study up (its runs stay in runs/)"))
}
