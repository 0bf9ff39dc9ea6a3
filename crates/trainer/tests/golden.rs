//! Golden bits: a short training must give the bits that [`NUMERICS_VERSION`] stands for, on every machine.
//!
//! The portable path can promise that: it is IEEE 754 arithmetic in a fixed order, square roots included, and everything else
//! (exponential and logarithm of the loss, powers of Adam's betas) comes from the `libm` crate, not from the system's library,
//! whose last bit differs from one to the next. The AVX2 path, with fused multiply-add, is just as fixed, with bits of its own; where
//! the processor lacks it, its test says so and ends. A change on the other paths must raise [`NUMERICS_VERSION`] too, though no
//! test here can see it.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use std::io::Write;

use candle_core::DType;
use fixture::{digits, dropping, learner, mlp, pictures, spec, train};
use lrscope_kernels::Isa;
use lrscope_runner::learner::{Learner, Subset};
use lrscope_runner::spec::{Adam, FloatType, LossSpec, ModelSpec, NUMERICS_VERSION, OptimizerSpec, Sgd};

/// Version of the arithmetic that the hashes below were made with.
const VERSION: u32 = 3;

/// Hashes of losses and final weights, a row a network of [`networks`]: (SGD, `AdamW`) × (f32, f64).
const PORTABLE: [[u64; 4]; 9] = [
    [0x40c5_c6c8_f185_bf5a, 0x3727_3af8_6d69_6e3a, 0xb6b5_6b9b_3d5b_5861, 0x4d3d_7808_e14b_3b54],
    [0x6696_652b_d951_2279, 0x2888_2482_9360_bac4, 0xbc84_a80a_643f_8a5f, 0x4718_7350_a9e7_d7db],
    [0xe7db_c351_4d73_8a2f, 0x87b7_1918_403b_15ac, 0x836d_826d_42ed_f5a3, 0x378c_3a07_a50f_4625],
    [0xb1ca_afaf_0361_f5d5, 0x2f91_464a_d8fb_0859, 0xa64c_2c45_337a_3034, 0x72cc_9969_92ea_50d5],
    [0x9376_abd1_0978_c185, 0x1c77_e7e4_7dd9_4c45, 0xcf8e_3763_68a3_9a46, 0x7433_90c6_ce2e_c654],
    [0xffe0_73a4_9e2f_c49d, 0x5d53_867e_6cbc_3c41, 0x6881_76b9_fc2c_1ed7, 0x226e_ee4a_e9cf_9c81],
    [0xdfdf_f0b7_4eaa_ca03, 0x893a_618a_79fa_bd39, 0x6bcd_b2d2_653c_3a0d, 0x6d4d_6323_8955_ad3a],
    [0xa72b_b1ab_20c5_32bf, 0x2033_8524_2c6a_c530, 0xe994_090d_7caf_bbf5, 0x49fc_e2fd_f0b3_923e],
    [0xb9eb_e44f_b0a9_03bd, 0x5911_e4db_1304_9baf, 0xe1b7_b79b_9c3e_b09a, 0x046c_0dde_f318_430c],
];

/// The same on the AVX2 path.
const AVX2: [[u64; 4]; 9] = [
    [0x4ae4_4ea2_f552_ca49, 0x9fe0_4809_f721_ee47, 0x2717_9d81_dfeb_f3be, 0x8463_c420_8718_bb1a],
    [0xebd0_e9e6_898c_df0b, 0x907a_2feb_b70a_155e, 0x375f_5d19_7b14_e246, 0xa2cb_a026_723e_8e81],
    [0xe0f3_1498_b145_5015, 0x7c65_4c58_1816_7e9d, 0x9048_a91c_de8b_9dfc, 0xadf4_13b2_ad3e_e77a],
    [0xd799_fe8f_02de_0feb, 0x1f94_53e4_f1c7_9588, 0xa7c5_a219_4104_faca, 0x6b71_884a_2964_e528],
    [0x5643_ffe5_73bd_3ecc, 0x9aef_c369_a68d_c91c, 0xa214_c52c_a011_8655, 0xb4f5_6dcd_c532_1fa4],
    [0x2cf8_339b_8620_5215, 0xd5a2_817c_f970_6fc7, 0x92e5_8dc0_c0a5_6a61, 0x44b0_1158_5601_9b06],
    [0xd4f0_d682_c088_7995, 0x5030_f6ca_275d_21d0, 0x31f0_6f46_2a5c_bb10, 0xdb54_0964_1c28_ba8d],
    [0x21b6_5fe9_5ce9_8fc5, 0x2a27_77cc_3a77_d352, 0x0610_2d94_c28d_78d7, 0xd679_f9d6_e31b_05ee],
    [0xbf3d_05bb_4e95_914e, 0x2dc0_b32f_9ecb_6b58, 0xd6dd_d55b_ceed_6e73, 0xcc65_d5f1_992a_9ee3],
];

