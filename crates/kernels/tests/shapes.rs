//! Kernels against twins on random shapes, layouts and values; the same bits for any number of threads; paths close together.

#![allow(clippy::unwrap_used, reason = "proptest bodies cannot use `?`")]

mod support;

use candle_core::{DType, Result, Tensor};
use lrscope_kernels::LrnRegion::{AcrossChannels, WithinChannel};
use lrscope_kernels::{Conv2dParams, Isa, Pool2dParams, with_isa};
use proptest::prelude::*;
use support::{Op, Way, distance, isas, lrn, numbers, random, run};

/// In f64 kernels and twins differ by the order of sums alone.
const TOLERANCE: f64 = 1e-12;
/// In f32 two paths may sum in another order and round products or not: some units of the last place, over these depths.
const BETWEEN_PATHS: f64 = 2e-5;

/// Kernel and twin agree on result and gradients.
fn agree(op: Op, inputs: &[Tensor]) -> Result<()> {
    agree_within(TOLERANCE, op, inputs)
}

fn agree_within(tolerance: f64, op: Op, inputs: &[Tensor]) -> Result<()> {
    let expected = op.apply(Way::Twin, inputs)?;
    let upstream = random(expected.dims(), 77)?;
    let (expected, expected_grads) = run(op, Way::Twin, inputs, &upstream)?;
    for isa in isas() {
        let (output, grads) = with_isa(isa, || run(op, Way::Kernel, inputs, &upstream)).expect("available")?;
        let error = distance(&output, &expected)?;
        assert!(error <= tolerance, "{op:?} on {isa}: output off by {error}");
        for (index, (grad, wanted)) in grads.iter().zip(&expected_grads).enumerate() {
            let error = distance(grad, wanted)?;
            assert!(error <= tolerance, "{op:?} on {isa}: gradient {index} off by {error}");
        }
    }
    Ok(())
}

/// The same numbers in memory in another way: as they are, transposed, or as a part of something larger.
fn laid(tensor: Tensor, lie: usize) -> Result<Tensor> {
    let last = tensor.rank() - 1;
    match lie {
        0 => Ok(tensor),
        1 => tensor.transpose(0, last)?.contiguous()?.transpose(0, last),
        _ => Tensor::cat(&[&tensor, &tensor, &tensor], last)?.narrow(last, tensor.dims()[last], tensor.dims()[last]),
    }
}

/// Sides of pictures and of kernels that fit into them with their border, and how the windows lie.
fn convolutions() -> impl Strategy<Value = ([usize; 2], [usize; 2], Conv2dParams)> {
    (1..12usize, 1..12usize, 1..4usize, 0..4usize).prop_flat_map(|(h, w, stride, padding)| {
        let fits = |side: usize| 1..=(side + 2 * padding).min(4);
        let kernel = (fits(h), fits(w)).prop_map(|(kh, kw)| [kh, kw]);
        (Just([h, w]), kernel, Just(Conv2dParams { stride, padding }))
    })
}

/// Windows, and sides of pictures that hold at least one.
fn pools() -> impl Strategy<Value = (Pool2dParams, [usize; 2])> {
    let params = (1..5usize, 1..4usize, any::<bool>()).prop_flat_map(|(kernel, stride, ceil_mode)| {
        (0..=kernel / 2).prop_map(move |padding| Pool2dParams { kernel, stride, padding, ceil_mode })
    });
    params.prop_flat_map(|params| {
        let Pool2dParams { kernel, stride, padding, ceil_mode } = params;
        let room = 2 * padding + if ceil_mode { stride - 1 } else { 0 };
        let side = kernel.saturating_sub(room).max(1)..12;
        (Just(params), (side.clone(), side).prop_map(|(h, w)| [h, w]))
    })
}

/// Shapes with more than one number a channel, so that there is a variance.
fn batches() -> impl Strategy<Value = [usize; 4]> {
    (1..6usize, 1..70usize, 1..9usize, 1..9usize).prop_map(|(n, c, h, w)| [if h * w == 1 { n + 1 } else { n }, c, h, w])
}

