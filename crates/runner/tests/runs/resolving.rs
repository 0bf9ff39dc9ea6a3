//! From an experiment to the specifications of its runs.

use lrscope_runner::experiment::Experiment;
use lrscope_runner::learner::Subset;
use lrscope_runner::random::Family;
use lrscope_runner::resolve::{self, DataFacts, Setting, setting_key, whole_steps};
use lrscope_runner::spec::{DeviceClass, RunSpec, StopRule};
use lrscope_schedule::{Length, Pick, ScheduleSpec};
use proptest::prelude::*;

use super::texts::{TEXT, facts, parse, setting};

const PICK: Pick = Pick { base_lr: 0.01, max_lr: 0.05 };

fn on(experiment: Experiment, facts: DataFacts) -> Result<Setting, String> {
    Setting::new(experiment, facts, DeviceClass::Cpu, "portable".into()).map_err(|problem| problem.to_string())
}

fn with_data(change: impl FnOnce(&mut Experiment)) -> Experiment {
    let mut experiment = parse(TEXT);
    change(&mut experiment);
    experiment
}

fn training(experiment: Experiment) -> Vec<RunSpec> {
    let schedule = experiment.schedule.clone().unwrap();
    setting(experiment).training("schedule", &schedule, Some(PICK)).unwrap()
}

/// Batches counted one by one, as a data loader would.
fn loaded(examples: u64, batch: u64, accumulation: u64, drop_last: bool) -> u64 {
    let (mut left, mut updates) = (examples, 0);
    while left > 0 {
        let taken = left.min(batch * accumulation);
        left -= taken;
        updates += u64::from(!drop_last || taken == batch * accumulation);
    }
    updates
}

fn epochs(text: &str) -> Length {
    Length::Epochs(text.parse().expect(text))
}

proptest! {
    #[test]
    fn an_epoch_has_as_many_updates_as_a_loader_would_make(
        train in 2..3000_u64, validation in 0..2000_u64, limit in proptest::option::of(1..3000_u64),
        batch in 1..200_u64, accumulation in 1..6_u64, drop_last in any::<bool>(),
    ) {
        let experiment = with_data(|experiment| {
            let data = &mut experiment.data;
            (data.validation, data.train_limit) = (Some(validation), limit);
            (data.batch_size, data.accumulation_steps, data.drop_last) = (batch, accumulation, drop_last);
        });
        let available = train.saturating_sub(validation);
        let examples = limit.map_or(available, |limit| limit.min(available));
        let updates = loaded(examples, batch, accumulation, drop_last);
        match on(experiment, facts(train, 0)) {
            Ok(setting) => {
                prop_assert_eq!(setting.examples(), examples);
                prop_assert_eq!(setting.steps_per_epoch(), updates);
            }
            Err(error) => {
                let refused = available == 0 || updates == 0 || limit.is_some_and(|limit| limit > available);
                prop_assert!(refused, "{}", error);
            }
        }
    }

    #[test]
    fn lengths_are_rounded_to_the_nearest_update(thousandths in 1..100_000_u64, per_epoch in 1..2000_u64) {
        let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
        // ⌊x + ½⌋ with whole numbers alone.
        let nearest = (2 * thousandths * per_epoch + 1000) / 2000;
        // What rounds to no update is refused.
        prop_assert_eq!(whole_steps(epochs(&text), per_epoch).unwrap_or(0), nearest);
    }
}

