//! Random tensors and comparisons that several tests share.
#![allow(dead_code, reason = "every test binary uses some of these")]

use candle_core::{Device, Result, Tensor, Var};
use lrscope_kernels as k;

/// The paths to test: all that run here, or only the one that `LRSCOPE_TEST_ISA` names. An emulated processor takes hours for all.
pub fn isas() -> Vec<k::Isa> {
    let Ok(wanted) = std::env::var("LRSCOPE_TEST_ISA") else { return k::Isa::available() };
    let isa = wanted.parse().expect("LRSCOPE_TEST_ISA");
    assert!(k::Isa::available().contains(&isa), "LRSCOPE_TEST_ISA is {isa}, which this processor lacks");
    vec![isa]
}

/// Both ways of computing every operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Kernel,
    Twin,
}

pub const WAYS: [Way; 2] = [Way::Kernel, Way::Twin];

/// An operation with its parameters, as data.
#[derive(Debug, Clone, Copy)]
pub enum Op {
    Conv2d(k::Conv2dParams),
    MaxPool2d(k::Pool2dParams),
    AvgPool2d(k::Pool2dParams),
    Relu,
    Flatten,
    Linear,
    Matmul,
    CrossEntropy(&'static [u32]),
    BatchNorm {
        relu: bool,
        /// With [`running`] statistics instead of the batch's own.
        fixed: bool,
    },
    Add,
    AddRelu,
    SmoothedCrossEntropy(&'static [u32], f64),
    /// With every third and every fourth number dropped.
    Dropout(f64),
    LocalResponseNorm(k::LocalResponseNormParams),
    Subsample2d {
        stride: usize,
        channels: usize,
    },
}

/// Flags that stand for drawn ones (in `vectors/make.py`, too).
pub fn kept(count: usize) -> Vec<bool> {
    (0..count).map(|index| index % 3 != 1 && index % 4 != 2).collect()
}

pub fn lrn(region: k::LrnRegion, size: usize, alpha: f64, beta: f64, k: f64) -> k::LocalResponseNormParams {
    k::LocalResponseNormParams { region, size, alpha, beta, k }
}

/// Mean and variance that stand for running ones (in `vectors/make.py`, too).
pub fn running(channels: usize) -> Result<[Var; 2]> {
    let made = |start: f64, step: f64| {
        let numbers: Vec<f64> = (0..channels).map(|channel| start + step * channel as f64).collect();
        Var::from_vec(numbers, channels, &Device::Cpu)
    };
    Ok([made(-0.25, 0.125)?, made(0.5, 0.25)?])
}

fn batch_norm(way: Way, inputs: &[Tensor], relu: bool, fixed: bool) -> Result<Tensor> {
    let params = k::BatchNormParams { relu, ..k::BatchNormParams::default() };
    let [x, weight, bias] = [&inputs[0], &inputs[1], &inputs[2]];
    let [mean, var] = running(x.dims()[1])?;
    let cast = |var: &Var| Var::from_tensor(&var.to_dtype(x.dtype())?);
    let (mean, var) = (cast(&mean)?, cast(&var)?);
    let running = k::RunningStatistics { mean: &mean, var: &var };
    match (way, fixed) {
        (Way::Kernel, true) => k::batch_norm2d(x, weight, bias, k::Statistics::Running(running), params),
        (Way::Kernel, false) => {
            let statistics = k::Statistics::Batch { running: Some(running), momentum: 0.1 };
            k::batch_norm2d(x, weight, bias, statistics, params)
        }
        (Way::Twin, true) => k::twin::batch_norm2d_eval(x, weight, bias, running, params),
        (Way::Twin, false) => Ok(k::twin::batch_norm2d_train(x, weight, bias, params)?.0),
    }
}

impl Op {
    pub fn apply(self, way: Way, inputs: &[Tensor]) -> Result<Tensor> {
        let bias = inputs.get(2);
        match (self, way) {
            (Self::Conv2d(params), Way::Kernel) => k::conv2d(&inputs[0], &inputs[1], bias, params),
            (Self::Conv2d(params), Way::Twin) => k::twin::conv2d(&inputs[0], &inputs[1], bias, params),
            (Self::MaxPool2d(params), Way::Kernel) => k::max_pool2d(&inputs[0], params),
            (Self::MaxPool2d(params), Way::Twin) => k::twin::max_pool2d(&inputs[0], params),
            (Self::AvgPool2d(params), Way::Kernel) => k::avg_pool2d(&inputs[0], params),
            (Self::AvgPool2d(params), Way::Twin) => k::twin::avg_pool2d(&inputs[0], params),
            (Self::Relu, Way::Kernel) => k::relu(&inputs[0]),
            (Self::Relu, Way::Twin) => k::twin::relu(&inputs[0]),
            (Self::Flatten, Way::Kernel) => k::flatten(&inputs[0]),
            (Self::Flatten, Way::Twin) => inputs[0].flatten_from(1),
            (Self::Linear, Way::Kernel) => k::linear(&inputs[0], &inputs[1], bias),
            (Self::Linear, Way::Twin) => k::twin::linear(&inputs[0], &inputs[1], bias),
            (Self::Matmul, Way::Kernel) => k::matmul(&inputs[0], &inputs[1]),
            (Self::Matmul, Way::Twin) => k::twin::matmul(&inputs[0], &inputs[1]),
            (Self::BatchNorm { relu, fixed }, way) => batch_norm(way, inputs, relu, fixed),
            (Self::SmoothedCrossEntropy(labels, smoothing), way) => {
                let labels = Tensor::new(labels, &Device::Cpu)?;
                match way {
                    Way::Kernel => k::cross_entropy_smoothed(&inputs[0], &labels, smoothing),
                    Way::Twin => k::twin::cross_entropy_smoothed(&inputs[0], &labels, smoothing),
                }
            }
            (Self::Dropout(p), Way::Kernel) => k::dropout(&inputs[0], kept(inputs[0].elem_count()), p),
            (Self::Dropout(p), Way::Twin) => k::twin::dropout(&inputs[0], &kept(inputs[0].elem_count()), p),
            (Self::LocalResponseNorm(params), Way::Kernel) => k::local_response_norm(&inputs[0], params),
            (Self::LocalResponseNorm(params), Way::Twin) => k::twin::local_response_norm(&inputs[0], params),
            (Self::Subsample2d { stride, channels }, Way::Kernel) => k::subsample2d(&inputs[0], stride, channels),
            (Self::Subsample2d { stride, channels }, Way::Twin) => k::twin::subsample2d(&inputs[0], stride, channels),
            (Self::Add, Way::Kernel) => k::add(&inputs[0], &inputs[1]),
            (Self::Add, Way::Twin) => &inputs[0] + &inputs[1],
            (Self::AddRelu, Way::Kernel) => k::add_relu(&inputs[0], &inputs[1]),
            (Self::AddRelu, Way::Twin) => k::twin::add_relu(&inputs[0], &inputs[1]),
            (Self::CrossEntropy(labels), Way::Kernel) => {
                k::cross_entropy(&inputs[0], &Tensor::new(labels, &Device::Cpu)?)
            }
            (Self::CrossEntropy(labels), Way::Twin) => {
                k::twin::cross_entropy(&inputs[0], &Tensor::new(labels, &Device::Cpu)?)
            }
        }
    }
}

/// Result and gradients of Σ op(inputs) · upstream.
pub fn run(op: Op, way: Way, inputs: &[Tensor], upstream: &Tensor) -> Result<(Tensor, Vec<Tensor>)> {
    let vars = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<_>>>()?;
    let inputs: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let output = op.apply(way, &inputs)?;
    // By candle's own way back, through its sum and product.
    let grads = (&output * upstream)?.sum_all()?.backward()?;
    let of = |var: &Var| grads.get(var).cloned().map_or_else(|| var.zeros_like(), Ok);
    Ok((output.detach(), vars.iter().map(of).collect::<Result<_>>()?))
}

/// Numbers between −1 and 1 that repeat only after long.
pub fn noise(len: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1u32 << 23) - 1.0
    };
    (0..len).map(|_| next()).collect()
}

pub fn random(dims: &[usize], seed: u64) -> Result<Tensor> {
    Tensor::from_vec(noise(dims.iter().product(), seed), dims, &Device::Cpu)
}

pub fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor.to_dtype(candle_core::DType::F64)?.flatten_all()?.to_vec1()
}

/// Largest difference, in units of the largest of 1 and the numbers' own size.
pub fn distance(left: &Tensor, right: &Tensor) -> Result<f64> {
    assert_eq!(left.dims(), right.dims());
    let pairs = numbers(left)?.into_iter().zip(numbers(right)?);
    // NaN on both sides is agreement, on one side it is not.
    let apart = |(l, r): (f64, f64)| {
        if l.to_bits() == r.to_bits() || (l.is_nan() && r.is_nan()) {
            0.0
        } else {
            (l - r).abs() / l.abs().max(r.abs()).max(1.0)
        }
    };
    Ok(pairs.map(apart).fold(0.0, |most, apart| if apart.is_nan() { f64::INFINITY } else { most.max(apart) }))
}
