//! Speed of one training step (forward, loss, backward, SGD with Nesterov momentum and weight decay, loss read back) on the
//! models of PyTorch's counterpart: `train_step [model] [seconds]`; threads by `RAYON_NUM_THREADS`. One JSON line a model.
#![allow(clippy::print_stdout, reason = "what it measures is what it is for")]

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor, Var};
use lrscope_kernels::{self as k, Conv2dParams, Pool2dParams, SgdOptions, SgdState};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A layer with its parameters' shapes.
#[derive(Clone, Copy)]
enum Layer {
    /// Input channels, output channels, side, padding.
    Conv(usize, usize, usize, usize),
    Pool,
    Relu,
    Flatten,
    /// Inputs, outputs.
    Linear(usize, usize),
}
use Layer::{Conv, Flatten, Linear, Pool, Relu};

struct Model {
    name: &'static str,
    input: [usize; 4],
    layers: &'static [Layer],
}

const MODELS: [Model; 2] = [
    Model {
        name: "lenet",
        input: [64, 1, 28, 28],
        layers: &[
            Conv(1, 32, 5, 0),
            Pool,
            Conv(32, 64, 5, 0),
            Pool,
            Flatten,
            Linear(1024, 1024),
            Relu,
            Linear(1024, 10),
        ],
    },
    Model {
        name: "caffe_quick",
        input: [100, 3, 32, 32],
        layers: &[
            Conv(3, 32, 5, 2),
            Pool,
            Relu,
            Conv(32, 32, 5, 2),
            Relu,
            Pool,
            Conv(32, 64, 5, 2),
            Relu,
            Pool,
            Flatten,
            Linear(1024, 64),
            Linear(64, 10),
        ],
    },
];

struct Parameter {
    var: Var,
    state: SgdState,
}

fn parameter(dims: &[usize], fan_in: usize) -> Result<Parameter> {
    let scale = 1.0 / (fan_in as f64).sqrt();
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f64 / f64::from(1u32 << 23) - 1.0) * scale
    };
    let data: Vec<f32> = (0..dims.iter().product()).map(|_| next() as f32).collect();
    let var = Var::from_tensor(&Tensor::from_vec(data, dims, &Device::Cpu)?)?;
    Ok(Parameter { var, state: SgdState::default() })
}

fn parameters(layers: &[Layer]) -> Result<Vec<Parameter>> {
    let shapes = layers.iter().filter_map(|layer| match *layer {
        Conv(c, o, side, _) => Some((vec![o, c, side, side], c * side * side)),
        Linear(inputs, outputs) => Some((vec![outputs, inputs], inputs)),
        _ => None,
    });
    let both = shapes
        .flat_map(|(dims, fan_in)| [(vec![dims[0]], fan_in), (dims, fan_in)].into_iter().rev().collect::<Vec<_>>());
    both.map(|(dims, fan_in)| parameter(&dims, fan_in)).collect()
}

/// Seconds that this thread has been on a processor, where the system tells: what a busy machine disturbs least.
fn processor_time() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

/// Time spent in every part of a step.
#[derive(Default)]
struct Profile(Vec<(String, f64)>);

impl Profile {
    fn time<T>(&mut self, name: impl FnOnce() -> String, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let result = work()?;
        self.0.push((name(), start.elapsed().as_secs_f64()));
        Ok(result)
    }
}

fn step(model: &Model, parameters: &mut [Parameter], x: &Tensor, y: &Tensor, profile: &mut Profile) -> Result<f32> {
    let mut x = x.clone();
    let mut rest = parameters.iter();
    for (index, layer) in model.layers.iter().enumerate() {
        let mut next = || rest.next().map(|parameter| parameter.var.as_tensor());
        let name = || format!("{index} forward");
        x = match *layer {
            Conv(_, _, _, padding) => {
                let w = next().expect("a weight");
                profile.time(name, || k::conv2d(&x, w, next(), Conv2dParams { stride: 1, padding }))?
            }
            Pool => profile.time(name, || k::max_pool2d(&x, Pool2dParams::tiles(2)))?,
            Relu => profile.time(name, || k::relu(&x))?,
            Flatten => profile.time(name, || k::flatten(&x))?,
            Linear(..) => {
                let w = next().expect("a weight");
                profile.time(name, || k::linear(&x, w, next()))?
            }
        };
    }
    let loss = profile.time(|| "loss".into(), || k::cross_entropy(&x, y))?;
    let grads = profile.time(|| "backward".into(), || k::backward(&loss))?;
    let options = SgdOptions { lr: 1e-3, momentum: 0.9, weight_decay: 5e-4, nesterov: true, ..Default::default() };
    profile.time(
        || "update".into(),
        || {
            for Parameter { var, state } in parameters {
                k::sgd_step(var, grads.get(var).expect("a gradient"), state, &options)?;
            }
            Ok(())
        },
    )?;
    loss.to_scalar()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn measure(model: &Model, seconds: f64) -> Result<()> {
    let mut parameters = parameters(model.layers)?;
    let count: usize = parameters.iter().map(|parameter| parameter.var.elem_count()).sum();
    let x = parameter(&model.input, 1)?.var.as_detached_tensor();
    let n = model.input[0];
    let y = (Tensor::arange(0u32, n as u32, &Device::Cpu)?.to_dtype(DType::F32)? / 10.0)?;
    let y = ((&y - y.floor()?)? * 10.0)?.round()?.to_dtype(DType::U32)?;
    let mut profiles: Vec<Profile> = Vec::new();
    let mut times = Vec::new();
    let start = Instant::now();
    let mut processor = 0.0;
    while times.len() < 10 || start.elapsed().as_secs_f64() < seconds {
        if times.len() == 3 {
            processor = processor_time();
        }
        let began = Instant::now();
        let mut profile = Profile::default();
        step(model, &mut parameters, &x, &y, &mut profile)?;
        times.push(began.elapsed().as_secs_f64());
        profiles.push(profile);
    }
    times.drain(..3);
    let processor = (processor_time() - processor) / times.len() as f64;
    let parts: Vec<String> = (0..profiles[0].0.len())
        .map(|part| {
            format!(
                "\"{}\":{:.3}",
                profiles[0].0[part].0,
                1e3 * median(profiles.iter().map(|profile| profile.0[part].1).collect())
            )
        })
        .collect();
    let fastest = times.iter().copied().fold(f64::INFINITY, f64::min);
    let median = median(times);
    println!(
        "{{\"model\":\"{}\",\"batch\":{n},\"threads\":{},\"isa\":\"{}\",\"parameters\":{count},\"ms_median\":{:.3},\"ms_least\":{:.3},\"ms_processor\":{:.3},\"images_per_s\":{:.1},\"ms_parts\":{{{}}}}}",
        model.name,
        rayon::current_num_threads(),
        k::current_isa(),
        median * 1e3,
        fastest * 1e3,
        processor * 1e3,
        n as f64 / median,
        parts.join(",")
    );
    Ok(())
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next().unwrap_or_default();
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(3.0);
    for model in MODELS.iter().filter(|model| wanted.is_empty() || wanted == model.name) {
        measure(model, seconds)?;
    }
    Ok(())
}
