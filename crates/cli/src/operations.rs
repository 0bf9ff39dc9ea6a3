//! Every operation of the kernels on this machine against its twin in f64 on the CPU.

use anyhow::{Result, anyhow};
use candle_core::{DType, Device, Result as Computed, Tensor, Var};
use lrscope_kernels::{self as kernels, AdamOptions, AdamState, Isa, SgdOptions, SgdState, twin, with_isa};
use lrscope_kernels::{BatchNormParams, Conv2dParams, Pool2dParams, RunningStatistics, Statistics};
use lrscope_runner::spec::DeviceClass;
use serde::Serialize;

use crate::exit::bad_input;

/// An operation, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The operation with its parameters.
    pub operation: &'static str,
    /// Instruction set path, or the device.
    pub path: String,
    /// `f32` or `f64`.
    pub dtype: &'static str,
    /// Largest difference of the result or a gradient, over the largest number in it (1 at least).
    pub error: f64,
    /// Largest difference allowed.
    pub tolerance: f64,
    /// Whether it is within.
    pub right: bool,
}

/// Over the depths of these cases, sums in f32 differ by some dozen units in the last place (6e-8).
const F32_TOLERANCE: f64 = 2e-5;
/// The same in f64 (1e-16), with room for a variance's cancellation.
const F64_TOLERANCE: f64 = 1e-11;

type Apply = fn(&[Tensor]) -> Computed<Tensor>;

/// An operation, its twin, and the shapes of their inputs.
struct Case {
    name: &'static str,
    shapes: &'static [&'static [usize]],
    kernel: Apply,
    twin: Apply,
}

const CONV: Conv2dParams = Conv2dParams { stride: 1, padding: 2 };
const STRIDED: Conv2dParams = Conv2dParams { stride: 2, padding: 1 };
const OVERLAPPING: Pool2dParams = Pool2dParams { kernel: 3, stride: 2, padding: 0, ceil_mode: true };
const PADDED: Pool2dParams = Pool2dParams { kernel: 3, stride: 2, padding: 1, ceil_mode: false };
const NORM: BatchNormParams = BatchNormParams { eps: 1e-5, relu: false };
const NORM_RELU: BatchNormParams = BatchNormParams { eps: 1e-5, relu: true };

const CASES: [Case; 14] = [
    Case {
        name: "conv2d 5×5, padding 2",
        shapes: &[&[3, 3, 13, 12], &[7, 3, 5, 5], &[7]],
        kernel: |x| kernels::conv2d(&x[0], &x[1], Some(&x[2]), CONV),
        twin: |x| twin::conv2d(&x[0], &x[1], Some(&x[2]), CONV),
    },
    Case {
        name: "conv2d 3×3, stride 2",
        shapes: &[&[2, 16, 9, 9], &[33, 16, 3, 3]],
        kernel: |x| kernels::conv2d(&x[0], &x[1], None, STRIDED),
        twin: |x| twin::conv2d(&x[0], &x[1], None, STRIDED),
    },
    Case {
        name: "max_pool2d 3×3, stride 2, ceil",
        shapes: &[&[2, 5, 12, 12]],
        kernel: |x| kernels::max_pool2d(&x[0], OVERLAPPING),
        twin: |x| twin::max_pool2d(&x[0], OVERLAPPING),
    },
    Case {
        name: "max_pool2d 2×2",
        shapes: &[&[2, 5, 9, 8]],
        kernel: |x| kernels::max_pool2d(&x[0], Pool2dParams::tiles(2)),
        twin: |x| twin::max_pool2d(&x[0], Pool2dParams::tiles(2)),
    },
    Case {
        name: "avg_pool2d 3×3, stride 2, padding 1",
        shapes: &[&[2, 5, 11, 12]],
        kernel: |x| kernels::avg_pool2d(&x[0], PADDED),
        twin: |x| twin::avg_pool2d(&x[0], PADDED),
    },
    Case { name: "relu", shapes: &[&[7, 129]], kernel: |x| kernels::relu(&x[0]), twin: |x| twin::relu(&x[0]) },
    Case {
        name: "flatten",
        shapes: &[&[3, 4, 5, 6]],
        kernel: |x| kernels::flatten(&x[0]),
        twin: |x| x[0].flatten_from(1),
    },
    Case {
        name: "linear",
        shapes: &[&[33, 70], &[19, 70], &[19]],
        kernel: |x| kernels::linear(&x[0], &x[1], Some(&x[2])),
        twin: |x| twin::linear(&x[0], &x[1], Some(&x[2])),
    },
    Case {
        name: "matmul",
        shapes: &[&[37, 65], &[65, 41]],
        kernel: |x| kernels::matmul(&x[0], &x[1]),
        twin: |x| twin::matmul(&x[0], &x[1]),
    },
    Case {
        name: "cross_entropy",
        shapes: &[&[23, 10]],
        kernel: |x| kernels::cross_entropy(&x[0], &labels(&x[0])?),
        twin: |x| twin::cross_entropy(&x[0], &labels(&x[0])?),
    },
    Case {
        name: "batch_norm2d, training",
        shapes: &[&[4, 6, 5, 7], &[6], &[6]],
        kernel: |x| {
            let statistics = Statistics::Batch { running: None, momentum: 0.1 };
            kernels::batch_norm2d(&x[0], &x[1], &x[2], statistics, NORM)
        },
        twin: |x| Ok(twin::batch_norm2d_train(&x[0], &x[1], &x[2], NORM)?.0),
    },
    Case {
        name: "batch_norm2d and relu, evaluation",
        shapes: &[&[4, 6, 5, 7], &[6], &[6]],
        kernel: |x| {
            let [mean, var] = running(&x[0])?;
            let statistics = Statistics::Running(RunningStatistics { mean: &mean, var: &var });
            kernels::batch_norm2d(&x[0], &x[1], &x[2], statistics, NORM_RELU)
        },
        twin: |x| {
            let [mean, var] = running(&x[0])?;
            twin::batch_norm2d_eval(&x[0], &x[1], &x[2], RunningStatistics { mean: &mean, var: &var }, NORM_RELU)
        },
    },
    Case {
        name: "add",
        shapes: &[&[3, 5, 7], &[3, 5, 7]],
        kernel: |x| kernels::add(&x[0], &x[1]),
        twin: |x| &x[0] + &x[1],
    },
    Case {
        name: "add_relu",
        shapes: &[&[3, 5, 7], &[3, 5, 7]],
        kernel: |x| kernels::add_relu(&x[0], &x[1]),
        twin: |x| twin::add_relu(&x[0], &x[1]),
    },
];

