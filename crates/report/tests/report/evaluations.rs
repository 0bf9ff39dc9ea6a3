//! What is evaluated on the way: its loss beside its accuracy, under the name of the examples it was made on.

use lrscope_report::{
    ArmCurves, CURVES, ComparisonReport, ReportFile, StudyFacts, TrainingReport, render_comparison, render_training,
};
use lrscope_runner::analysis::{ArmResult, Comparison};
use lrscope_runner::learner::{Evaluation, Subset};

use crate::page::{content, readme, tables};
use crate::{analysed, page, svg};

pub fn facts() -> StudyFacts {
    StudyFacts {
        title: "Evaluations".into(),
        data_set: "digits".into(),
        model: "mlp".into(),
        date: "2026-01-31".into(),
        recipe: Vec::new(),
        measured: Vec::new(),
        command: "lrscope compare digits".into(),
        ..StudyFacts::default()
    }
}

/// The table of the curves where a test has none.
pub fn no_curves() -> ReportFile {
    ReportFile { name: CURVES.into(), bytes: Vec::new() }
}

fn reports(analysis: Comparison) -> [Vec<ReportFile>; 2] {
    let result = analysis.arms[0].clone();
    let training =
        TrainingReport { facts: facts(), pick_note: None, warnings: Vec::new(), result, curves: ArmCurves::default() };
    let comparison = ComparisonReport { facts: facts(), pick_note: None, analysis, curves: Vec::new() };
    let mut reports =
        [render_training(&training).expect("rendered"), render_comparison(&comparison).expect("rendered")];
    for files in &mut reports {
        files.push(no_curves());
        page::check(files);
    }
    reports
}

fn evaluated_on(subset: Subset) -> Comparison {
    let mut analysis = analysed::comparison(2, 3, 400).analysis;
    for arm in &mut analysis.arms {
        arm.evaluated_on = subset;
    }
    analysis
}

fn has(files: &[ReportFile], name: &str) -> bool {
    files.iter().any(|file| file.name == name)
}

#[test]
fn the_validation_loss_stands_in_the_table_the_picture_and_the_page() {
    for files in reports(evaluated_on(Subset::Validation)) {
        let table = content(&files, "validation.csv");
        assert!(table.starts_with("arm,seed,updates,validation_accuracy,validation_loss\n"), "{table}");
        let drawn = content(&files, "evaluation-loss.svg");
        svg::check(&drawn);
        assert!(drawn.contains("validation loss (nats") && drawn.contains("Validation loss ends at"), "{drawn}");
        assert!(!has(&files, "evaluations.csv"));
        let page = readme(&files);
        assert!(page.contains("(evaluation-loss.svg)") && page.contains("validation loss (nats)"), "{page}");
    }
}

/// The bold line of an arm ends at the mean of its seeds' last losses, which the title gives.
#[test]
fn the_picture_s_title_gives_the_mean_of_the_last_losses() {
    let mut analysis = evaluated_on(Subset::Validation);
    let at = |loss| Evaluation { loss, correct: 50, examples: 100 };
    for (arm, last) in analysis.arms.iter_mut().zip([[0.5, 0.7, 0.9], [1.5, 1.0, 2.0]]) {
        for (seed, last) in arm.seeds.iter_mut().zip(last) {
            seed.evaluations = vec![(10, at(2.5)), (20, at(last))];
        }
    }
    let [_, files] = reports(analysis);
    let drawn = content(&files, "evaluation-loss.svg");
    assert!(drawn.contains("Validation loss ends at 0.7 (cyclic) and 1.5 (fixed)"), "{drawn}");
}

#[test]
fn what_was_not_made_on_validation_examples_is_not_called_so() {
    for (subset, name) in [(Subset::Train, "train"), (Subset::Test, "test")] {
        for files in reports(evaluated_on(subset)) {
            assert!(!has(&files, "validation.csv"));
            let table = content(&files, "evaluations.csv");
            assert!(table.starts_with(&format!("arm,seed,updates,{name}_accuracy,{name}_loss\n")), "{table}");
            for picture in ["accuracy.svg", "evaluation-loss.svg"] {
                let drawn = content(&files, picture).to_lowercase();
                assert!(drawn.contains(&format!("{name} ")) && !drawn.contains("validation"), "{picture}: {drawn}");
            }
            let page = readme(&files).to_lowercase();
            assert!(page.contains(&format!("{name} loss over the updates")), "{page}");
            assert!(!page.contains("validation accuracy over") && !page.contains("validation loss over"), "{page}");
        }
    }
}

/// A loss that is not finite is kept in the table and left out of the picture.
#[test]
fn a_loss_that_is_no_number_is_kept() {
    let mut analysis = evaluated_on(Subset::Validation);
    let seed = &mut analysis.arms[0].seeds[0];
    seed.evaluations.truncate(1);
    let (updates, mut at) = seed.evaluations[0];
    for (place, loss) in (1..).zip([f64::NAN, f64::INFINITY]) {
        at.loss = loss;
        seed.evaluations.push((updates + place, at));
    }
    for files in reports(analysis) {
        let table = content(&files, "validation.csv");
        assert!(table.contains(",NaN\n") && table.contains(",inf\n"), "{table}");
        svg::check(&content(&files, "evaluation-loss.svg"));
    }
}

#[test]
fn each_seed_s_validation_loss_stands_in_the_training_s_table() {
    let analysis = evaluated_on(Subset::Validation);
    let losses: Vec<f64> = analysis.arms[0].seeds.iter().filter_map(|seed| seed.validation_loss).collect();
    let [files, _] = reports(analysis);
    let runs = tables(&readme(&files)).into_iter().find(|table| table[0][0] == "seed").expect("a table of runs");
    assert_eq!(runs[0][5], "validation loss (nats)");
    for (row, loss) in runs[1..].iter().zip(losses) {
        let shown: f64 = row[5].parse().expect("a loss");
        assert!((shown / loss - 1.0).abs() < 1e-3, "{shown} is {loss} to four digits");
    }
}

#[test]
fn arms_without_runs_have_no_say_in_what_was_evaluated() {
    let mut analysis = evaluated_on(Subset::Train);
    let empty = ArmResult { seeds: Vec::new(), evaluated_on: Subset::Validation, ..analysis.arms[0].clone() };
    analysis.arms.insert(0, ArmResult { name: "failed".into(), ..empty });
    let report = ComparisonReport { facts: facts(), pick_note: None, analysis, curves: Vec::new() };
    let files = render_comparison(&report).expect("rendered");
    assert!(has(&files, "evaluations.csv") && !has(&files, "validation.csv"));
}
