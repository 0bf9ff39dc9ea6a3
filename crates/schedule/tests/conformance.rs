//! Learning rates and momentums against PyTorch 2.13's, from stored sequences.
//!
//! `LRSCOPE_CONFORMANCE_DIR` points at another folder with the same file names. Kinds and parameters that this file does not
//! know fail the test.

use std::path::{Path, PathBuf};

use lrscope_schedule::{
    AnnealStrategy, Cosine, CosineWarmRestarts, Cyclic, CyclicMode, Exponential, Length, Linear, Measurement,
    MultiStep, OneCycle, PerGroup, Plan, PlateauMode, Polynomial, Rate, ReduceOnPlateau, ScaleMode, ScheduleSpec,
    Sequential, Stage, Step, ThresholdMode,
};
use serde_json::{Map, Value};

mod support;

/// The parameters of a case; every one must be taken.
struct Params(Map<String, Value>);

impl Params {
    fn new(value: &Value) -> Self {
        Self(value.as_object().expect("parameters are an object").clone())
    }

    /// A parameter; `null` is the same as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn number(&mut self, name: &str, default: f64) -> f64 {
        self.take(name).map_or(default, |value| value.as_f64().expect("a number"))
    }

    fn count(&mut self, name: &str, default: u64) -> u64 {
        self.take(name).map_or(default, |value| value.as_u64().expect("a count"))
    }

    fn length(&mut self, name: &str, default: f64) -> Length {
        Length::Count(self.number(name, default))
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        self.take(name).map_or(default, |value| value.as_bool().expect("a flag"))
    }

    fn word(&mut self, name: &str, default: &str) -> String {
        self.take(name).map_or(default.to_owned(), |value| value.as_str().expect("a word").to_owned())
    }

    fn numbers(&mut self, name: &str, default: f64) -> PerGroup<f64> {
        self.take(name).map_or(PerGroup::All(default), |value| per_group(&value))
    }

    fn rates(&mut self, name: &str, default: f64) -> PerGroup<Rate> {
        as_rates(&self.numbers(name, default))
    }

    fn finish(self, kind: &str) {
        let left: Vec<&String> = self.0.keys().collect();
        assert!(left.is_empty(), "{kind} has parameters that this test does not know: {left:?}");
    }
}

fn as_rates(values: &PerGroup<f64>) -> PerGroup<Rate> {
    match values {
        PerGroup::All(value) => PerGroup::from(*value),
        PerGroup::Each(values) => PerGroup::Each(values.iter().copied().map(Rate::Value).collect()),
    }
}

fn per_group(value: &Value) -> PerGroup<f64> {
    match value {
        Value::Array(values) => PerGroup::Each(values.iter().map(|value| value.as_f64().expect("a number")).collect()),
        value => PerGroup::All(value.as_f64().expect("a number")),
    }
}

/// PyTorch's scheduler on an optimizer with these initial rates.
fn spec(kind: &str, params: &Value, initial: &PerGroup<f64>) -> ScheduleSpec {
    let mut with = Params::new(params);
    let spec = match kind {
        "cyclic" => cyclic(&mut with).into(),
        "one_cycle" => one_cycle(&mut with).into(),
        "reduce_on_plateau" => plateau(&mut with, as_rates(initial)).into(),
        "sequential" => sequential(&mut with, initial).into(),
        _ => decay(kind, &mut with, as_rates(initial)),
    };
    with.finish(kind);
    spec
}

