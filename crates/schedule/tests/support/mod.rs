//! Groups, plans and scale functions for the tests.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::f64::consts::PI;

use lrscope_schedule::{CompileError, Context, Group, Plan, ScaleFn, ScheduleError, ScheduleSpec};

/// Parameter groups without multipliers.
pub fn groups(count: usize, momentum: Option<f64>) -> Vec<Group> {
    (0..count).map(|index| Group { name: format!("group {index}"), lr_mult: 1.0, momentum }).collect()
}

/// A plan for one group with momentum 0.9 and 500 updates an epoch.
pub fn plan(spec: &ScheduleSpec) -> Result<Plan, ScheduleError> {
    Plan::new(spec, &groups(1, Some(0.9)), 500, &compile)
}

/// The context of [`plan`].
pub fn context() -> Context {
    Context { steps_per_epoch: 500, pick: None, momentum: true, evaluated: None }
}

type Function = fn(f64) -> f64;

/// The functions of the tests' texts, written by hand: this crate knows no expression language.
const FUNCTIONS: [(&str, Function); 21] = [
    ("1 / x", |x| 1.0 / x),
    ("1/x", |x| 1.0 / x),
    ("1 / (5 ^ (x * 0.0001))", |x| 1.0 / 5.0_f64.powf(x * 0.0001)),
    ("0.5 * (1 + sin(x * pi / 2))", |x| 0.5 * (1.0 + (x * PI / 2.0).sin())),
    ("exp(0 - 0.01 * x)", |x| (-0.01 * x).exp()),
    ("0 - x", |x| -x),
    ("0 - 3 * x", |x| -3.0 * x),
    ("ln(0 - x)", |x| (-x).ln()),
    ("1", |_| 1.0),
    ("1 / (1 + x)", |x| 1.0 / (1.0 + x)),
    ("1 / 2 ^ (x - 1)", |x| 0.5_f64.powf(x - 1.0)),
    ("exp(0 - x)", |x| (-x).exp()),
    ("0.5 + 0.5 * sin(x)", |x| 0.5 + 0.5 * x.sin()),
    ("1 - x / 9", |x| 1.0 - x / 9.0),
    ("ln(x - 3)", |x| (x - 3.0).ln()),
    ("1 / (x - 4)", |x| 1.0 / (x - 4.0)),
    ("x", |x| x),
    ("sin(x / 50) + 0.9", |x| (x / 50.0).sin() + 0.9),
    ("2 - x / 700", |x| 2.0 - x / 700.0),
    ("exp(x)", f64::exp),
    ("x / 40 - 0.5", |x| x / 40.0 - 0.5),
];

/// One of [`FUNCTIONS`].
pub fn compile(text: &str) -> Result<ScaleFn, CompileError> {
    let known = FUNCTIONS.iter().find(|(known, _)| *known == text);
    known.map(|(text, function)| ScaleFn::new(text, function)).ok_or_else(|| "no function of the tests".into())
}

/// The rate of the first group.
pub fn lr(plan: &Plan, step: u64) -> f64 {
    plan.at(step).expect("a rate").0[0].lr
}

/// The momentum of the first group.
pub fn momentum(plan: &Plan, step: u64) -> f64 {
    plan.at(step).expect("a rate").0[0].momentum.expect("a momentum")
}

/// Fails unless two numbers agree within 1e-12 of the larger of `scale` and the expected one.
#[track_caller]
pub fn assert_close(got: f64, expected: f64, scale: f64) {
    let tolerance = 1e-12 * expected.abs().max(scale);
    assert!((got - expected).abs() <= tolerance, "got {got:e}, expected {expected:e}");
}
