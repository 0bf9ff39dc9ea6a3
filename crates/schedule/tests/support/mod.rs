//! Groups, plans and scale functions for the tests.
#![allow(dead_code, reason = "every test file uses its own part")]

use exmex::Express;
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

/// Compiles an expression of `x`, in which `pi` may stand as well.
pub fn compile(text: &str) -> Result<ScaleFn, CompileError> {
    let expression = exmex::parse::<f64>(text).map_err(|error| error.to_string())?;
    let names = expression.var_names().to_vec();
    if let Some(unknown) = names.iter().find(|name| !["x", "pi"].contains(&name.as_str())) {
        return Err(format!("unknown variable {unknown:?}").into());
    }
    let text = text.to_owned();
    Ok(ScaleFn::new(&text, move |x| {
        let values = names.iter().map(|name| if name == "x" { x } else { std::f64::consts::PI });
        expression.eval_iter(values).unwrap_or(f64::NAN)
    }))
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
