//! Golden bits: a short training must give the bits that [`NUMERICS_VERSION`] stands for.
//!
//! The portable path uses nothing but IEEE 754 arithmetic and `libm`-free square roots; exponentials and logarithms come from
//! the kernels' own code. What this test cannot see is an ISA path of its own: those change with [`NUMERICS_VERSION`] too, but
//! not every processor has them.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use fixture::{bits, digits, learner, mlp, pictures, spec, train};
use lrscope_runner::learner::{Learner, Subset};
use lrscope_runner::spec::{Adam, FloatType, ModelSpec, NUMERICS_VERSION, OptimizerSpec, Sgd};

/// Version of the arithmetic that the hashes below were made with.
const VERSION: u32 = 1;

/// FNV-1a, 64 bits.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn short_run(model: ModelSpec, optimizer: OptimizerSpec, dtype: FloatType) -> u64 {
    let data = if matches!(model, ModelSpec::Mlp { .. }) { digits() } else { pictures(1, 16, 96, 8) };
    let mut spec = spec(&data, model);
    (spec.optimizer, spec.dtype, spec.isa) = (optimizer, dtype, "portable".into());
    let mut learner = learner(&spec, &data);
    let rows = train(&mut learner, 0.01, 6);
    let mut bits = bits(&rows, &learner.save().unwrap());
    bits.extend(learner.evaluate(Subset::Test).unwrap().loss.to_le_bytes());
    hash(&bits)
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
    let golden: [u64; 12] = [0; 12];
    assert!(
        found == golden && NUMERICS_VERSION == VERSION,
        "the arithmetic changed: raise NUMERICS_VERSION (now {NUMERICS_VERSION}) in the runner, set VERSION here to the same, \
         and put these hashes here: {found:#018x?}"
    );
}
