//! Label smoothing against PyTorch (`smoothing/make.py` wrote its numbers): the loss of updates has it, evaluations do not.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use std::sync::Arc;

use candle_core::{Device, Tensor};
use fixture::{count_epoch, learner, mlp, spec, train};
use lrscope_data::{DataSet, Images, Name, Origin, Source};
use lrscope_runner::learner::{Learner, Subset};
use lrscope_runner::spec::{LossSpec, OptimizerSpec, RunSpec, Sgd};
use lrscope_trainer::CandleLearner;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    smoothing: f64,
    losses: Vec<f64>,
    evaluation: f64,
    weights: Vec<Vec<f64>>,
}

const EXAMPLES: usize = 20;

fn data() -> Arc<DataSet> {
    let pixel = |at: usize| ((at / 16) * 31 + (at % 16) * 17 + 5 * (at / 16) * (at % 16)) % 256;
    let part = |count: usize| Images {
        count,
        channels: 1,
        height: 4,
        width: 4,
        pixels: (0..count * 16).map(|at| pixel(at) as u8).collect(),
        labels: (0..count).map(|example| ((3 * example + 1) % 10) as u8).collect(),
    };
    let source = Origin { source: Source::Embedded, detail: "made for a test".into() };
    Arc::new(DataSet { name: Name::Digits, train: part(EXAMPLES), test: part(1), source })
}

/// All examples in every update, in passes of `batch`.
fn experiment(data: &DataSet, smoothing: f64, batch: u64) -> RunSpec {
    let mut spec = spec(data, mlp(&[6]));
    spec.optimizer = OptimizerSpec::Sgd(Sgd { momentum: 0.9, ..Sgd::default() });
    spec.loss = LossSpec { label_smoothing: smoothing };
    (spec.data.batch_size, spec.data.accumulation_steps) = (batch, EXAMPLES as u64 / batch);
    count_epoch(&mut spec, data);
    spec
}

fn set_weights(learner: &CandleLearner) {
    for (number, parameter) in learner.parameters().trained().iter().enumerate() {
        let value = |k: usize| ((k * 7 + number * 13) % 19) as f64 / 19.0 - 0.5;
        let values: Vec<f64> = (0..parameter.var.elem_count()).map(value).collect();
        parameter.var.set(&Tensor::from_vec(values, parameter.var.dims(), &Device::Cpu).unwrap()).unwrap();
    }
}

fn follow(case: &Case, batch: u64) {
    let close = |found: f64, expected: f64, what: &str| {
        let error = (found - expected).abs();
        assert!(error <= 1e-12, "smoothing {}, {what}: {found} instead of {expected}", case.smoothing);
    };
    let data = data();
    let mut learner = learner(&experiment(&data, case.smoothing, batch), &data);
    set_weights(&learner);
    let rows = train(&mut learner, 0.1, case.losses.len());
    rows.iter().zip(&case.losses).for_each(|(row, &loss)| close(row.loss, loss, "loss"));
    for (parameter, expected) in learner.parameters().trained().iter().zip(&case.weights) {
        let found = parameter.var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).for_each(|(&found, &expected)| close(found, expected, &parameter.name));
    }
    close(learner.evaluate(Subset::Train).unwrap().loss, case.evaluation, "evaluation");
}

#[test]
fn updates_follow_pytorch_and_evaluations_are_plain() {
    let vectors: Vectors = serde_json::from_str(include_str!("smoothing/pytorch.json")).unwrap();
    assert_eq!(vectors.cases.len(), 3);
    for case in &vectors.cases {
        assert!(case.losses.len() == 5 && case.weights.len() == 4);
        for batch in [20, 10, 5] {
            follow(case, batch);
        }
    }
}
