//! What every report says of the study that it is about.

use crate::fact::Fact;
use crate::index::{IndexEntry, ReportKind};

/// What every report says of its study, whatever the question was.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StudyFacts {
    /// Title of the page, for example `"Range test: lenet on mnist"`.
    pub title: String,
    /// Name of the data set, for the index.
    pub data_set: String,
    /// Name of the network, for the index.
    pub model: String,
    /// What tells it from others of the same title, for the index.
    pub details: String,
    /// The day on which it was begun, as it should be shown, for example `"2026-01-31"`; sorts by time.
    pub date: String,
    /// The time of that day, for example `"14:05:09"`.
    pub time: String,
    /// What is not done yet; absent where everything is.
    pub unfinished: Option<Unfinished>,
    /// Everything that can change a number, in the order in which it should be read.
    pub recipe: Vec<Fact>,
    /// What was measured and need not repeat: clocks, machine.
    pub measured: Vec<Fact>,
    /// Command line that makes the same report again.
    pub command: String,
}

/// A study of which some runs are not done yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Runs that have a record.
    pub done: usize,
    /// Runs that failed, and are not among those still to do.
    pub failed: usize,
    /// All runs.
    pub all: usize,
    /// The runs that are still to do, in words.
    pub missing: String,
    /// The command that does them.
    pub command: String,
}

impl Unfinished {
    /// `unfinished: 3 of 9 runs done`.
    pub fn words(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        format!("unfinished: {} of {} runs done{failed}", self.done, self.all)
    }
}

impl StudyFacts {
    /// The report's line in the index; `folder` is its folder relative to the index.
    pub(crate) fn index_entry(&self, kind: ReportKind, result: String, folder: &str) -> IndexEntry {
        IndexEntry {
            kind,
            title: self.title.clone(),
            details: self.details.clone(),
            data_set: self.data_set.clone(),
            model: self.model.clone(),
            date: self.date.clone(),
            time: self.time.clone(),
            unfinished: self.unfinished.as_ref().map(Unfinished::words),
            result,
            folder: folder.into(),
        }
    }
}
