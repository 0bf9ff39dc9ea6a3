//! The published rules against the tools that publish them.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use lrscope_runner::analysis::{Curve, Ending, Rule, RuleError, analyse_planned, suggest};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    lr: Vec<f64>,
    loss: Vec<f64>,
    suggestions: BTreeMap<String, f64>,
}

/// The folder that `LRSCOPE_CONFORMANCE_DIR` names, else the project's copy.
fn conformance_file(name: &str) -> PathBuf {
    let own = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance"));
    std::env::var_os("LRSCOPE_CONFORMANCE_DIR").map_or_else(own, PathBuf::from).join(name)
}

#[test]
fn conformance_of_suggestions_with_fastai_lightning_and_lr_finder() {
    let path = conformance_file("lr_suggestions.json");
    let text = std::fs::read_to_string(&path).expect("the conformance vectors can be read");
    let vectors: Vectors = serde_json::from_str(&text).expect("the conformance vectors have the known form");
    assert!(!vectors.cases.is_empty(), "{} holds no case", path.display());
    let names = [
        (Rule::Valley, "valley"),
        (Rule::Slide, "slide"),
        (Rule::Minimum, "minimum"),
        (Rule::Steep, "steep"),
        (Rule::Lightning, "lightning"),
        (Rule::LrFinder, "lr_finder_steepest"),
    ];
    for case in &vectors.cases {
        for (rule, name) in names {
            let Some(expected) = case.suggestions.get(name) else { continue };
            let found = suggest(rule, &case.lr, &case.loss).expect("every rule answers");
            assert_eq!(found.to_bits(), expected.to_bits(), "{rule} on {}", case.name);
        }
    }
}

/// x = 2.3 − 1.6/(1 + (0.01/lr)^1.5) + lr².
fn smooth_loss(lr: f64) -> f64 {
    2.3 - 1.6 / (1.0 + (0.01 / lr).powf(1.5)) + lr * lr
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected
}

/// Values computed in float64 with the formulas of the three tools, on fastai's default grid, rows 10 to −5.
#[test]
fn golden_values_on_a_smooth_curve() {
    let grid: Vec<f64> = (0..100).map(|i| 1e-7 * 1e8_f64.powf(f64::from(i) / 100.0)).collect();
    let lr = &grid[10..95];
    let loss: Vec<f64> = lr.iter().map(|lr| smooth_loss(*lr)).collect();
    let expected = [
        (Rule::Minimum, 0.014_454_397_707_459_28),
        (Rule::Steep, 0.009_120_108_393_559_097),
        (Rule::Valley, 0.000_229_086_765_276_777_26),
        (Rule::Slide, 0.003_019_951_720_402_018_7),
        (Rule::LrFinder, 0.009_120_108_393_559_097),
        (Rule::Lightning, 0.003_630_780_547_701_01),
    ];
    for (rule, expected) in expected {
        let found = suggest(rule, lr, &loss).expect("every rule answers");
        assert!(close(found, expected), "{rule}: {found} instead of {expected}");
    }
}

/// Noise that is the same in every language: a linear congruential generator, uniform in ±amplitude/2.
fn noise(rows: usize, amplitude: f64) -> Vec<f64> {
    let mut state = 1_u64;
    let mut next = || {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        amplitude * (state as f64 / f64::from(1_u32 << 31) - 0.5)
    };
    (0..rows).map(|_| next()).collect()
}

fn raw_curve(rows: usize, amplitude: f64, low: f64) -> Curve {
    let lr: Vec<f64> = (0..rows).map(|k| low * (10.0 / low).powf(k as f64 / rows as f64)).collect();
    let loss = lr.iter().zip(noise(rows, amplitude)).map(|(lr, noise)| smooth_loss(*lr) + noise);
    Curve { seed: 7, loss: loss.collect(), lr, ending: Ending::Completed }
}

/// All that follows `row` is `value`; `cut` ends the record there, as a run does that stops at once.
fn with_tail(mut curve: Curve, row: usize, value: f64, cut: bool) -> Curve {
    curve.loss[row..].fill(value);
    if cut {
        curve.loss.truncate(row + 1);
        curve.lr.truncate(row + 1);
        curve.ending = Ending::NonFinite { step: row as u64 };
    }
    curve
}

