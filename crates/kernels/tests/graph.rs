//! The short way back through the graph gives what candle's own way gives.

use candle_core::{Device, Result, Tensor, Var};
use lrscope_kernels as k;

mod support;
use support::{distance, random};

fn variable(dims: &[usize], seed: u64) -> Result<Var> {
    Var::from_tensor(&random(dims, seed)?)
}

fn same_gradients(loss: &Tensor, variables: &[&Var]) -> Result<()> {
    let (ours, candles) = (k::backward(loss)?, loss.backward()?);
    for (index, variable) in variables.iter().enumerate() {
        let (ours, candles) = (ours.get(variable), candles.get(variable));
        assert_eq!(ours.is_some(), candles.is_some(), "variable {index}");
        if let (Some(ours), Some(candles)) = (ours, candles) {
            assert!(distance(ours, candles)? < 1e-14, "variable {index}");
            assert!(!ours.track_op(), "a gradient must not drag the graph along");
        }
    }
    Ok(())
}

fn labels() -> Result<Tensor> {
    Tensor::new(&[0u32, 2, 1], &Device::Cpu)
}

#[test]
fn through_our_operations_alone() -> Result<()> {
    let (w1, b1, w2) = (variable(&[4, 2, 3, 3], 1)?, variable(&[4], 2)?, variable(&[3, 4 * 9], 3)?);
    let unused = variable(&[2], 4)?;
    let h = k::conv2d(&random(&[3, 2, 6, 6], 5)?, &w1, Some(&b1), k::Conv2dParams { stride: 1, padding: 1 })?;
    let h = k::max_pool2d(&k::relu(&h)?, k::Pool2dParams::tiles(2))?;
    let loss = k::cross_entropy(&k::linear(&k::flatten(&h)?, &w2, None)?, &labels()?)?;
    same_gradients(&loss, &[&w1, &b1, &w2, &unused])
}

#[test]
fn a_weight_that_is_used_twice_gets_both_gradients() -> Result<()> {
    let w = variable(&[5, 5], 1)?;
    let h = k::linear(&random(&[3, 5], 2)?, &w, None)?;
    let logits = k::linear(&k::relu(&h)?, &w, None)?;
    same_gradients(&k::cross_entropy(&logits, &labels()?)?, &[&w])?;
    let product = k::matmul(&w, &w)?;
    same_gradients(&k::cross_entropy(&product.narrow(0, 0, 3)?, &labels()?)?, &[&w])
}

#[test]
fn through_candles_operations_too() -> Result<()> {
    let (w, scale) = (variable(&[5, 4], 1)?, variable(&[5], 2)?);
    let h = k::linear(&random(&[3, 4], 3)?, &w, None)?.broadcast_mul(&scale)?;
    same_gradients(&k::cross_entropy(&k::relu(&h)?, &labels()?)?, &[&w, &scale])
}

#[test]
fn a_loss_that_depends_on_nothing_has_no_gradients() -> Result<()> {
    let loss = k::cross_entropy(&random(&[3, 4], 1)?, &labels()?)?;
    same_gradients(&loss, &[&variable(&[1], 2)?])
}

#[test]
fn a_second_way_back_gives_the_same() -> Result<()> {
    let w = variable(&[5, 4], 1)?;
    let loss = k::cross_entropy(&k::linear(&random(&[3, 4], 3)?, &w, None)?, &labels()?)?;
    same_gradients(&loss, &[&w])?;
    same_gradients(&loss, &[&w])
}
