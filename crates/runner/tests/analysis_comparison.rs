//! The comparison's statistics against scipy, statsmodels, hand counts and properties.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use lrscope_runner::analysis::{
    AnalysisError, ArmResult, Comparison, Ending, Estimate, Outcome, PairedDifference, SeedResult, compare, holm,
    pairs_needed, sign_flip, smallest_p,
};
use lrscope_runner::learner::Subset;
use lrscope_runner::random::{Family, Purpose, Seed, Stream};
use proptest::prelude::*;

fn near(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1e-300)
}

fn result(seed: u64, accuracy: Option<f64>) -> SeedResult {
    SeedResult {
        seed,
        ending: Ending::Completed,
        test_accuracy: accuracy,
        validation_accuracy: accuracy.map(|a| a / 2.0),
        test_loss: None,
        validation_loss: None,
        evaluations: vec![],
    }
}

fn arm(name: &str, accuracies: &[f64]) -> ArmResult {
    let seeds = (0..).zip(accuracies).map(|(seed, accuracy)| result(seed, Some(*accuracy)));
    ArmResult {
        name: name.into(),
        schedule: format!("{name} schedule"),
        same_as: None,
        evaluated_on: Subset::Validation,
        seeds: seeds.collect(),
        failed: vec![],
        test_accuracy: None,
        validation_accuracy: None,
    }
}

fn compared(arms: &[ArmResult]) -> Comparison {
    compare(arms.to_vec()).expect("the arms are well formed")
}

fn only(comparison: &Comparison) -> &PairedDifference {
    assert_eq!(comparison.differences.len(), 1);
    &comparison.differences[0]
}

/// `scipy.stats.t.interval(0.95, n - 1, loc=mean, scale=sem)`, scipy 1.17.1.
#[test]
fn estimates_as_scipy_gives_them() {
    let cases: [(&[f64], [f64; 4]); 3] = [
        (
            &[0.981, 0.979, 0.985],
            [0.981_666_666_666_666_6, 0.003_055_050_463_303_896_2, 0.974_077_500_599_473_1, 0.989_255_832_733_860_1],
        ),
        (&[0.9, 0.95], [0.925, 0.035_355_339_059_327_33, 0.607_344_881_595_633_2, 1.242_655_118_404_366_8]),
        (
            &[0.912, 0.934, 0.921, 0.918, 0.929, 0.941, 0.925],
            [0.925_714_285_714_285_8, 0.009_860_937_847_795_962, 0.916_594_439_271_323_2, 0.934_834_132_157_248_4],
        ),
    ];
    for (values, [mean, deviation, low, high]) in cases {
        let found = Estimate::of(values, 0.95).expect("the values are usable");
        assert!(near(found.mean, mean, 1e-14) && near(found.deviation.expect("n > 1"), deviation, 1e-12));
        assert!(
            near(found.low.expect("n > 1"), low, 1e-9) && near(found.high.expect("n > 1"), high, 1e-9),
            "{found:?}"
        );
        assert_eq!((found.n, found.level.to_bits()), (values.len(), 0.95_f64.to_bits()));
    }
}

/// Two seeds give an interval wider than an accuracy can be; the ends inside are scipy's as above.
#[test]
fn an_accuracys_interval_stays_between_none_and_all() {
    let found = Estimate::of_shares(&[0.9, 0.95], 0.95).expect("the values are usable");
    assert!(near(found.low.expect("n > 1"), 0.607_344_881_595_633_2, 1e-9), "{found:?}");
    assert_eq!(found.high, Some(1.0));
    let found = Estimate::of_shares(&[0.05, 0.1], 0.95).expect("the values are usable");
    assert_eq!(found.low, Some(0.0));
}

/// Half widths are t·s/√n: `scipy.stats.t.ppf(0.975, n - 1)` and `ppf(0.995, n - 1)`.
#[test]
fn student_quantiles_as_scipy_gives_them() {
    let quantiles = [
        (2, 12.706_204_736_174_694, 63.656_741_162_871_526),
        (3, 4.302_652_729_749_462, 9.924_843_200_918_287),
        (6, 2.570_581_835_636_314_6, 4.032_142_983_555_228),
        (11, 2.228_138_851_986_274, 3.169_272_672_616_95),
        (31, 2.042_272_456_301_237_8, 2.749_995_653_567_225_4),
        (101, 1.983_971_518_523_551_8, 2.625_890_521_438_017_3),
    ];
    for (n, at_95, at_99) in quantiles {
        let values: Vec<f64> = (0..n).map(f64::from).collect();
        for (level, quantile) in [(0.95, at_95), (0.99, at_99)] {
            let found = Estimate::of(&values, level).expect("the values are usable");
            let half = found.high.expect("n > 1") - found.mean;
            let expected = quantile * found.deviation.expect("n > 1") / f64::from(n).sqrt();
            assert!(near(half, expected, 1e-8), "n {n} level {level}: {half} {expected}");
        }
    }
}

