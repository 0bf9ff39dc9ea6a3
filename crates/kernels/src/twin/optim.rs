//! Optimizer updates, operation by operation as in PyTorch's single-tensor code.

use candle_core::{Result, Tensor, Var};

use crate::{AdamOptions, AdamState, SgdOptions, SgdState};

/// Twin of [`crate::sgd_step`].
pub fn sgd_step(weights: &Var, grad: &Tensor, state: &mut SgdState, options: &SgdOptions) -> Result<()> {
    let w = weights.as_detached_tensor();
    let mut grad = penalised(&w, &grad.detach(), options.weight_decay)?;
    if options.momentum != 0.0 {
        let buffer = match &state.momentum_buffer {
            None => grad.copy()?,
            Some(old) => ((old * options.momentum)? + (&grad * (1.0 - options.dampening))?)?,
        };
        grad = if options.nesterov { (grad + (&buffer * options.momentum)?)? } else { buffer.clone() };
        state.momentum_buffer = Some(buffer);
    }
    weights.set(&(w - (grad * options.lr)?)?)
}

/// Twin of [`crate::adam_step`].
pub fn adam_step(weights: &Var, grad: &Tensor, state: &mut AdamState, options: &AdamOptions) -> Result<()> {
    let AdamOptions { lr, beta1, beta2, eps, weight_decay, decoupled, amsgrad } = *options;
    let mut w = weights.as_detached_tensor();
    let mut grad = grad.detach();
    if decoupled {
        w = (w * (1.0 - lr * weight_decay))?;
    } else {
        grad = penalised(&w, &grad, weight_decay)?;
    }
    state.step += 1;
    state.exp_avg = (&state.exp_avg + ((&grad - &state.exp_avg)? * (1.0 - beta1))?)?;
    state.exp_avg_sq = ((&state.exp_avg_sq * beta2)? + (grad.sqr()? * (1.0 - beta2))?)?;
    let mut spread = state.exp_avg_sq.clone();
    if amsgrad {
        spread = match &state.max_exp_avg_sq {
            None => spread.copy()?,
            Some(old) => old.maximum(&spread)?,
        };
        state.max_exp_avg_sq = Some(spread.clone());
    }
    let (first, second) = options.corrections(state.step);
    let denominator = ((spread.sqrt()? / second.sqrt())? + eps)?;
    weights.set(&(w - ((&state.exp_avg / denominator)? * (lr / first))?)?)
}

fn penalised(w: &Tensor, grad: &Tensor, weight_decay: f64) -> Result<Tensor> {
    if weight_decay == 0.0 { Ok(grad.clone()) } else { grad + (w * weight_decay)? }
}