/// Checks every operation on a device: on the CPU each instruction set path that it has, in f32 and f64.
pub fn check(name: &str) -> Result<Vec<Checked>> {
    let (class, device) =
        lrscope_trainer::parse_device(name).map_err(|error| bad_input(anyhow!("--device: {error}")))?;
    let types: &[(DType, &'static str)] = match class {
        DeviceClass::Metal => &[(DType::F32, "f32")],
        DeviceClass::Cpu | DeviceClass::Cuda => &[(DType::F32, "f32"), (DType::F64, "f64")],
    };
    let mut checked = Vec::new();
    if class != DeviceClass::Cpu {
        for dtype in types {
            all(name, &device, *dtype, &mut checked);
        }
        return Ok(checked);
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    kernels::start_workers(threads)?;
    for isa in Isa::available() {
        with_isa(isa, || types.iter().for_each(|dtype| all(&isa.to_string(), &device, *dtype, &mut checked)))?;
    }
    Ok(checked)
}

fn all(path: &str, device: &Device, (dtype, name): (DType, &'static str), checked: &mut Vec<Checked>) {
    let tolerance = if dtype == DType::F32 { F32_TOLERANCE } else { F64_TOLERANCE };
    let mut add = |operation, error: Computed<f64>| {
        // What cannot be computed at all is wrong by any measure.
        let error = error.unwrap_or(f64::INFINITY);
        let right = error <= tolerance;
        checked.push(Checked { operation, path: path.into(), dtype: name, error, tolerance, right });
    };
    for case in &CASES {
        add(case.name, one(case, device, dtype));
    }
    for (update, apply) in UPDATES {
        add(update, updates(apply, device, dtype));
    }
}

/// The largest difference of a case's result and gradients from its twin's in f64.
fn one(case: &Case, device: &Device, dtype: DType) -> Computed<f64> {
    let inputs = case.shapes.iter().zip(1..).map(|(shape, seed)| noise(shape, seed)).collect::<Computed<Vec<_>>>()?;
    let expected = outputs(case.twin, &inputs, &Device::Cpu, DType::F64)?;
    let found = outputs(case.kernel, &inputs, device, dtype)?;
    found.iter().zip(&expected).try_fold(0.0, |worst: f64, (found, expected)| Ok(worst.max(distance(found, expected)?)))
}

/// The result of an operation, and the gradients of Σ result · noise with respect to each input.
fn outputs(apply: Apply, inputs: &[Tensor], device: &Device, dtype: DType) -> Computed<Vec<Tensor>> {
    let there = |tensor: &Tensor| tensor.to_dtype(dtype)?.to_device(device);
    let vars = inputs.iter().map(|input| Var::from_tensor(&there(input)?)).collect::<Computed<Vec<_>>>()?;
    let given: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let result = apply(&given)?;
    let upstream = there(&noise(result.dims(), 99)?)?;
    let gradients = kernels::backward(&(&result * upstream)?.sum_all()?)?;
    let gradient = |var: &Var| gradients.get(var).cloned().map_or_else(|| var.zeros_like(), Ok);
    std::iter::once(Ok(result.clone())).chain(vars.iter().map(gradient)).collect()
}

/// Largest difference in units of the largest number expected, 1 at least; infinite where a number is none.
fn distance(found: &Tensor, expected: &Tensor) -> Computed<f64> {
    let numbers =
        |tensor: &Tensor| tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
    let (found, expected) = (numbers(found)?, numbers(expected)?);
    let scale = expected.iter().fold(1.0, |most: f64, number| most.max(number.abs()));
    let apart = found.iter().zip(&expected).map(|(found, expected)| (found - expected).abs() / scale);
    let worst = apart.fold(0.0, |most: f64, apart| if apart.is_nan() { f64::INFINITY } else { most.max(apart) });
    Ok(if found.len() == expected.len() { worst } else { f64::INFINITY })
}

/// Numbers between −1 and 1 that f32 holds exactly, by a linear congruential generator.
fn noise(shape: &[usize], seed: u64) -> Computed<Tensor> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1_u32 << 23) - 1.0
    };
    let numbers: Vec<f64> = (0..shape.iter().product()).map(|_| next()).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu)
}

