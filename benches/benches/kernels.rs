//! One benchmark an operation, forward and back, at the shapes of the models that are trained here. Throughput is counted in
//! multiplications and additions (read it as GFLOP/s) where an operation multiplies, and in bytes moved where it does not.
//! `inner product` is the rate of the innermost loop on operands that stay in the first-level cache: what the others are to
//! come close to. Threads by `RAYON_NUM_THREADS`, the path by the processor.
#![allow(missing_docs, reason = "criterion's macros write functions without documentation")]

use std::hint::black_box;
use std::time::Duration;

use candle_core::{DType, Device, Result, Tensor, Var};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use lrscope_kernels::{self as k, AdamOptions, AdamState, Conv2dParams, Pool2dParams, SgdOptions, SgdState};

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Numbers between −0.5 and 0.5.
fn tensor(dims: &[usize]) -> Tensor {
    let count: usize = dims.iter().product();
    let data: Vec<f32> = (0..count).map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5).collect();
    Tensor::from_vec(data, dims, &Device::Cpu).expect("the shape has as many numbers")
}

fn variable(dims: &[usize]) -> Var {
    Var::from_tensor(&tensor(dims)).expect("a tensor of the CPU")
}

fn bench(group: &mut Group<'_>, name: &str, mut work: impl FnMut() -> Result<()>) {
    group.bench_function(name, |bencher| bencher.iter(|| work().expect("the shapes fit")));
}

/// `apply` and its gradients, of all inputs or of one.
fn there_and_back(group: &mut Group<'_>, inputs: &[(&str, &[usize])], apply: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let fixed: Vec<Tensor> = inputs.iter().map(|(_, dims)| tensor(dims)).collect();
    bench(group, "forward", || black_box(apply(&fixed)).map(drop));
    for (index, (name, dims)) in inputs.iter().enumerate() {
        let mut inputs = fixed.clone();
        inputs[index] = variable(dims).into_inner();
        let output = apply(&inputs).expect("the shapes fit");
        bench(group, &format!("gradient of {name}"), || black_box(k::backward(&output)).map(drop));
    }
}

fn group<'a>(criterion: &'a mut Criterion, name: &str, throughput: Throughput) -> Group<'a> {
    let mut group = criterion.benchmark_group(name);
    group
        .throughput(throughput)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    group
}

fn operations(count: usize) -> Throughput {
    Throughput::Elements(2 * count as u64)
}

/// Bytes of f32 numbers.
fn moved(numbers: usize) -> Throughput {
    Throughput::Bytes(4 * numbers as u64)
}

fn inner_product(criterion: &mut Criterion) {
    let mut group = group(criterion, "inner product", operations(k::inner_product(100)));
    bench(&mut group, "within the first-level cache", || {
        black_box(k::inner_product(100));
        Ok(())
    });
    group.finish();
}

fn conv2d(criterion: &mut Criterion) {
    let cases = [
        ("lenet 1, 64x1x28x28 to 32, 5x5", [64, 1, 28, 28], [32, 1, 5, 5], 0),
        ("lenet 2, 64x32x12x12 to 64, 5x5", [64, 32, 12, 12], [64, 32, 5, 5], 0),
        ("caffe_quick 1, 100x3x32x32 to 32, 5x5", [100, 3, 32, 32], [32, 3, 5, 5], 2),
        ("caffe_quick 2, 100x32x16x16 to 32, 5x5", [100, 32, 16, 16], [32, 32, 5, 5], 2),
        ("caffe_quick 3, 100x32x8x8 to 64, 5x5", [100, 32, 8, 8], [64, 32, 5, 5], 2),
        ("resnet9 3, 128x64x16x16 to 64, 3x3", [128, 64, 16, 16], [64, 64, 3, 3], 1),
        ("resnet9 7, 128x128x4x4 to 128, 3x3", [128, 128, 4, 4], [128, 128, 3, 3], 1),
    ];
    for (name, x, w, padding) in cases {
        let side = x[2] + 2 * padding - w[2] + 1;
        let work = operations(x[0] * side * side * w.iter().product::<usize>());
        let mut group = group(criterion, &format!("conv2d/{name}"), work);
        let params = Conv2dParams { stride: 1, padding };
        there_and_back(&mut group, &[("x", &x), ("w", &w)], |inputs| k::conv2d(&inputs[0], &inputs[1], None, params));
        group.finish();
    }
}

