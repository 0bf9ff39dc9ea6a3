//! Optimizer updates against closed forms and PyTorch's trajectories, by kernel and by twin.

mod support;

use candle_core::{DType, Device, Result, Tensor, Var};
use lrscope_kernels::{self as k, AdamOptions, AdamState, Isa, SgdOptions, SgdState, with_isa};
use serde_json::Value;
use support::{WAYS, Way, distance, isas, numbers, random};

const TOLERANCE: f64 = 1e-14;

/// Weights, optimizer state and the way in which they are updated.
struct Updated {
    way: Way,
    w: Var,
    sgd: SgdState,
    adam: AdamState,
}

impl Updated {
    fn new(way: Way, start: &Tensor) -> Result<Self> {
        let w = Var::from_tensor(&start.copy()?)?;
        Ok(Self { way, sgd: SgdState::default(), adam: AdamState::new(&w)?, w })
    }

    fn sgd(&mut self, grad: &Tensor, options: &SgdOptions) -> Result<f64> {
        match self.way {
            Way::Kernel => k::sgd_step(&self.w, grad, &mut self.sgd, options)?,
            Way::Twin => k::twin::sgd_step(&self.w, grad, &mut self.sgd, options)?,
        }
        Ok(numbers(&self.w)?[0])
    }

    fn adam(&mut self, grad: &Tensor, options: &AdamOptions) -> Result<f64> {
        match self.way {
            Way::Kernel => k::adam_step(&self.w, grad, &mut self.adam, options)?,
            Way::Twin => k::twin::adam_step(&self.w, grad, &mut self.adam, options)?,
        }
        Ok(numbers(&self.w)?[0])
    }
}

fn scalar(number: f64) -> Result<Tensor> {
    Tensor::from_vec(vec![number], 1, &Device::Cpu)
}

fn assert_close(got: f64, wanted: f64, place: &str) {
    assert!((got - wanted).abs() <= TOLERANCE * wanted.abs().max(1.0), "{place}: {got}, not {wanted}");
}

#[test]
fn sgd_under_a_constant_gradient() -> Result<()> {
    let (lr, momentum, dampening, grad): (f64, f64, f64, f64) = (0.1, 0.8, 0.25, 2.0);
    for (way, nesterov) in WAYS.into_iter().flat_map(|way| [false, true].map(|nesterov| (way, nesterov))) {
        let mut updated = Updated::new(way, &scalar(5.0)?)?;
        let options = SgdOptions { lr, momentum, dampening, nesterov, ..Default::default() };
        let mut wanted = 5.0;
        for done in 0..12 {
            // b after n + 1 updates: the first gradient undampened, the others as a geometric series.
            let old = momentum.powi(done);
            let buffer = grad * (old + (1.0 - dampening) * (1.0 - old) / (1.0 - momentum));
            wanted -= lr * if nesterov { grad + momentum * buffer } else { buffer };
            assert_close(
                updated.sgd(&scalar(grad)?, &options)?,
                wanted,
                &format!("{way:?}, nesterov {nesterov}, update {done}"),
            );
        }
    }
    Ok(())
}

#[test]
fn weight_decay_alone_is_geometric() -> Result<()> {
    for way in WAYS {
        let (mut sgd, mut adamw) = (Updated::new(way, &scalar(3.0)?)?, Updated::new(way, &scalar(3.0)?)?);
        for done in 1..10 {
            let options = SgdOptions { lr: 0.2, weight_decay: 0.5, ..Default::default() };
            assert_close(sgd.sgd(&scalar(0.0)?, &options)?, 3.0 * 0.9f64.powi(done), "sgd");
            let options = AdamOptions { lr: 0.2, weight_decay: 0.5, decoupled: true, ..Default::default() };
            assert_close(adamw.adam(&scalar(0.0)?, &options)?, 3.0 * 0.9f64.powi(done), "adamw");
        }
    }
    Ok(())
}

#[test]
fn adam_under_a_constant_gradient_steps_evenly() -> Result<()> {
    for (way, amsgrad) in WAYS.into_iter().flat_map(|way| [false, true].map(|amsgrad| (way, amsgrad))) {
        let mut updated = Updated::new(way, &scalar(1.0)?)?;
        let options = AdamOptions { lr: 0.01, eps: 0.5, amsgrad, ..Default::default() };
        for done in 1..10 {
            // Both corrected means are those of the one gradient. amsgrad's largest v is the last, as v grows.
            let wanted = 1.0 - f64::from(done) * 0.01 * 2.0 / (2.0 + 0.5);
            let got = updated.adam(&scalar(2.0)?, &options)?;
            assert!((got - wanted).abs() < 1e-12, "{way:?}, amsgrad {amsgrad}, update {done}: {got}, not {wanted}");
        }
        assert_eq!(updated.adam.step, 9);
    }
    Ok(())
}

