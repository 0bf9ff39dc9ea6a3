//! Reduce on plateau against PyTorch: which metric it follows, and what it does with it.

use lrscope_schedule::{
    Context, Evaluated, Measurement, Metric, PerGroup, Plan, PlateauMode, Rate, ReduceOnPlateau, ScheduleSpec,
    Sequential, Stage, ThresholdMode,
};
use proptest::prelude::*;
use serde_json::Value;

mod support;
use support::context;

/// `torch.optim.lr_scheduler.ReduceLROnPlateau` of PyTorch 2.13, statement by statement.
struct PyTorch {
    lr: Vec<f64>,
    max: bool,
    factor: f64,
    patience: u64,
    threshold: f64,
    rel: bool,
    cooldown: u64,
    min_lrs: Vec<f64>,
    eps: f64,
    best: f64,
    cooldown_counter: u64,
    num_bad_epochs: u64,
}

impl PyTorch {
    fn step(&mut self, current: f64) {
        if self.is_better(current) {
            self.best = current;
            self.num_bad_epochs = 0;
        } else {
            self.num_bad_epochs += 1;
        }
        if self.cooldown_counter > 0 {
            self.cooldown_counter -= 1;
            self.num_bad_epochs = 0;
        }
        if self.num_bad_epochs > self.patience {
            for (lr, min_lr) in self.lr.iter_mut().zip(&self.min_lrs) {
                let new_lr = f64::max(*lr * self.factor, *min_lr);
                if *lr - new_lr > self.eps {
                    *lr = new_lr;
                }
            }
            self.cooldown_counter = self.cooldown;
            self.num_bad_epochs = 0;
        }
    }

    fn is_better(&self, a: f64) -> bool {
        match (self.max, self.rel) {
            (false, true) => a < self.best * (1.0 - self.threshold),
            (false, false) => a < self.best - self.threshold,
            (true, true) => a > self.best * (self.threshold + 1.0),
            (true, false) => a > self.best + self.threshold,
        }
    }
}

fn pytorch(spec: &ReduceOnPlateau, max: bool) -> PyTorch {
    let numbers = |rates: &PerGroup<Rate>| -> Vec<f64> {
        let number = |rate: &Rate| if let Rate::Value(value) = rate { *value } else { panic!("a number") };
        let given = rates.as_slice().iter().map(number);
        given.cycle().take(2).collect()
    };
    PyTorch {
        lr: numbers(&spec.lr),
        max,
        factor: spec.factor,
        patience: spec.patience,
        threshold: spec.threshold,
        rel: spec.threshold_mode == ThresholdMode::Rel,
        cooldown: spec.cooldown,
        min_lrs: numbers(&spec.min_lr),
        eps: spec.eps,
        best: if max { f64::NEG_INFINITY } else { f64::INFINITY },
        cooldown_counter: 0,
        num_bad_epochs: 0,
    }
}

fn settings() -> impl Strategy<Value = ReduceOnPlateau> {
    let lr = prop_oneof![
        (1e-6..1.0_f64).prop_map(|lr| PerGroup::All(Rate::Value(lr))),
        [1e-6..1.0_f64, 1e-6..1.0_f64].prop_map(|each| PerGroup::Each(each.map(Rate::Value).to_vec())),
    ];
    let followed = proptest::sample::select(vec![
        (None, None),
        (None, Some(PlateauMode::Min)),
        (None, Some(PlateauMode::Max)),
        (Some(Metric::ValidationLoss), None),
        (Some(Metric::ValidationAccuracy), None),
        (Some(Metric::TrainLoss), Some(PlateauMode::Min)),
        (Some(Metric::ValidationAccuracy), Some(PlateauMode::Max)),
    ]);
    let threshold = prop_oneof![Just(0.0), Just(1e-4), 0.0..0.3_f64];
    let eps = prop_oneof![Just(0.0), Just(1e-8), 0.0..0.1_f64];
    let rule = (0.01..0.99_f64, 0..4_u64, 0..4_u64, threshold, any::<bool>());
    (lr, followed, rule, 0.0..1.5_f64, eps).prop_map(
        |(lr, (metric, mode), (factor, patience, cooldown, threshold, rel), floor, eps)| {
            // Some rates end at once: they may not go below themselves.
            let lowest = |lr: &Rate| if let Rate::Value(lr) = lr { Rate::Value(lr * floor.min(1.0)) } else { *lr };
            let min_lr = match &lr {
                PerGroup::All(lr) => PerGroup::All(lowest(lr)),
                PerGroup::Each(each) => PerGroup::Each(each.iter().map(lowest).collect()),
            };
            let threshold_mode = if rel { ThresholdMode::Rel } else { ThresholdMode::Abs };
            ReduceOnPlateau { lr, metric, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps }
        },
    )
}

fn values() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let loss = prop_oneof![8 => 0.0..3.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 2 => Just(0.5)];
    // Shares of a small set: equal values are frequent.
    let accuracy = (0..20_u32).prop_map(|correct| f64::from(correct) / 20.0);
    proptest::collection::vec((loss, accuracy), 0..60)
}

