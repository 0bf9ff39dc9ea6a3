//! From a study's records to its report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use lrscope_report::{
    ArmCurves, CURVES, ComparisonReport, CurvesBuilder, CurvesTable, IndexEntry, NAMES, RangeTestReport, RateLine,
    ReportFile, StreamedFile, StudyFacts, TrainingReport, Unfinished, WriteError, render_comparison, render_range_test,
    render_training, write_report,
};
use lrscope_runner::analysis::compare;
use lrscope_runner::experiment::{Experiment, Source};
use lrscope_runner::record::{Published, Store};
use lrscope_runner::resolve::trained_otherwise;
use lrscope_runner::study::{Collected, Question, RunRates, Study, StudyArm, StudyRun};

use crate::exit::bad_input;
use crate::manifest::{MANIFEST, Manifest};
use crate::perform::model_name;
use crate::provenance::{self, measured};
use crate::recipe::{day_and_time, details, recipe};

/// The line of the index that a report's folder keeps, so that the index needs no records.
pub const ENTRY: &str = "index-entry.json";

/// A report's files, the manifest last.
pub struct Rendered {
    files: Vec<ReportFile>,
    streamed: Vec<StreamedFile>,
    /// What they are.
    pub manifest: Manifest,
}

/// Where a file begins that is written as it is made.
type Begin<'a> = &'a dyn Fn(&str) -> Result<StreamedFile, WriteError>;

/// Makes the report of a study from whatever is published of it. A study without any record yet has no report: the answer
/// says whether there is one. What an older report has in the folder and this one has not goes.
pub fn report(results: &Path, folder: &Path) -> Result<bool> {
    let Some(Rendered { files, streamed, manifest }) =
        rendered(results, folder, &|name| StreamedFile::begin(folder, name))?
    else {
        return Ok(false);
    };
    let outdated = unlisted(folder, &manifest);
    write_report(folder, &files, streamed)?;
    for path in outdated {
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}, which is outdated", path.display()))?;
    }
    Ok(true)
}

/// The report that a study's records give now, written nowhere; nothing where none of its runs is done.
pub fn manifest(results: &Path, folder: &Path) -> Result<Option<Manifest>> {
    Ok(rendered(results, folder, &|name| Ok(StreamedFile::nowhere(name)))?.map(|rendered| rendered.manifest))
}

