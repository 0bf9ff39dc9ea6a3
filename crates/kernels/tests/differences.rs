//! Gradients against finite differences in f64, away from kinks, for kernels and twins.

mod support;

use candle_core::{Device, Result, Tensor};
use lrscope_kernels::LrnRegion::{AcrossChannels, WithinChannel};
use lrscope_kernels::{Conv2dParams, Pool2dParams};
use support::{Op, WAYS, lrn, numbers, random, run};

/// Central differences of f64: the step's square and rounding over the step both leave about 1e-10.
const STEP: f64 = 1e-5;
const TOLERANCE: f64 = 1e-8;

fn check(op: Op, inputs: &[Tensor]) -> Result<()> {
    for way in WAYS {
        let upstream = random(op.apply(way, inputs)?.dims(), 99)?;
        let (_, grads) = run(op, way, inputs, &upstream)?;
        let value = |inputs: &[Tensor]| -> Result<f64> { (op.apply(way, inputs)? * &upstream)?.sum_all()?.to_scalar() };
        for (which, grad) in grads.iter().enumerate() {
            for (place, slope) in numbers(grad)?.into_iter().enumerate() {
                let moved = |by: f64| -> Result<f64> {
                    let mut inputs = inputs.to_vec();
                    let mut data = numbers(&inputs[which])?;
                    data[place] += by;
                    inputs[which] = Tensor::from_vec(data, inputs[which].dims(), &Device::Cpu)?;
                    value(&inputs)
                };
                let measured = (moved(STEP)? - moved(-STEP)?) / (2.0 * STEP);
                let error = (slope - measured).abs();
                assert!(
                    error < TOLERANCE,
                    "{op:?}, {way:?}: input {which}, number {place}: {slope}, measured {measured}"
                );
            }
        }
    }
    Ok(())
}

/// Distinct numbers, far enough apart that a step never changes their order, in an order that has no pattern.
fn distinct(dims: &[usize]) -> Result<Tensor> {
    let len: usize = dims.iter().product();
    let data = (0..len)
        .map(|i| ((i * 7919 + 13) % len.next_power_of_two()) as f64 / 64.0 - len as f64 / 150.0 + 1e-3)
        .collect();
    Tensor::from_vec::<_, f64>(data, dims, &Device::Cpu)
}

#[test]
fn conv2d() -> Result<()> {
    for (c, h, w, o, kh, kw, stride, padding) in [
        (2, 5, 6, 3, 3, 3, 1, 0),
        (2, 5, 4, 2, 3, 2, 2, 1),
        (1, 4, 5, 2, 5, 5, 1, 2),
        (3, 1, 1, 2, 1, 1, 1, 0),
        (1, 7, 7, 1, 2, 2, 3, 0),
    ] {
        let inputs = [random(&[2, c, h, w], 1)?, random(&[o, c, kh, kw], 2)?, random(&[o], 3)?];
        check(Op::Conv2d(Conv2dParams { stride, padding }), &inputs)?;
        check(Op::Conv2d(Conv2dParams { stride, padding }), &inputs[..2])?;
    }
    Ok(())
}

#[test]
fn pooling() -> Result<()> {
    for (h, w, kernel, stride, padding, ceil_mode) in [
        (4, 6, 2, 2, 0, false),
        (7, 5, 3, 2, 1, false),
        (6, 5, 3, 2, 0, true),
        (8, 8, 2, 3, 0, false),
        (1, 1, 1, 1, 0, false),
        (2, 3, 3, 2, 0, true),
        (2, 2, 3, 3, 0, true),
    ] {
        let params = Pool2dParams { kernel, stride, padding, ceil_mode };
        check(Op::MaxPool2d(params), &[distinct(&[2, 2, h, w])?])?;
        check(Op::AvgPool2d(params), &[random(&[2, 2, h, w], 4)?])?;
    }
    Ok(())
}

#[test]
fn dense() -> Result<()> {
    check(Op::Relu, &[distinct(&[3, 7])?])?;
    check(Op::Flatten, &[random(&[2, 3, 2, 2], 5)?])?;
    check(Op::Linear, &[random(&[4, 5], 6)?, random(&[3, 5], 7)?, random(&[3], 8)?])?;
    check(Op::Linear, &[random(&[1, 18], 6)?, random(&[17, 18], 7)?])?;
    check(Op::Matmul, &[random(&[3, 4], 9)?, random(&[4, 5], 10)?])?;
    check(Op::CrossEntropy(&[2, 0, 1, 2]), &[(random(&[4, 3], 11)? * 3.0)?])?;
    check(Op::SmoothedCrossEntropy(&[2, 0, 1, 2], 0.1), &[(random(&[4, 3], 11)? * 3.0)?])?;
    check(Op::Dropout(0.4), &[random(&[3, 7], 12)?])
}

#[test]
fn batch_norm() -> Result<()> {
    for (n, c, h, w) in [(3, 2, 2, 3), (2, 3, 1, 1), (1, 2, 5, 4), (2, 1, 4, 5)] {
        for fixed in [false, true] {
            let scale = (random(&[c], 21)? + 1.5)?;
            let inputs = [random(&[n, c, h, w], 20)?, scale, random(&[c], 22)?];
            check(Op::BatchNorm { relu: false, fixed }, &inputs)?;
            check(Op::BatchNorm { relu: true, fixed }, &inputs)?;
        }
    }
    Ok(())
}

#[test]
fn residual() -> Result<()> {
    check(Op::Subsample2d { stride: 2, channels: 5 }, &[random(&[2, 3, 5, 4], 13)?])?;
    check(Op::Subsample2d { stride: 3, channels: 2 }, &[random(&[1, 2, 1, 7], 14)?])?;
    let inputs = [distinct(&[2, 3, 3, 2])?, (distinct(&[2, 3, 3, 2])? * 2.0)?];
    check(Op::Add, &inputs)?;
    check(Op::AddRelu, &inputs)
}

#[test]
fn local_response_norm() -> Result<()> {
    for (region, size, beta) in [
        (AcrossChannels, 5, 0.75),
        (AcrossChannels, 4, 0.5),
        (AcrossChannels, 1, 1.0),
        (AcrossChannels, 9, 0.6),
        (WithinChannel, 3, 0.75),
        (WithinChannel, 5, 0.25),
        (WithinChannel, 1, 2.0),
    ] {
        for dims in [[2, 3, 4, 5], [1, 6, 1, 1]] {
            check(Op::LocalResponseNorm(lrn(region, size, 0.8, beta, 1.5)), &[random(&dims, 30)?])?;
        }
    }
    Ok(())
}
