//! PyTorch's trajectories of SGD, Adam and `AdamW` (float64), step by step.
#![allow(clippy::unwrap_used, reason = "a vector that cannot be read fails the test")]

use std::path::PathBuf;

use candle_core::{Device, Tensor, Var};
use lrscope_runner::spec::{GroupSpec, OptimizerSpec};
use lrscope_schedule::{Point, Rates};
use lrscope_trainer::model::Parameter;
use lrscope_trainer::optimizer::Optimizer;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    optimizer: String,
    params: Map<String, Value>,
    init: Vec<f64>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    lr: f64,
    /// Momentum or beta1, where the case changes it from step to step.
    #[serde(alias = "beta1")]
    momentum: Option<f64>,
    grad: Vec<f64>,
    param: Vec<f64>,
}

fn vectors() -> Vectors {
    let copy = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let folder = std::env::var_os("LRSCOPE_CONFORMANCE_DIR").map_or_else(copy, PathBuf::from);
    let path = folder.join("optimizers.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The specification with the case's settings; the names are PyTorch's own.
fn specification(case: &Case) -> OptimizerSpec {
    let params = Value::Object(case.params.clone());
    serde_json::from_value(serde_json::json!({ case.optimizer.as_str(): params })).unwrap()
}

fn follow(case: &Case) {
    let device = Device::Cpu;
    let var = Var::from_slice(&case.init, case.init.len(), &device).unwrap();
    let parameter = Parameter { name: "weight".into(), var: var.clone() };
    let mut optimizer = Optimizer::new(&specification(case), &[GroupSpec::all()], &[parameter]).unwrap();
    for (number, step) in case.steps.iter().enumerate() {
        let rates = Rates(vec![Point { lr: step.lr, momentum: step.momentum }]);
        let gradient = Tensor::new(step.grad.as_slice(), &device).unwrap();
        optimizer.update(&rates, &[gradient]).unwrap();
        let found = var.to_vec1::<f64>().unwrap();
        assert_eq!(found.len(), step.param.len());
        for (found, expected) in found.iter().zip(&step.param) {
            let error = (found - expected).abs();
            assert!(error <= 1e-10, "{} step {number}: {found} instead of {expected}", case.name);
        }
    }
}

#[test]
fn conformance_of_optimizer_trajectories() {
    let vectors = vectors();
    assert!(!vectors.cases.is_empty());
    for case in &vectors.cases {
        assert!(!case.steps.is_empty(), "{}", case.name);
        follow(case);
    }
}