fn decay(kind: &str, with: &mut Params, lr: PerGroup<Rate>) -> ScheduleSpec {
    let interval = None;
    match kind {
        "step" => {
            let (step_size, gamma) = (with.length("step_size", 0.0), with.number("gamma", 0.1));
            Step { lr, step_size, gamma, interval }.into()
        }
        "multi_step" => {
            let milestones = with.take("milestones").expect("milestones");
            let milestones = milestones.as_array().expect("a list").iter();
            let milestones = milestones.map(|at| Length::from(at.as_u64().expect("a count"))).collect();
            MultiStep { lr, milestones, gamma: with.number("gamma", 0.1), interval }.into()
        }
        "exponential" => Exponential { lr, gamma: with.number("gamma", f64::NAN), interval }.into(),
        "linear" => {
            let (start_factor, end_factor) = (with.number("start_factor", 1.0 / 3.0), with.number("end_factor", 1.0));
            Linear { lr, start_factor, end_factor, total: with.length("total_iters", 5.0), interval }.into()
        }
        "polynomial" => {
            let (total, power) = (with.length("total_iters", 5.0), with.number("power", 1.0));
            Polynomial { lr, total, power, interval }.into()
        }
        "cosine" => {
            let (t_max, eta_min) = (with.length("t_max", 0.0), with.rates("eta_min", 0.0));
            Cosine { lr, t_max, eta_min, interval }.into()
        }
        "cosine_warm_restarts" => {
            let (t_0, t_mult) = (with.length("t_0", 0.0), with.count("t_mult", 1));
            CosineWarmRestarts { lr, t_0, t_mult, eta_min: with.rates("eta_min", 0.0), interval }.into()
        }
        other => panic!("this test does not know the kind {other:?}"),
    }
}

fn cyclic(with: &mut Params) -> Cyclic {
    Cyclic {
        base_lr: with.rates("base_lr", f64::NAN),
        max_lr: with.rates("max_lr", f64::NAN),
        step_size_up: with.length("step_size_up", 2000.0),
        step_size_down: with.take("step_size_down").map(|value| Length::Count(value.as_f64().expect("a number"))),
        mode: match with.word("mode", "triangular").as_str() {
            "triangular" => CyclicMode::Triangular,
            "triangular2" => CyclicMode::Triangular2,
            "exp_range" => CyclicMode::ExpRange,
            other => panic!("unknown mode {other:?}"),
        },
        gamma: with.number("gamma", 1.0),
        scale_fn: with.take("scale_fn").map(|value| value.as_str().expect("an expression").to_owned()),
        scale_mode: match with.word("scale_mode", "cycle").as_str() {
            "cycle" => ScaleMode::Cycle,
            "iterations" => ScaleMode::Iterations,
            other => panic!("unknown scale_mode {other:?}"),
        },
        cycle_momentum: Some(with.flag("cycle_momentum", true)),
        base_momentum: with.numbers("base_momentum", 0.8),
        max_momentum: with.numbers("max_momentum", 0.9),
        interval: None,
    }
}

fn one_cycle(with: &mut Params) -> OneCycle {
    OneCycle {
        max_lr: with.rates("max_lr", f64::NAN),
        total_steps: with.length("total_steps", 0.0),
        pct_start: with.number("pct_start", 0.3),
        anneal_strategy: match with.word("anneal_strategy", "cos").as_str() {
            "cos" => AnnealStrategy::Cos,
            "linear" => AnnealStrategy::Linear,
            other => panic!("unknown anneal_strategy {other:?}"),
        },
        cycle_momentum: Some(with.flag("cycle_momentum", true)),
        base_momentum: with.numbers("base_momentum", 0.85),
        max_momentum: with.numbers("max_momentum", 0.95),
        div_factor: with.number("div_factor", 25.0),
        final_div_factor: with.number("final_div_factor", 1e4),
        three_phase: with.flag("three_phase", false),
        interval: None,
    }
}

fn plateau(with: &mut Params, lr: PerGroup<Rate>) -> ReduceOnPlateau {
    ReduceOnPlateau {
        lr,
        metric: None,
        mode: Some(match with.word("mode", "min").as_str() {
            "min" => PlateauMode::Min,
            "max" => PlateauMode::Max,
            other => panic!("unknown mode {other:?}"),
        }),
        factor: with.number("factor", 0.1),
        patience: with.count("patience", 10),
        threshold: with.number("threshold", 1e-4),
        threshold_mode: match with.word("threshold_mode", "rel").as_str() {
            "rel" => ThresholdMode::Rel,
            "abs" => ThresholdMode::Abs,
            other => panic!("unknown threshold_mode {other:?}"),
        },
        cooldown: with.count("cooldown", 0),
        min_lr: with.rates("min_lr", 0.0),
        eps: with.number("eps", 1e-8),
    }
}