/// Files in the folder that only a report can have put there, and that a report with this manifest does not have.
pub fn unlisted(folder: &Path, manifest: &Manifest) -> Vec<PathBuf> {
    let names = NAMES.into_iter().chain([ENTRY]).filter(|name| !manifest.files.contains_key(*name));
    names.map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

fn rendered(results: &Path, folder: &Path, begin: Begin) -> Result<Option<Rendered>> {
    let study = Study::read(folder)?;
    let store = Store::open(results)?;
    let collected = study.collect(&store)?;
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let older: BTreeSet<_> = collected.records().filter_map(|record| trained_otherwise(&record.spec)).collect();
    let mut doubts = study.disputes(&store)?;
    doubts.extend(older);
    let Some((mut files, entry, streamed)) = answered(&collected, &doubts, &name, begin)? else {
        return Ok(None);
    };
    let mut bytes = serde_json::to_vec_pretty(&entry).context("cannot write the index entry as JSON")?;
    bytes.push(b'\n');
    files.push(ReportFile { name: ENTRY.into(), bytes });
    let manifest = Manifest::of(&files, &streamed);
    files.push(manifest.file()?);
    debug_assert!(files.last().is_some_and(|file| file.name == MANIFEST));
    Ok(Some(Rendered { files, streamed, manifest }))
}

/// A report's files, its line in the index, and the files that were streamed.
type Answered = (Vec<ReportFile>, IndexEntry, Vec<StreamedFile>);

fn answered(collected: &Collected, doubts: &[String], folder: &str, begin: Begin) -> Result<Option<Answered>> {
    let study = collected.study;
    let Some(first) = collected.records().next() else { return Ok(None) };
    let experiment = experiment(study)?;
    let (date, time) = day_and_time(study.started_unix)?;
    let facts = StudyFacts {
        title: study.title.clone(),
        details: details(study),
        data_set: experiment.data.name.clone(),
        model: model_name(&experiment.model).to_owned(),
        date,
        time,
        unfinished: unfinished(collected),
        recipe: recipe(&first.spec, collected),
        measured: measured(collected),
        command: study.command.clone(),
    };
    match study.question {
        Question::RangeTest => range_test(collected, doubts, facts, folder).map(Some),
        Question::Comparison => comparison(collected, doubts, facts, folder, begin).map(Some),
        Question::Training => training(collected, doubts, facts, folder, begin),
    }
}

/// What is still to do of a study; nothing where every run is done or has failed.
pub fn unfinished(collected: &Collected) -> Option<Unfinished> {
    let missing: Vec<_> = collected.missing().collect();
    let (failed, undone): (Vec<_>, Vec<_>) = missing.iter().partition(|(_, run)| run.failure().is_some());
    let study = collected.study;
    let all = study.runs().count();
    let named = undone.iter().map(|(arm, run)| (arm.name.as_str(), *run));
    (!undone.is_empty()).then(|| Unfinished {
        done: all - missing.len(),
        failed: failed.len(),
        all,
        missing: provenance::runs(named, study.arms.len()),
        command: study.command.clone(),
    })
}

fn experiment(study: &Study) -> Result<Experiment> {
    let source = Source { origin: "the study's configuration".into(), text: study.configuration.clone() };
    source.parse().map_err(bad_input)
}

fn range_test(collected: &Collected, doubts: &[String], facts: StudyFacts, folder: &str) -> Result<Answered> {
    let study = collected.study;
    let mut analysis = collected.range_test()?;
    analysis.warnings.extend(doubts.iter().chain(&study.warnings).cloned());
    let report = RangeTestReport { facts, multipliers: multipliers(&experiment(study)?), analysis };
    Ok((render_range_test(&report)?, report.index_entry(folder), Vec::new()))
}

/// The groups' factors on the schedule's rate; none where every factor is 1.
pub fn multipliers(experiment: &Experiment) -> Vec<(String, f64)> {
    let multiplied = experiment.groups.iter().any(|group| (group.lr_mult - 1.0).abs() > 0.0);
    let groups = experiment.groups.iter().filter(|_| multiplied);
    groups.map(|group| (group.name.clone(), group.lr_mult)).collect()
}

fn comparison(
    collected: &Collected,
    doubts: &[String],
    facts: StudyFacts,
    folder: &str,
    begin: Begin,
) -> Result<Answered> {
    let study = collected.study;
    let mut analysis = compare(collected.results())?;
    analysis.warnings.extend(doubts.iter().chain(&study.warnings).cloned());
    let (curves, streamed) = curves(collected, begin)?;
    let report = ComparisonReport { facts, pick_note: study.pick.clone(), analysis, curves };
    Ok((render_comparison(&report)?, report.index_entry(folder), vec![streamed]))
}

fn training(
    collected: &Collected,
    doubts: &[String],
    facts: StudyFacts,
    folder: &str,
    begin: Begin,
) -> Result<Option<Answered>> {
    let (curves, streamed) = curves(collected, begin)?;
    let arms = compare(collected.results())?.arms.into_iter().zip(curves);
    let Some((result, curves)) = arms.into_iter().next() else { return Ok(None) };
    let warnings = doubts.iter().chain(&collected.study.warnings).cloned().collect();
    let report = TrainingReport { facts, pick_note: collected.study.pick.clone(), warnings, result, curves };
    Ok(Some((render_training(&report)?, report.index_entry(folder), vec![streamed])))
}

/// Reads every update once: into the table of all of them, and into what the charts are drawn from.
fn curves(collected: &Collected, begin: Begin) -> Result<(Vec<ArmCurves>, StreamedFile)> {
    let mut table = CurvesTable::new(begin(CURVES)?)?;
    let arms: Vec<_> = collected.arms().collect();
    let runs = arms.iter().map(|(_, runs)| runs.len()).sum();
    let curves = arms.iter().map(|(arm, done)| arm_curves(arm, done, CurvesBuilder::new(arms.len(), runs), &mut table));
    let curves = curves.collect::<Result<_>>()?;
    Ok((curves, table.finish()?))
}

fn arm_curves(
    arm: &StudyArm,
    runs: &[(&StudyRun, &Published)],
    mut builder: CurvesBuilder,
    table: &mut CurvesTable<StreamedFile>,
) -> Result<ArmCurves> {
    for (run, record) in runs {
        let rates = RunRates::of(record)?;
        let losses = (0..).zip(record.rows()?).map(|(step, row)| -> Result<f64> {
            let loss = row?.loss;
            table.update(&arm.name, run.seed, step, rates.at(step)?, loss)?;
            Ok(loss)
        });
        builder.run(record.result.ending, record.result.steps, losses)?;
    }
    let rates = match runs.first() {
        Some((_, record)) => {
            let rates = RunRates::of(record)?;
            RateLine::new(record.spec.steps, rates.follow_evaluations(), |step| rates.at(step))?
        }
        None => RateLine::default(),
    };
    Ok(builder.finish(rates))
}
