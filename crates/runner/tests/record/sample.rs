//! Runs to write down: made from formulas, without any training.

use std::io::Write;
use std::path::Path;

use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::{Evaluation, Row, Subset};
use lrscope_runner::record::{Attempt, Checksum, Clocks, Machine, Measured, Publication, RecordError, Store};
use lrscope_runner::spec::RunSpec;

/// A specification of a run with this many steps.
pub fn spec(seed: u64, steps: u64) -> RunSpec {
    let json = serde_json::json!({
        "numerics": 1,
        "seed": {"family": "training", "number": seed},
        "data": {
            "name": "digits", "sha256": "00", "validation": 100, "train_limit": null, "normalization": "unit",
            "batch_size": 32, "accumulation_steps": 1, "drop_last": false
        },
        "model": {"mlp": {"hidden": [64]}},
        "optimizer": {"sgd": {"momentum": 0.9, "dampening": 0.0, "nesterov": false, "weight_decay": 1e-4}},
        "groups": [{"name": "all", "parameters": ["*"], "lr_mult": 1.0, "weight_decay_mult": 1.0}],
        "schedule": {"constant": {"lr": 0.1}},
        "steps": steps,
        "steps_per_epoch": 10,
        "evaluation": {"every": 10, "during": "validation", "after": ["test"]},
        "stop": {"non_finite": {}},
        "probes": {"grad_norm": true, "update_ratio": false},
        "dtype": "f32", "device": "cpu", "isa": "avx2"
    });
    serde_json::from_value(json).expect("a specification")
}

/// Row `step` of every sample: a loss that f32 holds except at every hundredth step, a gradient norm that it never holds.
pub fn row(step: u64) -> Row {
    let loss = f64::from((step as f32).sin()) + if step % 100 == 99 { 1e-12 } else { 0.0 };
    Row { loss, grad_norm: Some(1.0 / (step as f64 + 3.0)), update_ratio: None }
}

pub fn rows(steps: std::ops::Range<u64>) -> Vec<Row> {
    steps.map(row).collect()
}

pub fn evaluation(step: u64) -> Evaluation {
    Evaluation { loss: 1.0 / (step as f64 + 1.0), correct: step, examples: 100 }
}

/// Does the updates from the attempt's place on, in blocks of `block`, with an evaluation whenever ten more are done.
pub fn train(attempt: &mut Attempt, block: u64) -> Result<(), RecordError> {
    let steps = attempt.spec().steps;
    loop {
        let first = attempt.steps();
        if first > 0 && first.is_multiple_of(10) {
            attempt.evaluated(first, Subset::Validation, evaluation(first))?;
        }
        if first == steps {
            return attempt.evaluated(steps, Subset::Test, evaluation(steps));
        }
        let end = (first + block.max(1)).min((first / 10 + 1) * 10).min(steps);
        attempt.append(first, &rows(first..end))?;
    }
}

pub fn state() -> Checksum {
    Checksum::of_state(&[("weight".to_owned(), vec![1, 2, 3])].into())
}

pub fn measured() -> Measured {
    Measured {
        program: "lrscope 0.1.0".into(),
        machine: Machine::here(),
        device: None,
        isa: "avx2".into(),
        threads: 2,
        clocks: Clocks {
            started_unix: 1.7e9,
            ended_unix: 1.7e9 + 5.0,
            data_seconds: 0.5,
            training_seconds: 4.0,
            evaluation_seconds: 0.25,
            saving_seconds: 0.125,
        },
    }
}

pub fn publish(attempt: Attempt) -> Result<Publication, RecordError> {
    attempt.publish(Ending::Completed, state(), &measured())
}

/// A whole run from begin to publication.
pub fn run(store: &Store, spec: &RunSpec, block: u64) -> Publication {
    let mut attempt = store.begin(spec).unwrap();
    train(&mut attempt, block).unwrap();
    publish(attempt).unwrap()
}

/// The files of a published run that must repeat to the bit.
pub fn repeatable(folder: &Path) -> [Vec<u8>; 3] {
    ["spec.json", "steps.bin", "result.json"].map(|name| std::fs::read(folder.join(name)).unwrap())
}

/// Says, past the test harness's capture, that something was not tested.
pub fn skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes());
}