fn follows_accuracy(spec: &ReduceOnPlateau) -> bool {
    spec.metric == Some(Metric::ValidationAccuracy) || spec.mode == Some(PlateauMode::Max)
}

fn history(values: &[(f64, f64)], every: u64, start: u64) -> Vec<Measurement> {
    let measured = |(value, index): (&(f64, f64), u64)| Measurement {
        updates: start + index * every,
        loss: value.0,
        accuracy: Some(value.1),
    };
    values.iter().zip(1..).map(measured).collect()
}

proptest! {
    /// Every rate of a run is the one that PyTorch's scheduler gives when it is fed the values of the metric, to the bit.
    #[test]
    fn rates_are_pytorch_s(spec in settings(), values in values(), every in 1..5_u64) {
        let max = follows_accuracy(&spec);
        let mut theirs = pytorch(&spec, max);
        let plan = Plan::new(&spec.into(), &support::groups(2, None), 10, &support::compile).expect("a plan");
        let history = history(&values, every, 0);
        for step in 0..=(values.len() as u64 * every) {
            if step > 0 && step.is_multiple_of(every) {
                let (loss, accuracy) = values[(step / every - 1) as usize];
                theirs.step(if max { accuracy } else { loss });
            }
            let ours = plan.at_with(step, &history).expect("rates");
            let ours: Vec<u64> = ours.0.iter().map(|point| point.lr.to_bits()).collect();
            prop_assert_eq!(ours, theirs.lr.iter().map(|lr| lr.to_bits()).collect::<Vec<_>>(), "step {}", step);
        }
    }

    /// In a sequence it is fed what is measured during its own stage.
    #[test]
    fn a_stage_is_pytorch_s_too(spec in settings(), values in values(), warm_up in 1..20_u64) {
        let max = follows_accuracy(&spec);
        let mut theirs = pytorch(&spec, max);
        let before = Stage { length: Some(warm_up.into()), schedule: ScheduleSpec::constant(0.5) };
        let stages = vec![before, Stage { length: None, schedule: spec.into() }];
        let sequence = ScheduleSpec::from(Sequential { stages, interval: None });
        let plan = Plan::new(&sequence, &support::groups(2, None), 10, &support::compile).expect("a plan");
        let mut seen = history(&[(1e9, 1.0), (f64::NAN, 0.0)], 1, 0);
        seen.retain(|at| at.updates <= warm_up);
        seen.extend(history(&values, 1, warm_up));
        for (index, (loss, accuracy)) in values.iter().enumerate() {
            theirs.step(if max { *accuracy } else { *loss });
            let ours = plan.at_with(warm_up + 1 + index as u64, &seen).expect("rates");
            prop_assert_eq!(ours.0.iter().map(|point| point.lr).collect::<Vec<_>>(), theirs.lr.clone());
        }
    }
}

/// What PyTorch 2.13.0 itself gave: `data/plateau.py`.
#[test]
fn rates_that_pytorch_gave() {
    let file: Value = serde_json::from_str(include_str!("data/plateau.json")).expect("JSON");
    let numbers = |list: &Value| -> Vec<f64> {
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        list.as_array().expect("a list").iter().map(number).collect()
    };
    let values: Vec<(f64, f64)> = numbers(&file["values"]).into_iter().map(|value| (value, value)).collect();
    for case in file["cases"].as_array().expect("cases") {
        let text = format!("[reduce_on_plateau]\nlr = 1\n{}", case["settings"].as_str().expect("settings"));
        let plan = support::plan(&toml::from_str(&text).expect(&text)).expect(&text);
        let history = history(&values, 1, 0);
        let ours = (1..=values.len() as u64).map(|step| plan.at_with(step, &history).expect("rates").0[0].lr);
        assert_eq!(ours.collect::<Vec<_>>(), numbers(&case["rates"]), "{text}");
    }
}

/// The accuracies and losses of a run of digits that was fed the loss: with `max` the loss would reduce the rate after 117
/// updates, the third evaluation of 39 updates each; the accuracies do after 234.
#[test]
fn the_accuracy_and_not_the_loss_decides_for_max() {
    let accuracies = [0.82, 0.885, 0.87, 0.945, 0.94, 0.945, 0.945, 0.945];
    let losses = [0.573, 0.401, 0.440, 0.156, 0.150, 0.149, 0.149, 0.149];
    let values: Vec<(f64, f64)> = losses.into_iter().zip(accuracies).collect();
    let text = "[reduce_on_plateau]\nlr = 0.1\nmode = \"max\"\nfactor = 0.1\npatience = 1";
    let plan = support::plan(&toml::from_str(text).expect("a specification")).expect("a plan");
    let history = history(&values, 39, 0);
    let lr = |step| plan.at_with(step, &history).expect("a rate").0[0].lr;
    assert_eq!((0..400).find(|step| lr(*step) < 0.1), Some(234));
}