/// What the tools themselves say: their code from the published wheels, fed these raw losses row by row in float64. In the
/// order of [`Rule::ALL`]; `-` where they raise an error, and where pytorch-lr-finder names the place of the first NaN.
const ANSWERS: &str = "
smooth   0.001659586907437561  0.17782794100389226   0.06456542290346551   0.028619804755017082 0.005411695265464636   0.01964867789993466
noisy    0.010880946292622262  0.23263050671536312   0.06456542290346551   0.03362533862951524  1.0077048141361042e-05 0.01862087136662867
hundred  0.007585775750291836  0.019054607179632484  0.09120108393559095   0.03981071705534969  0.005248074602497722   0.027542287033381692
nan      0.0031622776601683794 0.048977881936844644  0.01640589773199539   0.03548133892335756  0.004731512589614806   -
nan-late 0.006531305526474728  0.06760829753919811   0.07585775750291833   0.03548133892335756  0.004731512589614806   0.020183663636815605
inf      0.0026915348039269153 0.03548133892335756   0.01188502227437018   0.03548133892335756  0.004731512589614806   0.020183663636815605
jump     0.0019498445997580445 0.020183663636815605  0.0067608297539198114 0.03548133892335756  0.004731512589614806   0.020183663636815605
rising   5.0118723362727224e-6 0.01812730881184697   5.011872336272723e-07 0.031021776647995037 0.0002818382931264453  3.8311868495572874e-06
short    0.00042169650342858224 -                    0.002371373705661655  0.008659643233600653 0.02371373705661655    -
shorter  0.0009152473108773889 3.4551072945922193e-6 0.0242446201708233    0.020309176209047368 0.005878016072274911   0.07017038286703826
flat     0.00255074278371136   1.0471285480508992    5.011872336272723e-07 8.576958985908942e-6 0.07943282347242808    5.248074602497723
";

fn answers(name: &str) -> Vec<Option<f64>> {
    let row = ANSWERS.lines().find(|line| line.split_whitespace().next() == Some(name));
    let words = row.expect("the table has the case").split_whitespace().skip(1);
    words.map(|word| (word != "-").then(|| word.parse().expect("the table holds numbers"))).collect()
}

/// The curves behind [`ANSWERS`] and the steps that were planned.
fn raw_cases() -> Vec<(&'static str, Curve, usize)> {
    let plain = || raw_curve(200, 0.05, 1e-6);
    let mut jump = plain();
    let growth = std::iter::successors(Some(60.0), |loss| Some(1.2 * loss));
    jump.loss[140..].iter_mut().zip(growth).for_each(|(loss, grown)| *loss = grown);
    let mut rising = raw_curve(120, 0.05, 1e-6);
    rising.loss.iter_mut().enumerate().for_each(|(k, loss)| *loss += k as f64 * 0.1);
    let mut flat = raw_curve(150, 0.0, 1e-6);
    flat.loss = noise(150, 0.02).into_iter().map(|noise| 2.3 + noise).collect();
    vec![
        ("smooth", raw_curve(300, 0.0, 1e-6), 300),
        ("noisy", raw_curve(300, 0.2, 1e-6), 300),
        ("hundred", raw_curve(100, 0.05, 1e-7), 100),
        ("nan", with_tail(plain(), 150, f64::NAN, false), 200),
        // Stopped at the NaN, where the tools would have swept on through NaNs.
        ("nan", with_tail(plain(), 150, f64::NAN, true), 200),
        ("nan-late", with_tail(plain(), 197, f64::NAN, true), 200),
        ("inf", with_tail(plain(), 150, f64::INFINITY, false), 200),
        ("inf", with_tail(plain(), 150, f64::INFINITY, true), 200),
        ("jump", jump, 200),
        ("rising", rising, 120),
        ("short", raw_curve(16, 0.05, 1e-6), 16),
        ("shorter", raw_curve(26, 0.05, 1e-6), 26),
        ("flat", flat, 150),
    ]
}

#[test]
fn each_rule_with_its_tools_own_smoothing_stop_and_trimming() {
    for (name, curve, planned) in raw_cases() {
        let test = analyse_planned(&[curve], planned).expect("the curve is well formed");
        let expected = answers(name);
        assert_eq!((test.rules.len(), expected.len()), (6, 6));
        for ((outcome, rule), expected) in test.rules.iter().zip(Rule::ALL).zip(expected) {
            assert_eq!((outcome.rule, outcome.seed), (rule, 7));
            assert_eq!(outcome.lr.is_some(), outcome.reason.is_none(), "{name}: {outcome:?}");
            match (outcome.lr, expected) {
                (Some(found), Some(expected)) => {
                    assert!(close(found, expected), "{name}: {rule} says {found}, not {expected}");
                }
                (found, expected) => assert_eq!(found, expected, "{name}: {rule}, {:?}", outcome.reason),
            }
        }
    }
}

