//! Arms that are the same runs, arms that stand alone, seeds that gave the same, and names as they are.

use lrscope_report::{ArmCurves, ComparisonReport, ReportFile, TrainingReport, render_comparison, render_training};
use lrscope_runner::analysis::{ArmResult, Comparison, compare};

use crate::evaluations::{facts, no_curves};
use crate::page::{content, prose, readme, tables};
use crate::{analysed, page};

/// An arm with these test accuracies.
fn arm(name: &str, accuracies: &[f64]) -> ArmResult {
    let mut arm = analysed::comparison(1, accuracies.len() as u64, 40).analysis.arms.remove(0);
    arm.name = name.into();
    for (seed, accuracy) in arm.seeds.iter_mut().zip(accuracies) {
        seed.test_accuracy = Some(*accuracy);
    }
    arm
}

fn same(name: &str, first: &ArmResult) -> ArmResult {
    ArmResult { name: name.into(), same_as: Some(first.name.clone()), ..first.clone() }
}

fn compared(arms: &[ArmResult]) -> Comparison {
    compare(arms.to_vec()).expect("the arms are well formed")
}

fn report(arms: &[ArmResult]) -> (ComparisonReport, Vec<ReportFile>) {
    let report = ComparisonReport { facts: facts(), pick_note: None, analysis: compared(arms), curves: Vec::new() };
    let mut files = render_comparison(&report).expect("rendered");
    files.push(no_curves());
    page::check(&files);
    (report, files)
}

#[test]
fn two_arms_that_are_the_same_runs_are_not_compared() {
    let a = arm("a", &[0.9, 0.91, 0.92]);
    let (report, files) = report(&[a.clone(), same("b", &a)]);
    assert!(report.analysis.differences.is_empty() && report.analysis.warnings.is_empty());
    let said = "Both arms are the same runs, which count once. a: test accuracy 91.00 % (95 % interval 88.52 to 93.48 %, n = 3).";
    let page = readme(&files);
    assert_eq!(prose(&page)[1], said);
    assert!(!page.contains("seeds are needed") && !page.contains("Paired differences"), "{page}");
    let arms = tables(&page).into_iter().find(|table| table[0][1] == "schedule").expect("a table of arms");
    assert_eq!((arms[1][6].as_str(), arms[2][6].as_str()), ("3 completed", "3 completed (the runs of a)"));
    let headline = report.index_entry("x").result;
    assert!(headline.starts_with("a: 91.00 %") && headline.ends_with("both arms are the same runs, which count once"));
}

/// Three arms, of which two are the same: one comparison, and its p is not corrected.
#[test]
fn an_arm_that_stands_twice_is_compared_once() {
    let a = arm("a", &[0.90, 0.91, 0.92, 0.93, 0.94, 0.95]);
    let other = arm("other", &[0.80, 0.81, 0.82, 0.83, 0.84, 0.86]);
    let twice = [a.clone(), other.clone(), same("again", &other)];
    let (report, files) = report(&twice);
    let [only] = report.analysis.differences.as_slice() else { panic!("one comparison") };
    assert_eq!((only.arm.as_str(), only.against.as_str(), only.p_holm), ("a", "other", only.p));
    assert_eq!(report.analysis.differences, compared(&twice[..2]).differences);
    let page = readme(&files);
    assert!(page.contains("The arms other and again are the same runs, which count once."), "{page}");
    // The first one twice: the same one comparison.
    let (report, _) = self::report(&[a.clone(), same("copy", &a), other]);
    assert_eq!(report.analysis.differences.len(), 1);
    assert_eq!(report.analysis.same_runs(), ["the arms a and copy are the same runs, which count once"]);
    let all = compared(&[a.clone(), same("b", &a), same("c", &a)]);
    assert_eq!(all.same_runs(), ["all 3 arms are the same runs, which count once"]);
}

#[test]
fn one_arm_is_said_to_be_compared_with_nothing() {
    let (report, files) = report(&[arm("cyclic", &[0.9, 0.92])]);
    let said =
        "One arm: nothing to compare with. cyclic: test accuracy 91.00 % (95 % interval 78.29 to 100.00 %, n = 2).";
    assert_eq!(prose(&readme(&files))[1], said);
    assert!(report.index_entry("x").result.ends_with("; one arm: nothing to compare with"));
}

