//! Runs that are interrupted between any two blocks, whatever was saved before, end as if they had not been.

use std::path::Path;

use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::{Evaluation, Learner, Row, Subset};
use lrscope_runner::record::{Attempt, Checksum, Clocks, Machine, Measured, Store};
use lrscope_runner::resolve;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::train::{BoxedError, Next, Recorder, TrainError, drive};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::quadratic::{Quadratic, spec};

const CLOCKS: Clocks = Clocks {
    started_unix: 1.0,
    ended_unix: 2.0,
    data_seconds: 0.0,
    training_seconds: 0.5,
    evaluation_seconds: 0.0,
    saving_seconds: 0.0,
};

/// Saves at every `save`-th pause and stops (as a crash would: without saving, or in order) at the `stop`-th.
struct Interrupted {
    attempt: Attempt,
    pauses: usize,
    save: usize,
    stop: usize,
    in_order: bool,
}

impl Recorder for Interrupted {
    fn rows(&mut self, first: u64, rows: &[Row]) -> Result<(), BoxedError> {
        Ok(self.attempt.append(first, rows)?)
    }
    fn evaluation(&mut self, step: u64, subset: Subset, evaluation: Evaluation) -> Result<(), BoxedError> {
        Ok(self.attempt.evaluated(step, subset, evaluation)?)
    }
    fn between(&mut self, learner: &mut dyn Learner) -> Result<Next, BoxedError> {
        self.pauses += 1;
        let stop = self.pauses == self.stop;
        if learner.steps_done() > 0 && (self.pauses.is_multiple_of(self.save) || (stop && self.in_order)) {
            self.attempt.save(&learner.save()?, "time", CLOCKS)?;
        }
        Ok(if stop { Next::Stop } else { Next::GoOn })
    }
}

/// Goes on with a run until its `stop`-th pause; whether it came to its end.
pub fn go_on(results: &Path, spec: &RunSpec, block: usize, (save, stop, in_order): (usize, usize, bool)) -> bool {
    let store = Store::open(results).unwrap();
    let mut learner = Quadratic::new(1.3, block);
    learner.correct = Some(|step| step * 37 % 101);
    let mut attempt = store.adopt(spec).unwrap().unwrap_or_else(|| store.begin(spec).unwrap());
    let resumed = attempt.resume(&mut learner).unwrap();
    assert_eq!(learner.steps_done(), resumed.step);
    let mut recorder = Interrupted { attempt, pauses: 0, save, stop, in_order };
    let plan = resolve::plan(spec).unwrap();
    match drive(&mut learner, spec, &plan, &resumed.past, &mut recorder, &mut |_| Ok(())) {
        Ok(ending) => publish(recorder.attempt, ending, &mut learner),
        Err(TrainError::Interrupted { step }) => {
            assert_eq!(step, learner.steps_done());
            return false;
        }
        Err(error) => panic!("{error}"),
    }
    true
}

fn publish(attempt: Attempt, ending: Ending, learner: &mut Quadratic) {
    let measured = Measured {
        program: String::new(),
        machine: Machine::here(),
        device: None,
        isa: "portable".into(),
        threads: 1,
        clocks: CLOCKS,
    };
    attempt.publish(ending, Checksum::of_state(&learner.save().unwrap()), &measured).unwrap();
}

fn left(results: &Path, spec: &RunSpec) -> [Vec<u8>; 2] {
    ["result.json", "steps.bin"]
        .map(|file| std::fs::read(results.join("runs").join(spec.id().as_str()).join(file)).unwrap())
}

fn schedules() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"constant": {"lr": 2.2}})),
        Just(json!({"sweep": {"start_lr": 1e-3, "end_lr": 50.0, "steps": 200, "kind": "exponential"}})),
        Just(json!({"reduce_on_plateau": {"lr": 1.9, "factor": 0.7, "patience": 1}})),
        Just(json!({"reduce_on_plateau": {"lr": 1.9, "factor": 0.7, "patience": 1, "metric": "validation_accuracy"}})),
        Just(json!({"cyclic": {"base_lr": 0.1, "max_lr": 3.0, "step_size_up": 12, "cycle_momentum": true}})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn an_interrupted_run_leaves_the_bits_of_one_that_was_not(
        schedule in schedules(), diverges: bool, steps in 1..120_u64, every in proptest::option::of(1..40_u64),
        block in proptest::sample::select(&[1, 7, 32][..]),
        stops in prop::collection::vec((1..9_usize, 1..60_usize, any::<bool>()), 1..4),
    ) {
        let stop = if diverges { json!({"divergence": {"factor": 4.0, "window": 3}}) } else { Value::Null };
        let spec = spec(steps, &schedule, &stop, every);
        let folder = tempfile::tempdir().unwrap();
        let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
        prop_assert!(go_on(&whole, &spec, block, (usize::MAX, usize::MAX, false)));
        let done = stops.into_iter().any(|stop| go_on(&parts, &spec, block, stop));
        if !done {
            prop_assert!(go_on(&parts, &spec, block, (3, usize::MAX, false)));
        }
        prop_assert_eq!(left(&whole, &spec), left(&parts, &spec));
    }
}
