//! The training loop, driving a learner whose losses are known in advance.

use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::Subset::{self, Test, Train, Validation};
use lrscope_runner::learner::{Evaluation, Learner, Row};
use lrscope_runner::resolve;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::train::{BoxedError, Past, Progress, Recorder, TrainError, drive};
use lrscope_schedule::Measurement;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::quadratic::{Left, Quadratic, run, run_until, spec};

fn constant(lr: f64) -> Value {
    json!({"constant": {"lr": lr}})
}

/// A cyclic schedule that takes the momentum out: without it the losses have a closed form.
fn without_momentum(lr: f64) -> Value {
    json!({"cyclic": {
        "base_lr": lr, "max_lr": lr, "step_size_up": 5, "cycle_momentum": true, "base_momentum": 0.0, "max_momentum": 0.0
    }})
}

fn sweep(end_lr: f64, steps: u64) -> Value {
    json!({"sweep": {"start_lr": 1e-3, "end_lr": end_lr, "steps": steps, "kind": "exponential"}})
}

/// x shrinks by 1 − lr·λ with every update, so the loss before update k is ½λ (1 − lr·λ)^(2k).
#[test]
fn rows_follow_the_closed_form() {
    let (curvature, lr) = (2.0, 0.3);
    let left =
        run(&mut Quadratic::new(curvature, 1), &spec(30, &without_momentum(lr), &Value::Null, None), &Past::default());
    assert_eq!((left.ending, left.memory.rows.len()), (Ending::Completed, 30));
    for (step, row) in (0..).zip(&left.memory.rows) {
        let expected = 0.5 * curvature * (1.0 - lr * curvature).powi(2 * step);
        assert!((row.loss / expected - 1.0).abs() < 1e-12, "step {step}: {} and not {expected}", row.loss);
    }
    // What the last update did shows in the evaluations after it.
    let (step, subset, last) = left.memory.evaluations[1];
    assert_eq!((step, subset), (30, Test));
    assert!((last.loss / (0.5 * curvature * 0.4_f64.powi(60)) - 1.0).abs() < 1e-12);
}

/// The rates that the learner was given are the schedule's, in order, momentum included.
#[test]
fn updates_use_the_schedule_s_rates() {
    let cyclic = json!({"cyclic": {
        "base_lr": 0.01, "max_lr": 0.05, "step_size_up": 4, "cycle_momentum": true, "base_momentum": 0.4, "max_momentum": 0.6
    }});
    let spec = spec(40, &cyclic, &Value::Null, Some(7));
    let plan = resolve::plan(&spec).unwrap();
    for block in [1, 7] {
        let mut learner = Quadratic::new(1.0, block);
        run(&mut learner, &spec, &Past::default());
        let expected: Vec<_> = (0..40).map(|step| plan.at(step).unwrap()).collect();
        assert_eq!(learner.used, expected);
        // Triangle by hand: up in four updates, down in four, the momentum against it.
        let point = learner.used[6].0[0];
        assert!((point.lr - 0.03).abs() < 1e-15 && (point.momentum.unwrap() - 0.5).abs() < 1e-15, "{point:?}");
    }
}

