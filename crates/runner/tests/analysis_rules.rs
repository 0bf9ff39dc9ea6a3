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
            assert_eq!(found, *expected, "{rule} on {}", case.name);
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

/// What the tools themselves (their code from the published wheels, fed these raw losses row by row in float64) say, in
/// the order of [`Rule::ALL`]. `None` where they raise an error, and where pytorch-lr-finder names the place of the first NaN.
type Answers = [Option<f64>; 6];

fn raw_cases() -> Vec<(&'static str, Curve, usize, Answers)> {
    let nan = |cut| with_tail(raw_curve(200, 0.05, 1e-6), 150, f64::NAN, cut);
    let inf = |cut| with_tail(raw_curve(200, 0.05, 1e-6), 150, f64::INFINITY, cut);
    let mut jump = raw_curve(200, 0.05, 1e-6);
    for (k, loss) in jump.loss[140..].iter_mut().enumerate() {
        *loss = 60.0 * 1.2_f64.powi(k as i32);
    }
    let mut rising = raw_curve(120, 0.05, 1e-6);
    for (k, loss) in rising.loss.iter_mut().enumerate() {
        *loss += k as f64 * 0.1;
    }
    let mut flat = raw_curve(150, 0.0, 1e-6);
    flat.loss = noise(150, 0.02).into_iter().map(|noise| 2.3 + noise).collect();
    let poisoned = [
        Some(0.003_162_277_660_168_379_4),
        Some(0.048_977_881_936_844_644),
        Some(0.016_405_897_731_995_39),
        Some(0.035_481_338_923_357_56),
        Some(0.004_731_512_589_614_806),
        None,
    ];
    let infinite = [
        Some(0.002_691_534_803_926_915_3),
        Some(0.035_481_338_923_357_56),
        Some(0.011_885_022_274_370_18),
        Some(0.035_481_338_923_357_56),
        Some(0.004_731_512_589_614_806),
        Some(0.020_183_663_636_815_605),
    ];
    vec![
        (
            "smooth",
            raw_curve(300, 0.0, 1e-6),
            300,
            [
                Some(0.001_659_586_907_437_561),
                Some(0.177_827_941_003_892_26),
                Some(0.064_565_422_903_465_51),
                Some(0.028_619_804_755_017_082),
                Some(0.005_411_695_265_464_636),
                Some(0.019_648_677_899_934_66),
            ],
        ),
        (
            "noisy",
            raw_curve(300, 0.2, 1e-6),
            300,
            [
                Some(0.010_880_946_292_622_262),
                Some(0.232_630_506_715_363_12),
                Some(0.064_565_422_903_465_51),
                Some(0.033_625_338_629_515_24),
                Some(1.007_704_814_136_104_2e-5),
                Some(0.018_620_871_366_628_67),
            ],
        ),
        (
            "hundred steps",
            raw_curve(100, 0.05, 1e-7),
            100,
            [
                Some(0.007_585_775_750_291_836),
                Some(0.019_054_607_179_632_484),
                Some(0.091_201_083_935_590_95),
                Some(0.039_810_717_055_349_69),
                Some(0.005_248_074_602_497_722),
                Some(0.027_542_287_033_381_692),
            ],
        ),
        ("NaN, swept on", nan(false), 200, poisoned),
        ("NaN, stopped at", nan(true), 200, poisoned),
        (
            "NaN in the rows dropped at the end",
            with_tail(raw_curve(200, 0.05, 1e-6), 197, f64::NAN, true),
            200,
            [
                Some(0.006_531_305_526_474_728),
                Some(0.067_608_297_539_198_11),
                Some(0.075_857_757_502_918_33),
                Some(0.035_481_338_923_357_56),
                Some(0.004_731_512_589_614_806),
                Some(0.020_183_663_636_815_605),
            ],
        ),
        ("infinite, swept on", inf(false), 200, infinite),
        ("infinite, stopped at", inf(true), 200, infinite),
        (
            "jump",
            jump,
            200,
            [
                Some(0.001_949_844_599_758_044_5),
                Some(0.020_183_663_636_815_605),
                Some(0.006_760_829_753_919_811_4),
                Some(0.035_481_338_923_357_56),
                Some(0.004_731_512_589_614_806),
                Some(0.020_183_663_636_815_605),
            ],
        ),
        (
            "rising",
            rising,
            120,
            [
                Some(5.011_872_336_272_722_4e-6),
                Some(0.018_127_308_811_846_97),
                Some(5.011_872_336_272_723e-7),
                Some(0.031_021_776_647_995_037),
                Some(0.000_281_838_293_126_445_3),
                Some(3.831_186_849_557_287_4e-6),
            ],
        ),
        (
            "16 steps",
            raw_curve(16, 0.05, 1e-6),
            16,
            [
                Some(0.000_421_696_503_428_582_24),
                None,
                Some(0.002_371_373_705_661_655),
                Some(0.008_659_643_233_600_653),
                Some(0.023_713_737_056_616_55),
                None,
            ],
        ),
        (
            "26 steps",
            raw_curve(26, 0.05, 1e-6),
            26,
            [
                Some(0.000_915_247_310_877_388_9),
                Some(3.455_107_294_592_219_3e-6),
                Some(0.024_244_620_170_823_3),
                Some(0.020_309_176_209_047_368),
                Some(0.005_878_016_072_274_911),
                Some(0.070_170_382_867_038_26),
            ],
        ),
        (
            "flat",
            flat,
            150,
            [
                Some(0.002_550_742_783_711_36),
                Some(1.047_128_548_050_899_2),
                Some(5.011_872_336_272_723e-7),
                Some(8.576_958_985_908_942e-6),
                Some(0.079_432_823_472_428_08),
                Some(5.248_074_602_497_723),
            ],
        ),
    ]
}