/// Labels below every number of classes: `LABELS[classes]`.
static LABELS: [[u32; 6]; 9] = {
    let mut labels = [[0; 6]; 9];
    let mut at = 6;
    while at < 6 * 9 {
        let (classes, example) = (at / 6, at % 6);
        labels[classes][example] = [7, 0, 5, 2, 2, 3][example] % classes as u32;
        at += 1;
    }
    labels
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn conv2d(
        ([h, w], [kh, kw], params) in convolutions(),
        (n, c, o) in (1..4usize, 1..5usize, 1..20usize), lies in (0..3usize, 0..3usize), bias: bool, seed in 0..1_000_000u64,
    ) {
        let inputs = [
            laid(random(&[n, c, h, w], seed).unwrap(), lies.0).unwrap(),
            laid(random(&[o, c, kh, kw], seed + 1).unwrap(), lies.1).unwrap(),
            random(&[o], seed + 2).unwrap(),
        ];
        agree(Op::Conv2d(params), &inputs[..2 + usize::from(bias)]).unwrap();
    }

    #[test]
    fn pooling(
        (params, [h, w]) in pools(), (n, c) in (1..4usize, 1..4usize), lie in 0..3usize, ties: bool, seed in 0..1_000_000u64,
    ) {
        let x = random(&[n, c, h, w], seed).unwrap();
        let x = laid(if ties { (x * 1.5).unwrap().round().unwrap() } else { x }, lie).unwrap();
        agree(Op::MaxPool2d(params), std::slice::from_ref(&x)).unwrap();
        agree(Op::AvgPool2d(params), &[x]).unwrap();
    }

    #[test]
    fn dense(
        (n, inputs, outputs) in (1..70usize, 1..70usize, 1..70usize), lies in (0..3usize, 0..3usize), seed in 0..1_000_000u64,
    ) {
        let x = laid(random(&[n, inputs], seed).unwrap(), lies.0).unwrap();
        let w = laid(random(&[outputs, inputs], seed + 1).unwrap(), lies.1).unwrap();
        let bias = random(&[outputs], seed + 2).unwrap();
        agree(Op::Linear, &[x.clone(), w.clone(), bias]).unwrap();
        agree(Op::Linear, &[x.clone(), w.clone()]).unwrap();
        agree(Op::Matmul, &[x.clone(), w.t().unwrap()]).unwrap();
        agree(Op::Relu, &[(x * 2.0).unwrap().round().unwrap()]).unwrap();
    }

    #[test]
    fn batch_norm(
        [n, c, h, w] in batches(), lies in (0..3usize, 0..3usize), relu: bool, fixed: bool, offset in -30.0..30.0f64, seed in 0..1_000_000u64,
    ) {
        let x = (random(&[n, c, h, w], seed).unwrap() + offset).unwrap();
        let weight = laid(random(&[c], seed + 1).unwrap(), lies.1).unwrap();
        let bias = random(&[c], seed + 2).unwrap();
        agree_within(1e-9, Op::BatchNorm { relu, fixed }, &[laid(x, lies.0).unwrap(), weight, bias]).unwrap();
    }

    #[test]
    fn local_response_norm(
        (n, c, h, w) in (1..4usize, 1..12usize, 1..12usize, 1..12usize), lie in 0..3usize, across: bool, size in 1..8usize,
        (alpha, beta, k) in (0.0..2.0f64, prop_oneof![Just(0.25), Just(0.5), Just(0.75), Just(1.0), 0.0..2.0f64], 0.5..2.0f64),
        seed in 0..1_000_000u64,
    ) {
        let (region, size) = if across { (AcrossChannels, size) } else { (WithinChannel, size | 1) };
        let x = laid(random(&[n, c, h, w], seed).unwrap(), lie).unwrap();
        agree(Op::LocalResponseNorm(lrn(region, size, alpha, beta, k)), &[x]).unwrap();
    }

    #[test]
    fn subsample2d(
        (n, c, h, w) in (1..4usize, 1..6usize, 1..10usize, 1..10usize), more in 0..5usize, stride in 1..5usize,
        lie in 0..3usize, seed in 0..1_000_000u64,
    ) {
        let x = laid(random(&[n, c, h, w], seed).unwrap(), lie).unwrap();
        agree(Op::Subsample2d { stride, channels: c + more }, &[x]).unwrap();
    }

    #[test]
    fn loss_and_dropout(
        (n, classes) in (1..7usize, 1..9usize), lie in 0..3usize, smoothing in 0.0..1.0f64, p in 0.0..0.9f64,
        seed in 0..1_000_000u64,
    ) {
        let labels = &LABELS[classes][..n];
        let x = laid((random(&[n, classes], seed).unwrap() * 8.0).unwrap(), lie).unwrap();
        agree(Op::SmoothedCrossEntropy(labels, smoothing), std::slice::from_ref(&x)).unwrap();
        agree(Op::CrossEntropy(labels), std::slice::from_ref(&x)).unwrap();
        agree(Op::Dropout(p), &[x]).unwrap();
    }

    #[test]
    fn residual(
        dims in (1..5usize, 1..20usize, 1..20usize), lies in (0..3usize, 0..3usize), seed in 0..1_000_000u64,
    ) {
        let rounded = |seed, lie| {
            let x = random(&[dims.0, dims.1, dims.2], seed).unwrap();
            laid((x * 2.0).unwrap().round().unwrap(), lie).unwrap()
        };
        let inputs = [rounded(seed, lies.0), rounded(seed + 1, lies.1)];
        agree(Op::Add, &inputs).unwrap();
        agree(Op::AddRelu, &inputs).unwrap();
    }
}