#[test]
fn updates_must_be_whole_and_not_too_many() {
    assert_eq!(whole_steps(Length::Count(7.0), 39), Ok(7));
    assert_eq!(whole_steps(epochs("2"), 39), Ok(78));
    assert_eq!(whole_steps(epochs("0.5"), 39), Ok(20), "19.5 is rounded up");
    assert_eq!(whole_steps(epochs("0.145"), 100), Ok(15), "14.5, which is 14.499999999999998 in floats");
    assert_eq!(whole_steps(epochs("2/3"), 39), Ok(26));
    assert_eq!(whole_steps(Length::Count(1e9), 1), Ok(1_000_000_000));
    for (length, says) in [
        (Length::Count(1.5), "1.5 is not a whole number of updates"),
        (Length::Count(1e9 + 1.0), "a run has 1 to 1,000,000,000"),
        (epochs("0.01"), "0.01ep is 0 updates with 39 in an epoch; a run has 1 to 1,000,000,000"),
        (epochs("1/79"), "1/79ep is 0 updates with 39 in an epoch"),
        (Length::Count(f64::NAN), "NaN"),
        (Length::Count(f64::INFINITY), "inf"),
    ] {
        let error = whole_steps(length, 39).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn what_does_not_fit_the_data_is_refused_by_its_key() {
    type Change = fn(&mut Experiment);
    let rows: [(Change, &str); 5] = [
        (|e| e.data.validation = Some(1437), "data.validation: 1437 leaves nothing to train on"),
        (|e| e.data.validation = Some(u64::MAX), "data.validation: 18446744073709551615 leaves nothing"),
        (|e| e.data.train_limit = Some(1238), "data.train_limit: 1238 is more than the 1237"),
        (|e| (e.data.batch_size, e.data.drop_last) = (1238, true), "data.batch_size: 1238 × 1"),
        (|e| e.version = 7, "version: 7 is not known"),
    ];
    for (change, says) in rows {
        let error = on(with_data(change), facts(1437, 100)).unwrap_err();
        assert!(error.starts_with(says), "{error}");
    }
    assert!(on(with_data(|e| e.data.batch_size = 1238), facts(1437, 100)).is_ok(), "a smaller last batch is no fault");
}

#[test]
fn a_range_test_sweeps_from_the_first_rate_to_the_last() {
    let runs = setting(parse(TEXT)).range_test().unwrap();
    assert_eq!(runs.iter().map(|run| run.seed.number).collect::<Vec<_>>(), [0, 1, 2]);
    for run in &runs {
        assert_eq!((run.seed.family, run.steps, run.steps_per_epoch), (Family::RangeTest, 200, 39));
        assert!(run.evaluation.every.is_none() && run.evaluation.after.is_empty());
        // Five updates of a window for 200 updates: one and two for every hundred.
        assert_eq!(run.stop, Some(StopRule::Divergence { factor: 4.0, window: 5 }));
        let plan = resolve::plan(run).unwrap();
        let rate = |step| plan.at(step).unwrap().0[1].lr;
        assert!((rate(0) / 1e-5 - 1.0).abs() < 1e-12 && (rate(199) / 10.0 - 1.0).abs() < 1e-12);
        // A constant factor from update to update: (10 / 1e-5)^(1/199).
        let factor = 1e6_f64.powf(1.0 / 199.0);
        assert!((1..200).all(|step| (rate(step) / rate(step - 1) / factor - 1.0).abs() < 1e-9));
        // The group with a factor has it in the sweep too.
        assert!((plan.at(7).unwrap().0[0].lr / (2.0 * rate(7)) - 1.0).abs() < 1e-15);
    }
}

#[test]
fn trainings_are_evaluated_and_stop_where_a_loss_is_not_finite() {
    let runs = training(parse(TEXT));
    assert_eq!(runs.len(), 2);
    for (number, run) in runs.iter().enumerate() {
        assert_eq!((run.seed.family, run.seed.number), (Family::Training, number as u64));
        assert_eq!((run.steps, run.evaluation.every), (78, Some(39)));
        assert_eq!(run.evaluation.during, Subset::Validation);
        assert_eq!(run.evaluation.after, [Subset::Validation, Subset::Test]);
        assert_eq!(run.stop, Some(StopRule::NonFinite {}));
        assert_eq!((run.data.validation, run.device, run.isa.as_str()), (200, DeviceClass::Cpu, "portable"));
    }
    let absent = with_data(|experiment| experiment.data.validation = None);
    assert_eq!(training(absent)[0].data.validation, 100, "the set's default");
}

#[test]
fn references_become_the_pick_s_numbers() {
    let experiment = parse(TEXT);
    let setting = setting(experiment.clone());
    let run = &setting.training("arm.0.schedule", &experiment.arms[0].schedule, Some(PICK)).unwrap()[0];
    assert!(!run.schedule.references_pick());
    let text = serde_json::to_string(&run.schedule).unwrap();
    assert!(text.contains("\"base_lr\":0.01") && text.contains("\"max_lr\":0.05"), "{text}");
    assert!(text.contains("\"step_size_up\":19.5"), "half an epoch of 39 updates: {text}");
    let problem = setting.training("arm.0.schedule", &experiment.arms[0].schedule, None).unwrap_err();
    assert_eq!(problem.key, "arm.0.schedule.cyclic.base_lr");
    assert!(problem.problem.contains("run the range test first"), "{problem}");
}

/// Half an epoch, the same number of updates, or an integer written as a float: the same run.
#[test]
fn the_same_run_in_other_words_has_the_same_identity() {
    let ids = |text: &str| training(parse(text)).iter().map(RunSpec::id).collect::<Vec<_>>();
    let expected = ids(TEXT);
    for (from, to) in [
        ("length = \"2ep\"", "length = 78"),
        ("length = \"2ep\"", "length = 78.0"),
        ("evaluate_every = \"1ep\"", "evaluate_every = 39"),
        ("lr = 0.1\n", "lr = 1e-1\n"),
        ("version = 1", "version = 1\nname = \"another\""),
        ("seeds = 3", "seeds = 9"),
        ("start_lr = 1e-5", "start_lr = 1e-6"),
        ("name = \"cyclic\"", "name = \"another\""),
    ] {
        assert!(TEXT.contains(from));
        assert_eq!(ids(&TEXT.replacen(from, to, 1)), expected, "{to}");
    }
    for (from, to) in
        [("lr = 0.1\n", "lr = 0.2\n"), ("batch_size = 32", "batch_size = 31"), ("lr_mult = 2.0", "lr_mult = 2.5")]
    {
        assert!(ids(&TEXT.replacen(from, to, 1)).iter().all(|id| !expected.contains(id)), "{to}");
    }
}

#[test]
fn a_schedule_is_checked_before_its_range_test() {
    let experiment = parse(TEXT);
    let setting = setting(experiment.clone());
    let schedule = |toml: &str| -> ScheduleSpec {
        #[derive(serde::Deserialize)]
        struct Document {
            schedule: ScheduleSpec,
        }
        toml::from_str::<Document>(toml).unwrap().schedule
    };
    for (toml, key) in [
        ("schedule.constant.lr = 'range-test'", "schedule.constant.lr"),
        ("schedule.one_cycle = { max_lr = 'range-test', total_steps = 50 }", "schedule.one_cycle.total_steps"),
        (
            "schedule.cyclic = { base_lr = 'range-test', max_lr = 'range-test', step_size_up = 5, gamma = 2.0, mode = 'exp_range' }",
            "schedule.cyclic.gamma",
        ),
        (
            "schedule.sequential.stages = [{ schedule.constant.lr = 0.1 }, { schedule.constant.lr = 'range-test.max_lr' }]",
            "schedule.sequential.stages.0.length",
        ),
    ] {
        let problem = setting.check_schedule("schedule", &schedule(toml)).unwrap_err();
        assert_eq!(problem.key, key, "{problem}");
    }
    // Only the pick itself will show whether these go together.
    for toml in [
        "schedule.cyclic = { base_lr = 0.5, max_lr = 'range-test', step_size_up = 5 }",
        "schedule.cyclic = { base_lr = 'range-test', max_lr = 1e-9, step_size_up = 5 }",
        "schedule.constant.lr = 'range-test.max_lr'",
    ] {
        setting.check_schedule("schedule", &schedule(toml)).unwrap();
    }
    assert_eq!(
        setting_key("arm.3.schedule", "sequential.stages[1].length"),
        "arm.3.schedule.sequential.stages.1.length"
    );
}

#[test]
fn without_validation_examples_there_is_nothing_to_evaluate_on() {
    let experiment = with_data(|experiment| experiment.data.validation = Some(0));
    let schedule = experiment.schedule.clone().unwrap();
    let problem = setting(experiment.clone()).training("schedule", &schedule, None).unwrap_err();
    assert_eq!(problem.key, "data.validation");
    setting(experiment.clone()).range_test().unwrap();
    let mut on_test = experiment;
    on_test.training.evaluate_on = Subset::Test;
    setting(on_test).training("schedule", &schedule, None).unwrap();
}

/// exmex, which evaluated `scale_fn` before, gave some texts other values: only its runs are spoken of.
#[test]
fn older_runs_with_a_scale_function_are_told_of() {
    let run = |schedule: &str, numerics| {
        let mut run = training(parse(TEXT)).remove(0);
        run.schedule = toml::from_str(schedule).unwrap();
        run.numerics = numerics;
        resolve::trained_otherwise(&run)
    };
    let cyclic = "cyclic = { base_lr = 0.1, max_lr = 0.2, scale_fn = \"1/x\" }";
    assert!(run(cyclic, 2).unwrap().contains("numerics version 2"));
    assert!(run(&format!("[[sequential.stages]]\nschedule.{cyclic}"), 1).is_some());
    assert_eq!(run(cyclic, 3), None);
    assert_eq!(run("cyclic = { base_lr = 0.1, max_lr = 0.2 }", 2), None);
}
