//! One network through every operation.
use candle_core::{Device, Result, Tensor, Var};
use lrscope_kernels as k;

#[test]
fn a_small_network_learns() -> Result<()> {
    let device = Device::Cpu;
    let ramp =
        |n: usize, scale: f64| -> Vec<f64> { (0..n).map(|i| ((i * 7919 % 101) as f64 / 50.0 - 1.0) * scale).collect() };
    let x = Tensor::from_vec(ramp(4 * 2 * 64, 1.0), (4, 2, 8, 8), &device)?;
    let y = Tensor::from_vec(vec![0u32, 1, 2, 1], 4, &device)?;
    let cw = Var::from_tensor(&Tensor::from_vec(ramp(3 * 2 * 9, 0.3), (3, 2, 3, 3), &device)?)?;
    let cb = Var::from_tensor(&Tensor::from_vec(ramp(3, 0.1), 3, &device)?)?;
    let lw = Var::from_tensor(&Tensor::from_vec(ramp(3 * 12, 0.3), (3, 12), &device)?)?;
    let mut states: Vec<k::SgdState> = vec![k::SgdState::default(); 3];
    let options = k::SgdOptions { lr: 0.1, momentum: 0.9, ..Default::default() };
    let mut losses = vec![];
    for _ in 0..60 {
        let h = k::conv2d(&x, &cw, Some(&cb), k::Conv2dParams { stride: 1, padding: 1 })?;
        let h = k::max_pool2d(&k::relu(&h)?, k::Pool2dParams::tiles(2))?;
        let h = k::avg_pool2d(&h, k::Pool2dParams::tiles(2))?.flatten_from(1)?;
        let loss = k::cross_entropy(&k::linear(&h, &lw, None)?, &y)?;
        let grads = k::backward(&loss)?;
        for (state, var) in states.iter_mut().zip([&cw, &cb, &lw]) {
            k::sgd_step(var, grads.get(var).expect("every variable has a gradient"), state, &options)?;
        }
        losses.push(loss.to_scalar::<f64>()?);
    }
    assert!(losses[59] < 0.2 * losses[0], "{losses:?}");
    Ok(())
}
