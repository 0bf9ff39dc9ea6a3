//! What the operations refuse, in which words; and what they do with numbers that are none.

use candle_core::{DType, Device, Result, Tensor, Var};
use lrscope_kernels::{self as k, Conv2dParams, Pool2dParams};

mod support;
use support::{Op, WAYS, numbers, random};

fn zeros(dims: &[usize]) -> Tensor {
    Tensor::zeros(dims, DType::F32, &Device::Cpu).expect("a small tensor")
}

fn refusal<T>(result: Result<T>) -> String {
    result.err().expect("it is to be refused").to_string()
}

fn norm(dims: &[usize], channels: usize, eps: f64, momentum: f64) -> Result<Tensor> {
    let statistics = k::Statistics::Batch { running: None, momentum };
    let (weight, params) = (zeros(&[channels]), k::BatchNormParams { eps, relu: false });
    k::batch_norm2d(&zeros(dims), &weight, &weight, statistics, params)
}

fn smoothed(smoothing: f64) -> Result<Tensor> {
    k::cross_entropy_smoothed(&zeros(&[1, 3]), &Tensor::new(&[0u32], &Device::Cpu)?, smoothing)
}

fn local(region: k::LrnRegion, size: usize, beta: f64) -> Result<Tensor> {
    k::local_response_norm(&zeros(&[1, 2, 3, 3]), support::lrn(region, size, 1e-4, beta, 1.0))
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let params = Conv2dParams::default();
    let cases = [
        (
            refusal(k::conv2d(&zeros(&[2, 3, 4]), &zeros(&[1, 3, 1, 1]), None, params)),
            "conv2d: x must have shape [n, c, h, w], but has shape [2, 3, 4]",
        ),
        (
            refusal(k::conv2d(&zeros(&[1, 3, 4, 4]), &zeros(&[1, 2, 3, 3]), None, params)),
            "[1, 3, 4, 4] and [1, 2, 3, 3]",
        ),
        (
            refusal(k::conv2d(&zeros(&[1, 1, 2, 2]), &zeros(&[1, 1, 3, 3]), None, params)),
            "a 3x3 window does not fit into a 2x2 picture padded by 0",
        ),
        (
            refusal(k::conv2d(&zeros(&[1, 1, 4, 4]), &zeros(&[2, 1, 3, 3]), Some(&zeros(&[3])), params)),
            "one entry an output channel",
        ),
        (
            refusal(k::max_pool2d(
                &zeros(&[1, 1, 4, 4]),
                Pool2dParams { kernel: 2, stride: 0, padding: 0, ceil_mode: false },
            )),
            "stride",
        ),
        (
            refusal(k::avg_pool2d(
                &zeros(&[1, 1, 4, 4]),
                Pool2dParams { kernel: 2, stride: 1, padding: 2, ceil_mode: false },
            )),
            "half the kernel",
        ),
        (
            refusal(k::linear(&zeros(&[2, 3]), &zeros(&[4, 5]), None)),
            "linear: x and w must have as many columns, but the shapes are [2, 3] and [4, 5]",
        ),
        (refusal(k::matmul(&zeros(&[2, 3]), &zeros(&[2, 3]))), "[2, 3] and [2, 3]"),
        (
            refusal(k::cross_entropy(&zeros(&[2, 3]), &Tensor::new(&[0u32], &Device::Cpu).expect("small"))),
            "one label a row",
        ),
        (
            refusal(k::cross_entropy(&zeros(&[2, 3]), &Tensor::new(&[0u32, 3], &Device::Cpu).expect("small"))),
            "label 3 of example 1 names no class; there are 3",
        ),
        (
            refusal(k::cross_entropy(&zeros(&[0, 3]), &Tensor::zeros(0, DType::U32, &Device::Cpu).expect("small"))),
            "empty",
        ),
        (refusal(k::flatten(&zeros(&[]))), "flatten"),
    ];
    all_named(&cases);
    let w = Var::from_tensor(&zeros(&[3])).expect("a variable");
    let message = refusal(k::sgd_step(&w, &zeros(&[2]), &mut k::SgdState::default(), &k::SgdOptions::default()));
    assert!(message.contains("[3] and [2]"), "{message}");
}