#[test]
fn estimates_that_cannot_be_made_are_absent() {
    assert_eq!(Estimate::of(&[], 0.95), None);
    assert_eq!(Estimate::of(&[1.0, f64::NAN], 0.95), None);
    assert_eq!(Estimate::of(&[1.0, 2.0], 1.0), None);
    let one = Estimate::of(&[0.5], 0.95).expect("one value has a mean");
    assert_eq!((one.mean.to_bits(), one.deviation, one.low, one.high, one.n), (0.5_f64.to_bits(), None, None, None, 1));
}

/// The 95 % interval of five normals holds the true mean in 95 % of 4,000 draws, give or take three deviations (1 %).
#[test]
fn the_interval_covers_the_mean_as_often_as_it_says() {
    let mut hits = 0;
    for number in 0..4000 {
        let seed = Seed { family: Family::Statistics, number };
        let mut stream = Stream::new(seed, Purpose::Resampling, 7, 0);
        let values: Vec<f64> = (0..5).map(|_| 0.9 + 0.01 * stream.normal()).collect();
        let estimate = Estimate::of(&values, 0.95).expect("the values are usable");
        let (low, high) = estimate.low.zip(estimate.high).expect("n > 1");
        hits += u32::from((low..=high).contains(&0.9));
    }
    assert!((3760..=3840).contains(&hits), "{hits} of 4000");
}

/// Counts over all patterns of signs, by brute force in Python and by `scipy.stats.permutation_test`.
#[test]
fn sign_flip_as_scipy_gives_it() {
    let cases: [(&[f64], f64); 6] = [
        (&[0.01, 0.02, 0.015, 0.03, 0.005], 2.0 / 32.0),
        (&[0.01, -0.02, 0.015, 0.03, 0.005, 0.012], 18.0 / 64.0),
        (&[0.004, 0.002, 0.003, -0.001, 0.006, 0.002, 0.004], 4.0 / 128.0),
        (&[0.01, 0.01, -0.01, 0.02, 0.0, 0.01, 0.01, -0.02, 0.03, 0.01], 228.0 / 1024.0),
        (&[1.0, 1.0, 1.0, -1.0, 2.0, 2.0, -3.0, 1.0, 0.0, 0.0, 1.0, 2.0], 1064.0 / 4096.0),
        (&[0.0, 0.0, 0.0], 1.0),
    ];
    for (differences, expected) in cases {
        assert_eq!(sign_flip(differences), Some(expected), "{differences:?}");
    }
    assert_eq!(sign_flip(&[]), None);
    assert_eq!(sign_flip(&[0.1]), None);
    assert_eq!(sign_flip(&[0.1, f64::NAN]), None);
    // Twenty of one sign: the smallest p that twenty can give, counted over a million patterns.
    assert_eq!(sign_flip(&[0.01; 20]), Some(smallest_p(20)));
}

/// Above twenty pairs patterns are drawn: scipy's answer to sin(1…25)/100 + 0.002 from two million draws is 0.18166.
#[test]
fn sign_flip_by_drawing_as_scipy_gives_it() {
    let differences: Vec<f64> = (1..26).map(|k| f64::from(k).sin() * 0.01 + 0.002).collect();
    let p = sign_flip(&differences).expect("25 pairs are enough");
    // Four deviations of 100,000 draws.
    assert!((p - 0.18166).abs() < 4.0 * (0.18166_f64 * 0.81834 / 1e5).sqrt(), "{p}");
    assert_eq!(sign_flip(&differences), Some(p), "the draws are the same every time");
    let clear = sign_flip(&[0.01; 70]).expect("70 pairs are enough");
    assert!(near(clear, 1.0 / 100_001.0, 1e-12), "{clear}");
}

