//! The report of a range test.

mod figure;
mod page;
mod tables;

use lrscope_runner::analysis::RangeTest;

use crate::error::RenderError;
use crate::fact::{Pictures, ReportFile};
use crate::index::{IndexEntry, ReportKind};
use crate::numbers::{counted, rate};
use crate::study_facts::StudyFacts;

/// What the report of a range test is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeTestReport {
    /// What the page says of its study.
    pub facts: StudyFacts,
    /// Names of the parameter groups with their factors on the picked rates; none where every factor is 1.
    pub multipliers: Vec<(String, f64)>,
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
        self.facts.index_entry(ReportKind::RangeTest, self.headline(), folder)
    }
}

/// Renders a range test: `README.md`, `range-test.svg`, `curves.csv`, `mean_curve.csv`, `rules.csv` and `pick.json`.
pub fn render_range_test(report: &RangeTestReport) -> Result<Vec<ReportFile>, RenderError> {
    let analysis = &report.analysis;
    if analysis.curves.is_empty() {
        return Err(RenderError::Empty("the range test has no curve".into()));
    }
    let Pictures { mut files, missing } =
        Pictures::draw([(PICTURE, Some(figure::chart(analysis, !report.multipliers.is_empty())))]);
    files.extend([
        tables::curves(analysis)?,
        tables::mean_curve(analysis)?,
        tables::rules(analysis)?,
        tables::pick(analysis)?,
        ReportFile::text("README.md", page::page(report, &missing)),
    ]);
    Ok(files)
}

/// The picture's file.
const PICTURE: &str = "range-test.svg";
