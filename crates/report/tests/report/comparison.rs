//! The reports of comparisons and training runs, and the index.

use lrscope_report::{
    ArmCurves, CURVES, ComparisonReport, Fact, IndexEntry, IndexLine, RenderError, ReportFile, ReportKind, StudyFacts,
    TrainingReport, render_comparison, render_index, render_training,
};
use lrscope_runner::analysis::{Comparison, Ending, Outcome};

use crate::analysed::Made;
use crate::page::{content, prose, readme, tables, targets};
use crate::synthetic::Arm;
use crate::{analysed, page, svg, synthetic};

fn report(analysis: Comparison, curves: Vec<ArmCurves>) -> ComparisonReport {
    ComparisonReport {
        facts: StudyFacts {
            title: "Comparison: lenet on mnist".into(),
            data_set: "mnist".into(),
            model: "lenet".into(),
            date: "2026-01-31".into(),
            recipe: vec![Fact::new("batch size", "128 examples")],
            measured: Vec::new(),
            command: "lrscope compare mnist".into(),
            ..StudyFacts::default()
        },
        pick_note: Some("the pick of range test mnist-lenet".into()),
        analysis,
        curves,
    }
}

/// Renders and checks what holds for every report.
fn render(made: Made) -> Vec<ReportFile> {
    let (curves, table) = made.curves();
    let report = report(made.analysis, curves);
    let mut files = render_comparison(&report).expect("rendered");
    assert_eq!(files, render_comparison(&report).expect("rendered again"));
    files.push(ReportFile { name: CURVES.into(), bytes: table });
    checked(&files);
    files
}

fn checked(files: &[ReportFile]) {
    page::check(files);
    for file in files.iter().filter(|file| is_svg(file)) {
        svg::check(std::str::from_utf8(&file.bytes).expect("text"));
    }
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let record =
        |record: Result<csv::StringRecord, csv::Error>| record.expect("a row").iter().map(str::to_owned).collect();
    reader.records().map(record).collect()
}

fn is_svg(file: &ReportFile) -> bool {
    file.name.rsplit_once('.').is_some_and(|(_, ending)| ending == "svg")
}

