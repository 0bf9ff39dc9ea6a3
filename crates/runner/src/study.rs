//! A study: the runs that answer one question together, and the file that says so beside its report.
//!
//! `results/<folder>/study.json` is written before the first run starts, so that the report can be made at any time from
//! whatever is published by then.

use std::path::{Path, PathBuf};

use lrscope_schedule::Measurement;
use serde::{Deserialize, Serialize};

use crate::analysis::{AnalysisError, ArmResult, Curve, RangeTest, SeedResult, analyse_planned};
use crate::learner::Subset;
use crate::record::{Checksum, Published, RecordError, Store};
use crate::resolve;
use crate::spec::{RunId, RunSpec};

/// Version of [`Study`] that this program writes: 2 has a checksum as its last line. It reads version 1 too, which has none.
pub const STUDY_SCHEMA: u32 = 2;

/// Name of the file in the report's folder.
const FILE: &str = "study.json";

/// No study is larger.
const LIMIT: u64 = 64 << 20;

/// What question a study answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which learning rates work?
    RangeTest,
    /// Does a schedule beat the others?
    Comparison,
    /// How does one schedule train?
    Training,
}

/// The runs that answer one question together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Study {
    /// Version of the file, see [`STUDY_SCHEMA`].
    pub schema: u32,
    /// The question.
    pub question: Question,
    /// Title of the report.
    pub title: String,
    /// The command line that made it, without the program's path.
    pub command: String,
    /// The experiment's configuration with all flags applied, as TOML.
    pub configuration: String,
    /// When it was started, in seconds since 1970-01-01 00:00 UTC.
    pub started_unix: u64,
    /// Where the rates of a range test came from, in words; absent where none was used.
    pub pick: Option<String>,
    /// What the schedules' lint said.
    pub warnings: Vec<String>,
    /// The arms; a range test and a single training have one.
    pub arms: Vec<StudyArm>,
}

/// An arm of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyArm {
    /// Name, for example `cyclic`.
    pub name: String,
    /// Its schedule in one line.
    pub schedule: String,
    /// Its runs.
    pub runs: Vec<StudyRun>,
}

/// A run of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRun {
    /// Seed number.
    pub seed: u64,
    /// Identity of the run.
    pub id: RunId,
    /// Why there is no record, where the run failed.
    pub failed: Option<String>,
}

impl StudyArm {
    /// An arm of runs that have not been done yet.
    pub fn new(name: impl Into<String>, runs: &[RunSpec]) -> Self {
        let schedule = runs.first().map_or_else(String::new, |run| run.schedule.to_string());
        let run = |spec: &RunSpec| StudyRun { seed: spec.seed.number, id: spec.id(), failed: None };
        Self { name: name.into(), schedule, runs: runs.iter().map(run).collect() }
    }

    /// Whether another arm specifies the very runs that this one does.
    pub fn has_runs_of(&self, other: &Self) -> bool {
        let ids = |arm: &Self| arm.runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
        !self.runs.is_empty() && ids(self) == ids(other)
    }
}

/// Why a study cannot be read, written or collected.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// Reading or writing the file failed.
    #[error("{}: cannot {doing} this study: {source}", path.display())]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file holds no study that this program knows.
    #[error("{}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The records do not make an analysis.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// A record's schedule has no rate for one of its steps.
    #[error("run {run}: {source}")]
    Schedule {
        /// The run.
        run: RunId,
        /// The cause.
        source: lrscope_schedule::ScheduleError,
    },
}

impl Study {
    /// Reads the study of a report's folder.
    pub fn read(folder: &Path) -> Result<Self, StudyError> {
        let path = folder.join(FILE);
        let text = crate::replace::read_bounded(&path, LIMIT).map_err(|source| StudyError::Io {
            doing: "read",
            path: path.clone(),
            source,
        })?;
        parse(&text).map_err(|problem| StudyError::Content { path, problem })
    }

    /// Writes the study into a report's folder, which is made where it is missing.
    pub fn write(&self, folder: &Path) -> Result<(), StudyError> {
        let path = folder.join(FILE);
        let written = self.json().map_err(std::io::Error::from).and_then(|json| {
            let json = if self.schema == UNSUMMED { json } else { summed(&json) };
            crate::replace::replace(&path, json.as_bytes())
        });
        written.map_err(|source| StudyError::Io { doing: "write", path, source })
    }

    /// Without a checksum.
    fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// A range test's analysis, from the seeds that have a record.
    pub fn range_test(&self, store: &Store) -> Result<RangeTest, StudyError> {
        let runs = self.arms.iter().flat_map(|arm| &arm.runs);
        let records = runs.filter_map(|run| store.find(&run.id).transpose());
        analysed(&records.collect::<Result<Vec<_>, _>>()?)
    }

    /// Results of all arms, without statistics: those are [`compare`](crate::analysis::compare)'s.
    pub fn results(&self, store: &Store) -> Result<Vec<ArmResult>, StudyError> {
        let mut results = Vec::new();
        for (index, arm) in self.arms.iter().enumerate() {
            let before = self.arms[..index].iter().find(|before| before.has_runs_of(arm));
            let same_as = before.map(|before| before.name.clone());
            results.push(ArmResult { same_as, ..arm_result(arm, store)? });
        }
        Ok(results)
    }
}