/// `statsmodels.stats.multitest.multipletests(p, method="holm")`.
#[test]
fn holm_as_statsmodels_gives_it() {
    let cases: [(&[f64], &[f64]); 5] = [
        (&[0.01, 0.04, 0.03], &[0.03, 0.06, 0.06]),
        (&[0.0156, 0.0312, 0.5, 0.0156], &[0.0624, 0.0624, 0.5, 0.0624]),
        (&[0.6, 0.7], &[1.0, 1.0]),
        (&[0.02], &[0.02]),
        (&[], &[]),
    ];
    for (p, expected) in cases {
        let found = holm(p);
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| near(*a, *b, 1e-12)), "{found:?} {expected:?}");
    }
}

#[test]
fn seeds_that_a_verdict_needs() {
    assert_eq!((smallest_p(0), smallest_p(1), smallest_p(2), smallest_p(5)), (1.0, 1.0, 0.5, 0.0625));
    assert!(smallest_p(2000) > 0.0 && smallest_p(2000) < 1e-300);
    // 2/2⁶ ≤ 0.05 < 2/2⁵; for three comparisons 2/2⁷ ≤ 0.05/3 < 2/2⁶.
    assert_eq!((pairs_needed(1, 0.05), pairs_needed(3, 0.05), pairs_needed(0, 0.05)), (6, 7, 6));
}

#[test]
fn five_seeds_never_decide() {
    let cyclic = arm("cyclic", &[0.99, 0.991, 0.992, 0.993, 0.994]);
    let fixed = arm("fixed", &[0.10, 0.11, 0.12, 0.13, 0.14]);
    let comparison = compared(&[cyclic, fixed]);
    let difference = only(&comparison);
    assert_eq!((difference.p, difference.p_holm, difference.smallest_p), (Some(0.0625), Some(0.0625), 0.0625));
    assert!(difference.verdict.starts_with("the runs do not tell cyclic from fixed"), "{}", difference.verdict);
    assert!(difference.verdict.contains("5 seeds") && difference.verdict.contains("0.0625"), "{}", difference.verdict);
    assert!(difference.verdict.contains("at least 6 seeds"), "{}", difference.verdict);
}

#[test]
fn six_seeds_of_one_sign_decide_between_two_arms() {
    let cyclic = arm("cyclic", &[0.951, 0.962, 0.953, 0.964, 0.955, 0.966]);
    let fixed = arm("fixed", &[0.950, 0.960, 0.950, 0.960, 0.950, 0.960]);
    let comparison = compared(&[cyclic.clone(), fixed.clone()]);
    let difference = only(&comparison);
    assert_eq!(difference.p, Some(2.0 / 64.0));
    // Mean of 1, 2, 3, 4, 5, 6 thousandths; s = 1.8708, t = 2.5706, half width 1.9633.
    assert!(near(difference.difference.mean, 0.0035, 1e-9));
    assert!(near(difference.difference.low.expect("n > 1"), 0.001_536_7, 1e-3));
    assert_eq!(
        difference.verdict,
        "cyclic is better than fixed by 0.35 points of test accuracy (95 % interval 0.15 to 0.55; p = 0.031; 6 seeds)"
    );
    let turned = compared(&[fixed, cyclic]);
    assert!(
        only(&turned).verdict.starts_with("cyclic is better than fixed by 0.35 points"),
        "{}",
        only(&turned).verdict
    );
}

#[test]
fn several_comparisons_ask_for_more() {
    let base = [0.950, 0.960, 0.950, 0.960, 0.950, 0.960, 0.955];
    let shifted = |by: f64| base.map(|value| value + by);
    let arms = [
        arm("cyclic", &shifted(0.01)),
        arm("fixed", &base),
        arm("step", &shifted(0.002)),
        arm("cosine", &[0.961, 0.969, 0.961, 0.969, 0.961, 0.969, 0.964]),
    ];
    let comparison = compared(&arms);
    let p: Vec<f64> = comparison.differences.iter().filter_map(|d| d.p_holm).collect();
    // 2/128 three times over for the two clear ones; the third is as unclear as it was.
    assert!(near(p[0], 3.0 * 2.0 / 128.0, 1e-12) && near(p[1], 3.0 * 2.0 / 128.0, 1e-12), "{p:?}");
    assert!(comparison.differences[0].verdict.starts_with("cyclic is better than fixed"));
    assert!(comparison.differences[0].verdict.contains("corrected for 3 comparisons"));
    assert!(comparison.differences[2].verdict.starts_with("the runs do not tell cyclic from cosine"));
    let six: Vec<ArmResult> =
        arms.iter().map(|arm| ArmResult { seeds: arm.seeds[..6].to_vec(), ..arm.clone() }).collect();
    let verdict = &compared(&six).differences[0].verdict;
    assert!(verdict.contains("at least 7 seeds") && verdict.contains("6 seeds"), "{verdict}");
}

