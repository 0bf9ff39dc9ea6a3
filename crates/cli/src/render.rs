//! From a study's records to its report, and the index of all reports.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use lrscope_report::{
    ComparisonReport, IndexEntry, NAMES, RangeTestReport, ReportFile, StudyFacts, TrainingReport, render_comparison,
    render_index, render_range_test, render_training, write_report,
};
use lrscope_runner::analysis::compare;
use lrscope_runner::experiment::{Experiment, Source};
use lrscope_runner::record::Store;
use lrscope_runner::study::{Question, Study};

use crate::exit::bad_input;
use crate::perform::model_name;
use crate::recipe::{date, measured, recipe, records};

/// The line of the index that a report's folder keeps, so that the index needs no records.
const ENTRY: &str = "index-entry.json";

/// Makes the report of a study from whatever is published of it. A study without any record yet has no report: the answer
/// says whether there is one. What an older report has in the folder and this one has not goes.
pub fn report(results: &Path, folder: &Path) -> Result<bool> {
    let files = files(results, folder)?;
    if !files.is_empty() {
        write_report(folder, &files)?;
    }
    for path in outdated(folder, &files) {
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}, which is outdated", path.display()))?;
    }
    Ok(!files.is_empty())
}

/// Files of an older report in the folder that are not among those of the present one. A report whose records are all lost stays
/// as it is: it may be the last that is left of them.
fn outdated(folder: &Path, files: &[ReportFile]) -> Vec<PathBuf> {
    if files.is_empty() {
        return Vec::new();
    }
    let names = NAMES.into_iter().chain([ENTRY]).filter(|name| !files.iter().any(|file| file.name == *name));
    names.map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

/// The files of a study's report that are not what its records give now; those that are not there are among them, and those that
/// are there and should not be.
pub fn stale_files(results: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let stale = |file: &ReportFile| {
        let path = folder.join(&file.name);
        // A file of another length is not read at all.
        let same_length = path.metadata().is_ok_and(|found| found.is_file() && found.len() == file.bytes.len() as u64);
        (!same_length || std::fs::read(&path).ok().as_ref() != Some(&file.bytes)).then_some(path)
    };
    let files = files(results, folder)?;
    Ok(files.iter().filter_map(stale).chain(outdated(folder, &files)).collect())
}

/// The files of a study's report; none where none of its runs is done.
fn files(results: &Path, folder: &Path) -> Result<Vec<ReportFile>> {
    let study = Study::read(folder)?;
    let store = Store::open(results)?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((mut files, entry)) = rendered(&study, &store, &name)? else {
        return Ok(Vec::new());
    };
    let mut bytes = serde_json::to_vec_pretty(&entry).context("cannot write the index entry as JSON")?;
    bytes.push(b'\n');
    files.push(ReportFile { name: ENTRY.into(), bytes });
    Ok(files)
}

/// Writes the index of all reports: `README.md` in the results folder.
pub fn index(results: &Path) -> Result<()> {
    Ok(write_report(results, &[index_file(results)?])?)
}

/// The index, where it is not what the reports' entries give; nothing where there is neither an index nor a report.
pub fn stale_index(results: &Path) -> Result<Option<PathBuf>> {
    let path = results.join("README.md");
    if !path.exists() && studies(results)?.iter().all(|name| !results.join(name).join(ENTRY).exists()) {
        return Ok(None);
    }
    let right = std::fs::read(&path).ok() == Some(index_file(results)?.bytes);
    Ok((!right).then_some(path))
}

fn index_file(results: &Path) -> Result<ReportFile> {
    let mut entries = Vec::new();
    for name in studies(results)? {
        let path = results.join(&name).join(ENTRY);
        let text = match std::fs::read_to_string(&path) {
            // A study whose runs all failed has no report yet.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let entry: IndexEntry = serde_json::from_str(&text)
            .with_context(|| format!("{}: no index entry; `lrscope report {name}` makes it anew", path.display()))?;
        entries.push(entry);
    }
    let bytes = render_index(&entries).into_bytes();
    Ok(ReportFile { name: "README.md".into(), bytes })
}

/// Names of the studies below the results folder, sorted.
pub fn studies(results: &Path) -> Result<Vec<String>> {
    let doing = || format!("cannot list the results folder {}", results.display());
    let entries = match std::fs::read_dir(results) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.with_context(doing)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(doing)?;
        let path = entry.path().join("study.json");
        let found = match path.metadata() {
            Ok(found) => found.is_file(),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => false,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        if found {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

type Rendered = Option<(Vec<ReportFile>, IndexEntry)>;

fn rendered(study: &Study, store: &Store, folder: &str) -> Result<Rendered> {
    let records = records(study, store)?;
    let Some(first) = records.first() else { return Ok(None) };
    let experiment = experiment(study)?;
    let facts = StudyFacts {
        title: study.title.clone(),
        data_set: experiment.data.name.clone(),
        model: model_name(&experiment.model).to_owned(),
        date: date(study.started_unix)?,
        recipe: recipe(&first.spec, study),
        measured: measured(&records),
        command: study.command.clone(),
    };
    match study.question {
        Question::RangeTest => range_test(study, facts, store, folder).map(Some),
        Question::Comparison => comparison(study, facts, store, folder).map(Some),
        Question::Training => training(study, facts, store, folder),
    }
}

fn experiment(study: &Study) -> Result<Experiment> {
    let source = Source { origin: "the study's configuration".into(), text: study.configuration.clone() };
    source.parse().map_err(bad_input)
}

fn range_test(study: &Study, facts: StudyFacts, store: &Store, folder: &str) -> Result<(Vec<ReportFile>, IndexEntry)> {
    let mut analysis = study.range_test(store)?;
    analysis.warnings.extend(study.warnings.iter().cloned());
    let report = RangeTestReport { facts, multipliers: multipliers(&experiment(study)?), analysis };
    Ok((render_range_test(&report)?, report.index_entry(folder)))
}

/// The groups' factors on the schedule's rate; none where every factor is 1.
pub fn multipliers(experiment: &Experiment) -> Vec<(String, f64)> {
    let multiplied = experiment.groups.iter().any(|group| (group.lr_mult - 1.0).abs() > 0.0);
    let groups = experiment.groups.iter().filter(|_| multiplied);
    groups.map(|group| (group.name.clone(), group.lr_mult)).collect()
}

fn comparison(study: &Study, facts: StudyFacts, store: &Store, folder: &str) -> Result<(Vec<ReportFile>, IndexEntry)> {
    let mut analysis = compare(study.results(store)?)?;
    analysis.warnings.extend(study.warnings.iter().cloned());
    let report = ComparisonReport { facts, pick_note: study.pick.clone(), analysis };
    Ok((render_comparison(&report)?, report.index_entry(folder)))
}

fn training(study: &Study, facts: StudyFacts, store: &Store, folder: &str) -> Result<Rendered> {
    let Some(result) = compare(study.results(store)?)?.arms.into_iter().next() else {
        return Ok(None);
    };
    let (pick_note, warnings) = (study.pick.clone(), study.warnings.clone());
    let report = TrainingReport { facts, pick_note, warnings, result };
    Ok(Some((render_training(&report)?, report.index_entry(folder))))
}
