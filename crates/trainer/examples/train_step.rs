//! Speed of one training step (forward, loss, backward, SGD with Nesterov momentum and weight decay, loss read back) of a
//! built-in model, on one fixed batch: lrscope's side of `scripts/bench-pytorch`.
//!
//! `train_step MODEL [SECONDS]` measures once and prints one JSON line; without SECONDS it measures for every number of seconds
//! that it reads from a line of standard input, so that it can take turns with another program. Threads by `RAYON_NUM_THREADS`.
#![expect(clippy::print_stdout, reason = "what it measures is what it is for")]

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use lrscope_kernels::{backward, cross_entropy};
use lrscope_runner::random::{Family, Purpose, Seed, Stream};
use lrscope_runner::spec::{GroupSpec, ModelSpec, OptimizerSpec, Sgd};
use lrscope_schedule::{Point, Rates};
use lrscope_trainer::model::{Network, ParameterSet, Pass, Problem, build};
use lrscope_trainer::optimizer::Optimizer;

#[global_allocator]
static ALLOCATOR: lrscope_kernels::Recycling<std::alloc::System> = lrscope_kernels::Recycling::new(std::alloc::System);

type Done<T> = Result<T, Box<dyn Error>>;

/// Channels, side and batch size that PyTorch's counterpart uses.
fn problem(model: &str) -> (Problem, usize) {
    let (channels, side, batch) = match model {
        "mlp" => (1, 8, 8),
        "lenet" => (1, 28, 64),
        "resnet9" | "resnet20" => (3, 32, 128),
        _ => (3, 32, 100),
    };
    (Problem { channels, height: side, width: side, classes: 10 }, batch)
}

/// A model in training on one batch.
struct Training {
    network: Box<dyn Network>,
    parameters: ParameterSet,
    optimizer: Optimizer,
    seed: Seed,
    x: Tensor,
    y: Tensor,
    step: u64,
}

impl Training {
    fn new(model: &str) -> Done<Self> {
        let (problem, batch) = problem(model);
        let seed = Seed { family: Family::Training, number: 0 };
        let mut parameters = ParameterSet::new(seed, DType::F32, &Device::Cpu);
        let spec: ModelSpec = serde_json::from_value(serde_json::json!({ model: {} }))?;
        let network = build(&spec, &mut parameters, problem)?;
        let sgd = Sgd { momentum: 0.9, nesterov: true, weight_decay: 5e-4, ..Sgd::default() };
        let group: GroupSpec = serde_json::from_value(serde_json::json!({ "name": "all", "parameters": ["*"] }))?;
        let optimizer = Optimizer::new(&OptimizerSpec::Sgd(sgd), &[group], parameters.trained())?;
        let mut stream = Stream::new(seed, Purpose::Weights, 0, u64::MAX);
        let count = batch * problem.inputs();
        let pixels = (0..count).map(|_| stream.normal() as f32).collect::<Vec<_>>();
        let x = Tensor::from_vec(pixels, (batch, problem.channels, problem.height, problem.width), &Device::Cpu)?;
        let y = Tensor::from_vec((0..batch as u32).map(|i| i % 10).collect::<Vec<_>>(), batch, &Device::Cpu)?;
        Ok(Self { network, parameters, optimizer, seed, x, y, step: 0 })
    }

    fn step(&mut self) -> Done<f32> {
        let logits = self.network.forward(&self.x, Pass::training(self.seed, self.step))?;
        let loss = cross_entropy(&logits, &self.y)?;
        let mut found = backward(&loss)?;
        let gradients = self.parameters.trained().iter().map(|parameter| found.remove(&parameter.var));
        let gradients = gradients.collect::<Option<Vec<_>>>().ok_or("a parameter without a gradient")?;
        self.optimizer.update(&Rates(vec![Point { lr: 1e-3, momentum: None }]), &gradients)?;
        self.step += 1;
        Ok(loss.to_scalar()?)
    }

    /// Seconds of every step until `seconds` are over, after `warm` steps that do not count.
    fn measure(&mut self, seconds: f64, warm: usize) -> Done<Vec<f64>> {
        for _ in 0..warm {
            self.step()?;
        }
        let (start, mut times) = (Instant::now(), Vec::new());
        while times.len() < 3 || start.elapsed().as_secs_f64() < seconds {
            let began = Instant::now();
            self.step()?;
            times.push(began.elapsed().as_secs_f64());
        }
        Ok(times)
    }
}

/// The most memory that this process has held, in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

fn report(model: &str, training: &mut Training, base: Option<u64>, seconds: f64, warm: usize) -> Done<()> {
    let mut times = training.measure(seconds, warm)?;
    times.sort_by(f64::total_cmp);
    let (median, batch) = (times[times.len() / 2], training.x.dims()[0]);
    let line = serde_json::json!({
        "model": model,
        "batch": batch,
        "threads": std::env::var("RAYON_NUM_THREADS").ok().and_then(|threads| threads.parse::<usize>().ok()),
        "version": env!("CARGO_PKG_VERSION"),
        "isa": lrscope_trainer::current_isa().to_string(),
        "parameters": training.parameters.count(),
        "steps": times.len(),
        "ms_median": 1e3 * median,
        "images_per_s": batch as f64 / median,
        "base_kib": base,
        "peak_kib": peak_kib(),
    });
    println!("{line}");
    Ok(())
}

fn main() -> Done<()> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("usage: train_step MODEL [SECONDS]")?;
    let seconds = arguments.next().map(|seconds| seconds.parse()).transpose()?;
    Ok(lrscope_kernels::on_workers(|| measure(&model, seconds).map_err(|error| error.to_string()))?)
}

fn measure(model: &str, seconds: Option<f64>) -> Done<()> {
    // What memory grows from: a process that has done one step of a trivial model.
    Training::new("mlp")?.step()?;
    let base = peak_kib();
    let mut training = Training::new(model)?;
    if let Some(seconds) = seconds {
        return report(model, &mut training, base, seconds, 3);
    }
    let mut warm = 3;
    for line in std::io::stdin().lock().lines() {
        report(model, &mut training, base, line?.trim().parse()?, warm)?;
        warm = 1;
    }
    Ok(())
}