#[test]
fn an_undecided_verdict_gives_size_and_seeds() {
    let cyclic = arm("cyclic", &[0.96, 0.95, 0.97, 0.96, 0.95, 0.96, 0.955, 0.965]);
    let fixed = arm("fixed", &[0.95, 0.96, 0.96, 0.97, 0.94, 0.95, 0.965, 0.955]);
    let comparison = compared(&[cyclic, fixed]);
    let difference = only(&comparison);
    // Differences ±1 points: + − + − + + − +, mean 0.25, s 1.0351: ((1.95996 + 0.84162) · 1.0351 / 0.25)² = 134.6.
    assert!(near(difference.difference.mean, 0.0025, 1e-9));
    assert_eq!(
        difference.verdict,
        "the runs do not tell cyclic from fixed: the difference is 0.25 points of test accuracy (95 % interval −0.62 to 1.12; p = 0.73; 8 seeds); to find a difference of this size would take about 135 seeds"
    );
    let same = arm("same", &[0.95; 8]);
    let equal = compared(&[same.clone(), ArmResult { name: "other".into(), ..same }]);
    assert_eq!(only(&equal).p, Some(1.0));
    assert!(only(&equal).verdict.starts_with("the runs do not tell same from other"), "{}", only(&equal).verdict);
}

#[test]
fn a_claim_is_the_verdict_without_its_reasons() {
    let low = [0.950, 0.960, 0.950, 0.960, 0.950, 0.960];
    let cases = [
        (low.map(|value| value + 0.01), 6, Outcome::Better, "a: (x) is better than b by 1.00 points of test accuracy"),
        (low, 6, Outcome::Undecided, "the runs do not tell a: (x) from b"),
        (low, 3, Outcome::TooFewSeeds, "the runs do not tell a: (x) from b"),
    ];
    for (accuracies, n, outcome, claim) in cases {
        let comparison = compared(&[arm("a: (x)", &accuracies[..n]), arm("b", &low[..n])]);
        let difference = only(&comparison);
        assert_eq!((difference.outcome, difference.claim.as_str()), (outcome, claim));
        let reason = difference.verdict.strip_prefix(claim).expect("the verdict begins with its claim");
        assert!(reason.starts_with(": ") || reason.starts_with(" ("), "{reason}");
    }
}

/// Without spread Student's interval would be one point, as if the true mean were known.
#[test]
fn values_without_spread_have_no_interval() {
    for values in [&[0.8361, 0.8361][..], &[0.1; 3], &[0.0; 5], &[-2.5; 9]] {
        let found = Estimate::of(values, 0.95).expect("the values are usable");
        assert_eq!((found.low, found.high, found.n), (None, None, values.len()), "{values:?}");
        assert!((found.mean - values[0]).abs() < 1e-14);
    }
    // Differences of accuracies that are the same but for rounding: 0.83 − 0.82, 0.9 − 0.89.
    let pairs = compared(&[arm("a", &[0.83, 0.9, 0.31]), arm("b", &[0.82, 0.89, 0.3])]);
    assert_eq!(only(&pairs).difference.low, None);
    // One example in a million is a spread.
    let found = Estimate::of_shares(&[0.5, 0.500_001], 0.95).expect("the values are usable");
    assert!(found.low.is_some_and(|low| low < 0.5) && found.high.is_some_and(|high| high > 0.500_001));
    let evidence = compared(&[arm("a", &[0.91; 8]), arm("b", &[0.9; 8])]);
    let verdict = &only(&evidence).verdict;
    assert_eq!(verdict, "a is better than b by 1.00 points of test accuracy (p = 0.0078; 8 seeds)");
}

