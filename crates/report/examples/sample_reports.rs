//! Writes one report of each kind, from made-up results, into a folder:
//! `cargo run --release -p lrscope-report --example sample_reports -- FOLDER`.

use std::error::Error;
use std::path::Path;

use lrscope_report::{
    CURVES, ComparisonReport, Fact, IndexEntry, IndexLine, RangeTestReport, ReportFile, ScheduleLine, StudyFacts,
    TrainingReport, render_comparison, render_index, render_range_test, render_schedule, render_training, write_report,
};
use lrscope_runner::analysis::{Curve, analyse_planned, compare};
use lrscope_schedule::Point;

#[path = "../tests/report/synthetic.rs"]
mod synthetic;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("give the folder to write to")?;
    let folder = Path::new(&folder);
    let mut entries = Vec::new();
    for (name, seeds) in [("range-test", 3), ("range-test-one-seed", 1)] {
        entries.push(range_test(&folder.join(name), name, seeds)?);
    }
    for (name, arms, seeds, steps) in [
        ("compare-two", 2, 3, 1_200),
        ("compare-three", 3, 3, 5_000),
        ("compare-six-seeds", 2, 6, 5_000),
        ("compare-five", 5, 5, 70_000),
    ] {
        entries.push(comparison(&folder.join(name), name, (arms, seeds, steps))?);
    }
    entries.push(training(&folder.join("train"), "train")?);
    let line = |entry: IndexEntry| IndexLine::Report { folder: entry.folder.clone().into(), entry };
    let lines: Vec<_> = entries.into_iter().map(line).collect();
    let index = ReportFile { name: "README.md".into(), bytes: render_index(&lines).into_bytes() };
    write_report(folder, &[index, schedule("schedule.svg")?], Vec::new())?;
    Ok(())
}

/// A report's files with the table of its curves.
fn with(mut files: Vec<ReportFile>, table: Vec<u8>) -> Vec<ReportFile> {
    files.push(ReportFile { name: CURVES.into(), bytes: table });
    files
}

fn recipe() -> Vec<Fact> {
    [
        ("data set", "cifar10, 45,000 training, 5,000 validation, 10,000 test examples"),
        ("data hash", "sha256 0f3c…"),
        ("model", "caffe_quick, 145,578 parameters"),
        ("optimizer", "SGD, momentum 0.9, weight decay 0.004"),
        ("batch size", "100 examples"),
        ("type", "f32 on the processor"),
    ]
    .map(|(name, value)| Fact::new(name, value))
    .into()
}

fn measured() -> Vec<Fact> {
    vec![Fact::new("time", "41.2 s"), Fact::new("machine", "made up")]
}

fn range_test(folder: &Path, name: &str, seeds: u64) -> Result<IndexEntry, Box<dyn Error>> {
    let curves: Vec<Curve> = (0..seeds).map(|seed| synthetic::sweep(seed, 450)).collect();
    let report = RangeTestReport {
        facts: StudyFacts {
            title: "Range test: caffe_quick on cifar10".into(),
            data_set: "cifar10".into(),
            model: "caffe_quick".into(),
            date: "2026-01-30".into(),
            recipe: recipe(),
            measured: measured(),
            command: "lrscope range-test cifar10 --seeds 3".into(),
            ..StudyFacts::default()
        },
        multipliers: Vec::new(),
        analysis: analyse_planned(&curves, 450)?,
    };
    write_report(folder, &render_range_test(&report)?, Vec::new())?;
    Ok(report.index_entry(name))
}

fn comparison(
    folder: &Path,
    name: &str,
    (arms, seeds, steps): (usize, u64, usize),
) -> Result<IndexEntry, Box<dyn Error>> {
    let arms: Vec<_> = synthetic::PLANS.iter().take(arms).map(|plan| synthetic::arm(plan, seeds, steps)).collect();
    let (curves, table) = synthetic::curves(&arms);
    let report = ComparisonReport {
        facts: StudyFacts {
            title: "Comparison: caffe_quick on cifar10".into(),
            data_set: "cifar10".into(),
            model: "caffe_quick".into(),
            date: "2026-01-31".into(),
            recipe: recipe(),
            measured: measured(),
            command: "lrscope compare cifar10 --seeds 3".into(),
            ..StudyFacts::default()
        },
        pick_note: Some("base_lr and max_lr are those of the range test in range-test (2026-01-30)".into()),
        analysis: compare(arms.into_iter().map(|arm| arm.result).collect())?,
        curves,
    };
    write_report(folder, &with(render_comparison(&report)?, table), Vec::new())?;
    Ok(report.index_entry(name))
}

fn training(folder: &Path, name: &str) -> Result<IndexEntry, Box<dyn Error>> {
    let arm = synthetic::arm(&synthetic::PLANS[0], 3, 5_000);
    let (mut curves, table) = synthetic::curves(std::slice::from_ref(&arm));
    let report = TrainingReport {
        facts: StudyFacts {
            title: "Training: caffe_quick on cifar10".into(),
            data_set: "cifar10".into(),
            model: "caffe_quick".into(),
            date: "2026-02-01".into(),
            recipe: recipe(),
            measured: measured(),
            command: "lrscope train cifar10".into(),
            ..StudyFacts::default()
        },
        pick_note: Some("rates given by --pick: base_lr 0.001, max_lr 0.006".into()),
        warnings: Vec::new(),
        result: compare(vec![arm.result])?.arms.remove(0),
        curves: curves.remove(0),
    };
    write_report(folder, &with(render_training(&report)?, table), Vec::new())?;
    Ok(report.index_entry(name))
}

fn schedule(name: &str) -> Result<ReportFile, Box<dyn Error>> {
    let plan = &synthetic::PLANS[0];
    let points = (0..10_000).map(|k| {
        let lr = (plan.lr)(k as f64, 10_000.0);
        (k, Point { lr, momentum: Some(0.95 - 0.1 * (lr - 0.002_15) / 0.172) })
    });
    let line = ScheduleLine { name: plan.name.into(), points: points.collect() };
    Ok(ReportFile {
        name: name.into(),
        bytes: render_schedule("triangular2: 8 cycles over 10,000 updates", &[line])?.into_bytes(),
    })
}
