//! The report of a training run: one schedule, one or several seeds.

use lrscope_runner::analysis::ArmResult;

use crate::comparison::{
    accuracy_chart, evaluation_files, evaluation_loss_chart, evaluations, loss_chart, metric, rates_chart, runs,
    share_words,
};
use crate::curves::ArmCurves;
use crate::error::RenderError;
use crate::fact::{Pictures, ReportFile};
use crate::index::{IndexEntry, ReportKind};
use crate::markdown::{
    Inline, Page,
    Side::{Left, Right},
    strong, text,
};
use crate::numbers::{loss, percent};
use crate::sections;
use crate::series_stats::ending_words;
use crate::study_facts::StudyFacts;

/// What the report of a training run is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingReport {
    /// What the page says of its study.
    pub facts: StudyFacts,
    /// Where rates of a range test came from; absent where none was used.
    pub pick_note: Option<String>,
    /// What a reader must know.
    pub warnings: Vec<String>,
    /// The schedule and what each seed reached with it.
    pub result: ArmResult,
    /// Its curves.
    pub curves: ArmCurves,
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
        self.facts.index_entry(ReportKind::Training, self.headline(), folder)
    }
}

/// Renders a training run beside its `curves.csv`, which [`CurvesTable`](crate::CurvesTable) writes: `README.md`, `runs.csv`,
/// `validation.csv` (`evaluations.csv` where other examples were evaluated), and of `loss.svg`, `accuracy.svg`,
/// `evaluation-loss.svg` and `schedule.svg` those that there are values for.
pub fn render_training(report: &TrainingReport) -> Result<Vec<ReportFile>, RenderError> {
    let arms = std::slice::from_ref(&report.result);
    let curves = std::slice::from_ref(&report.curves);
    let Pictures { mut files, missing } = Pictures::draw([
        ("loss.svg", loss_chart(arms, curves)),
        ("accuracy.svg", accuracy_chart(arms)),
        ("evaluation-loss.svg", evaluation_loss_chart(arms)),
        ("schedule.svg", rates_chart(arms, curves)),
    ]);
    files.extend([runs(arms)?, evaluations(arms)?]);
    let page = page(report, &files, missing);
    files.push(ReportFile::text("README.md", page));
    Ok(files)
}

fn page(report: &TrainingReport, files: &[ReportFile], missing: Vec<String>) -> String {
    let [accuracy, loss, evaluations] = evaluation_files(report.result.evaluated_on);
    let own = |name, holds: &str| (name, holds.to_owned());
    let pictures = [
        own("loss.svg", "training loss over the updates"),
        accuracy,
        loss,
        own("schedule.svg", "learning rate over the updates"),
    ];
    let shown: Vec<_> = pictures.into_iter().filter(|(name, _)| files.iter().any(|file| file.name == *name)).collect();
    let mut page = Page::titled(&report.facts.title);
    sections::unfinished(&mut page, &report.facts);
    page.paragraph(&strong(&Inline::own("Result")).then(&Inline::own(": ")).then(&text(&report.headline())));
    page.paragraph(&Inline::own("Schedule: ").then(&text(&report.result.schedule)));
    if let Some(note) = &report.pick_note {
        sections::range(&mut page, note);
    }
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
        ("validation loss (nats)", Right),
    ];
    page.table(&header, &rows);
    sections::warnings(&mut page, &[report.warnings.clone(), missing].concat());
    sections::recipe(&mut page, &report.facts);
    sections::reproduce(&mut page, &report.facts);
    let tables = [
        own("runs.csv", "a row for each run: how it ended and what it reached (accuracies in [0, 1], losses in nats)"),
        own(
            "curves.csv",
            "every update of every run: the schedule's learning rate (before any lr_mult), loss before the update (nats)",
        ),
        evaluations,
    ];
    let all: Vec<_> = shown.into_iter().chain(tables).collect();
    sections::files(&mut page, &all);
    page.finish()
}

fn rows(result: &ArmResult) -> Vec<Vec<Inline>> {
    let share = |value: Option<f64>| Inline::own(value.map(percent).unwrap_or_default());
    let nats = |value: Option<f64>| Inline::own(value.map(loss).unwrap_or_default());
    let done = result.seeds.iter().map(|seed| {
        vec![
            Inline::own(seed.seed.to_string()),
            Inline::own(ending_words(seed.ending)),
            share(seed.test_accuracy),
            share(seed.validation_accuracy),
            nats(seed.test_loss),
            nats(seed.validation_loss),
        ]
    });
    let failed = result.failed.iter().map(|(seed, reason)| {
        let why = Inline::own("failed: ").then(&text(reason));
        vec![Inline::own(seed.to_string()), why, share(None), share(None), nats(None), nats(None)]
    });
    done.chain(failed).collect()
}
