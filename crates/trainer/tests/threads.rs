//! Bits do not depend on the number of threads. Both numbers are tried in child processes, since candle reads
//! `RAYON_NUM_THREADS` from the environment and rayon's pool is made once.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use std::path::Path;
use std::process::Command;

use fixture::{bits, dropping, learner, mlp, pictures, spec, train};
use lrscope_runner::learner::{Learner, Subset};
use lrscope_runner::spec::{Adam, FloatType, ModelSpec, OptimizerSpec, Sgd};

const OUTPUT: &str = "LRSCOPE_TEST_BITS";

/// The child's part: trains every network for some updates, on every path of this processor, and writes the bits to a file.
#[test]
#[ignore = "started by the test below in a process of its own"]
fn write_bits() {
    let path = std::env::var_os(OUTPUT).expect("the parent sets the file");
    let data = pictures(3, 28, 96, 40);
    let mut written = Vec::new();
    for isa in lrscope_kernels::Isa::available() {
        for model in [
            mlp(&[300]),
            dropping(),
            ModelSpec::Lenet {},
            ModelSpec::CaffeQuick {},
            ModelSpec::CaffeFull {},
            ModelSpec::Resnet9 { width: 8 },
            ModelSpec::Resnet20 {},
        ] {
            for (optimizer, dtype) in [
                (OptimizerSpec::Sgd(Sgd::default()), FloatType::F32),
                (OptimizerSpec::Adamw(Adam::default()), FloatType::F64),
            ] {
                let mut spec = spec(&data, model.clone());
                (spec.optimizer, spec.dtype, spec.isa) = (optimizer, dtype, isa.to_string());
                let mut learner = learner(&spec, &data);
                let rows = train(&mut learner, 0.01, 3);
                written.extend(bits(&rows, &learner.save().unwrap()));
                written.extend(learner.evaluate(Subset::Test).unwrap().loss.to_le_bytes());
            }
        }
    }
    std::fs::write(path, written).unwrap();
}

fn bits_with(threads: usize, folder: &Path) -> Vec<u8> {
    let path = folder.join(format!("{threads}.bits"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "write_bits", "--ignored", "--test-threads=1"])
        .env("RAYON_NUM_THREADS", threads.to_string())
        .env(OUTPUT, &path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::read(path).unwrap()
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let one = bits_with(1, folder.path());
    assert!(!one.is_empty());
    for threads in [2, 3] {
        assert!(one == bits_with(threads, folder.path()), "{threads} threads");
    }
}