#[test]
fn each_rule_with_its_tools_own_smoothing_stop_and_trimming() {
    for (name, curve, planned, expected) in raw_cases() {
        let test = analyse_planned(&[curve], planned).expect("the curve is well formed");
        assert_eq!(test.rules.len(), 6);
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

/// A curve that was stopped earlier than the tools would stop is used as it is, and a warning says so.
#[test]
fn a_curve_cut_short_is_said_to_be() {
    let mut curve = raw_curve(300, 0.05, 1e-6);
    let whole = analyse_planned(std::slice::from_ref(&curve), 300).expect("the curve is well formed");
    assert!(!whole.warnings.iter().any(|warning| warning.contains("stopped before")), "{:?}", whole.warnings);
    curve.lr.truncate(250);
    curve.loss.truncate(250);
    curve.ending = Ending::Diverged { step: 249 };
    let cut = analyse_planned(&[curve], 300).expect("the curve is well formed");
    assert!(cut.warnings.iter().any(|warning| warning.starts_with("6 of 6") && warning.contains("stopped before")), "{:?}", cut.warnings);
}

/// fastai's valley as it is written: a quadratic table, and Python's negative index.
fn valley_as_published(lr: &[f64], loss: &[f64]) -> f64 {
    let n = loss.len();
    let mut lds = vec![1_i64; n];
    let (mut max_start, mut max_end) = (0_i64, 0_usize);
    for i in 1..n {
        for j in 0..i {
            if loss[i] < loss[j] && lds[i] < lds[j] + 1 {
                lds[i] = lds[j] + 1;
            }
            if lds[max_end] < lds[i] {
                max_end = i;
                max_start = max_end as i64 - lds[max_end];
            }
        }
    }
    let sections = (max_end as i64 - max_start) as f64 / 3.0;
    let index = max_start + sections as i64 + (sections / 2.0) as i64;
    lr[index.rem_euclid(n as i64) as usize]
}

/// fastai's slide as it is written, with indices from the end, on a central-difference gradient.
fn slide_as_published(lr: &[f64], loss: &[f64]) -> f64 {
    let n = loss.len() as i64;
    let at = |values: &[f64], index: i64| values[(index + n) as usize];
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
