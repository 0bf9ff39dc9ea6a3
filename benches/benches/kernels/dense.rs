//! Products and losses.

use std::hint::black_box;

use candle_core::{Device, Tensor};
use criterion::Criterion;
use lrscope_kernels::{Conv2dParams, cross_entropy, cross_entropy_smoothed, linear, matmul, twin};

use crate::cases::{Case, tensor};
use crate::measure::{Work, bench};

pub fn products() -> Vec<Case> {
    let layers =
        [("lenet", 64, 1024, 1024), ("lenet", 64, 1024, 10), ("caffe_quick", 100, 1024, 64), ("resnet9", 128, 128, 10)];
    let layers = layers.map(|(model, n, inputs, outputs)| Case {
        operation: "linear",
        name: format!("{model}: {n}×{inputs} to {outputs}"),
        work: [Work::Multiplications(n * inputs * outputs); 2],
        inputs: vec![("x", vec![n, inputs]), ("w", vec![outputs, inputs]), ("bias", vec![outputs])],
        together: vec![0, 1, 2],
        apply: Box::new(|inputs| linear(&inputs[0], &inputs[1], Some(&inputs[2]))),
    });
    let squares = [64_usize, 256, 1024].map(|side| Case {
        operation: "matmul",
        name: format!("{side}×{side}"),
        work: [Work::Multiplications(side.pow(3)); 2],
        inputs: vec![("a", vec![side, side]), ("b", vec![side, side])],
        together: Vec::new(),
        apply: Box::new(|inputs| matmul(&inputs[0], &inputs[1])),
    });
    let twice = |mut case: Case| {
        // The gradients of both operands together are two products.
        if let (Work::Multiplications(count), false) = (case.work[1], case.together.is_empty()) {
            case.work[1] = Work::Multiplications(2 * count);
        }
        case
    };
    layers.into_iter().chain(squares).map(twice).collect()
}

pub fn losses() -> Vec<Case> {
    const DIMS: [usize; 2] = [128, 10];
    let labels: Vec<u32> = (0..128).map(|example| example % 10).collect();
    let labels = Tensor::from_vec(labels, DIMS[0], &Device::Cpu).expect("a label an example");
    let (same, count) = (labels.clone(), DIMS[0] * DIMS[1]);
    vec![
        Case::moving(("cross_entropy", "plain: "), &DIMS, [count, count], move |x| cross_entropy(x, &labels)),
        Case::moving(("cross_entropy", "label smoothing: "), &DIMS, [count, count], move |x| {
            cross_entropy_smoothed(x, &same, 0.1)
        }),
    ]
}

/// A convolution by its twin: what the kernels are to beat, besides PyTorch.
pub fn twin(criterion: &mut Criterion) {
    let work = Work::Multiplications(64 * 64 * 64 * 32 * 25);
    bench(criterion, ("twin", "conv2d, lenet 2: 64×32×12×12 to 64, 5×5, forward"), work, || {
        let (x, w) = (tensor(&[64, 32, 12, 12])?, tensor(&[64, 32, 5, 5])?);
        Ok(move || black_box(twin::conv2d(&x, &w, None, Conv2dParams::default())).map(drop))
    });
}
