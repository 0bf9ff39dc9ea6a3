//! Range tests that were never trained: their losses are a formula of the rate, and they are published as others are.

use std::path::Path;

use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::Row;
use lrscope_runner::record::{Checksum, Clocks, Machine, Measured, Store};
use lrscope_runner::resolve;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::study::{Question, STUDY_SCHEMA, Study, StudyArm};

/// What publishing asks for beside the rows.
pub fn measured() -> Measured {
    let clocks = Clocks {
        started_unix: 1.0,
        ended_unix: 2.0,
        data_seconds: 0.0,
        training_seconds: 0.5,
        evaluation_seconds: 0.0,
        saving_seconds: 0.0,
    };
    let machine = Machine::here();
    Measured { program: String::new(), machine, device: None, isa: "portable".into(), threads: 1, clocks }
}

/// A fall around 0.01 to a floor, and a rise beyond 0.3.
pub fn loss(lr: f64) -> f64 {
    2.3 / (1.0 + (lr / 0.01).powi(2)) + (lr / 0.3).powi(6)
}

/// Publishes runs with these losses, those that are there already left out.
pub fn publish(results: &Path, runs: &[RunSpec], loss: impl Fn(f64) -> f64) {
    let store = Store::open(results).unwrap();
    for spec in runs {
        if store.find(&spec.id()).unwrap().is_some() {
            continue;
        }
        let plan = resolve::plan(spec).unwrap();
        let row =
            |step| Row { loss: loss(plan.scheduled_rate(step, &[]).unwrap()), grad_norm: None, update_ratio: None };
        let mut attempt = store.begin(spec).unwrap();
        attempt.append(0, &(0..spec.steps).map(row).collect::<Vec<_>>()).unwrap();
        attempt.publish(Ending::Completed, Checksum::of_state(&[].into()), &measured()).unwrap();
    }
}

/// Writes the study of a range test, as the command does.
pub fn study(results: &Path, report: &str, question: Question, runs: &[RunSpec]) {
    let study = Study {
        schema: STUDY_SCHEMA,
        question,
        title: String::new(),
        command: String::new(),
        configuration: String::new(),
        started_unix: 0,
        pick: None,
        warnings: Vec::new(),
        arms: vec![StudyArm::new("sweep", runs)],
    };
    study.write(&results.join(report)).unwrap();
}
