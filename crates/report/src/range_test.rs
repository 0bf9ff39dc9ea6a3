//! The report of a range test.

mod figure;
mod page;
mod tables;

use lrscope_runner::analysis::RangeTest;

use crate::error::RenderError;
use crate::fact::{Fact, ReportFile};
use crate::index::{IndexEntry, ReportKind};
use crate::numbers::{counted, rate};

/// What the report of a range test is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeTestReport {
    /// Title of the page, for example `"Range test: lenet on mnist"`.
    pub title: String,
    /// Name of the data set, for the index.
    pub data_set: String,
    /// Name of the network, for the index.
    pub model: String,
    /// When the test was run, as it should be shown, for example `"2026-01-31"`; sorts by time.
    pub date: String,
    /// Everything that can change a number, in the order in which it should be read.
    pub recipe: Vec<Fact>,
    /// What was measured and need not repeat: clocks, machine.
    pub measured: Vec<Fact>,
    /// Command line that makes the same report again.
    pub command: String,
    /// The analysis.
    pub analysis: RangeTest,
}

impl RangeTestReport {
    /// The result in one line of plain text.
    pub fn headline(&self) -> String {
        let seeds = counted(self.analysis.curves.len(), "seed", "seeds");
        match &self.analysis.pick {
            Some(pick) => format!("base_lr {}, max_lr {} ({seeds})", rate(pick.base_lr), rate(pick.max_lr)),
            None => format!("no pick ({seeds})"),
        }
    }

    /// The report's line in the index; `folder` is its folder relative to the index.
    pub fn index_entry(&self, folder: &str) -> IndexEntry {
        IndexEntry {
            kind: ReportKind::RangeTest,
            title: self.title.clone(),
            data_set: self.data_set.clone(),
            model: self.model.clone(),
            date: self.date.clone(),
            result: self.headline(),
            folder: folder.into(),
        }
    }
}

/// Renders a range test: `README.md`, `range-test.svg`, `curves.csv`, `mean_curve.csv`, `rules.csv` and `pick.json`.
pub fn render_range_test(report: &RangeTestReport) -> Result<Vec<ReportFile>, RenderError> {
    let analysis = &report.analysis;
    if analysis.curves.is_empty() {
        return Err(RenderError::Empty("the range test has no curve".into()));
    }
    Ok(vec![
        ReportFile::svg("range-test.svg", &figure::chart(analysis))?,
        tables::curves(analysis)?,
        tables::mean_curve(analysis)?,
        tables::rules(analysis)?,
        tables::pick(analysis)?,
        ReportFile::text("README.md", page::page(report)),
    ])
}