#[test]
fn shapes_and_settings_of_layers_that_do_not_fit_are_named() {
    let cases = [
        (
            refusal(k::add(&zeros(&[2, 3]), &zeros(&[3]))),
            "add: a and b must have the same shape, but the shapes are [2, 3]",
        ),
        (refusal(k::add_relu(&zeros(&[2]), &zeros(&[3]))), "[2] and [3]"),
        (
            refusal(k::dropout(&zeros(&[2, 3]), vec![true; 5], 0.5)),
            "one flag a number of x, but the shapes are [2, 3] and [5]",
        ),
        (refusal(k::dropout(&zeros(&[2]), vec![true; 2], 1.0)), "probability must be at least 0 and below 1, but is 1"),
        (refusal(smoothed(1.5)), "cross_entropy: label_smoothing must be from 0 to 1, but is 1.5"),
        (
            refusal(local(k::LrnRegion::AcrossChannels, 0, 0.75)),
            "local_response_norm: size must be at least 1, but is 0",
        ),
        (refusal(local(k::LrnRegion::WithinChannel, 4, 0.75)), "size must be odd, but is 4"),
        (refusal(local(k::LrnRegion::WithinChannel, 3, f64::NAN)), "beta must be finite, but is NaN"),
        (refusal(k::subsample2d(&zeros(&[2, 3, 4]), 1, 3)), "subsample2d: x must have shape [n, c, h, w]"),
        (refusal(k::subsample2d(&zeros(&[1, 3, 4, 4]), 0, 3)), "stride must be at least 1, but is 0"),
        (refusal(k::subsample2d(&zeros(&[1, 3, 4, 4]), 1, 2)), "channels must be at least those of x, but is 2"),
        (refusal(norm(&[2, 3, 4], 3, 1e-5, 0.1)), "batch_norm2d: x must have shape [n, c, h, w]"),
        (refusal(norm(&[2, 3, 4, 4], 2, 1e-5, 0.1)), "weight must have one entry a channel"),
        (refusal(norm(&[2, 3, 4, 4], 3, -1.0, 0.1)), "eps must be finite and at least 0, but is -1"),
        (refusal(norm(&[2, 3, 4, 4], 3, 1e-5, f64::NAN)), "momentum must be from 0 to 1, but is NaN"),
        (refusal(norm(&[1, 3, 1, 1], 3, 1e-5, 0.1)), "more than one number a channel, but x has shape [1, 3, 1, 1]"),
    ];
    all_named(&cases);
}