fn sequential(with: &mut Params, initial: &PerGroup<f64>) -> Sequential {
    let schedules = with.take("schedules").expect("schedules");
    let milestones = with.take("milestones").expect("milestones");
    let ends: Vec<u64> =
        milestones.as_array().expect("a list").iter().map(|at| at.as_u64().expect("a count")).collect();
    let stage = |(index, schedule): (usize, &Value)| {
        let mut params = Params::new(schedule);
        let kind = params.word("kind", "");
        let start = if index == 0 { 0 } else { ends[index - 1] };
        let length = ends.get(index).map(|end| Length::from(end - start));
        Stage { length, schedule: spec(&kind, &Value::Object(params.0), initial) }
    };
    let stages = schedules.as_array().expect("a list").iter().enumerate().map(stage).collect();
    Sequential { stages, interval: None }
}

/// Reads a file of cases and compares every number.
fn check(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let cases = file["cases"].as_array().expect("cases");
    assert!(!cases.is_empty(), "{} holds no cases", path.display());
    for case in cases {
        check_case(case);
    }
}

fn check_case(case: &Value) {
    let known = ["name", "kind", "params", "optimizer", "initial_lr", "lr", "momentum", "metrics"];
    let name = case["name"].as_str().expect("a name");
    for key in case.as_object().expect("an object").keys() {
        assert!(known.contains(&key.as_str()), "{name} has a part that this test does not know: {key}");
    }
    let initial = per_group(&case["initial_lr"]);
    let groups = support::groups(initial.as_slice().len(), Some(0.9));
    let spec = spec(case["kind"].as_str().expect("a kind"), &case["params"], &initial);
    let plan = Plan::new(&spec, &groups, 1, &support::compile).unwrap_or_else(|error| panic!("{name}: {error}"));
    let metrics = case.get("metrics").map(|list| list.as_array().expect("a list").clone()).unwrap_or_default();
    let history = metrics.iter().zip(1..).map(|(value, updates)| {
        let value = value.as_f64().expect("a metric");
        // Whichever of the two the case follows.
        Measurement { updates, loss: value, accuracy: Some(value) }
    });
    let history: Vec<Measurement> = history.collect();
    let rates = case["lr"].as_array().expect("rates");
    let momentums = case.get("momentum").map(|list| list.as_array().expect("a list").clone());
    for (step, expected) in rates.iter().enumerate() {
        let at = plan.at_with(step as u64, &history).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = per_group(expected);
        for (group, (point, expected)) in at.0.iter().zip(expected.as_slice()).enumerate() {
            let scale = initial.as_slice()[group];
            let tolerance = 1e-12 * expected.abs().max(scale);
            let lr = point.lr;
            assert!(
                (lr - expected).abs() <= tolerance,
                "{name}, step {step}, group {group}: rate {lr:e}, not {expected:e}"
            );
        }
        assert_eq!(at.0.len(), expected.as_slice().len(), "{name}: groups");
        let Some(momentums) = &momentums else { continue };
        for (point, expected) in at.0.iter().zip(per_group(&momentums[step]).as_slice()) {
            let momentum = point.momentum.expect("a momentum");
            let near = (momentum - expected).abs() <= 1e-12;
            assert!(near, "{name}, step {step}: momentum {momentum}, not {expected}");
        }
    }
}

#[test]
fn conformance_of_every_schedule_with_pytorch() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var_os("LRSCOPE_CONFORMANCE_DIR");
    let folder = folder.map_or_else(|| here.join("../../conformance"), PathBuf::from);
    check(&folder.join("schedules.json"));
}

/// Corners that the shared file leaves out: fractional and very uneven cycles, long runs, restarts after several cycles,
/// sequences of three stages and of cyclic ones, plateaus with `eps`, negative metrics and several groups. Made by running PyTorch 2.13's
/// own `lr_scheduler.py` on optimizers without parameters.
#[test]
fn conformance_at_the_corners() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pytorch_corners.json"));
}
