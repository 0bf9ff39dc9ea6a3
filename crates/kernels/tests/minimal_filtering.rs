//! Convolutions with enough channels for minimal filtering, against the twin: odd sizes, borders, pictures that go together or
//! are cut, channels that fill no whole vector, and its neighbours that are computed plainly; the same bits for any threads.

#![allow(clippy::unwrap_used, reason = "proptest bodies cannot use `?`")]

mod support;

use candle_core::{DType, Result, Tensor};
use lrscope_kernels::{Conv2dParams, with_isa};
use proptest::prelude::*;
use support::{Op, Way, distance, isas, numbers, random, run};

/// In f64 kernels and twins differ by the order of sums and the points' sums alone.
const TOLERANCE: f64 = 1e-12;
/// In f32, with weights and pixels up to 1 and sums some hundreds deep, relative to the largest sum.
const SINGLE: f64 = 3e-6;

fn inputs(x: [usize; 4], o: usize, side: usize, bias: bool) -> Result<Vec<Tensor>> {
    let mut inputs = vec![random(&x, 1)?, random(&[o, x[1], side, side], 2)?];
    inputs.extend(bias.then(|| random(&[o], 3)).transpose()?);
    Ok(inputs)
}

fn agree(inputs: &[Tensor], params: Conv2dParams) -> Result<()> {
    let op = Op::Conv2d(params);
    let upstream = random(op.apply(Way::Twin, inputs)?.dims(), 77)?;
    let (expected, expected_grads) = run(op, Way::Twin, inputs, &upstream)?;
    for isa in isas() {
        let (output, grads) = with_isa(isa, || run(op, Way::Kernel, inputs, &upstream)).expect("available")?;
        let expected = std::iter::once(&expected).chain(&expected_grads);
        for (index, (found, expected)) in std::iter::once(&output).chain(&grads).zip(expected).enumerate() {
            let error = distance(found, expected)?;
            assert!(error <= TOLERANCE, "{params:?} on {isa}: tensor {index} off by {error}");
        }
    }
    Ok(())
}

/// Random shapes to try: 60, or what `PROPTEST_CASES` says.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn kernel_and_twin_agree(
        (n, c, o) in (1..6usize, 14..36usize, 14..36usize), (h, w) in (1..14usize, 1..14usize),
        side in prop::sample::select(vec![3usize, 5]), padding in 0..6usize, bias: bool,
    ) {
        prop_assume!(h + 2 * padding >= side && w + 2 * padding >= side);
        agree(&inputs([n, c, h, w], o, side, bias).unwrap(), Conv2dParams { stride: 1, padding }).unwrap();
    }
}

#[test]
fn shapes_of_the_models_agree() -> Result<()> {
    for (x, o, side, padding) in [
        ([5, 32, 12, 12], 64, 5, 0),
        ([3, 32, 16, 16], 32, 5, 2),
        ([2, 32, 33, 31], 64, 3, 1),
        ([18, 128, 4, 4], 128, 3, 1),
        ([1, 16, 7, 50], 16, 5, 4),
    ] {
        agree(&inputs(x, o, side, true)?, Conv2dParams { stride: 1, padding })?;
    }
    Ok(())
}

#[test]
fn bits_do_not_depend_on_threads() -> Result<()> {
    let op = Op::Conv2d(Conv2dParams { stride: 1, padding: 2 });
    let inputs: Vec<_> = inputs([20, 32, 16, 16], 32, 5, true)?
        .iter()
        .map(|tensor| tensor.to_dtype(DType::F32))
        .collect::<Result<_>>()?;
    let upstream = random(&[20, 32, 16, 16], 77)?.to_dtype(DType::F32)?;
    let bits = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let (output, grads) = pool.install(|| run(op, Way::Kernel, &inputs, &upstream))?;
        let all = std::iter::once(&output).chain(&grads).map(numbers).collect::<Result<Vec<_>>>()?;
        Ok::<_, candle_core::Error>(all.concat().into_iter().map(f64::to_bits).collect::<Vec<_>>())
    };
    let one = bits(1)?;
    assert!(one == bits(2)? && one == bits(3)?);
    Ok(())
}

/// What the points cost in precision, on every path: no more than plain sums in f32 do.
#[test]
fn single_precision_stays_close() -> Result<()> {
    for (side, padding) in [(3, 1), (5, 2)] {
        let op = Op::Conv2d(Conv2dParams { stride: 1, padding });
        let double = inputs([4, 32, 16, 16], 32, side, true)?;
        let upstream = random(&[4, 32, 16, 16], 77)?;
        let (expected, expected_grads) = run(op, Way::Twin, &double, &upstream)?;
        let single: Vec<_> = double.iter().map(|tensor| tensor.to_dtype(DType::F32)).collect::<Result<_>>()?;
        for isa in isas() {
            let upstream = upstream.to_dtype(DType::F32)?;
            let (output, grads) = with_isa(isa, || run(op, Way::Kernel, &single, &upstream)).expect("available")?;
            let expected = std::iter::once(&expected).chain(&expected_grads);
            for (index, (found, expected)) in std::iter::once(&output).chain(&grads).zip(expected).enumerate() {
                let (found, expected) = (numbers(found)?, numbers(expected)?);
                let most = expected.iter().fold(1.0, |most: f64, number| most.max(number.abs()));
                let apart = found.iter().zip(&expected).fold(0.0, |most: f64, (l, r)| most.max((l - r).abs()));
                assert!(apart <= SINGLE * most, "{side}x{side} on {isa}: tensor {index} off by {}", apart / most);
            }
        }
    }
    Ok(())
}