#[test]
fn evaluations_come_in_time() {
    let when = |steps, every| {
        let left =
            run(&mut Quadratic::new(1.0, 7), &spec(steps, &constant(0.1), &Value::Null, every), &Past::default());
        let evaluations = left.memory.evaluations.iter();
        evaluations
            .map(|(step, subset, found)| {
                assert_eq!(found.correct, *step, "it was made after as many updates as it says");
                (*step, *subset)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(when(35, Some(10)), [(10, Validation), (20, Validation), (30, Validation), (35, Train), (35, Test)]);
    assert_eq!(when(20, Some(10)), [(10, Validation), (20, Validation), (20, Train), (20, Test)]);
    assert_eq!(when(3, Some(10)), [(3, Train), (3, Test)]);
    assert_eq!(when(3, Some(1)), [(1, Validation), (2, Validation), (3, Validation), (3, Train), (3, Test)]);
    assert_eq!(when(3, None), [(3, Train), (3, Test)]);
}

/// With |1 − lr·λ| = q > 1 the loss grows by q² each time, so it passes 4 × the first one at the first k with q^(2k) > 4.
#[test]
fn a_run_that_diverges_stops_at_the_row_that_shows_it() {
    let stop = json!({"divergence": {"factor": 4.0, "window": 1}});
    for (lr, step) in [(2.2, 4), (2.5, 2), (3.1, 1), (2.01, 70)] {
        for block in [1, 7, 100] {
            let spec = spec(300, &without_momentum(lr), &stop, Some(50));
            let left = run(&mut Quadratic::new(1.0, block), &spec, &Past::default());
            assert_eq!(left.ending, Ending::Diverged { step }, "lr {lr}, blocks of {block}");
            assert_eq!(left.memory.rows.len() as u64, step + 1);
            let after: Vec<_> = left.memory.evaluations.iter().filter(|at| at.1 != Validation).collect();
            assert_eq!(after.len(), 2, "a run that stopped early is evaluated too");
            assert!(after.iter().all(|at| at.0 == step + 1));
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_ends_a_run() {
    // q = 1e20: the loss is ½·10^(40k), infinite from k = 8 on.
    let spec = spec(50, &without_momentum(1e20), &json!({"non_finite": {}}), None);
    for block in [1, 7, 50] {
        let left = run(&mut Quadratic::new(1.0, block), &spec, &Past::default());
        assert_eq!(left.ending, Ending::NonFinite { step: 8 });
        let (last, before) = left.memory.rows.split_last().unwrap();
        assert!(!last.loss.is_finite() && before.len() == 8 && before.iter().all(|row| row.loss.is_finite()));
    }
}

#[test]
fn without_a_stop_rule_a_run_goes_on_through_infinity() {
    let left = run(&mut Quadratic::new(1.0, 7), &spec(50, &constant(1e20), &Value::Null, None), &Past::default());
    assert_eq!((left.ending, left.memory.rows.len()), (Ending::Completed, 50));
}

/// Evaluations 3, 2, 5, 5, 1, 9 after every ten updates: with no patience each that is not better halves the rate.
#[test]
fn a_plateau_schedule_follows_the_evaluations() {
    let plateau = json!({"reduce_on_plateau": {"lr": 0.16, "factor": 0.5, "patience": 0, "threshold": 0.0}});
    let spec = spec(70, &plateau, &Value::Null, Some(10));
    for block in [1, 7, 70] {
        let mut learner = Quadratic::new(0.01, block);
        learner.script = Some(|step| [3.0, 2.0, 5.0, 5.0, 1.0, 9.0, 9.0][(step / 10 - 1) as usize]);
        run(&mut learner, &spec, &Past::default());
        let rates: Vec<f64> = learner.used.iter().map(|rates| rates.0[0].lr).collect();
        let expected = [0.16, 0.16, 0.16, 0.08, 0.04, 0.04, 0.02];
        for (step, rate) in rates.iter().enumerate() {
            assert!((rate - expected[step / 10]).abs() < 1e-15, "step {step}, blocks of {block}: {rate}");
        }
    }
}

/// A run that is interrupted as soon as `cut` updates are done, and one that goes on from there in a fresh process.
fn interrupted(spec: &RunSpec, make: impl Fn() -> Quadratic, cut: u64) -> Left {
    let mut first = make();
    let mut stop = |progress| match progress {
        Progress::Advanced { step, .. } if step >= cut => Err("interrupted".into()),
        _ => Ok(()),
    };
    let (result, before) = run_until(&mut first, spec, &mut stop);
    if let Ok(ending) = result {
        return Left { ending, memory: before, state: first.save().unwrap() };
    }
    let metrics = before.evaluations.iter().filter(|at| at.1 == Validation);
    let past = Past {
        losses: before.rows.iter().map(|row| row.loss).collect(),
        metrics: metrics.map(|at| at.2.measured(at.0)).collect(),
    };
    let mut second = make();
    second.load(&first.save().unwrap()).unwrap();
    assert_eq!(second.steps_done(), past.losses.len() as u64, "the state is that of the last row");
    let mut left = run(&mut second, spec, &past);
    left.memory.rows.splice(0..0, before.rows);
    left.memory.evaluations.splice(0..0, before.evaluations);
    left
}

fn schedules() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0.01..2.5_f64).prop_map(constant),
        (0.5..100.0_f64).prop_map(|end| sweep(end, 700)),
        Just(json!({"reduce_on_plateau": {"lr": 1.9, "factor": 0.7, "patience": 1}})),
        Just(json!({"cyclic": {"base_lr": 0.1, "max_lr": 3.0, "step_size_up": 12, "cycle_momentum": true}})),
    ]
}

fn stops() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({"non_finite": {}})),
        (1.5..50.0_f64, 1..9_u64)
            .prop_map(|(factor, window)| json!({"divergence": {"factor": factor, "window": window}})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Rows, evaluations, ending and final state are the same whatever the blocks.
    #[test]
    fn blocks_leave_no_trace(
        schedule in schedules(), stop in stops(), steps in 1..700_u64, every in proptest::option::of(1..90_u64),
    ) {
        let spec = spec(steps, &schedule, &stop, every);
        let one = run(&mut Quadratic::new(1.3, 1), &spec, &Past::default());
        for block in [7, 32, 600] {
            let other = run(&mut Quadratic::new(1.3, block), &spec, &Past::default());
            prop_assert_eq!(one.bits(), other.bits(), "blocks of {}", block);
        }
    }

    /// A run that was interrupted anywhere ends as if it had not been.
    #[test]
    fn a_resumed_run_is_the_uninterrupted_one(
        schedule in schedules(), stop in stops(), steps in 1..300_u64, every in proptest::option::of(1..90_u64),
        cut in 1..300_u64, block in proptest::sample::select(&[1, 7, 32][..]),
    ) {
        let spec = spec(steps, &schedule, &stop, every);
        let make = || Quadratic::new(1.3, block);
        let whole = run(&mut make(), &spec, &Past::default());
        let resumed = interrupted(&spec, make, cut);
        prop_assert_eq!(whole.bits(), resumed.bits());
    }
}

#[test]
fn a_learner_that_breaks_its_contract_is_told_so() {
    let mut learner = Quadratic::new(1.0, 7);
    learner.missing = 2;
    let (result, memory) = run_until(&mut learner, &spec(30, &constant(0.1), &Value::Null, None), &mut |_| Ok(()));
    assert!(matches!(result, Err(TrainError::Rows { asked: 7, found: 5 })), "{result:?}");
    assert!(memory.rows.is_empty(), "nothing of it is recorded");
}

#[test]
fn whoever_watches_can_end_a_run_and_hears_of_everything() {
    let spec = spec(20, &constant(0.1), &Value::Null, Some(10));
    let mut heard = Vec::new();
    let mut learner = Quadratic::new(1.0, 4);
    let (result, _) = run_until(&mut learner, &spec, &mut |progress| {
        heard.push(progress);
        Ok(())
    });
    assert_eq!(result.unwrap(), Ending::Completed);
    let advanced = heard.iter().filter_map(|progress| match progress {
        Progress::Advanced { step, lr, .. } => Some((*step, *lr)),
        Progress::Evaluated { .. } => None,
    });
    // Blocks of four, cut short by the evaluations after every ten.
    assert_eq!(advanced.collect::<Vec<_>>(), [4, 8, 10, 14, 18, 20].map(|step| (step, 0.1)));
    assert_eq!(heard.len(), 6 + 2 + 2);
    let mut learner = Quadratic::new(1.0, 4);
    let (result, _) = run_until(&mut learner, &spec, &mut |_| Err("the parent is gone".into()));
    let error = result.unwrap_err().to_string();
    assert_eq!(error, "after update 0: the parent is gone");
}

#[test]
fn a_record_that_cannot_be_written_ends_a_run() {
    struct Full;
    impl Recorder for Full {
        fn rows(&mut self, first: u64, _: &[Row]) -> Result<(), BoxedError> {
            if first < 6 { Ok(()) } else { Err("the disk is full".into()) }
        }
        fn evaluation(&mut self, _: u64, _: Subset, _: Evaluation) -> Result<(), BoxedError> {
            Ok(())
        }
    }
    let spec = spec(20, &constant(0.1), &Value::Null, None);
    let plan = resolve::plan(&spec).unwrap();
    let result = drive(&mut Quadratic::new(1.0, 3), &spec, &plan, &Past::default(), &mut Full, &mut |_| Ok(()));
    assert_eq!(result.unwrap_err().to_string(), "after update 6: the disk is full");
}

#[test]
fn a_run_that_is_over_is_only_evaluated() {
    let spec = spec(20, &constant(0.1), &json!({"divergence": {"factor": 4.0, "window": 1}}), Some(10));
    let whole = run(&mut Quadratic::new(1.0, 1), &spec, &Past::default());
    let mut learner = Quadratic::new(1.0, 1);
    learner.load(&whole.state).unwrap();
    let past = Past {
        losses: whole.memory.rows.iter().map(|row| row.loss).collect(),
        metrics: [10, 20].map(|updates| Measurement { updates, loss: 1.0, accuracy: None }).to_vec(),
    };
    let again = run(&mut learner, &spec, &past);
    assert_eq!((again.ending, again.memory.rows.len()), (Ending::Completed, 0));
    assert_eq!(again.memory.evaluations, whole.memory.evaluations[2..]);
    assert_eq!(again.state, whole.state);
}