#[test]
fn a_rule_without_an_answer_says_why() {
    let test = analyse_planned(&[raw_curve(12, 0.05, 1e-6)], 12).expect("the curve is well formed");
    let slide = test.rules.iter().find(|outcome| outcome.rule == Rule::Slide).expect("every rule is asked");
    let reason = slide.reason.as_deref().expect("12 steps are too few for it");
    assert!(reason.contains("at least 16 points") && reason.contains("6 are left"), "{reason}");

    let lr = [0.1, 0.2];
    let error = suggest(Rule::Steep, &lr[..1], &[1.0]).expect_err("one point has no slope");
    assert_eq!(error, RuleError::TooFewPoints { rule: Rule::Steep, needed: 2, found: 1 });
    let error = suggest(Rule::Valley, &lr, &[1.0]).expect_err("the lengths differ");
    assert_eq!(error, RuleError::Lengths { rates: 2, losses: 1 });
}

/// A curve that was stopped earlier than the tools would stop is used as it is, and a note says so.
#[test]
fn a_curve_cut_short_is_said_to_be() {
    let mut curve = raw_curve(300, 0.05, 1e-6);
    let whole = analyse_planned(std::slice::from_ref(&curve), 300).expect("the curve is well formed");
    assert_eq!(whole.rules_note, None);
    curve.lr.truncate(250);
    curve.loss.truncate(250);
    curve.ending = Ending::Diverged { step: 249 };
    let cut = analyse_planned(&[curve], 300).expect("the curve is well formed");
    let note = cut.rules_note.expect("a note");
    assert!(note.starts_with("6 of 6") && note.contains("stopped before"), "{note}");
}

/// fastai's valley as it is written: a quadratic table, and Python's negative index.
fn valley_as_published(lr: &[f64], loss: &[f64]) -> f64 {
    let n = loss.len();
    let mut lds = vec![1_isize; n];
    let (mut max_start, mut max_end) = (0_isize, 0_usize);
    for i in 1..n {
        for j in 0..i {
            if loss[i] < loss[j] && lds[i] < lds[j] + 1 {
                lds[i] = lds[j] + 1;
            }
            if lds[max_end] < lds[i] {
                max_end = i;
                max_start = max_end.cast_signed() - lds[max_end];
            }
        }
    }
    let sections = (max_end.cast_signed() - max_start) as f64 / 3.0;
    let index = max_start + sections as isize + (sections / 2.0) as isize;
    lr[index.rem_euclid(n.cast_signed()) as usize]
}

/// fastai's slide as it is written, with indices from the end, on a central-difference gradient.
fn slide_as_published(lr: &[f64], loss: &[f64]) -> f64 {
    let n = loss.len().cast_signed();
    let at = |values: &[f64], index: isize| values[(index + n) as usize];
    let mut gradient = vec![loss[1] - loss[0]];
    gradient.extend((1..loss.len() - 1).map(|i| (loss[i + 1] - loss[i - 1]) / 2.0));
    gradient.push(loss[loss.len() - 1] - loss[loss.len() - 2]);
    let (mut right, mut left) = (-1, -16);
    let mut best = at(lr, left);
    while left >= -n && (at(&gradient, right) - at(&gradient, left)).abs() > 0.005 {
        best = at(lr, left);
        right -= 1;
        left -= 1;
    }
    best
}

proptest! {
    /// Few distinct losses, so that ties are common.
    #[test]
    fn valley_is_the_published_table(levels in prop::collection::vec(0_u8..12, 1..80)) {
        let loss: Vec<f64> = levels.iter().map(|level| f64::from(*level)).collect();
        let lr: Vec<f64> = (1..=loss.len()).map(|k| k as f64).collect();
        prop_assert_eq!(suggest(Rule::Valley, &lr, &loss), Ok(valley_as_published(&lr, &loss)));
    }

    #[test]
    fn slide_is_the_published_loop(loss in prop::collection::vec(0.0..0.1_f64, 16..60)) {
        let lr: Vec<f64> = (1..=loss.len()).map(|k| k as f64).collect();
        prop_assert_eq!(suggest(Rule::Slide, &lr, &loss), Ok(slide_as_published(&lr, &loss)));
    }

    /// No rule panics, whatever the losses are, and every answer but minimum's is one of the rates.
    #[test]
    fn every_answer_is_a_swept_rate(
        loss in prop::collection::vec(prop_oneof![8 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)], 0..50)
    ) {
        let lr: Vec<f64> = (1..=loss.len()).map(|k| k as f64).collect();
        for rule in Rule::ALL {
            if let Ok(rate) = suggest(rule, &lr, &loss) {
                let factor = if rule == Rule::Minimum { 10.0 } else { 1.0 };
                prop_assert!(lr.iter().any(|lr| (lr - factor * rate).abs() < 1e-9), "{} {}", rule, rate);
            }
        }
    }
}