/// Holm's correction is for comparisons that were made: an arm that is another's runs adds none.
#[test]
fn arms_that_are_the_same_runs_count_once() {
    let base = [0.950, 0.960, 0.950, 0.960, 0.950, 0.960, 0.955];
    let first = arm("first", &base.map(|value| value + 0.01));
    let (other, third) = (arm("other", &base), arm("third", &base.map(|value| value + 0.02)));
    let copy = |of: &ArmResult| ArmResult {
        name: format!("{}'s copy", of.name),
        same_as: Some(of.name.clone()),
        ..of.clone()
    };
    let plain = compared(&[first.clone(), other.clone(), third.clone()]);
    let mut failed = other.clone();
    failed.failed.push((9, "killed".into()));
    let second = ArmResult { name: "other again".into(), ..copy(&other) };
    let copied = compared(&[first.clone(), copy(&first), other.clone(), copy(&other), third, second]);
    assert_eq!(copied.differences, plain.differences);
    let sentences = [
        "the arms first and first's copy are the same runs, which count once",
        "the arms other and other's copy and other again are the same runs, which count once",
    ];
    assert_eq!(copied.same_runs(), sentences);
    assert_eq!(compared(&[failed.clone(), copy(&failed)]).warnings.len(), 1, "its failed seed counts once");
}

#[test]
fn arms_get_their_estimates_and_warnings() {
    let mut cyclic = arm("cyclic", &[0.98, 0.96, 0.10]);
    cyclic.seeds[2].ending = Ending::Diverged { step: 40 };
    cyclic.failed.push((3, "killed for memory".into()));
    let mut fixed = arm("fixed", &[0.97, 0.95, 0.93, 0.91]);
    fixed.seeds[3] = result(3, None);
    fixed.seeds[3].ending = Ending::NonFinite { step: 7 };
    let comparison = compared(&[cyclic, fixed]);
    let estimates: Vec<Estimate> = comparison.arms.iter().filter_map(|arm| arm.test_accuracy).collect();
    assert!(near(estimates[0].mean, 0.68, 1e-12) && estimates[0].n == 3, "diverged seeds count");
    assert!(near(estimates[1].mean, 0.95, 1e-12) && estimates[1].n == 3);
    let validation = comparison.arms[0].validation_accuracy.expect("every seed has one");
    assert!(near(validation.mean, 0.34, 1e-12));
    let has = |parts: &[&str]| comparison.warnings.iter().any(|w| parts.iter().all(|part| w.contains(part)));
    assert!(has(&["seed 3 of arm cyclic", "killed for memory"]), "{:?}", comparison.warnings);
    assert!(has(&["seed 2 of arm cyclic diverged at step 40", "10.00 %"]), "{:?}", comparison.warnings);
    assert!(has(&["seed 3 of arm fixed", "non-finite loss at step 7", "flatters"]), "{:?}", comparison.warnings);
    assert_eq!(only(&comparison).difference.n, 3);
}

#[test]
fn only_seeds_in_common_are_compared() {
    let cyclic = arm("cyclic", &[0.9, 0.8, 0.7]);
    let mut fixed = arm("fixed", &[0.5, 0.5, 0.5]);
    fixed.seeds[2].seed = 9;
    let comparison = compared(&[cyclic.clone(), fixed.clone()]);
    assert_eq!(only(&comparison).difference.n, 2);
    assert!(near(only(&comparison).difference.mean, 0.35, 1e-12));
    assert!(comparison.warnings.iter().any(|w| w.contains("2 of 3 seeds")), "{:?}", comparison.warnings);
    for result in &mut fixed.seeds {
        result.seed += 100;
    }
    let apart = compared(&[cyclic.clone(), fixed]);
    assert!(apart.differences.is_empty());
    assert!(apart.warnings.iter().any(|w| w.contains("no seed in common")), "{:?}", apart.warnings);
    let single = compared(&[arm("a", &[0.9]), arm("b", &[0.8])]);
    assert_eq!((only(&single).p, only(&single).p_holm, only(&single).difference.low), (None, None, None));
    assert!(only(&single).verdict.contains("1 seed can give no p below 1"), "{}", only(&single).verdict);
    let alone = compared(&[ArmResult { seeds: vec![], ..cyclic }]);
    assert!(alone.differences.is_empty() && alone.arms[0].test_accuracy.is_none());
    assert!(alone.warnings.iter().any(|w| w.contains("no result at all")), "{:?}", alone.warnings);
}