/// An interval of values without spread would be [x, x], as if the true mean were known.
#[test]
fn seeds_that_gave_the_same_have_no_interval() {
    for (seeds, words) in [(2, "both seeds alike"), (7, "all 7 seeds alike")] {
        let equal = arm("equal", &vec![0.8361; seeds]);
        let (_, files) = report(&[equal.clone(), arm("other", &vec![0.8261; seeds])]);
        let training = TrainingReport {
            facts: facts(),
            pick_note: None,
            warnings: Vec::new(),
            result: compared(&[equal]).arms.remove(0),
            curves: ArmCurves::default(),
        };
        let training = render_training(&training).expect("rendered");
        assert_eq!(prose(&readme(&training))[1], format!("Result: test accuracy 83.61 % ({words}, n = {seeds})"));
        let page = readme(&files);
        let all = tables(&page);
        let arms = all.iter().find(|table| table[0][1] == "schedule").expect("a table of arms");
        assert_eq!(arms[1][2], format!("83.61 ({words})"));
        assert_eq!(arms[0][2], "mean test accuracy (%)", "there is no interval in this column");
        let pairs = all.iter().find(|table| table[0][1] == "against").expect("a table of pairs");
        assert_eq!((pairs[1][2].as_str(), pairs[1][3].as_str()), ("+1.00", words));
        let drawn = content(&files, "final.svg");
        for text in [&page, &drawn] {
            assert!(!text.contains("83.61 to 83.61") && !text.contains("+1.00 to +1.00"), "{text}");
        }
        assert!(drawn.contains("Diamond: mean.") && !drawn.contains("95 % interval"), "{drawn}");
    }
}

/// Names that look like the verdict's own marks, like Markdown and like numbers stay whole, and the claim alone is bold.
#[test]
fn names_are_whole_in_the_verdict() {
    let names = ["cyclic (ours)", "fixed: 0.05", "a | b", "`x`", "1.00 points", "two\nlines", "**bold** [x](y)"];
    let low = [0.80, 0.81, 0.82, 0.83, 0.84, 0.85];
    for name in names {
        for other in names.iter().filter(|other| **other != name) {
            for by in [0.0, 0.1] {
                let better = low.map(|value| value + by + 0.001);
                let pair = [arm(name, &better), arm(other, &low)];
                let (report, files) = report(&pair);
                let verdict = &report.analysis.differences[0];
                let shown = verdict.verdict.replace('\n', " ");
                let page = readme(&files);
                assert_eq!(prose(&page)[1], format!("{shown}."), "{name} and {other}");
                assert!(verdict.verdict.starts_with(&verdict.claim) && verdict.claim.contains(name));
                let bold = page.split("**").nth(1).expect("a claim");
                assert!(!bold.contains("interval"), "{bold}");
            }
            // Too few seeds: the observed difference follows, whatever the names contain.
            let few = [arm(name, &[0.9, 0.92]), arm(other, &[0.89, 0.91])];
            let (_, files) = report(&few);
            assert!(prose(&readme(&files))[1].contains("Observed: "), "{name} and {other}");
        }
    }
}

/// The verdict, the table and the picture give the same p to the same digits.
#[test]
fn one_p_is_written_in_one_way() {
    let low: Vec<f64> = (0..14).map(|seed| 0.8 + 0.001 * f64::from(seed)).collect();
    for (seeds, shown) in [(6, "0.031"), (8, "0.0078"), (12, "0.00049"), (14, "0.00012")] {
        let better: Vec<f64> = low[..seeds].iter().zip(1..).map(|(value, by)| value + 0.001 * f64::from(by)).collect();
        let (_, files) = report(&[arm("a", &better), arm("b", &low[..seeds])]);
        let page = readme(&files);
        assert!(prose(&page)[1].contains(&format!("p = {shown};")), "{page}");
        let pairs = tables(&page).into_iter().find(|table| table[0][1] == "against").expect("a table of pairs");
        assert_eq!(pairs[1][6], shown);
        assert!(content(&files, "final.svg").contains(&format!("p = {shown},")));
    }
}