/// The analysis of a range test's runs.
pub(crate) fn analysed(records: &[Published]) -> Result<RangeTest, StudyError> {
    let curve = |record: &Published| -> Result<Curve, StudyError> {
        let loss = losses(record)?;
        let lr = rates(record, loss.len() as u64)?;
        Ok(Curve { seed: record.spec.seed.number, lr, loss, ending: record.result.ending })
    };
    let curves = records.iter().map(curve).collect::<Result<Vec<_>, _>>()?;
    let planned = records.iter().map(|record| record.spec.steps).max().unwrap_or(0);
    Ok(analyse_planned(&curves, planned as usize)?)
}

/// The last version without a checksum.
const UNSUMMED: u32 = 1;
/// How a file ends, and how it goes on instead where the checksum of what it would be without follows.
const END: &str = "\n}\n";
const SUM: &str = ",\n  \"sha256\": \"";

/// A study's JSON with its checksum as the last line.
fn summed(json: &str) -> String {
    let open = json.strip_suffix(END).unwrap_or(json);
    format!("{open}{SUM}{}\"{END}", Checksum::of(json.as_bytes()))
}

/// What a file's text holds; else what is wrong with it.
fn parse(text: &str) -> Result<Study, String> {
    let json = text.rsplit_once(SUM).map(|(open, _)| format!("{open}{END}"));
    let study: Study = serde_json::from_str(json.as_deref().unwrap_or(text)).map_err(|error| error.to_string())?;
    match (study.schema, json) {
        (UNSUMMED, None) => Ok(study),
        (STUDY_SCHEMA, Some(json)) if summed(&json) == text => Ok(study),
        (STUDY_SCHEMA, Some(_)) => Err("it is damaged: its SHA-256 is not the one in its last line".into()),
        (UNSUMMED | STUDY_SCHEMA, _) => {
            Err("it is damaged: version 2 has a SHA-256 in its last line, version 1 none".into())
        }
        (other, _) => Err(format!("its schema is {other}; this program reads {UNSUMMED} and {STUDY_SCHEMA}")),
    }
}

fn arm_result(arm: &StudyArm, store: &Store) -> Result<ArmResult, StudyError> {
    let mut result = ArmResult {
        name: arm.name.clone(),
        schedule: arm.schedule.clone(),
        same_as: None,
        lr: Vec::new(),
        evaluated_on: Subset::Validation,
        seeds: Vec::new(),
        failed: Vec::new(),
        test_accuracy: None,
        validation_accuracy: None,
    };
    for run in &arm.runs {
        let Some(record) = store.find(&run.id)? else {
            let reason = run.failed.clone().unwrap_or_else(|| "not done yet".into());
            result.failed.push((run.seed, reason));
            continue;
        };
        if result.lr.is_empty() {
            result.evaluated_on = record.spec.evaluation.during;
            result.lr = rates(&record, record.spec.steps)?;
        }
        result.seeds.push(seed_result(run.seed, &record)?);
    }
    Ok(result)
}

fn seed_result(seed: u64, record: &Published) -> Result<SeedResult, StudyError> {
    let last = record.result.steps;
    let evaluations = &record.result.evaluations;
    let at_end =
        |subset| evaluations.iter().rev().find(|at| at.subset == subset && at.step == last).map(|at| at.evaluation);
    let during = evaluations.iter().filter(|at| at.subset == record.spec.evaluation.during);
    let mut on_the_way: Vec<_> = during.map(|at| (at.step, at.evaluation)).collect();
    // After the last update the same examples may be evaluated twice: on the way, and at the end.
    on_the_way.dedup_by_key(|(updates, _)| *updates);
    Ok(SeedResult {
        seed,
        ending: record.result.ending,
        test_accuracy: at_end(Subset::Test).and_then(|evaluation| evaluation.accuracy()),
        validation_accuracy: at_end(Subset::Validation).and_then(|evaluation| evaluation.accuracy()),
        test_loss: at_end(Subset::Test).map(|evaluation| evaluation.loss),
        validation_loss: at_end(Subset::Validation).map(|evaluation| evaluation.loss),
        evaluations: on_the_way,
        loss: losses(record)?,
    })
}

fn losses(record: &Published) -> Result<Vec<f64>, RecordError> {
    Ok(record.rows()?.collect::<Result<Vec<_>, _>>()?.iter().map(|row| row.loss).collect())
}

/// The schedule's rates before any group's multiplier, computed again: records do not hold them.
fn rates(record: &Published, steps: u64) -> Result<Vec<f64>, StudyError> {
    let wrong = |source| StudyError::Schedule { run: record.spec.id(), source };
    let plan = resolve::plan(&record.spec).map_err(wrong)?;
    let metrics = followed(record);
    (0..steps).map(|step| plan.scheduled_rate(step, &metrics).map_err(wrong)).collect()
}

/// From this version of the numerics on, schedules follow the metric that they name. Before, they were fed the loss, whatever
/// their mode.
const NAMED_METRICS: u32 = 3;

/// What a record's schedule was fed.
fn followed(record: &Published) -> Vec<Measurement> {
    let spec = &record.spec;
    let during = record.result.evaluations.iter().filter(|at| at.subset == spec.evaluation.during);
    let measured = during.map(|at| at.evaluation.measured(at.step));
    if spec.numerics >= NAMED_METRICS {
        return measured.collect();
    }
    measured.map(|at| Measurement { accuracy: Some(at.loss), ..at }).collect()
}
