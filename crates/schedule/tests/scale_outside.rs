//! The warning of a scale function that leaves [0, 1], against every step of the run.
#![allow(clippy::float_cmp, reason = "the numbers are the same or they are wrong")]

use lrscope_schedule::{CompileError, Cyclic, Finding, Interval, Length, Plan, ScaleFn, ScaleMode, ScheduleSpec};
use proptest::prelude::*;

mod support;
use support::groups;

type Function = fn(f64) -> f64;

/// Functions that stay, leave above, leave below, or do both; the last are within [0, 1] up to rounding.
const FUNCTIONS: [Function; 8] = [
    |x| x / 20.0,
    |x| 1.0 / x,
    |x| x.sin(),
    |x| 0.5 * (1.0 + (0.7 * x).sin()),
    |x| 3.0 * (-x / 50.0).exp(),
    |x| 1.0 - x / 100.0,
    |x| x.sin().powi(2) + x.cos().powi(2),
    |x| if x > 37.0 && x < 39.0 { 1.5 } else { 0.25 },
];

const STEPS_PER_EPOCH: u64 = 7;

fn spec(up: f64, down: f64, mode: ScaleMode, interval: Interval) -> Cyclic {
    Cyclic {
        step_size_up: Length::Count(up),
        step_size_down: Some(Length::Count(down)),
        scale_fn: Some("f".into()),
        scale_mode: mode,
        interval: Some(interval),
        cycle_momentum: Some(false),
        ..Cyclic::new(0.5, 1.0)
    }
}

fn plan(cyclic: &Cyclic, function: Function) -> Plan {
    let compile = |text: &str| Ok::<_, CompileError>(ScaleFn::new(text, function));
    Plan::new(&ScheduleSpec::from(cyclic.clone()), &groups(1, None), STEPS_PER_EPOCH, &compile).expect("a plan")
}

fn outside(plan: &Plan, steps: u64) -> Option<Finding> {
    let findings = plan.lint(steps).into_iter().map(|lint| lint.finding);
    findings.into_iter().find(|finding| matches!(finding, Finding::ScaleOutside { .. }))
}

/// sqrt(x) at the odd steps of cycles of two: what a user sees is the largest rate, and where.
#[test]
fn the_largest_rate_and_its_step_are_told() {
    let mut cyclic = spec(1.0, 1.0, ScaleMode::Iterations, Interval::Update);
    cyclic.base_lr = 0.0.into();
    let root = plan(&cyclic, f64::sqrt);
    assert_eq!(outside(&root, 2), None);
    let found = outside(&root, 6).expect("a warning").to_string();
    assert_eq!(
        found,
        "scale_fn leaves [0, 1]: it is 2.23607 at x = 5, and the rates of the run go from 0.0 to 2.23607 (at step 5) instead of from \
         base_lr 0.0 to max_lr 1.0: keep it within 0 and 1, or set the bounds to the rates that are meant"
    );
}

/// A run so long that looking at every step would take minutes. Of cycle c (from 0) the scale is (c + 1) / 100.
#[test]
fn a_long_run_of_many_cycles() {
    let cyclic = spec(2000.0, 3000.5, ScaleMode::Cycle, Interval::Update);
    let steps = 1_000_000_000;
    let cycles = (steps as f64 / 5000.5).ceil();
    let Some(Finding::ScaleOutside { value, x, .. }) = outside(&plan(&cyclic, |x| x / 100.0), steps) else {
        panic!("a warning");
    };
    assert_eq!((value, x), (cycles / 100.0, cycles));
}

/// Ten million updates with one step outside, which only a look at every step finds.
#[test]
fn one_step_of_a_long_run() {
    let cyclic = spec(2000.0, 2000.0, ScaleMode::Iterations, Interval::Update);
    let one: Function = |x| if x == 7_654_321.0 { 2.0 } else { 0.0 };
    let Some(Finding::ScaleOutside { value, x, highest, step, .. }) = outside(&plan(&cyclic, one), 10_000_000) else {
        panic!("a warning");
    };
    // 7,654,321 is 2,321 steps into its cycle of 4,000: the triangle is 1 − 321 / 2000.
    assert_eq!((value, x, step), (2.0, 7_654_321.0, 7_654_321));
    assert!((highest - (0.5 + 0.5 * (1.0 - 321.0 / 2000.0) * 2.0)).abs() < 1e-9, "{highest}");
}

/// The peak of a short cycle is seen in a run that is too long to be looked at step by step: only step 10 is above 1.
#[test]
fn an_early_peak_of_a_very_long_run() {
    let cyclic = spec(10.0, 10.0, ScaleMode::Iterations, Interval::Update);
    let one: Function = |x| if x == 10.0 { 1.5 } else { 0.5 };
    let Some(Finding::ScaleOutside { value, x, highest, step, .. }) = outside(&plan(&cyclic, one), 1_000_000_000)
    else {
        panic!("a warning");
    };
    assert_eq!((value, x, step), (1.5, 10.0, 10));
    assert!((highest - (0.5 + 0.5 * 1.5)).abs() < 1e-12, "{highest}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn the_extremes_are_those_of_every_step(
        (up, down) in (1..400_u32, 1..400_u32),
        steps in 1..900_u64,
        function in prop::sample::select(FUNCTIONS.to_vec()),
        by_cycle in any::<bool>(),
        by_epoch in any::<bool>(),
    ) {
        let (up, down) = (f64::from(up) / 8.0, f64::from(down) / 8.0);
        let mode = if by_cycle { ScaleMode::Cycle } else { ScaleMode::Iterations };
        let (interval, per) = if by_epoch { (Interval::Epoch, STEPS_PER_EPOCH) } else { (Interval::Update, 1) };
        let plan = plan(&spec(up, down, mode, interval), function);
        let xs = (0..steps).map(|step| {
            let count = (step / per) as f64;
            if by_cycle { (1.0 + count / (up + down)).floor() } else { count }
        });
        let beyond = |value: f64| if value.is_finite() { (value - 1.0).max(-value) } else { 0.0 };
        let farthest = xs.map(|x| beyond(function(x))).fold(0.0, f64::max);
        let lr = |step| plan.at(step).ok().map(|rates| rates.0[0].lr);
        match outside(&plan, steps) {
            None => prop_assert!(farthest <= 1e-9, "{farthest} and no warning"),
            Some(Finding::ScaleOutside { value, x, highest, step, lowest, .. }) => {
                prop_assert!(farthest > 1e-9 && beyond(value) == farthest, "{value} at {x}, not {farthest}");
                prop_assert_eq!(function(x), value);
                let rates: Option<Vec<f64>> = (0..steps).map(lr).collect();
                if let Some(rates) = rates {
                    prop_assert_eq!(highest, rates.iter().copied().fold(f64::NEG_INFINITY, f64::max));
                    prop_assert_eq!(lowest, rates.iter().copied().fold(f64::INFINITY, f64::min));
                    prop_assert_eq!(rates[step as usize], highest);
                }
            }
            Some(other) => prop_assert!(false, "{other}"),
        }
    }
}