#[test]
fn arms_that_do_not_belong_together_are_errors() {
    assert!(matches!(compare(vec![]), Err(AnalysisError::Empty(_))));
    let message = |arms: &[ArmResult]| compare(arms.to_vec()).expect_err("the arms are not well formed").to_string();
    let good = arm("cyclic", &[0.9, 0.8]);
    assert!(message(&[good.clone(), good.clone()]).contains("two arms are called \"cyclic\""));
    let mut twice = good.clone();
    twice.seeds[1].seed = 0;
    assert!(message(&[twice]).contains("two results of seed 0"));
    for accuracy in [1.5, -0.1, f64::NAN] {
        let mut wrong = good.clone();
        wrong.seeds[1].test_accuracy = Some(accuracy);
        assert!(message(&[wrong]).contains("seed 1 of arm \"cyclic\" has accuracy"));
    }
}

proptest! {
    #[test]
    fn exchanging_the_arms_turns_the_sign(pairs in prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 1..12)) {
        let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let there = compared(&[arm("a", &a), arm("b", &b)]);
        let back = compared(&[arm("b", &b), arm("a", &a)]);
        let (there, back) = (only(&there), only(&back));
        prop_assert!(there.difference.mean + back.difference.mean == 0.0);
        prop_assert_eq!(there.difference.low, back.difference.high.map(|high| -high));
        prop_assert_eq!(there.p, back.p);
        // What is said of the two does not depend on which comes first.
        prop_assert_eq!(there.verdict.starts_with("the runs"), back.verdict.starts_with("the runs"));
    }

    #[test]
    fn the_order_of_seeds_changes_no_bit(
        values in prop_oneof![
            30 => prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 2..14),
            1 => prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 21..30),
        ],
        shuffle in 0_u64..1000,
    ) {
        let (a, b): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
        let arms = [arm("a", &a), arm("b", &b)];
        let mut other = arms.clone();
        let seed = Seed { family: Family::Statistics, number: shuffle };
        for (index, arm) in (0..).zip(&mut other) {
            Stream::new(seed, Purpose::Order, 0, index).shuffle(&mut arm.seeds);
        }
        let (one, two) = (compared(&arms), compared(&other));
        prop_assert_eq!(&one.differences, &two.differences);
        prop_assert_eq!(one.arms[0].test_accuracy, two.arms[0].test_accuracy);
    }

    /// p is a count of patterns: at least the identity and its mirror, at most all.
    #[test]
    fn p_is_never_below_the_smallest(differences in prop::collection::vec(-1.0..1.0_f64, 2..14)) {
        let p = sign_flip(&differences).expect("there are two or more");
        prop_assert!(p >= smallest_p(differences.len()) && p <= 1.0);
        let patterns = p * (1_u64 << differences.len()) as f64;
        prop_assert!((patterns - patterns.round()).abs() < 1e-9);
        let scaled: Vec<f64> = differences.iter().map(|d| -4.0 * d).collect();
        prop_assert_eq!(sign_flip(&scaled), Some(p));
    }

    #[test]
    fn holm_is_between_the_raw_and_bonferroni(p in prop::collection::vec(0.0..1.0_f64, 1..8)) {
        for (raw, corrected) in p.iter().zip(holm(&p)) {
            prop_assert!(*raw <= corrected && corrected <= (raw * p.len() as f64).clamp(0.0, 1.0).max(p.iter().copied().fold(0.0, f64::max)));
        }
    }
}

/// Where two arms do not differ, ten seeds and three comparisons give a verdict in at most 5 % of cases.
#[test]
fn no_difference_is_rarely_called_one() {
    let mut called = 0;
    for number in 0..400 {
        let seed = Seed { family: Family::Statistics, number };
        let mut stream = Stream::new(seed, Purpose::Resampling, 11, 0);
        let mut draw = |name: &str| {
            let values: Vec<f64> = (0..10).map(|_| (0.95 + 0.01 * stream.normal()).clamp(0.0, 1.0)).collect();
            arm(name, &values)
        };
        let comparison = compared(&[draw("a"), draw("b"), draw("c"), draw("d")]);
        called += u32::from(comparison.differences.iter().any(|d| d.verdict.contains("better")));
    }
    // 5 % of 400 is 20; three deviations above it 33.
    assert!(called <= 33, "{called} of 400");
}