fn labels(logits: &Tensor) -> Computed<Tensor> {
    let (rows, classes) = logits.dims2()?;
    let labels: Vec<u32> = (0..rows).map(|row| (row * 7 % classes) as u32).collect();
    Tensor::from_vec(labels, rows, logits.device())
}

/// Mean and variance that stand for kept ones.
fn running(x: &Tensor) -> Computed<[Var; 2]> {
    let made = |start: f64| {
        let numbers: Vec<f64> = (0..x.dims()[1]).map(|channel| start + 0.125 * channel as f64).collect();
        let count = numbers.len();
        Var::from_tensor(&Tensor::from_vec(numbers, count, &Device::Cpu)?.to_dtype(x.dtype())?.to_device(x.device())?)
    };
    Ok([made(-0.25)?, made(0.5)?])
}

/// Three updates of weights by gradients; whether by the twin.
type Update = fn(bool, &Var, &[Tensor]) -> Computed<()>;

const UPDATES: [(&str, Update); 4] = [
    ("sgd_step, momentum, weight decay", |by_twin, weights, gradients| sgd(by_twin, weights, gradients, false)),
    ("sgd_step, Nesterov", |by_twin, weights, gradients| sgd(by_twin, weights, gradients, true)),
    ("adam_step", |by_twin, weights, gradients| {
        adam(by_twin, weights, gradients, AdamOptions { weight_decay: 0.01, ..AdamOptions::default() })
    }),
    ("adam_step, decoupled, amsgrad", |by_twin, weights, gradients| {
        let options = AdamOptions { weight_decay: 0.01, decoupled: true, amsgrad: true, ..AdamOptions::default() };
        adam(by_twin, weights, gradients, options)
    }),
];

fn sgd(by_twin: bool, weights: &Var, gradients: &[Tensor], nesterov: bool) -> Computed<()> {
    let mut state = SgdState::default();
    let options = SgdOptions { lr: 0.1, momentum: 0.9, dampening: 0.0, weight_decay: 0.01, nesterov };
    gradients.iter().try_for_each(|gradient| {
        if by_twin {
            twin::sgd_step(weights, gradient, &mut state, &options)
        } else {
            kernels::sgd_step(weights, gradient, &mut state, &options)
        }
    })
}

fn adam(by_twin: bool, weights: &Var, gradients: &[Tensor], options: AdamOptions) -> Computed<()> {
    let mut state = AdamState::new(weights)?;
    let options = AdamOptions { lr: 0.1, ..options };
    gradients.iter().try_for_each(|gradient| {
        if by_twin {
            twin::adam_step(weights, gradient, &mut state, &options)
        } else {
            kernels::adam_step(weights, gradient, &mut state, &options)
        }
    })
}

fn updates(apply: Update, device: &Device, dtype: DType) -> Computed<f64> {
    const SHAPE: [usize; 2] = [13, 17];
    let run = |by_twin: bool, device: &Device, dtype: DType| {
        let there = |seed| noise(&SHAPE, seed)?.to_dtype(dtype)?.to_device(device);
        let weights = Var::from_tensor(&there(1)?)?;
        let gradients = (2..5).map(there).collect::<Computed<Vec<_>>>()?;
        apply(by_twin, &weights, &gradients)?;
        weights.as_tensor().copy()
    };
    distance(&run(false, device, dtype)?, &run(true, &Device::Cpu, DType::F64)?)
}
