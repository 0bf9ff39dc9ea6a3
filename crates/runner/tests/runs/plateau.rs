//! Runs whose schedule follows a metric: what it is fed, and what is refused.

use std::path::Path;

use lrscope_runner::learner::Subset;
use lrscope_runner::record::Store;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::study::RunRates;
use lrscope_runner::train::Past;
use lrscope_schedule::Length;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::keeping::go_on;
use super::quadratic::{Quadratic, run, spec};
use super::texts::{TEXT, parse, setting};

/// The rate at every update by `ReduceLROnPlateau` of PyTorch 2.13 with `threshold_mode = "abs"`, fed `(updates, value)`.
fn pytorch(settings: &Value, max: bool, values: &[(u64, f64)], steps: u64) -> Vec<f64> {
    let of = |name: &str| settings["reduce_on_plateau"][name].as_f64().unwrap();
    let (mut lr, mut best, mut bad, mut cooling) = (of("lr"), f64::INFINITY, 0.0, 0.0);
    let mut values = values.iter().peekable();
    let mut rates = Vec::new();
    for step in 0..steps {
        while let Some((_, value)) = values.next_if(|(updates, _)| *updates <= step) {
            // For max, of the negated values: a > best + threshold is −a < −best − threshold.
            let value = if max { -value } else { *value };
            (best, bad) = if value < best - of("threshold") { (value, 0.0) } else { (best, bad + 1.0) };
            if cooling > 0.0 {
                (cooling, bad) = (cooling - 1.0, 0.0);
            }
            if bad > of("patience") {
                let new = f64::max(lr * of("factor"), of("min_lr"));
                lr = if lr - new > of("eps") { new } else { lr };
                (cooling, bad) = (of("cooldown"), 0.0);
            }
        }
        rates.push(lr);
    }
    rates
}

fn settings() -> impl Strategy<Value = Value> {
    let numbers = (0.3..1.9_f64, 0.2..0.95_f64, 0..3_u64, 0.0..0.2_f64, 0..3_u64, 0.0..0.1_f64, 0.0..0.05_f64);
    numbers.prop_map(|(lr, factor, patience, threshold, cooldown, min_lr, eps)| {
        json!({"reduce_on_plateau": {
            "lr": lr, "factor": factor, "patience": patience, "threshold": threshold, "threshold_mode": "abs",
            "cooldown": cooldown, "min_lr": min_lr, "eps": eps,
        }})
    })
}

/// The settings with a metric or a mode named, and whether it is the accuracy.
fn named(settings: &Value, how: usize) -> (Value, bool) {
    let names = [
        ("metric", "validation_loss"),
        ("metric", "validation_accuracy"),
        ("mode", "min"),
        ("mode", "max"),
        ("metric", "train_loss"),
    ];
    let mut settings = settings.clone();
    let (key, name) = names[how];
    settings["reduce_on_plateau"][key] = name.into();
    (settings, how == 1 || how == 3)
}

/// Any share from 0 to 0.1, up and down.
fn correct(step: u64) -> u64 {
    step * 37 % 101
}

fn bits(rates: impl IntoIterator<Item = f64>) -> Vec<u64> {
    rates.into_iter().map(f64::to_bits).collect()
}

