//! Saving and loading: the bits of a run that was never interrupted, and errors for what is no state of this run.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use fixture::{bits, dropping, learner, mlp, pictures, spec, train};
use lrscope_runner::learner::{Learner, State};
use lrscope_runner::spec::{Adam, FloatType, ModelSpec, OptimizerSpec, RunSpec, Sgd};
use lrscope_schedule::{Point, Rates};
use proptest::prelude::*;

fn variants() -> Vec<RunSpec> {
    let data = pictures(1, 16, 70, 1);
    let sgd = OptimizerSpec::Sgd(Sgd { momentum: 0.9, nesterov: true, weight_decay: 1e-3, ..Sgd::default() });
    let adamw = OptimizerSpec::Adamw(Adam { weight_decay: 0.1, amsgrad: true, ..Adam::default() });
    let plain = OptimizerSpec::Sgd(Sgd { momentum: 0.0, ..Sgd::default() });
    let mut variants = Vec::new();
    for optimizer in [sgd, adamw, OptimizerSpec::Adam(Adam::default()), plain] {
        for dtype in [FloatType::F32, FloatType::F64] {
            for model in [mlp(&[8]), dropping(), ModelSpec::Lenet {}, ModelSpec::Resnet9 { width: 3 }] {
                let mut spec = spec(&data, model);
                (spec.optimizer, spec.dtype) = (optimizer.clone(), dtype);
                variants.push(spec);
            }
        }
    }
    variants
}

#[test]
fn a_resumed_run_has_the_bits_of_one_that_never_stopped() {
    let data = pictures(1, 16, 70, 1);
    for spec in variants() {
        for first in [0, 1, 4] {
            let mut whole = learner(&spec, &data);
            let mut rows = train(&mut whole, 0.01, 7);
            let mut stopped = learner(&spec, &data);
            train(&mut stopped, 0.01, first);
            let state = stopped.save().unwrap();
            // What the first learner does afterwards must not reach into what it saved.
            train(&mut stopped, 0.01, 2);

            let mut other = spec.clone();
            other.seed.number = 5;
            let mut resumed = learner(&spec, &data);
            train(&mut resumed, 0.3, 2);
            resumed.load(&state).unwrap();
            assert_eq!(resumed.steps_done(), first as u64);
            let rest = train(&mut resumed, 0.01, 7 - first);
            let expected = bits(&rows.split_off(first), &whole.save().unwrap());
            assert!(bits(&rest, &resumed.save().unwrap()) == expected, "{:?} from {first}", spec.optimizer);
        }
    }
}

#[test]
fn what_was_saved_is_what_was_loaded() {
    let data = pictures(1, 16, 70, 1);
    for spec in variants() {
        let mut one = learner(&spec, &data);
        train(&mut one, 0.01, 3);
        let state = one.save().unwrap();
        let mut two = learner(&spec, &data);
        two.load(&state).unwrap();
        assert_eq!(two.save().unwrap(), state);
    }
}

/// A schedule may bring momentum in after updates without it: then there is no buffer yet, and none is invented.
#[test]
fn a_buffer_that_was_not_there_yet_stays_away() {
    let data = pictures(1, 8, 70, 1);
    let mut spec = spec(&data, mlp(&[8]));
    spec.optimizer = OptimizerSpec::Sgd(Sgd { momentum: 0.9, dampening: 0.5, ..Sgd::default() });
    let steps: Vec<_> =
        [0.0, 0.0, 0.5, 0.0, 0.9].map(|momentum| Rates(vec![Point { lr: 0.1, momentum: Some(momentum) }])).into();
    for first in 0..steps.len() {
        let mut whole = learner(&spec, &data);
        whole.advance(&steps, spec.probes).unwrap();
        let mut parts = learner(&spec, &data);
        parts.advance(&steps[..first], spec.probes).unwrap();
        let state = parts.save().unwrap();
        let mut resumed = learner(&spec, &data);
        resumed.load(&state).unwrap();
        resumed.advance(&steps[first..], spec.probes).unwrap();
        assert_eq!(resumed.save().unwrap(), whole.save().unwrap(), "{first}");
    }
}

