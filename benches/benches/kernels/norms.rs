//! Batch and local response normalisation.

use candle_core::{Result, Tensor, Var};
use lrscope_kernels::{
    BatchNormParams, LocalResponseNormParams, LrnRegion, RunningStatistics, Statistics, batch_norm2d,
    local_response_norm,
};

use crate::cases::{Case, shape, variable};
use crate::measure::Work;

/// Planes from 32×32 down to 4×4, as in resnet9.
const SHAPES: [[usize; 4]; 4] = [[128, 64, 32, 32], [128, 128, 16, 16], [128, 128, 8, 8], [128, 128, 4, 4]];

pub fn batch() -> Vec<Case> {
    let modes = [(true, true), (true, false), (false, true), (false, false)];
    SHAPES.into_iter().flat_map(|x| modes.map(|(training, relu)| batch_norm(x, training, relu))).collect()
}

fn batch_norm(x: [usize; 4], training: bool, relu: bool) -> Case {
    let count = x.iter().product::<usize>();
    let mode = if training { "training" } else { "evaluation" };
    let kept = || variable(&[x[1]]).expect("one number a channel");
    // Variances must not be negative.
    let var = Var::ones(x[1], candle_core::DType::F32, &candle_core::Device::Cpu).expect("one number a channel");
    let mean = kept();
    let apply = move |inputs: &[Tensor]| -> Result<Tensor> {
        let running = RunningStatistics { mean: &mean, var: &var };
        let training = Statistics::Batch { running: Some(running), momentum: 0.1 };
        let statistics = if mode == "training" { training } else { Statistics::Running(running) };
        let params = BatchNormParams { relu, ..BatchNormParams::default() };
        batch_norm2d(&inputs[0], &inputs[1], &inputs[2], statistics, params)
    };
    Case {
        operation: "batch_norm2d",
        name: format!("{mode}{}: {}", if relu { ", relu" } else { "" }, shape(&x)),
        work: [Work::Numbers(2 * count), Work::Numbers(3 * count)],
        inputs: vec![("x", x.to_vec()), ("weight", vec![x[1]]), ("bias", vec![x[1]])],
        together: vec![0, 1, 2],
        apply: Box::new(apply),
    }
}

pub fn local_response() -> Vec<Case> {
    let regions = [
        ("caffe_full, within channels 3: ", LrnRegion::WithinChannel, 3),
        ("across channels 5: ", LrnRegion::AcrossChannels, 5),
    ];
    let case = |(name, region, size): (&'static str, LrnRegion, usize)| {
        let params = LocalResponseNormParams { region, size, alpha: 5e-5, beta: 0.75, k: 1.0 };
        let dims = [100, 32, 16, 16];
        let count = dims.iter().product::<usize>();
        let works = [2 * count, 3 * count];
        Case::moving(("local_response_norm", name), &dims, works, move |x| local_response_norm(x, params))
    };
    regions.map(case).into()
}
