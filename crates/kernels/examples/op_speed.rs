//! Time, rate and share of the inner product's rate of every operation of the measured models, one by one: where a step's time
//! goes. `op_speed [FILTER] [SECONDS]`; threads by `RAYON_NUM_THREADS`.
//!
//! The inner product, on operands that stay in the first-level cache, is measured beside every operation, so that the share means
//! something on a machine whose speed changes. Convolutions count the multiplications of the plain sum: minimal filtering can go
//! beyond 100 %.
#![allow(clippy::print_stdout, reason = "what it measures is what it is for")]

use std::time::Instant;

use candle_core::{Device, Result, Tensor, Var};
use lrscope_kernels::{self as k, Conv2dParams, Pool2dParams, SgdOptions, SgdState};

#[global_allocator]
static ALLOCATOR: lrscope_kernels::Recycling<std::alloc::System> = lrscope_kernels::Recycling::new(std::alloc::System);

fn tensor(dims: &[usize]) -> Result<Tensor> {
    let count: usize = dims.iter().product();
    let data: Vec<f32> = (0..count).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
    Tensor::from_vec(data, dims, &Device::Cpu)
}

/// Median of the work's milliseconds and of the inner product's billions of operations a second beside it.
fn measure(seconds: f64, mut work: impl FnMut() -> Result<()>) -> Result<(f64, f64)> {
    let (mut times, mut rates) = (Vec::new(), Vec::new());
    work()?;
    let start = Instant::now();
    while times.len() < 5 || start.elapsed().as_secs_f64() < seconds {
        let began = Instant::now();
        work()?;
        times.push(1e3 * began.elapsed().as_secs_f64());
        let began = Instant::now();
        let count = k::inner_product(1000);
        rates.push(2e-9 * count as f64 / began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    rates.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], rates[rates.len() / 2]))
}

struct Table {
    filter: String,
    seconds: f64,
}

impl Table {
    /// One line: `amount` is multiplications, or bytes if not `multiplies`.
    fn line(&self, name: &str, amount: usize, multiplies: bool, work: impl FnMut() -> Result<()>) -> Result<()> {
        if !name.contains(&self.filter) {
            return Ok(());
        }
        let (ms, peak) = measure(self.seconds, work)?;
        if multiplies {
            let rate = 2e-6 * amount as f64 / ms;
            println!("{name:<44} {ms:8.3} ms {rate:7.1} GFLOP/s {:4.0} % of {peak:.0}", 100.0 * rate / peak);
        } else {
            println!("{name:<44} {ms:8.3} ms {:7.1} GB/s", 1e-6 * amount as f64 / ms);
        }
        Ok(())
    }

    /// An operation forward, and back to each of its inputs that is named.
    fn operation(
        &self,
        name: &str,
        (amount, multiplies): (usize, bool),
        inputs: &[(&str, &[usize])],
        apply: impl Fn(&[Tensor]) -> Result<Tensor>,
    ) -> Result<()> {
        if !name.contains(&self.filter) {
            return Ok(());
        }
        let fixed = inputs.iter().map(|(_, dims)| tensor(dims)).collect::<Result<Vec<_>>>()?;
        self.line(&format!("{name} forward"), amount, multiplies, || apply(&fixed).map(drop))?;
        for (index, (input, dims)) in inputs.iter().enumerate() {
            let mut inputs = fixed.clone();
            inputs[index] = Var::from_tensor(&tensor(dims)?)?.into_inner();
            let output = apply(&inputs)?;
            self.line(&format!("{name} d{input}"), amount, multiplies, || k::backward(&output).map(drop))?;
        }
        Ok(())
    }

    fn conv(&self, name: &str, x: [usize; 4], o: usize, side: usize, padding: usize) -> Result<()> {
        let out = x[2] + 2 * padding + 1 - side;
        let work = x[0] * out * out * o * x[1] * side * side;
        let w = [o, x[1], side, side];
        let params = Conv2dParams { stride: 1, padding };
        self.operation(name, (work, true), &[("x", &x), ("w", &w)], |inputs| {
            k::conv2d(&inputs[0], &inputs[1], None, params)
        })
    }

    fn pool(&self, name: &str, x: [usize; 4], params: Pool2dParams) -> Result<()> {
        let count = x.iter().product::<usize>();
        let moved = 4 * (count + count / params.stride.pow(2));
        self.operation(&format!("{name} max"), (moved, false), &[("x", &x)], |x| k::max_pool2d(&x[0], params))?;
        self.operation(&format!("{name} avg"), (moved, false), &[("x", &x)], |x| k::avg_pool2d(&x[0], params))
    }

    fn linear(&self, name: &str, n: usize, inputs: usize, outputs: usize) -> Result<()> {
        let shapes: [(&str, &[usize]); 2] = [("x", &[n, inputs]), ("w", &[outputs, inputs])];
        self.operation(name, (n * inputs * outputs, true), &shapes, |x| k::linear(&x[0], &x[1], None))
    }

    fn update(&self, name: &str, count: usize) -> Result<()> {
        let (w, grad) = (Var::from_tensor(&tensor(&[count])?)?, tensor(&[count])?);
        let mut state = SgdState::default();
        let options = SgdOptions { lr: 1e-6, momentum: 0.9, weight_decay: 5e-4, nesterov: true, ..Default::default() };
        self.line(name, 20 * count, false, || k::sgd_step(&w, &grad, &mut state, &options))
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let filter = arguments.next().unwrap_or_default();
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0.3);
    let table = Table { filter, seconds };
    table.conv("lenet conv1", [64, 1, 28, 28], 32, 5, 0)?;
    table.pool("lenet pool1", [64, 32, 24, 24], Pool2dParams::tiles(2))?;
    table.conv("lenet conv2", [64, 32, 12, 12], 64, 5, 0)?;
    table.linear("lenet fc1", 64, 1024, 1024)?;
    table.linear("lenet fc2", 64, 1024, 10)?;
    table.update("lenet sgd", 1_111_946)?;
    table.conv("quick conv1", [100, 3, 32, 32], 32, 5, 2)?;
    table.pool("quick pool1", [100, 32, 32, 32], Pool2dParams::tiles(2))?;
    table.operation("quick relu2", (4 * 2 * 819_200, false), &[("x", &[100, 32, 16, 16])], |x| k::relu(&x[0]))?;
    table.conv("quick conv2", [100, 32, 16, 16], 32, 5, 2)?;
    table.conv("quick conv3", [100, 32, 8, 8], 64, 5, 2)?;
    let overlapping = Pool2dParams { kernel: 3, stride: 2, padding: 0, ceil_mode: true };
    table.pool("full pool1", [100, 32, 32, 32], overlapping)?;
    table.conv("resnet9 conv1", [128, 3, 32, 32], 32, 3, 1)?;
    table.conv("resnet9 conv2", [128, 32, 32, 32], 64, 3, 1)?;
    table.conv("resnet9 conv3", [128, 64, 16, 16], 64, 3, 1)?;
    table.conv("resnet9 conv5", [128, 64, 16, 16], 128, 3, 1)?;
    table.conv("resnet9 conv6", [128, 128, 8, 8], 128, 3, 1)?;
    table.conv("resnet9 conv7", [128, 128, 4, 4], 128, 3, 1)
}
