//! The report of a comparison.

mod evaluated;
mod evaluation_figures;
mod figures;
mod final_figure;
mod page;
mod tables;

use lrscope_runner::analysis::{ArmResult, Comparison, Estimate, PairedDifference, SeedResult};

use crate::curves::ArmCurves;
use crate::error::RenderError;
use crate::fact::{Pictures, ReportFile};
use crate::index::{IndexEntry, ReportKind};
use crate::numbers::{alike, interval, level, percent, points, probability};
use crate::study_facts::StudyFacts;

pub(crate) use evaluated::{evaluated_on, evaluation_files, words as evaluated_words};
pub(crate) use evaluation_figures::{accuracy_chart, evaluation_loss_chart};
pub(crate) use figures::{loss_chart, loss_label, rates_chart};
pub(crate) use tables::{evaluations, runs};

/// What the report of a comparison is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonReport {
    /// What the page says of its study.
    pub facts: StudyFacts,
    /// Which range test's pick the arms used, or that one was run first; absent where none was used.
    pub pick_note: Option<String>,
    /// The analysis.
    pub analysis: Comparison,
    /// Each arm's curves.
    pub curves: Vec<ArmCurves>,
}

impl ComparisonReport {
    /// The result in one line of plain text.
    pub fn headline(&self) -> String {
        match self.analysis.differences.as_slice() {
            [] => self.alone().unwrap_or_else(|| "no result".into()),
            [only] => pair_words(only),
            several => several.iter().map(short_pair_words).collect::<Vec<_>>().join("; "),
        }
    }

    /// What there is to say where nothing is compared; absent where there is no accuracy either.
    fn alone(&self) -> Option<String> {
        let arms = &self.analysis.arms;
        let first = arms.first()?;
        let reached = share_words(&(metric(arms)?.estimate)(first)?);
        let why = match arms.len() {
            1 => Some(NOTHING_TO_COMPARE.to_owned()),
            _ => self.analysis.same_runs().into_iter().next(),
        };
        Some([Some(format!("{}: {reached}", first.name)), why].into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    /// The report's line in the index; `folder` is its folder relative to the index.
    pub fn index_entry(&self, folder: &str) -> IndexEntry {
        self.facts.index_entry(ReportKind::Comparison, self.headline(), folder)
    }
}

/// Renders a comparison beside its `curves.csv`, which [`CurvesTable`](crate::CurvesTable) writes: `README.md`, `runs.csv`,
/// `validation.csv` (`evaluations.csv` where other examples were evaluated), and of `final.svg`, `accuracy.svg`,
/// `evaluation-loss.svg`, `loss.svg` and `schedules.svg` those that there are values for.
pub fn render_comparison(report: &ComparisonReport) -> Result<Vec<ReportFile>, RenderError> {
    let arms = &report.analysis.arms;
    if arms.is_empty() {
        return Err(RenderError::Empty("the comparison has no arm".into()));
    }
    let Pictures { mut files, missing } = Pictures::draw([
        ("final.svg", final_figure::chart(&report.analysis)),
        ("accuracy.svg", accuracy_chart(arms)),
        ("evaluation-loss.svg", evaluation_loss_chart(arms)),
        ("loss.svg", loss_chart(arms, &report.curves)),
        ("schedules.svg", rates_chart(arms, &report.curves)),
    ]);
    files.push(runs(arms)?);
    files.push(evaluations(arms)?);
    let page = page::page(report, &files, missing);
    files.push(ReportFile::text("README.md", page));
    Ok(files)
}

/// What is to be said of a comparison of one arm.
pub(crate) const NOTHING_TO_COMPARE: &str = "one arm: nothing to compare with";

/// Which accuracy the final figures are about.
#[derive(Clone, Copy)]
pub(crate) struct Metric {
    /// Its name.
    pub(crate) name: &'static str,
    /// One seed's value.
    pub(crate) value: fn(&SeedResult) -> Option<f64>,
    /// An arm's mean with its interval.
    pub(crate) estimate: fn(&ArmResult) -> Option<Estimate>,
}

/// Test accuracy where any run has one, else validation accuracy; absent where there is neither.
pub(crate) fn metric(arms: &[ArmResult]) -> Option<Metric> {
    let test = Metric { name: "test accuracy", value: |seed| seed.test_accuracy, estimate: |arm| arm.test_accuracy };
    let validation = Metric {
        name: "validation accuracy",
        value: |seed| seed.validation_accuracy,
        estimate: |arm| arm.validation_accuracy,
    };
    [test, validation]
        .into_iter()
        .find(|metric| arms.iter().any(|arm| arm.seeds.iter().any(|seed| (metric.value)(seed).is_some())))
}

/// `98.91 % (95 % interval 98.80 to 99.02 %, n = 5)`.
pub(crate) fn share_words(estimate: &Estimate) -> String {
    let mean = percent(estimate.mean);
    let ends = interval(estimate, percent).map(|ends| format!("{} interval {ends} %, ", level(estimate)));
    let spread = ends.or_else(|| alike(estimate).map(|alike| format!("{alike}, "))).unwrap_or_default();
    format!("{mean} % ({spread}n = {})", estimate.n)
}

/// `cyclic − fixed: +0.21 points (95 % interval +0.05 to +0.37, p = 0.03, n = 6)`; p is the corrected one.
pub(crate) fn pair_words(pair: &PairedDifference) -> String {
    let estimate = &pair.difference;
    let ends = interval(estimate, points).map(|ends| format!("{} interval {ends}, ", level(estimate)));
    let spread = ends.or_else(|| alike(estimate).map(|alike| format!("{alike}, ")));
    let p = pair.p_holm.or(pair.p).map(|p| format!("p = {}, ", probability(p)));
    format!(
        "{} − {}: {} points ({}{}n = {})",
        pair.arm,
        pair.against,
        points(estimate.mean),
        spread.unwrap_or_default(),
        p.unwrap_or_default(),
        estimate.n
    )
}

/// The same without the interval, for lists.
fn short_pair_words(pair: &PairedDifference) -> String {
    let p = pair.p_holm.or(pair.p).map(|p| format!("p = {}, ", probability(p))).unwrap_or_default();
    let n = pair.difference.n;
    format!("{} − {}: {} points ({p}n = {n})", pair.arm, pair.against, points(pair.difference.mean))
}