fn dense(criterion: &mut Criterion) {
    for (name, n, inputs, outputs) in [("64x1024 to 1024", 64, 1024, 1024), ("64x1024 to 10", 64, 1024, 10)] {
        let mut group = group(criterion, &format!("linear/{name}"), operations(n * inputs * outputs));
        let shapes: [(&str, &[usize]); 2] = [("x", &[n, inputs]), ("w", &[outputs, inputs])];
        there_and_back(&mut group, &shapes, |inputs| k::linear(&inputs[0], &inputs[1], None));
        group.finish();
    }
    for side in [64, 256, 1024] {
        let mut group = group(criterion, &format!("matmul/{side}"), operations(side * side * side));
        let (a, b) = (tensor(&[side, side]), tensor(&[side, side]));
        bench(&mut group, "forward", || black_box(k::matmul(&a, &b)).map(drop));
        group.finish();
    }
}

fn pooling(criterion: &mut Criterion) {
    let x: [usize; 4] = [64, 32, 24, 24];
    let count = x.iter().product::<usize>();
    let overlapping = Pool2dParams { kernel: 3, stride: 2, padding: 0, ceil_mode: true };
    for (name, params) in [("2x2", Pool2dParams::tiles(2)), ("3x3, stride 2", overlapping)] {
        let mut max = group(criterion, &format!("max_pool2d/{name}"), moved(count + count / 4));
        there_and_back(&mut max, &[("x", &x)], |inputs| k::max_pool2d(&inputs[0], params));
        max.finish();
        let mut avg = group(criterion, &format!("avg_pool2d/{name}"), moved(count + count / 4));
        there_and_back(&mut avg, &[("x", &x)], |inputs| k::avg_pool2d(&inputs[0], params));
        avg.finish();
    }
    let mut relu = group(criterion, "relu/64x32x24x24", moved(2 * count));
    there_and_back(&mut relu, &[("x", &x)], |inputs| k::relu(&inputs[0]));
    relu.finish();
}

fn loss(criterion: &mut Criterion) {
    let labels: Vec<u32> = (0..100).map(|i| i % 10).collect();
    let labels = Tensor::from_vec(labels, 100, &Device::Cpu).expect("a hundred labels");
    let mut group = group(criterion, "cross_entropy/100x10", moved(2 * 1000));
    there_and_back(&mut group, &[("logits", &[100, 10])], |inputs| k::cross_entropy(&inputs[0], &labels));
    group.finish();
}

fn updates(criterion: &mut Criterion) {
    const COUNT: usize = 1 << 20;
    let (w, grad) = (variable(&[COUNT]), tensor(&[COUNT]));
    let mut sgd = group(criterion, "sgd_step/1M, Nesterov", moved(5 * COUNT));
    let mut state = SgdState::default();
    let options = SgdOptions { lr: 1e-6, momentum: 0.9, weight_decay: 5e-4, nesterov: true, ..Default::default() };
    bench(&mut sgd, "update", || k::sgd_step(&w, &grad, &mut state, &options));
    sgd.finish();
    let mut adam = group(criterion, "adam_step/1M", moved(7 * COUNT));
    let mut state = AdamState::new(&w).expect("a variable of the CPU");
    let options = AdamOptions { lr: 1e-6, decoupled: true, weight_decay: 1e-2, ..Default::default() };
    bench(&mut adam, "update", || k::adam_step(&w, &grad, &mut state, &options));
    adam.finish();
}

/// The same convolution by its twin: what the kernels are to beat, besides PyTorch.
fn twins(criterion: &mut Criterion) {
    let (x, w) = (tensor(&[64, 32, 12, 12]), tensor(&[64, 32, 5, 5]));
    assert_eq!(x.dtype(), DType::F32);
    let mut group = group(criterion, "twin/conv2d, lenet 2", operations(64 * 64 * 64 * 32 * 25));
    bench(&mut group, "forward", || black_box(k::twin::conv2d(&x, &w, None, Conv2dParams::default())).map(drop));
    group.finish();
}

criterion_group!(kernels, inner_product, conv2d, dense, pooling, loss, updates, twins);
criterion_main!(kernels);