/// What a published run recorded of a metric, and its rates as a report shows them.
fn recorded(results: &Path, spec: &RunSpec, accuracy: bool) -> (Vec<(u64, f64)>, Vec<f64>) {
    let store = Store::open(results).unwrap();
    let record = store.find(&spec.id()).unwrap().unwrap();
    let during = record.result.evaluations.iter().filter(|at| at.subset == spec.evaluation.during);
    let value = |at: &lrscope_runner::record::EvaluationAt| match at.evaluation.accuracy() {
        Some(share) if accuracy => share,
        _ => at.evaluation.loss,
    };
    let values = during.map(|at| (at.step, value(at))).collect();
    let rates = RunRates::of(&record).unwrap();
    (values, (0..record.spec.steps).map(|step| rates.at(step).unwrap()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// Every update gets the rate that PyTorch's scheduler gives from what the run recorded by then.
    #[test]
    fn updates_get_pytorch_s_rates(
        settings in settings(), how in 0..5_usize, steps in 1..300_u64, every in 1..40_u64,
        block in proptest::sample::select(&[1, 7, 32][..]),
    ) {
        let (settings, accuracy) = named(&settings, how);
        let spec = spec(steps, &settings, &Value::Null, Some(every));
        let mut learner = Quadratic::new(1.3, block);
        learner.script = Some(|step| (step * 53 % 97) as f64 / 97.0);
        learner.correct = Some(correct);
        let left = run(&mut learner, &spec, &Past::default());
        let during = left.memory.evaluations.iter().filter(|at| at.1 == Subset::Validation);
        let values: Vec<(u64, f64)> =
            during.map(|at| (at.0, if accuracy { at.2.accuracy().unwrap() } else { at.2.loss })).collect();
        prop_assert_eq!(values.len() as u64, steps / every);
        let used = learner.used.iter().map(|rates| rates.0[0].lr);
        prop_assert_eq!(bits(used), bits(pytorch(&settings, accuracy, &values, steps)));
    }

    /// The same of a run that was interrupted, and of the rates that its report computes again.
    #[test]
    fn reports_and_resumed_runs_follow_the_same_values(
        settings in settings(), how in 0..5_usize, steps in 20..150_u64, every in 1..30_u64, stop in 1..9_usize,
    ) {
        let (settings, accuracy) = named(&settings, how);
        let mut spec = spec(steps, &settings, &Value::Null, Some(every));
        spec.numerics = 3;
        let folder = tempfile::tempdir().unwrap();
        if !go_on(folder.path(), &spec, 7, (2, stop, true)) {
            prop_assert!(go_on(folder.path(), &spec, 7, (3, usize::MAX, false)));
        }
        let (values, rates) = recorded(folder.path(), &spec, accuracy);
        prop_assert_eq!(bits(rates), bits(pytorch(&settings, accuracy, &values, steps)));
    }
}

/// Programs up to numerics version 2 fed the loss to both modes. Their records must show the rates that they trained with.
#[test]
fn an_old_record_shows_the_rates_that_it_was_trained_with() {
    let settings = json!({"reduce_on_plateau": {
        "lr": 1.0, "mode": "max", "factor": 0.5, "patience": 0, "threshold": 0.0, "threshold_mode": "abs", "cooldown": 0,
        "min_lr": 0.0, "eps": 0.0,
    }});
    let mut old = spec(100, &settings, &Value::Null, Some(10));
    old.numerics = 2;
    let json = serde_json::to_string(&old.schedule).unwrap();
    let written = r#"{"reduce_on_plateau":{"lr":1.0,"mode":"max","factor":0.5,"patience":0,"threshold":0.0,"#;
    assert!(json.starts_with(written), "its identity is that of the text that it was written as: {json}");
    let folder = tempfile::tempdir().unwrap();
    assert!(go_on(folder.path(), &old, 7, (3, usize::MAX, false)));
    let (losses, rates) = recorded(folder.path(), &old, false);
    let (accuracies, _) = recorded(folder.path(), &old, true);
    assert_eq!(rates, pytorch(&settings, true, &losses, 100));
    assert_ne!(rates, pytorch(&settings, true, &accuracies, 100), "the case tells the two apart");
}

/// A configuration's training table and plateau settings, and what is said of them.
fn refusal(training: &str, settings: &str) -> Result<Vec<RunSpec>, String> {
    let text = TEXT.replace("evaluate_every = \"1ep\"", training).replace(
        "[schedule.constant]\nlr = 0.1",
        &format!("[schedule.sequential]\nstages = [{{ schedule.reduce_on_plateau = {{ lr = 0.1{settings} }} }}]"),
    );
    let experiment = parse(&text);
    let schedule = experiment.schedule.clone().unwrap();
    let setting = setting(experiment);
    let checked = setting.check_schedule("schedule", &schedule).map_err(|problem| problem.to_string());
    let runs = setting.training("schedule", &schedule, None).map_err(|problem| problem.to_string());
    assert_eq!(checked.err(), runs.as_ref().err().cloned(), "what is checked first and what is made agree");
    runs
}

#[test]
fn a_metric_that_a_run_does_not_measure_is_refused_by_its_key() {
    let stage = "schedule.sequential.stages.0.schedule.reduce_on_plateau";
    let on = |subset: &str| format!("evaluate_every = \"1ep\"\nevaluate_on = \"{subset}\"");
    let table = [
        (on("test"), "", "training.evaluate_on: \"test\" would let schedule.sequential follow the test examples, \
                          which must not steer training: set it to \"validation\" or \"train\"".to_owned()),
        (on("train"), ", mode = \"max\"", format!("{stage}.mode: \"validation_accuracy\" is not measured, since \
                          training.evaluate_on is \"train\": set it to \"validation\", or follow \"train_loss\"")),
        (on("validation"), ", metric = \"train_loss\"", format!("{stage}.metric: \"train_loss\" is not measured, since \
                          training.evaluate_on is \"validation\": set it to \"train\", or follow \"validation_loss\"")),
        (on("validation"), ", metric = \"validation_accuracy\", mode = \"min\"", format!("{stage}.mode: ")),
        // The run has 78 updates.
        ("evaluate_every = 79".to_owned(), "", "training.evaluate_every: schedule.sequential follows evaluations, \
                          but none is made in the 78 updates of the run (the first comes after 79): evaluate more often or \
                          train longer".to_owned()),
    ];
    for (training, settings, says) in table {
        let error = refusal(&training, settings).expect_err(&training);
        assert!(error.starts_with(&says), "{training} {settings}: {error}");
    }
    let without = with_evaluations(None);
    assert!(without.contains("training.evaluate_every: ") && without.contains("(there is none)"), "{without}");
}

fn with_evaluations(every: Option<Length>) -> String {
    let mut experiment = parse(TEXT);
    experiment.training.evaluate_every = every;
    let schedule = serde_json::from_value(json!({"reduce_on_plateau": {"lr": 0.1}})).unwrap();
    setting(experiment).training("schedule", &schedule, None).unwrap_err().to_string()
}

/// The metric stands in the specification, and so in the run's identity and in its report.
#[test]
fn runs_name_the_metric_that_they_follow() {
    for (training, settings, metric) in [
        ("evaluate_every = 5", "", "validation_loss, mode min"),
        ("evaluate_every = 5", ", mode = \"max\"", "validation_accuracy, mode max"),
        ("evaluate_every = 5", ", metric = \"validation_accuracy\"", "validation_accuracy, mode max"),
        ("evaluate_every = 5\nevaluate_on = \"train\"", "", "train_loss, mode min"),
        ("evaluate_every = 78", "", "validation_loss, mode min"),
    ] {
        let runs = refusal(training, settings).unwrap();
        let schedule = runs[0].schedule.to_string();
        assert!(schedule.contains(&format!("metric {metric}, ")), "{schedule}");
    }
}

/// A rate that cannot be reduced in this run is warned of.
#[test]
fn too_few_evaluations_are_said() {
    let lint = |training: &str| {
        let runs = refusal(training, ", patience = 1").unwrap();
        let experiment = parse(TEXT);
        setting(experiment).lint(&runs[0].schedule, &runs[0]).unwrap()
    };
    assert!(lint("evaluate_every = 78")[0].contains("the rate is never reduced"), "at its end alone");
    assert!(lint("evaluate_every = 26")[0].contains("and the run (78 updates) has 2"), "26 and 52");
    assert_eq!(lint("evaluate_every = 25"), [""; 0]);
}
