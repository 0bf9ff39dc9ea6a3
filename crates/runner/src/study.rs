//! A study: the runs that answer one question together, and the file that says so beside its report.
//!
//! `results/<folder>/study.json` is written before the first run starts, so that the report can be made at any time from
//! whatever is published by then.

mod agreement;
mod collected;
mod rates;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::analysis::AnalysisError;
use crate::record::{RecordError, Store};
use crate::sealed::{seal, unseal};
use crate::spec::{RunId, RunSpec};

pub use collected::Collected;
pub(crate) use collected::analysed;
pub use rates::RunRates;

/// Version of [`Study`] that this program writes: 2 has a checksum as its last line, 3 tells runs that were interrupted from
/// those that failed. It reads versions 1 and 2 too.
pub const STUDY_SCHEMA: u32 = 3;

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
    /// Why there is no record yet, where a signal ended the run or kept it from being started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<String>,
}

impl StudyRun {
    /// Why the run failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref().filter(|reason| !tells_of_a_signal(reason))
    }

    /// Why the run was interrupted, if it was.
    pub fn interruption(&self) -> Option<&str> {
        let of_old = self.failed.as_deref().filter(|reason| tells_of_a_signal(reason));
        self.interrupted.as_deref().or(of_old)
    }
}

/// Up to version 2 a run that a signal ended counted as failed, for a reason in these words.
fn tells_of_a_signal(reason: &str) -> bool {
    ["interrupted by ", "not done: interrupted by "].iter().any(|words| reason.starts_with(words))
}

impl StudyArm {
    /// An arm of runs that have not been done yet.
    pub fn new(name: impl Into<String>, runs: &[RunSpec]) -> Self {
        let schedule = runs.first().map_or_else(String::new, |run| run.schedule.to_string());
        let run = |spec: &RunSpec| StudyRun { seed: spec.seed.number, id: spec.id(), failed: None, interrupted: None };
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
    /// The file is of a version that only a newer program knows.
    #[error(
        "{}: its schema is {found}; this program reads {UNSUMMED} to {STUDY_SCHEMA}: a newer lrscope made it, and reads it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The study and its records say different things.
    #[error(
        "study.json does not agree with the records of its runs: {problem}; it has been edited or is damaged, and the command \
         that made it makes it again, without training"
    )]
    Disagrees {
        /// What they disagree on.
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
        match schema(&text) {
            Some(found) if found > STUDY_SCHEMA => Err(StudyError::Newer { path, found }),
            _ => parse(&text).map_err(|problem| StudyError::Content { path, problem }),
        }
    }

    /// Whether this is the earlier study, or that study with more seeds or arms: it asks the same question, and every run of the
    /// earlier one is among those of the arm of the same name.
    pub fn continues(&self, earlier: &Self) -> bool {
        let has = |arm: &StudyArm| {
            let own = self.arms.iter().find(|own| own.name == arm.name);
            let ids: HashSet<&RunId> = own.iter().flat_map(|own| &own.runs).map(|run| &run.id).collect();
            own.is_some() && arm.runs.iter().all(|run| ids.contains(&run.id))
        };
        self.question == earlier.question && earlier.arms.iter().all(has)
    }

    /// Every run with its arm. One that is in several arms is one run.
    pub fn runs(&self) -> impl Iterator<Item = (&StudyArm, &StudyRun)> {
        let mut known = HashSet::new();
        let all = self.arms.iter().flat_map(|arm| arm.runs.iter().map(move |run| (arm, run)));
        all.filter(move |(_, run)| known.insert(&run.id))
    }

    /// A sentence about each run whose record is disputed: a second run of the same specification gave other bits.
    ///
    /// # Errors
    /// Where the results folder cannot be looked at.
    pub fn disputes(&self, store: &Store) -> Result<Vec<String>, RecordError> {
        let marked = store.disputed()?;
        let words = |(arm, run): (&StudyArm, &StudyRun)| {
            let note = marked.get(&run.id).cloned().or_else(|| store.dispute_note(&run.id))?;
            Some(format!(
                "the record of arm {}, seed {} is disputed: a second run gave other bits, so one of the two is wrong; see {}, \
                 then delete that and runs/{}, and run the same command again",
                arm.name,
                run.seed,
                note.display(),
                run.id
            ))
        };
        Ok(self.runs().filter_map(words).collect())
    }

    /// Writes the study into a report's folder, which is made where it is missing.
    pub fn write(&self, folder: &Path) -> Result<(), StudyError> {
        let path = folder.join(FILE);
        let written = self.json().map_err(std::io::Error::from).and_then(|json| {
            let json = if self.schema == UNSUMMED { json } else { seal(&json) };
            crate::replace::replace(&path, json.as_bytes())
        });
        written.map_err(|source| StudyError::Io { doing: "write", path, source })
    }

    /// Without a checksum.
    fn json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// The last version without a checksum.
const UNSUMMED: u32 = 1;
/// The first version with one.
const SUMMED: u32 = 2;

/// The version decides how the rest is read, so it is looked at first.
fn schema(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: u32,
    }
    serde_json::from_str(text).ok().map(|Versioned { schema }| schema)
}

/// What a file's text holds; else what is wrong with it.
fn parse(text: &str) -> Result<Study, String> {
    let sealed = unseal(text);
    let json = sealed.as_ref().map_or(text, |(json, _)| json);
    let study: Study = serde_json::from_str(json).map_err(|error| error.to_string())?;
    match (study.schema, sealed) {
        (UNSUMMED, None) | (SUMMED..=STUDY_SCHEMA, Some((_, true))) => Ok(study),
        (SUMMED..=STUDY_SCHEMA, Some(_)) => Err("it is damaged: its SHA-256 is not the one in its last line".into()),
        (UNSUMMED..=STUDY_SCHEMA, _) => {
            Err("it is damaged: version 1 has no SHA-256 in its last line, all later ones have one".into())
        }
        (other, _) => Err(format!("its schema is {other}; this program reads {UNSUMMED} to {STUDY_SCHEMA}")),
    }
}
