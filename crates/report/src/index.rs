//! The list of all reports.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::markdown::{Inline, Page, Side, link, text};

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

impl ReportKind {
    fn words(self) -> &'static str {
        match self {
            Self::RangeTest => "range test",
            Self::Comparison => "comparison",
            Self::Training => "training",
        }
    }
}

/// A line of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexEntry {
    /// What the report is about.
    pub kind: ReportKind,
    /// Its title.
    pub title: String,
    /// The data set.
    pub data_set: String,
    /// The network.
    pub model: String,
    /// When it was made, as it is shown; the index is sorted by it, newest first.
    pub date: String,
    /// The result in one line of plain text.
    pub result: String,
    /// The report's folder relative to the index, with `/` between parts.
    pub folder: String,
}

/// The index page, newest report first; reports of the same date by kind and folder. Entries may come in any order.
pub fn render_index(entries: &[IndexEntry]) -> String {
    let mut sorted: Vec<&IndexEntry> = entries.iter().collect();
    sorted.sort_by_key(|entry| (Reverse(&entry.date), entry.kind, &entry.folder, &entry.title));
    let mut page = Page::titled("Results");
    if sorted.is_empty() {
        page.paragraph(&Inline::own("There is no report yet."));
        return page.finish();
    }
    page.paragraph(&Inline::own(
        "Every report, newest first. Each folder holds a page, its pictures, and every value as CSV.",
    ));
    let rows: Vec<_> = sorted.into_iter().map(row).collect();
    let header = ["date", "report", "kind", "data set", "model", "result"].map(|name| (name, Side::Left));
    page.table(&header, &rows);
    page.finish()
}

fn row(entry: &IndexEntry) -> Vec<Inline> {
    let target = format!("{}/README.md", entry.folder.trim_end_matches('/'));
    let title = if entry.title.trim().is_empty() { &entry.folder } else { &entry.title };
    vec![
        text(&entry.date),
        link(&text(title), &target),
        Inline::own(entry.kind.words()),
        text(&entry.data_set),
        text(&entry.model),
        text(&entry.result),
    ]
}
