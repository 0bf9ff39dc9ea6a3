//! Golden bits: a short training must give the bits that [`NUMERICS_VERSION`] stands for, on every machine.
//!
//! The portable path can promise that: it is IEEE 754 arithmetic in a fixed order, square roots included, and everything else
//! (exponential and logarithm of the loss, powers of Adam's betas) comes from the `libm` crate, not from the system's library,
//! whose last bit differs from one to the next. Paths with fused multiply-add have bits of their own, which no single number
//! could hold; a change of theirs must raise [`NUMERICS_VERSION`] too, though no test can see it.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use candle_core::DType;
use fixture::{digits, learner, mlp, pictures, spec, train};
use lrscope_runner::learner::{Learner, Subset};
use lrscope_runner::spec::{Adam, FloatType, ModelSpec, NUMERICS_VERSION, OptimizerSpec, Sgd};

/// Version of the arithmetic that the hashes below were made with.
const VERSION: u32 = 2;

/// Hashes of losses and final weights: networks × (SGD, `AdamW`) × (f32, f64).
const GOLDEN: [u64; 12] = [
    0x40c5_c6c8_f185_bf5a,
    0x3727_3af8_6d69_6e3a,
    0xb6b5_6b9b_3d5b_5861,
    0x4d3d_7808_e14b_3b54,
    0x6696_652b_d951_2279,
    0x2888_2482_9360_bac4,
    0xbc84_a80a_643f_8a5f,
    0x4718_7350_a9e7_d7db,
    0xe7db_c351_4d73_8a2f,
    0x87b7_1918_403b_15ac,
    0x836d_826d_42ed_f5a3,
    0x378c_3a07_a50f_4625,
];

/// FNV-1a, 64 bits, of the numbers' bits.
fn hash(numbers: &[f64]) -> u64 {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn short_run(model: ModelSpec, optimizer: OptimizerSpec, dtype: FloatType) -> u64 {
    let data = if matches!(model, ModelSpec::Mlp { .. }) { digits() } else { pictures(1, 16, 96, 8) };
    let mut spec = spec(&data, model);
    (spec.optimizer, spec.dtype, spec.isa) = (optimizer, dtype, "portable".into());
    let mut learner = learner(&spec, &data);
    let rows = train(&mut learner, 0.01, 6);
    let weights = learner.parameters().trained().iter().flat_map(|parameter| {
        let wide = parameter.var.to_dtype(DType::F64).unwrap();
        wide.flatten_all().unwrap().to_vec1::<f64>().unwrap()
    });
    let mut numbers: Vec<f64> = rows.iter().map(|row| row.loss).chain(weights).collect();
    numbers.push(learner.evaluate(Subset::Test).unwrap().loss);
    hash(&numbers)
}

#[test]
fn short_trainings_give_the_bits_of_this_numerics_version() {
    let sgd = || OptimizerSpec::Sgd(Sgd { nesterov: true, weight_decay: 1e-3, ..Sgd::default() });
    let adamw = || OptimizerSpec::Adamw(Adam { weight_decay: 0.01, ..Adam::default() });
    let mut found = Vec::new();
    for model in [mlp(&[32]), ModelSpec::Lenet {}, ModelSpec::CaffeQuick {}] {
        for optimizer in [sgd(), adamw()] {
            for dtype in [FloatType::F32, FloatType::F64] {
                found.push(short_run(model.clone(), optimizer.clone(), dtype));
            }
        }
    }
    assert!(
        found == GOLDEN && NUMERICS_VERSION == VERSION,
        "the arithmetic changed: raise NUMERICS_VERSION (now {NUMERICS_VERSION}) in the runner, set VERSION here to the same, \
         and put these hashes here: {found:#018x?}"
    );
}