fn small(optimizer: OptimizerSpec) -> (RunSpec, State) {
    let data = pictures(1, 8, 70, 1);
    let mut spec = spec(&data, mlp(&[8]));
    (spec.optimizer, spec.steps) = (optimizer, 100);
    let mut learner = learner(&spec, &data);
    train(&mut learner, 0.1, 3);
    (spec, learner.save().unwrap())
}

fn adam() -> OptimizerSpec {
    OptimizerSpec::Adam(Adam { amsgrad: true, ..Adam::default() })
}

#[test]
fn states_that_do_not_fit_are_refused_by_blob_and_tensor() {
    let data = pictures(1, 8, 70, 1);
    let (good, state) = small(adam());
    let (_, without_amsgrad) = small(OptimizerSpec::Adam(Adam::default()));
    let (_, of_sgd) = small(OptimizerSpec::Sgd(Sgd::default()));
    let refused = |spec: &RunSpec, state: &State, part: &str| {
        let mut learner = learner(spec, &data);
        let before = learner.save().unwrap();
        let error = learner.load(state).unwrap_err().to_string();
        assert!(error.starts_with("loading a state: ") && error.contains(part), "{error}");
        assert_eq!(learner.save().unwrap(), before, "a refused state changed the learner");
    };
    let changed = |blob: &str, bytes: &[u8]| {
        let mut state = state.clone();
        state.insert(blob.into(), bytes.to_vec());
        state
    };
    for blob in state.keys() {
        let mut less = state.clone();
        less.remove(blob);
        refused(&good, &less, &format!("blob {blob:?} is missing"));
        refused(&good, &changed(blob, b""), &format!("blob {blob:?} is damaged"));
        refused(&good, &changed(blob, &[0xff; 64]), &format!("blob {blob:?} is damaged"));
    }
    refused(&good, &changed("notes.txt", b""), "blob \"notes.txt\" is unknown");
    refused(&good, &changed("progress.json", br#"{"version":2,"step":3}"#), "version 2");
    refused(&good, &changed("progress.json", br#"{"version":1,"step":101}"#), "step 101, but the run has 100");
    refused(&good, &changed("progress.json", br#"{"version":1,"step":-1}"#), "damaged");
    refused(&good, &without_amsgrad, "tensor \"max_exp_avg_sq/fc1.weight\" is missing");
    refused(&good, &of_sgd, "tensor \"exp_avg/fc1.weight\" is missing");
    let mut other = good.clone();
    other.optimizer = OptimizerSpec::Adam(Adam::default());
    refused(&other, &state, "this run has no tensor \"max_exp_avg_sq/fc1.bias\"");
    other = good.clone();
    other.model = mlp(&[9]);
    refused(&other, &state, "tensor \"fc1.weight\" is F64 [8, 64], but this run needs F64 [9, 64]");
    other.model = mlp(&[8, 8]);
    refused(&other, &state, "tensor \"fc2.weight\" is F64 [10, 8], but this run needs F64 [8, 8]");
    other = good.clone();
    other.dtype = FloatType::F32;
    refused(&other, &state, "tensor \"fc1.weight\" is F64 [8, 64], but this run needs F32 [8, 64]");
    other = good.clone();
    other.model = mlp(&[]);
    refused(&other, &state, "tensor \"fc1.weight\"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_bytes_never_panic(blob in 0_usize..3, cut in 0.0..1.0_f64, place in 0.0..1.0_f64, byte: u8, truncate: bool) {
        let data = pictures(1, 8, 70, 1);
        let (spec, mut state) = small(adam());
        let bytes = state.values_mut().nth(blob).unwrap();
        if truncate {
            let kept = (bytes.len() as f64 * cut) as usize;
            bytes.truncate(kept);
        }
        if !bytes.is_empty() {
            // Headers come first, and are what can go wrong.
            let last = bytes.len().min(600) as f64;
            bytes[(place * last) as usize] = byte;
        }
        // Either way is right: a changed weight is a weight. What matters is that it is decided without a panic.
        let _ = learner(&spec, &data).load(&state);
    }
}
