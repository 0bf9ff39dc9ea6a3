//! Dropout: how often it drops, what is left, and what its choice depends on.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]
#![allow(clippy::float_cmp, reason = "a mask leaves exact numbers")]

use candle_core::{DType, Device, Tensor};
use lrscope_runner::random::{Family, Seed};
use lrscope_trainer::model::{Dropout, Pass};

fn pass(seed: u64, number: u64) -> Pass {
    Pass::training(Seed { family: Family::Training, number: seed }, number)
}

fn dropped(p: f64, layer: u64, count: usize, pass: Pass) -> Vec<f64> {
    let ones = Tensor::ones((count / 10, 10), DType::F64, &Device::Cpu).unwrap();
    let y = Dropout::new(layer, p).unwrap().forward(&ones, pass).unwrap();
    y.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn shares_and_scale_follow_the_probability() {
    const COUNT: usize = 100_000;
    for p in [0.05, 0.5, 0.9] {
        let y = dropped(p, 0, COUNT, pass(0, 3));
        assert!(y.iter().all(|&y| y == 0.0 || (y - 1.0 / (1.0 - p)).abs() < 1e-15));
        let zeros = y.iter().filter(|&&y| y == 0.0).count() as f64;
        // Six standard deviations of a binomial count.
        let spread = 6.0 * (COUNT as f64 * p * (1.0 - p)).sqrt();
        assert!((zeros - p * COUNT as f64).abs() < spread, "{zeros} of {COUNT} at {p}");
    }
}

#[test]
fn seed_pass_and_layer_decide_alone() {
    let first = dropped(0.5, 0, 1000, pass(0, 0));
    assert_eq!(first, dropped(0.5, 0, 1000, pass(0, 0)));
    for other in
        [dropped(0.5, 1, 1000, pass(0, 0)), dropped(0.5, 0, 1000, pass(1, 0)), dropped(0.5, 0, 1000, pass(0, 1))]
    {
        // Independent masks agree in about half of their places.
        let agreeing = first.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!((400..600).contains(&agreeing), "{agreeing}");
    }
    // A longer tensor begins with the same choices.
    assert_eq!(first, dropped(0.5, 0, 2000, pass(0, 0))[..1000]);
}

#[test]
fn nothing_is_dropped_outside_training_or_with_probability_0() {
    assert!(dropped(0.9, 0, 1000, Pass::evaluation()).iter().all(|&y| y == 1.0));
    assert!(dropped(0.0, 0, 1000, pass(0, 0)).iter().all(|&y| y == 1.0));
    for p in [1.0, -0.1, f64::NAN] {
        assert!(Dropout::new(0, p).is_err());
    }
}