/// Operations large enough to be split over threads, with their inputs.
fn large() -> Result<Vec<(Op, Vec<Tensor>)>> {
    let pool = |kernel, stride, padding| Pool2dParams { kernel, stride, padding, ceil_mode: true };
    let picture = |seed| random(&[5, 17, 21, 20], seed);
    let mut cases = vec![
        (Op::MaxPool2d(pool(2, 2, 0)), vec![picture(1)?]),
        (Op::MaxPool2d(pool(3, 2, 1)), vec![picture(2)?]),
        (Op::AvgPool2d(pool(3, 2, 0)), vec![picture(3)?]),
        (Op::Relu, vec![picture(4)?]),
        (Op::Flatten, vec![picture(5)?]),
        (Op::Linear, vec![random(&[65, 300], 6)?, random(&[210, 300], 7)?, random(&[210], 8)?]),
        (Op::Matmul, vec![random(&[300, 64], 9)?, random(&[64, 300], 10)?]),
        (Op::CrossEntropy(&[1, 2, 3, 4, 5, 6]), vec![(random(&[6, 900], 11)? * 4.0)?]),
    ];
    for (relu, fixed) in [(false, false), (true, false), (true, true)] {
        let inputs = vec![picture(15)?, random(&[17], 16)?, random(&[17], 17)?];
        cases.push((Op::BatchNorm { relu, fixed }, inputs));
    }
    for params in [lrn(AcrossChannels, 5, 0.5, 0.75, 1.0), lrn(WithinChannel, 3, 0.5, 0.6, 1.0)] {
        cases.push((Op::LocalResponseNorm(params), vec![picture(20)?]));
    }
    cases.push((Op::Subsample2d { stride: 2, channels: 20 }, vec![picture(22)?]));
    cases.push((Op::Dropout(0.3), vec![picture(21)?]));
    cases.push((Op::SmoothedCrossEntropy(&[1, 2, 3, 4, 5, 6], 0.2), vec![(random(&[6, 900], 11)? * 4.0)?]));
    cases.push((Op::Add, vec![picture(18)?, picture(19)?]));
    cases.push((Op::AddRelu, vec![picture(18)?, picture(19)?]));
    for (stride, padding) in [(1, 0), (1, 2), (2, 1), (3, 4)] {
        let inputs = vec![picture(12)?, random(&[35, 17, 5, 4], 13)?, random(&[35], 14)?];
        cases.push((Op::Conv2d(Conv2dParams { stride, padding }), inputs));
    }
    Ok(cases)
}

fn bits(tensors: &[Tensor]) -> Result<Vec<u64>> {
    let all = tensors.iter().map(numbers).collect::<Result<Vec<_>>>()?;
    Ok(all.into_iter().flatten().map(f64::to_bits).collect())
}

#[test]
fn bits_do_not_depend_on_threads() -> Result<()> {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let pools = [pool(1), pool(2), pool(3)];
    for ((op, inputs), dtype) in
        large()?.into_iter().flat_map(|case| [DType::F32, DType::F64].map(|dtype| (case.clone(), dtype)))
    {
        let inputs = inputs.iter().map(|input| input.to_dtype(dtype)).collect::<Result<Vec<_>>>()?;
        let upstream = random(op.apply(Way::Kernel, &inputs)?.dims(), 77)?.to_dtype(dtype)?;
        for isa in isas() {
            let all = pools.each_ref().map(|pool| {
                let (output, grads) =
                    pool.install(|| with_isa(isa, || run(op, Way::Kernel, &inputs, &upstream))).expect("available")?;
                bits(&[&[output][..], &grads].concat())
            });
            let [one, two, three] = all;
            let one = one?;
            assert!(one == two? && one == three?, "{op:?} of {dtype:?} on {isa}");
        }
    }
    Ok(())
}

#[test]
fn paths_are_close() -> Result<()> {
    for (op, inputs) in large()? {
        let inputs = inputs.iter().map(|input| input.to_dtype(DType::F32)).collect::<Result<Vec<_>>>()?;
        let upstream = random(op.apply(Way::Kernel, &inputs)?.dims(), 77)?.to_dtype(DType::F32)?;
        let on = |isa| with_isa(isa, || run(op, Way::Kernel, &inputs, &upstream)).expect("available");
        let (output, grads) = on(Isa::Portable)?;
        for isa in isas() {
            let (other, other_grads) = on(isa)?;
            for (left, right) in [&output].into_iter().chain(&grads).zip([&other].into_iter().chain(&other_grads)) {
                let error = distance(left, right)?;
                assert!(error <= BETWEEN_PATHS, "{op:?}: {isa} is {error} from portable");
            }
        }
    }
    Ok(())
}