/// FNV-1a, 64 bits, of the numbers' bits.
fn hash(numbers: &[f64]) -> u64 {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Networks with their label smoothing: together they take every operation that training has.
fn networks() -> [(ModelSpec, f64); 9] {
    [
        (mlp(&[32]), 0.0),
        (ModelSpec::Lenet {}, 0.0),
        (ModelSpec::CaffeQuick {}, 0.0),
        // Overlapping pools and local response normalisation.
        (ModelSpec::CaffeFull {}, 0.0),
        // Batch normalisation, residual sums; with two widths, of which one fills no vector.
        (ModelSpec::Resnet9 { width: 3 }, 0.0),
        (ModelSpec::Resnet9 { width: 16 }, 0.1),
        // Convolutions with stride 2, subsampled shortcuts.
        (ModelSpec::Resnet20 {}, 0.0),
        (dropping(), 0.0),
        (mlp(&[32]), 0.1),
    ]
}

fn short_run(isa: Isa, (model, label_smoothing): (ModelSpec, f64), optimizer: OptimizerSpec, dtype: FloatType) -> u64 {
    let data = if matches!(model, ModelSpec::Mlp { .. }) { digits() } else { pictures(1, 16, 96, 8) };
    let mut spec = spec(&data, model);
    (spec.optimizer, spec.dtype, spec.isa) = (optimizer, dtype, isa.to_string());
    spec.loss = LossSpec { label_smoothing };
    let mut learner = learner(&spec, &data);
    let rows = train(&mut learner, 0.01, 6);
    let kept = learner.parameters().trained().iter().chain(learner.parameters().buffers());
    let weights = kept.flat_map(|parameter| {
        let wide = parameter.var.to_dtype(DType::F64).unwrap();
        wide.flatten_all().unwrap().to_vec1::<f64>().unwrap()
    });
    let mut numbers: Vec<f64> = rows.iter().map(|row| row.loss).chain(weights).collect();
    numbers.push(learner.evaluate(Subset::Test).unwrap().loss);
    hash(&numbers)
}

fn hold(isa: Isa, golden: &[[u64; 4]; 9]) {
    let sgd = OptimizerSpec::Sgd(Sgd { nesterov: true, weight_decay: 1e-3, ..Sgd::default() });
    let adamw = OptimizerSpec::Adamw(Adam { weight_decay: 0.01, ..Adam::default() });
    let kinds = [&sgd, &adamw].map(|optimizer| [FloatType::F32, FloatType::F64].map(|dtype| (optimizer, dtype)));
    let kinds: [_; 4] = kinds.concat().try_into().expect("two optimizers in two types");
    let found = networks()
        .map(|network| kinds.map(|(optimizer, dtype)| short_run(isa, network.clone(), optimizer.clone(), dtype)));
    assert!(
        found == *golden && NUMERICS_VERSION == VERSION,
        "the arithmetic changed on the {isa} path: raise NUMERICS_VERSION (now {NUMERICS_VERSION}) in the runner, set VERSION here \
         to the same, and put these hashes here: {found:#018x?}"
    );
}

#[test]
fn portable_trainings_give_the_bits_of_this_numerics_version() {
    hold(Isa::Portable, &PORTABLE);
}

#[test]
fn avx2_trainings_give_the_bits_of_this_numerics_version() {
    if Isa::available().contains(&Isa::Avx2) {
        hold(Isa::Avx2, &AVX2);
    } else {
        // Past the test harness's capture.
        let _ = std::io::stderr().write_all(b"SKIPPED: this processor has no AVX2: its bits are not tested\n");
    }
}
