//! The list of all reports.

use std::cmp::Reverse;
use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use crate::markdown::{Inline, Page, Side, code, link_bytes, text};

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// A range test.
    RangeTest,
    /// A comparison of schedules.
    Comparison,
    /// One schedule's training.
    Training,
}

/// A report's line of the index, as its folder keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexEntry {
    /// What the report is about.
    pub kind: ReportKind,
    /// Its title.
    pub title: String,
    /// What tells it from others of the same title: schedules, number of seeds.
    #[serde(default)]
    pub details: String,
    /// The data set.
    pub data_set: String,
    /// The network.
    pub model: String,
    /// The day on which it was begun, as it is shown.
    pub date: String,
    /// The time of that day, as it is shown; empty where it is not known.
    #[serde(default)]
    pub time: String,
    /// How much of it is done, where that is not all of it: `"unfinished: 3 of 9 runs done"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
    /// The result in one line of plain text.
    pub result: String,
    /// The report's folder relative to the index, with `/` between parts.
    pub folder: String,
}

/// A line of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexLine {
    /// A report.
    Report {
        /// Its entry.
        entry: IndexEntry,
        /// Its folder's name as it is now.
        folder: OsString,
    },
    /// A folder whose study or report cannot be read or made.
    Problem {
        /// The folder's name.
        folder: OsString,
        /// Why, and what to do.
        problem: String,
    },
}

impl IndexLine {
    fn folder(&self) -> &OsString {
        match self {
            Self::Report { folder, .. } | Self::Problem { folder, .. } => folder,
        }
    }
}

/// The index page, newest report first by day and time; reports of the same moment by kind and folder. What cannot be read
/// stands below. Lines may come in any order.
pub fn render_index(lines: &[IndexLine]) -> String {
    let mut sorted: Vec<&IndexLine> = lines.iter().collect();
    sorted.sort_by_key(|line| {
        let entry = match line {
            IndexLine::Report { entry, .. } => Some((&entry.date, &entry.time, Reverse(entry.kind))),
            IndexLine::Problem { .. } => None,
        };
        (Reverse(entry), line.folder())
    });
    let mut page = Page::titled("Results");
    if sorted.is_empty() {
        page.paragraph(&Inline::own("There is no report yet."));
        return page.finish();
    }
    page.paragraph(&Inline::own(
        "Every report, newest first (times are UTC). Each folder holds a page, its pictures, and every value as CSV.",
    ));
    let rows: Vec<_> = sorted.iter().map(|line| row(line, lines)).collect();
    let header = ["begun", "report", "runs", "data set", "model", "result"].map(|name| (name, Side::Left));
    page.table(&header, &rows);
    page.finish()
}

fn row(line: &IndexLine, all: &[IndexLine]) -> Vec<Inline> {
    match line {
        IndexLine::Report { entry, folder } => report_row(entry, folder, all),
        IndexLine::Problem { folder, problem } => {
            let name = code(&folder.to_string_lossy());
            let none = Inline::default;
            vec![none(), name, none(), none(), none(), text(problem)]
        }
    }
}

fn report_row(entry: &IndexEntry, folder: &OsString, all: &[IndexLine]) -> Vec<Inline> {
    let mut target = folder.as_encoded_bytes().to_vec();
    target.extend(b"/README.md");
    let name = folder.to_string_lossy();
    let title = if entry.title.trim().is_empty() { &name } else { entry.title.as_str() };
    let mut report = link_bytes(&text(title), &target);
    let alike = |line: &&IndexLine| match line {
        IndexLine::Report { entry: other, .. } => (&other.title, &other.details) == (&entry.title, &entry.details),
        IndexLine::Problem { .. } => false,
    };
    if all.iter().filter(alike).count() > 1 {
        report = report.then(&Inline::own(" ")).then(&code(&name));
    }
    let begun = format!("{} {}", entry.date, entry.time);
    let result = match &entry.unfinished {
        Some(unfinished) => format!("{unfinished}; {}", entry.result),
        None => entry.result.clone(),
    };
    vec![text(&begun), report, text(&entry.details), text(&entry.data_set), text(&entry.model), text(&result)]
}