fn resolved(settings: &str, evaluated: Option<Evaluated>) -> Result<(Metric, PlateauMode), String> {
    let context = Context { evaluated, ..context() };
    let text = format!("[reduce_on_plateau]\nlr = 1\n{settings}");
    let spec: ScheduleSpec = toml::from_str(&text).map_err(|error| error.to_string())?;
    let resolved = spec.resolve(&context).map_err(|error| error.to_string())?;
    assert_eq!(resolved.resolve(&context).expect("again"), resolved);
    let named = format!("metric {}", resolved.to_string().split("metric ").nth(1).expect("it names its metric"));
    let ScheduleSpec::ReduceOnPlateau(it) = resolved else { panic!("another kind") };
    let (metric, mode) = (it.metric.expect("a metric"), it.mode.expect("a mode"));
    assert!(named.starts_with(&format!("metric {metric}, mode {}", mode.name())), "{named}");
    Ok((metric, mode))
}

/// A loss for `min`, the accuracy for `max`, and the other way round; the loss is that of what is evaluated.
#[test]
fn the_metric_and_the_mode_follow_from_each_other() {
    use Metric::{TrainLoss, ValidationAccuracy, ValidationLoss};
    use PlateauMode::{Max, Min};
    let (validation, train) = (Some(Evaluated::Validation), Some(Evaluated::Train));
    let table = [
        ("", None, (ValidationLoss, Min)),
        ("", validation, (ValidationLoss, Min)),
        ("", train, (TrainLoss, Min)),
        ("mode = \"min\"", validation, (ValidationLoss, Min)),
        ("mode = \"min\"", train, (TrainLoss, Min)),
        ("mode = \"max\"", None, (ValidationAccuracy, Max)),
        ("mode = \"max\"", validation, (ValidationAccuracy, Max)),
        ("metric = \"validation_accuracy\"", validation, (ValidationAccuracy, Max)),
        ("metric = \"validation_loss\"", validation, (ValidationLoss, Min)),
        ("metric = \"train_loss\"", train, (TrainLoss, Min)),
        ("metric = \"train_loss\"\nmode = \"min\"", train, (TrainLoss, Min)),
        ("metric = \"train_loss\"", None, (TrainLoss, Min)),
    ];
    for (text, evaluated, expected) in table {
        assert_eq!(resolved(text, evaluated), Ok(expected), "{text} {evaluated:?}");
    }
}

#[test]
fn a_metric_that_cannot_be_followed_is_refused() {
    let (validation, train) = (Some(Evaluated::Validation), Some(Evaluated::Train));
    let smaller = "is better where it is smaller, which \"max\" turns round: write \"min\", or leave mode out";
    let table = [
        ("mode = \"max\"\nmetric = \"validation_loss\"", validation, "mode: \"validation_loss\" ", smaller),
        ("mode = \"max\"\nmetric = \"train_loss\"", train, "mode: \"train_loss\" ", smaller),
        (
            "mode = \"min\"\nmetric = \"validation_accuracy\"",
            None,
            "mode: \"validation_accuracy\" ",
            "is better where it is larger, which \"min\" turns round: write \"max\", or leave mode out",
        ),
        (
            "mode = \"max\"",
            train,
            "mode: \"validation_accuracy\" ",
            "is not measured, since training.evaluate_on is \"train\": set it to \"validation\", or follow \"train_loss\"",
        ),
        (
            "metric = \"validation_loss\"",
            train,
            "metric: \"validation_loss\" ",
            "is not measured, since training.evaluate_on is \"train\": set it to \"validation\", or follow \"train_loss\"",
        ),
        (
            "metric = \"train_loss\"",
            validation,
            "metric: \"train_loss\" ",
            "is not measured, since training.evaluate_on is \"validation\": set it to \"train\", or follow \"validation_loss\"",
        ),
    ];
    for (text, evaluated, start, problem) in table {
        let message = resolved(text, evaluated).expect_err(text);
        assert_eq!(message, format!("reduce_on_plateau.{start}{problem}"), "{text}");
    }
    let unknown = resolved("metric = \"test_loss\"", None).expect_err("it is not known");
    assert!(unknown.contains("`validation_loss`, `validation_accuracy`, `train_loss`"), "{unknown}");
}

#[test]
fn a_stage_that_cannot_be_is_named() {
    let text =
        "[[sequential.stages]]\nschedule.reduce_on_plateau = { lr = 1, mode = \"max\", metric = \"train_loss\" }";
    let spec: ScheduleSpec = toml::from_str(text).expect("a specification");
    let error = spec.resolve(&context()).expect_err("max of a loss");
    assert_eq!(error.place, "sequential.stages[0].schedule.reduce_on_plateau.mode");
}

#[test]
fn an_accuracy_of_no_examples_is_an_error_and_no_number() {
    let spec = toml::from_str("[reduce_on_plateau]\nlr = 1\nmode = \"max\"").expect("a specification");
    let plan = support::plan(&spec).expect("a plan");
    let history = [Measurement { updates: 5, loss: 1.0, accuracy: None }];
    assert!(plan.at_with(4, &history).is_ok());
    let error = plan.at_with(5, &history).expect_err("there is no accuracy").to_string();
    let place = "reduce_on_plateau.metric: the evaluation after 5 updates has no accuracy to follow";
    assert!(error.starts_with(place), "{error}");
}