/// Every refusal says its part.
fn all_named(cases: &[(String, &str)]) {
    for (message, part) in cases {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn mixed_or_unknown_types_are_errors() {
    let half = zeros(&[1, 1, 4, 4]).to_dtype(DType::F64).expect("a cast");
    assert!(k::conv2d(&half, &zeros(&[1, 1, 3, 3]), None, Conv2dParams::default()).is_err());
    let whole = zeros(&[2, 2]).to_dtype(DType::U32).expect("a cast");
    assert!(k::matmul(&whole, &zeros(&[2, 2])).is_err());
}

#[test]
fn empty_batches_pass_through() -> Result<()> {
    let x = Var::from_tensor(&random(&[0, 2, 4, 4], 1)?)?;
    let w = Var::from_tensor(&random(&[3, 2, 3, 3], 2)?)?;
    let h = k::conv2d(&x, &w, None, Conv2dParams::default())?;
    let h = k::max_pool2d(&k::relu(&h)?, Pool2dParams::tiles(2))?;
    let y = k::linear(&k::flatten(&h)?, &random(&[5, 3], 3)?, None)?;
    assert_eq!(y.dims(), [0, 5]);
    let grads = k::backward(&y)?;
    assert!(numbers(grads.get(&w).expect("a gradient"))?.iter().all(|&grad| grad == 0.0));
    Ok(())
}

#[test]
fn no_pictures_have_no_moments() -> Result<()> {
    let x = Var::from_tensor(&random(&[0, 2, 4, 4], 1)?)?;
    let [mean, var] = support::running(2)?;
    let running = k::RunningStatistics { mean: &mean, var: &var };
    let weight = random(&[2], 2)?;
    let y = k::batch_norm2d(&x, &weight, &weight, k::Statistics::Running(running), k::BatchNormParams::default())?;
    assert_eq!(y.dims(), [0, 2, 4, 4]);
    let none = k::Statistics::Batch { running: None, momentum: 0.1 };
    assert!(k::batch_norm2d(&x, &weight, &weight, none, k::BatchNormParams::default()).is_err());
    Ok(())
}

#[test]
fn no_input_channels_leave_the_bias() -> Result<()> {
    let (x, w) = (Var::from_tensor(&random(&[2, 0, 4, 4], 1)?)?, Var::from_tensor(&random(&[3, 0, 3, 3], 2)?)?);
    let bias = random(&[3], 3)?;
    let y = k::conv2d(&x, &w, Some(&bias), Conv2dParams::default())?;
    let expected = bias.reshape((1, 3, 1, 1))?.broadcast_as((2, 3, 2, 2))?;
    assert_eq!(numbers(&y)?, numbers(&expected)?);
    assert_eq!(k::backward(&y)?.get(&w).expect("a gradient").dims(), [3, 0, 3, 3]);
    Ok(())
}

/// A diverged network must not look alive: NaN goes through everything.
#[test]
fn nan_is_never_lost() -> Result<()> {
    let nan = |dims: &[usize], place: usize| -> Result<Tensor> {
        let mut data = numbers(&random(dims, 3)?)?;
        data[place] = f64::NAN;
        Tensor::from_vec(data, dims, &Device::Cpu)
    };
    let windows = |kernel, stride| Pool2dParams { kernel, stride, padding: 0, ceil_mode: false };
    let picture = nan(&[1, 1, 6, 6], 14)?;
    let cases = [
        (Op::Relu, vec![nan(&[5], 2)?]),
        (Op::MaxPool2d(windows(2, 2)), vec![picture.clone()]),
        (Op::MaxPool2d(windows(3, 2)), vec![picture.clone()]),
        (Op::AvgPool2d(windows(2, 2)), vec![picture.clone()]),
        (Op::Conv2d(Conv2dParams { stride: 1, padding: 1 }), vec![picture, random(&[1, 1, 3, 3], 4)?]),
        (Op::Linear, vec![nan(&[2, 3], 4)?, random(&[2, 3], 5)?]),
        (Op::CrossEntropy(&[0, 1]), vec![nan(&[2, 3], 4)?]),
        (Op::BatchNorm { relu: true, fixed: false }, vec![nan(&[2, 2, 3, 3], 5)?, random(&[2], 6)?, random(&[2], 7)?]),
        (Op::BatchNorm { relu: true, fixed: true }, vec![nan(&[2, 2, 3, 3], 5)?, random(&[2], 6)?, random(&[2], 7)?]),
        (Op::SmoothedCrossEntropy(&[0, 1], 0.1), vec![nan(&[2, 3], 4)?]),
        // The number that is dropped.
        (Op::Dropout(0.5), vec![nan(&[5], 2)?]),
        (
            Op::LocalResponseNorm(support::lrn(k::LrnRegion::AcrossChannels, 3, 1.0, 0.75, 1.0)),
            vec![nan(&[1, 2, 2, 2], 1)?],
        ),
        (Op::Add, vec![nan(&[5], 1)?, random(&[5], 2)?]),
        (Op::AddRelu, vec![nan(&[5], 1)?, random(&[5], 2)?]),
    ];
    for (op, inputs) in cases {
        for way in WAYS {
            let output = numbers(&op.apply(way, &inputs)?)?;
            assert!(output.iter().any(|number| number.is_nan()), "{op:?}, {way:?}");
        }
    }
    Ok(())
}
