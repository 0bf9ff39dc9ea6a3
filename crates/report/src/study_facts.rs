//! What every report says of the study that it is about.

use crate::fact::Fact;
use crate::index::{IndexEntry, ReportKind};

/// What every report says of its study, whatever the question was.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyFacts {
    /// Title of the page, for example `"Range test: lenet on mnist"`.
    pub title: String,
    /// Name of the data set, for the index.
    pub data_set: String,
    /// Name of the network, for the index.
    pub model: String,
    /// When the study was made, as it should be shown, for example `"2026-01-31"`; sorts by time.
    pub date: String,
    /// Everything that can change a number, in the order in which it should be read.
    pub recipe: Vec<Fact>,
    /// What was measured and need not repeat: clocks, machine.
    pub measured: Vec<Fact>,
    /// Command line that makes the same report again.
    pub command: String,
}

impl StudyFacts {
    /// The report's line in the index; `folder` is its folder relative to the index.
    pub(crate) fn index_entry(&self, kind: ReportKind, result: String, folder: &str) -> IndexEntry {
        IndexEntry {
            kind,
            title: self.title.clone(),
            data_set: self.data_set.clone(),
            model: self.model.clone(),
            date: self.date.clone(),
            result,
            folder: folder.into(),
        }
    }
}
