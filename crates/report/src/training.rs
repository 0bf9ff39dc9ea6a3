//! The report of a training run: one schedule, one or several seeds.

use lrscope_runner::analysis::ArmResult;

use crate::comparison::{accuracy_chart, curves, loss_chart, metric, rates_chart, runs, share_words, validation};
use crate::error::RenderError;
use crate::fact::{Fact, ReportFile};
use crate::index::{IndexEntry, ReportKind};
use crate::markdown::{
    Inline, Page,
    Side::{Left, Right},
    strong, text,
};
use crate::numbers::{loss, percent};
use crate::sections;
use crate::series_stats::ending_words;

/// What the report of a training run is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingReport {
    /// Title of the page, for example `"Training: lenet on mnist"`.
    pub title: String,
    /// Name of the data set, for the index.
    pub data_set: String,
    /// Name of the network, for the index.
    pub model: String,
    /// When the training was finished, as it should be shown, for example `"2026-01-31"`; sorts by time.
    pub date: String,
    /// Everything that can change a number, in the order in which it should be read.
    pub recipe: Vec<Fact>,
    /// What was measured and need not repeat: clocks, machine.
    pub measured: Vec<Fact>,
    /// Command line that makes the same report again.
    pub command: String,
    /// What a reader must know.
    pub warnings: Vec<String>,
    /// The schedule and what each seed reached with it.
    pub result: ArmResult,
}

impl TrainingReport {
    /// The result in one line of plain text.
    pub fn headline(&self) -> String {
        let arms = std::slice::from_ref(&self.result);
        let metric = metric(arms);
        match metric.and_then(|metric| Some((metric.name, (metric.estimate)(&self.result)?))) {
            Some((name, estimate)) => format!("{name} {}", share_words(&estimate)),
            None => "no final accuracy".into(),
        }
    }

    /// The report's line in the index; `folder` is its folder relative to the index.
    pub fn index_entry(&self, folder: &str) -> IndexEntry {
        IndexEntry {
            kind: ReportKind::Training,
            title: self.title.clone(),
            data_set: self.data_set.clone(),
            model: self.model.clone(),
            date: self.date.clone(),
            result: self.headline(),
            folder: folder.into(),
        }
    }
}

/// The pictures that a training report can have, with what they show.
const PICTURES: [(&str, &str); 3] = [
    ("loss.svg", "training loss over the updates"),
    ("accuracy.svg", "validation accuracy over the updates"),
    ("schedule.svg", "learning rate over the updates"),
];

/// Renders a training run: `README.md`, `runs.csv`, `curves.csv`, `validation.csv`, and of `loss.svg`, `accuracy.svg` and
/// `schedule.svg` those that there are values for.
pub fn render_training(report: &TrainingReport) -> Result<Vec<ReportFile>, RenderError> {
    let arms = std::slice::from_ref(&report.result);
    let charts = [loss_chart(arms), accuracy_chart(arms), rates_chart(arms)];
    let mut files = Vec::new();
    for ((name, _), chart) in PICTURES.iter().zip(&charts) {
        if let Some(chart) = chart {
            files.push(ReportFile::svg(name, chart)?);
        }
    }
    files.extend([runs(arms)?, curves(arms)?, validation(arms)?]);
    let page = page(report, &files);
    files.push(ReportFile::text("README.md", page));
    Ok(files)
}

fn page(report: &TrainingReport, files: &[ReportFile]) -> String {
    let shown: Vec<_> = PICTURES.into_iter().filter(|(name, _)| files.iter().any(|file| file.name == *name)).collect();
    let mut page = Page::titled(&report.title);
    page.paragraph(&strong(&Inline::own("Result")).then(&Inline::own(": ")).then(&text(&report.headline())));
    page.paragraph(&Inline::own("Schedule: ").then(&text(&report.result.schedule)));
    for (name, meaning) in &shown {
        page.picture(meaning, name);
    }
    page.section("Runs");
    let rows: Vec<_> = rows(&report.result);
    let header = [
        ("seed", Left),
        ("how it ended", Left),
        ("test accuracy (%)", Right),
        ("validation accuracy (%)", Right),
        ("test loss (nats)", Right),
    ];
    page.table(&header, &rows);
    sections::warnings(&mut page, &report.warnings);
    sections::recipe(&mut page, &report.date, &report.recipe, &report.measured);
    sections::reproduce(&mut page, &report.command);
    let tables = [
        ("runs.csv", "a row for each run: how it ended and what it reached (accuracies in [0, 1])"),
        ("curves.csv", "every update of every run: learning rate, loss before the update (nats)"),
        ("validation.csv", "every evaluation on the way: updates done, accuracy in [0, 1]"),
    ];
    let all: Vec<_> = shown.into_iter().chain(tables).collect();
    sections::files(&mut page, &all);
    page.finish()
}

fn rows(result: &ArmResult) -> Vec<Vec<Inline>> {
    let share = |value: Option<f64>| Inline::own(value.map(percent).unwrap_or_default());
    let done = result.seeds.iter().map(|seed| {
        vec![
            Inline::own(seed.seed.to_string()),
            Inline::own(ending_words(seed.ending)),
            share(seed.test_accuracy),
            share(seed.validation_accuracy),
            Inline::own(seed.test_loss.map(loss).unwrap_or_default()),
        ]
    });
    let failed = result.failed.iter().map(|(seed, reason)| {
        let why = Inline::own("failed: ").then(&text(reason));
        vec![Inline::own(seed.to_string()), why, share(None), share(None), share(None)]
    });
    done.chain(failed).collect()
}