fn names(files: &[ReportFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn every_value_of_every_run_is_in_the_csv() {
    let made = analysed::comparison(5, 3, 400);
    let files = render(made.clone());
    let mut curves = rows(&content(&files, "curves.csv")).into_iter().skip(1);
    let mut runs = rows(&content(&files, "runs.csv")).into_iter().skip(1);
    let mut validation = rows(&content(&files, "validation.csv")).into_iter().skip(1);
    for Arm { result: arm, lr, losses } in &made.arms {
        let estimated = made.analysis.arms.iter().any(|one| one == arm);
        assert!(estimated, "{}", arm.name);
        for (seed, losses) in arm.seeds.iter().zip(losses) {
            let run = runs.next().expect("a run");
            assert_eq!((run[0].as_str(), run[1].as_str()), (arm.name.as_str(), arm.schedule.as_str()));
            assert_eq!(run[2], seed.seed.to_string());
            assert_eq!(run[5].parse().ok(), seed.test_accuracy);
            assert_eq!(run[6].parse().ok(), seed.validation_accuracy);
            assert_eq!((run[7].parse().ok(), run[8].parse().ok()), (seed.test_loss, seed.validation_loss));
            assert_eq!(run[3] == "completed" && run[4].is_empty(), seed.ending == Ending::Completed);
            for (step, loss) in losses.iter().enumerate() {
                let row = curves.next().expect("an update");
                assert_eq!((&row[0], &row[2]), (&arm.name, &step.to_string()));
                assert_eq!(row[3].parse().ok(), lr.get(step).copied());
                let read: f64 = row[4].parse().expect("a loss");
                assert!(read.to_bits() == loss.to_bits() || (read.is_nan() && loss.is_nan()));
            }
            for (updates, at) in &seed.evaluations {
                let row = validation.next().expect("an evaluation");
                assert_eq!((row[2].parse().ok(), row[3].parse().ok()), (Some(*updates), at.accuracy()));
                assert_eq!(row[4].parse().ok(), Some(at.loss));
            }
        }
    }
    assert!(curves.next().is_none() && runs.next().is_none() && validation.next().is_none());
}

#[test]
fn the_verdict_comes_first_and_names_its_evidence() {
    let made = analysed::comparison(2, 3, 400);
    let page = readme(&render(made.clone()));
    let pair = &made.analysis.differences[0];
    let verdict = &prose(&page)[1];
    assert!(verdict.starts_with(&format!("{}.", pair.verdict)), "{verdict}");
    assert!(verdict.contains("95 % interval") && verdict.contains("n = 3") && verdict.contains("p = 0.5"), "{verdict}");
    assert!(page.contains("the pick of range test mnist-lenet"));

    // What the verdict's own words state is not repeated.
    let mut stated = made;
    let claim = "cyclic is better than fixed by 1.78 points";
    let difference = &mut stated.analysis.differences[0];
    difference.outcome = Outcome::Better;
    difference.verdict = format!("{claim} (p = 0.01)");
    difference.claim = claim.into();
    let page = readme(&render(stated));
    assert_eq!(prose(&page)[1], format!("{claim} (p = 0.01)."));
    assert!(page.contains(&format!("**{claim}** (p")), "the claim alone stands out");
}

#[test]
fn tables_show_means_intervals_counts_and_every_seed() {
    let made = analysed::comparison(5, 4, 400);
    let page = readme(&render(made.clone()));
    let analysis = made.analysis;
    let all = tables(&page);
    let arms = all.iter().find(|table| table[0][1] == "schedule").expect("a table of arms");
    for (arm, row) in analysis.arms.iter().zip(&arms[1..]) {
        let each: Vec<String> =
            arm.seeds.iter().filter_map(|s| s.test_accuracy).map(|a| format!("{:.2}", a * 100.0)).collect();
        assert_eq!((row[0].as_str(), row[4].as_str()), (arm.name.as_str(), each.join(", ").as_str()));
        let estimate = arm.test_accuracy.expect("an estimate");
        let mean = format!(
            "{:.2} ({:.2} to {:.2})",
            estimate.mean * 100.0,
            estimate.low.expect("low") * 100.0,
            estimate.high.expect("high") * 100.0
        );
        assert_eq!(row[2].replace('−', "-"), mean);
        assert_eq!(row[3], "4");
    }
    assert_eq!(arms[5][6], "3 completed, 1 diverged");
    let pairs = all.iter().find(|table| table[0][1] == "against").expect("a table of pairs");
    assert_eq!(pairs.len(), 5);
    assert_eq!(pairs[1][5..], ["0.12", "0.25", "0.12"]);
}

#[test]
fn failed_and_diverged_runs_are_told_not_hidden() {
    let mut made = analysed::comparison(3, 2, 200);
    made.arms[2].losses.iter_mut().for_each(|losses| losses.truncate(21));
    let analysis = &mut made.analysis;
    analysis.arms[1].failed = vec![(7, "killed by signal 9".into())];
    for seed in &mut analysis.arms[2].seeds {
        seed.ending = Ending::Diverged { step: 20 };
        seed.test_accuracy = None;
        seed.validation_accuracy = None;
        seed.evaluations.clear();
    }
    analysis.arms[2].test_accuracy = None;
    analysis.arms[2].validation_accuracy = None;
    analysis.differences.truncate(1);
    let files = render(made);
    let page = readme(&files);
    assert!(page.contains("fixed, seed 7: failed: killed by signal 9"));
    assert!(page.contains("step decay, seed 0: diverged at step 20"));
    let arms = tables(&page).into_iter().find(|table| table[0][1] == "schedule").expect("a table of arms");
    assert_eq!(arms[3][2..6], ["", "", "", "0.56"], "absent values are empty");
    assert_eq!(arms[2][6], "2 completed, 1 failed");
    let runs = rows(&content(&files, "runs.csv"));
    let failed = runs.iter().find(|row| row[2] == "7").expect("the failed run");
    assert_eq!(failed[3..], ["failed", "", "", "", "", "", "killed by signal 9"]);
    assert!(content(&files, "loss.svg").contains("no seed of step decay came to its end"));
}

#[test]
fn runs_without_evaluations_or_losses_still_make_a_report() {
    let mut made = analysed::comparison(2, 2, 100);
    for arm in &mut made.arms {
        arm.lr.clear();
        arm.losses.iter_mut().for_each(Vec::clear);
    }
    let analysis = &mut made.analysis;
    analysis.differences.clear();
    for arm in &mut analysis.arms {
        (arm.test_accuracy, arm.validation_accuracy) = (None, None);
        for seed in &mut arm.seeds {
            (seed.test_accuracy, seed.validation_accuracy, seed.test_loss) = (None, None, None);
            seed.evaluations.clear();
        }
    }
    let files = render(made.clone());
    assert_eq!(names(&files), ["runs.csv", "validation.csv", "README.md", "curves.csv"]);
    assert!(readme(&files).contains("nothing can be compared"));
    made.analysis.arms.clear();
    assert!(matches!(render_comparison(&report(made.analysis, Vec::new())), Err(RenderError::Empty(_))));
}

#[test]
fn validation_accuracy_stands_in_where_there_is_no_test_accuracy() {
    let mut made = analysed::comparison(2, 2, 100);
    let analysis = &mut made.analysis;
    for arm in &mut analysis.arms {
        arm.test_accuracy = None;
        arm.seeds.iter_mut().for_each(|seed| seed.test_accuracy = None);
    }
    let files = render(made);
    assert!(content(&files, "final.svg").contains("validation accuracy (%)"));
}

#[test]
fn every_seed_is_a_point_and_every_arm_has_its_mean() {
    let analysis = analysed::comparison(3, 4, 100);
    let drawn = content(&render(analysis), "final.svg");
    let document = svg::parse(&drawn);
    assert_eq!(svg::elements(&document, "circle").count(), 12);
    assert_eq!(svg::elements(&document, "polygon").count(), 3, "a diamond an arm");
    let grey = svg::elements(&document, "polyline").filter(|node| node.attribute("opacity") == Some("0.45")).count();
    assert_eq!(grey, 8, "four seeds joined over two gaps");
}

#[test]
fn hostile_arms_are_only_names() {
    let hostile = "</svg><script>|`\"',=cmd\n|---|\n\u{7}\u{202e}";
    let mut made = analysed::comparison(2, 2, 100);
    let analysis = &mut made.analysis;
    analysis.arms[0].name = hostile.into();
    analysis.arms[0].schedule = hostile.into();
    analysis.arms[0].failed = vec![(9, hostile.into())];
    analysis.differences[0].arm = hostile.into();
    analysis.differences[0].verdict = format!("{hostile}, it says");
    analysis.differences[0].claim = hostile.into();
    let files = render(made);
    let shown = "</svg><script>|`\"',=cmd |---|";
    let arms = tables(&readme(&files)).into_iter().find(|table| table[0][1] == "schedule").expect("a table of arms");
    assert_eq!((arms[1][0].as_str(), arms[1][1].as_str()), (shown, shown));
    let runs = rows(&content(&files, "runs.csv"));
    assert_eq!((runs[1][0].as_str(), runs[1][1].as_str()), (hostile, hostile));
    for file in files.iter().filter(|file| is_svg(file)) {
        let text = std::str::from_utf8(&file.bytes).expect("text");
        assert_eq!(svg::elements(&svg::parse(text), "script").count(), 0);
    }
}

#[test]
fn a_training_run_has_its_page() {
    let arm = analysed::arm(&synthetic::PLANS[0], 2, 300);
    let (mut curves, table) = synthetic::curves(std::slice::from_ref(&arm));
    let report = TrainingReport {
        facts: StudyFacts {
            title: "Training: lenet on mnist".into(),
            data_set: "mnist".into(),
            model: "lenet".into(),
            date: "2026-01-31".into(),
            recipe: Vec::new(),
            measured: Vec::new(),
            command: "lrscope train mnist".into(),
            ..StudyFacts::default()
        },
        pick_note: Some("rates from the range test in range-test-mine".into()),
        warnings: vec!["the last cycle is not complete".into()],
        result: arm.result,
        curves: curves.remove(0),
    };
    let mut files = render_training(&report).expect("rendered");
    files.push(ReportFile { name: CURVES.into(), bytes: table });
    checked(&files);
    assert_eq!(
        names(&files),
        [
            "loss.svg",
            "accuracy.svg",
            "evaluation-loss.svg",
            "schedule.svg",
            "runs.csv",
            "validation.csv",
            "README.md",
            "curves.csv"
        ]
    );
    let page = readme(&files);
    assert!(prose(&page)[1].starts_with("Result: test accuracy 7"), "{page}");
    assert!(page.contains("the last cycle is not complete"));
    assert!(prose(&page)[3].starts_with("Range: rates from the range test in range-test-mine"), "{page}");
    assert_eq!(tables(&page)[0].len(), 3);
}

/// A report's line of the index.
fn line(kind: ReportKind, (date, time): (&str, &str), folder: &str, title: &str) -> IndexLine {
    let entry = IndexEntry {
        kind,
        title: title.into(),
        details: "constant, lr 0.1; 3 seeds".into(),
        data_set: "mnist".into(),
        model: "lenet".into(),
        date: date.into(),
        time: time.into(),
        unfinished: None,
        result: "98.91 % | n = 3".into(),
        folder: folder.into(),
    };
    IndexLine::Report { entry, folder: folder.into() }
}

#[test]
fn the_index_lists_every_report_newest_first_whatever_the_order() {
    let lines = [
        line(ReportKind::Training, ("2026-01-30", "23:59:59"), "c", "older"),
        line(ReportKind::Comparison, ("2026-01-31", "08:00:01"), "b (x)", "newer"),
        line(ReportKind::RangeTest, ("2026-01-31", "08:00:00"), "a", "[first](evil)"),
    ];
    let page = render_index(&lines);
    let table = &tables(&page)[0];
    let titles: Vec<_> = table[1..].iter().map(|row| row[1].as_str()).collect();
    assert_eq!(titles, ["newer", "[first](evil)", "older"]);
    assert_eq!((table[1][0].as_str(), table[1][5].as_str()), ("2026-01-31 08:00:01", "98.91 % | n = 3"));
    assert_eq!(targets(&page), ["b%20%28x%29/README.md", "a/README.md", "c/README.md"]);
    let mut turned = lines.to_vec();
    turned.reverse();
    assert_eq!(render_index(&turned), page);
    assert!(render_index(&[]).contains("no report yet"));
}

#[test]
fn reports_of_one_title_are_told_apart_in_the_index() {
    let moment = ("2026-01-31", "08:00:00");
    let mut lines = ["a", "b", "c"].map(|folder| line(ReportKind::Training, moment, folder, "same"));
    if let IndexLine::Report { entry, .. } = &mut lines[2] {
        entry.details = "constant, lr 0.2; 3 seeds".into();
        entry.unfinished = Some("unfinished: 1 of 3 runs done".into());
    }
    let page = render_index(&lines);
    let rows = &tables(&page)[0][1..];
    let told: Vec<_> = rows.iter().map(|row| (row[1].as_str(), row[2].as_str())).collect();
    let (same, other) = ("constant, lr 0.1; 3 seeds", "constant, lr 0.2; 3 seeds");
    assert_eq!(told, [("same a", same), ("same b", same), ("same", other)]);
    assert_eq!(rows[2][5], "unfinished: 1 of 3 runs done; 98.91 % | n = 3");
}

#[test]
fn what_cannot_be_read_is_a_line_below_the_others() {
    let folder = "<odd> `name`".into();
    let problem = IndexLine::Problem { folder, problem: "cannot be read: it is damaged".into() };
    let good = line(ReportKind::Training, ("2026-01-31", "08:00:00"), "a", "good");
    let page = render_index(&[problem, good]);
    let rows = &tables(&page)[0][1..];
    assert_eq!((rows[0][1].as_str(), rows[1][1].as_str()), ("good", "<odd> `name`"));
    assert_eq!(rows[1][5], "cannot be read: it is damaged");
    assert_eq!(targets(&page), ["a/README.md"]);
}

/// A file system's names need not be text; a link holds their bytes.
#[cfg(unix)]
#[test]
fn a_folder_whose_name_is_not_text_is_linked_by_its_bytes() {
    use std::os::unix::ffi::OsStringExt as _;
    let mut odd = line(ReportKind::Training, ("2026-01-31", "08:00:00"), "a", "odd");
    if let IndexLine::Report { folder, .. } = &mut odd {
        *folder = std::ffi::OsString::from_vec(b"train-\xff".to_vec());
    }
    assert_eq!(targets(&render_index(&[odd])), ["train-%FF/README.md"]);
}
