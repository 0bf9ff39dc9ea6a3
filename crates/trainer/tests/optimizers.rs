//! Optimizers against PyTorch's formulas written out for one number, with settings that change from step to step.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

use candle_core::{Device, Tensor, Var};
use lrscope_runner::spec::{Adam, GroupSpec, OptimizerSpec, Sgd};
use lrscope_schedule::{Point, Rates};
use lrscope_trainer::model::Parameter;
use lrscope_trainer::optimizer::Optimizer;
use proptest::prelude::*;

/// One update: rate, momentum (or beta1) where the schedule sets it, gradient.
type Step = (f64, Option<f64>, f64);

/// What the optimizer makes of a weight that starts at 0.5, in a group with this factor on the decay.
fn trajectory(spec: &OptimizerSpec, weight_decay_mult: f64, steps: &[Step]) -> Vec<f64> {
    let var = Var::from_vec(vec![0.5_f64], 1, &Device::Cpu).unwrap();
    let parameter = Parameter { name: "w".into(), var: var.clone() };
    let group = GroupSpec { weight_decay_mult, ..GroupSpec::all() };
    let mut optimizer = Optimizer::new(spec, &[group], &[parameter]).unwrap();
    let update = |&(lr, momentum, gradient): &Step| {
        let gradient = Tensor::from_vec(vec![gradient], 1, &Device::Cpu).unwrap();
        optimizer.update(&Rates(vec![Point { lr, momentum }]), &[gradient]).unwrap();
        var.to_vec1::<f64>().unwrap()[0]
    };
    steps.iter().map(update).collect()
}

/// `torch/optim/sgd.py`, `_single_tensor_sgd`.
fn sgd_by_definition(sgd: &Sgd, decay: f64, steps: &[Step]) -> Vec<f64> {
    let (mut w, mut buffer) = (0.5, None);
    let update = |&(lr, momentum, gradient): &Step| {
        let momentum = momentum.unwrap_or(sgd.momentum);
        let mut d = gradient + decay * w;
        if momentum != 0.0 {
            let next = buffer.map_or(d, |old: f64| momentum * old + (1.0 - sgd.dampening) * d);
            buffer = Some(next);
            d = if sgd.nesterov { d + momentum * next } else { next };
        }
        w -= lr * d;
        w
    };
    steps.iter().map(update).collect()
}

/// `torch/optim/adam.py`, `_single_tensor_adam`; `decoupled` makes it `AdamW`.
fn adam_by_definition(adam: &Adam, decay: f64, decoupled: bool, steps: &[Step]) -> Vec<f64> {
    let (mut w, mut m, mut v, mut largest, mut t) = (0.5, 0.0, 0.0, 0.0_f64, 0);
    let update = |&(lr, momentum, gradient): &Step| {
        let (beta1, beta2) = (momentum.unwrap_or(adam.betas.0), adam.betas.1);
        t += 1;
        let mut g = gradient;
        if decoupled {
            w *= 1.0 - lr * decay;
        } else {
            g += decay * w;
        }
        m = beta1 * m + (1.0 - beta1) * g;
        v = beta2 * v + (1.0 - beta2) * g * g;
        largest = largest.max(v);
        let spread: f64 = if adam.amsgrad { largest } else { v };
        let denominator = spread.sqrt() / (1.0 - beta2.powi(t)).sqrt() + adam.eps;
        w -= lr / (1.0 - beta1.powi(t)) * m / denominator;
        w
    };
    steps.iter().map(update).collect()
}

fn agree(found: &[f64], expected: &[f64]) -> Result<(), TestCaseError> {
    for (step, (found, expected)) in found.iter().zip(expected).enumerate() {
        let scale = expected.abs().max(1.0);
        prop_assert!((found - expected).abs() <= 1e-10 * scale, "step {step}: {found} instead of {expected}");
    }
    prop_assert_eq!(found.len(), expected.len());
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Momentum of exactly 0 among the rest: a schedule may switch it off and on.
    let momentum = prop_oneof![Just(None), Just(Some(0.0)), (0.0..0.99).prop_map(Some)];
    prop::collection::vec((0.0..0.2, momentum, -2.0..2.0), 1..20)
}

proptest! {
    #[test]
    fn sgd_is_pytorch_s(
        steps in steps(),
        momentum in prop_oneof![Just(0.0), 0.01..0.99],
        dampening in prop_oneof![Just(0.0), 0.0..1.0],
        nesterov: bool,
        (weight_decay, mult) in (0.0..0.5, 0.0..3.0),
    ) {
        let nesterov = nesterov && momentum > 0.0;
        let dampening = if nesterov { 0.0 } else { dampening };
        let sgd = Sgd { momentum, dampening, nesterov, weight_decay };
        let found = trajectory(&OptimizerSpec::Sgd(sgd.clone()), mult, &steps);
        agree(&found, &sgd_by_definition(&sgd, weight_decay * mult, &steps))?;
    }

    #[test]
    fn adam_and_adamw_are_pytorch_s(
        steps in steps(),
        betas in (0.0..0.99, 0.0..0.999),
        amsgrad: bool,
        decoupled: bool,
        (weight_decay, mult) in (0.0..0.5, 0.0..3.0),
    ) {
        let adam = Adam { betas, eps: 1e-8, weight_decay, amsgrad };
        let spec = if decoupled { OptimizerSpec::Adamw(adam.clone()) } else { OptimizerSpec::Adam(adam.clone()) };
        let found = trajectory(&spec, mult, &steps);
        agree(&found, &adam_by_definition(&adam, weight_decay * mult, decoupled, &steps))?;
    }
}