#[test]
fn amsgrad_remembers_the_largest_square() -> Result<()> {
    let (beta1, beta2): (f64, f64) = (0.9, 0.5);
    for way in WAYS {
        let mut updated = Updated::new(way, &scalar(0.0)?)?;
        let options = AdamOptions { lr: 1.0, beta1, beta2, eps: 0.0, amsgrad: true, ..Default::default() };
        assert_close(updated.adam(&scalar(4.0)?, &options)?, -1.0, "first update");
        // v has halved, its largest has not; m = beta1 (1 - beta1) 4.
        let mean = beta1 * (1.0 - beta1) * 4.0 / (1.0 - beta1 * beta1);
        let spread = ((1.0 - beta2) * 16.0).sqrt() / (1.0 - beta2 * beta2).sqrt();
        assert_close(updated.adam(&scalar(0.0)?, &options)?, -1.0 - mean / spread, "second update");
    }
    Ok(())
}

fn tensor(value: &Value) -> Result<Tensor> {
    let data: Vec<f64> =
        value["data"].as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect();
    Tensor::from_vec(data.clone(), data.len(), &Device::Cpu)
}

fn follow(case: &Value, way: Way) -> Result<()> {
    let options = &case["options"];
    let number = |key: &str, otherwise: f64| options[key].as_f64().unwrap_or(otherwise);
    let flag = |key: &str| options[key].as_bool().unwrap_or(false);
    let beta = |index: usize, otherwise: f64| options["betas"][index].as_f64().unwrap_or(otherwise);
    let sgd = SgdOptions {
        lr: number("lr", 0.0),
        momentum: number("momentum", 0.0),
        dampening: number("dampening", 0.0),
        weight_decay: number("weight_decay", 0.0),
        nesterov: flag("nesterov"),
    };
    let adam = AdamOptions {
        lr: number("lr", 0.0),
        beta1: beta(0, 0.9),
        beta2: beta(1, 0.999),
        eps: number("eps", 1e-8),
        weight_decay: number("weight_decay", 0.0),
        decoupled: case["op"] == "adamw",
        amsgrad: flag("amsgrad"),
    };
    let mut updated = Updated::new(way, &tensor(&case["start"])?)?;
    let (grads, weights) = (case["grads"].as_array().expect("a list"), case["weights"].as_array().expect("a list"));
    for (index, (grad, wanted)) in grads.iter().zip(weights).enumerate() {
        let grad = tensor(grad)?;
        if case["op"] == "sgd" {
            updated.sgd(&grad, &sgd)?
        } else {
            updated.adam(&grad, &adam)?
        };
        let error = distance(&updated.w, &tensor(wanted)?)?;
        assert!(error <= TOLERANCE, "{} {options}, {way:?}, update {index}: off by {error}", case["op"]);
    }
    Ok(())
}

#[test]
fn trajectories_are_pytorchs() -> Result<()> {
    let vectors: Value = serde_json::from_str(include_str!("vectors/pytorch.json")).expect("the file is JSON");
    let cases = vectors["trajectories"].as_array().expect("a list");
    assert!(cases.len() >= 10);
    for (case, way) in cases.iter().flat_map(|case| WAYS.map(|way| (case, way))) {
        follow(case, way)?;
    }
    Ok(())
}

/// Every path and number of threads gives the same bits: no sums are involved.
#[test]
fn bits_depend_on_nothing() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        let (start, grad) = (random(&[300_001], 1)?.to_dtype(dtype)?, random(&[300_001], 2)?.to_dtype(dtype)?);
        let after = |isa: Isa, threads: usize| -> Result<Vec<u64>> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let work = || -> Result<Vec<u64>> {
                let mut updated = Updated::new(Way::Kernel, &start)?;
                for _ in 0..3 {
                    updated
                        .sgd(&grad, &SgdOptions { lr: 0.1, momentum: 0.9, weight_decay: 0.01, ..Default::default() })?;
                    updated.adam(&grad, &AdamOptions { amsgrad: true, weight_decay: 0.01, ..Default::default() })?;
                }
                Ok(numbers(&updated.w)?.into_iter().map(f64::to_bits).collect())
            };
            pool.install(|| with_isa(isa, work)).expect("available")
        };
        let wanted = after(Isa::Portable, 1)?;
        for isa in isas() {
            assert!(after(isa, 1)? == wanted && after(isa, 2)? == wanted, "{isa}, {dtype:?}");
        }
    }
    Ok(())
}

#[test]
fn a_gradient_may_be_the_weights_themselves_or_lie_anyhow() -> Result<()> {
    let mut updated = Updated::new(Way::Kernel, &random(&[3, 4], 1)?)?;
    let itself = updated.w.as_tensor().clone();
    let before = numbers(&updated.w)?;
    updated.sgd(&itself, &SgdOptions { lr: 0.5, ..Default::default() })?;
    let halved: Vec<f64> = before.iter().map(|w| w - 0.5 * w).collect();
    assert_eq!(numbers(&updated.w)?, halved);

    let turned = random(&[4, 3], 2)?.t()?;
    let (mut one, mut other) =
        (Updated::new(Way::Kernel, &random(&[3, 4], 3)?)?, Updated::new(Way::Twin, &random(&[3, 4], 3)?)?);
    one.adam(&turned, &AdamOptions::default())?;
    other.adam(&turned, &AdamOptions::default())?;
    assert!(distance(&one.w, &other.w)? <= TOLERANCE);
    Ok(())
}
