//! Options and state of the optimizer updates, with PyTorch's names and meanings.

use candle_core::Tensor;

/// Options of one SGD update: `torch.optim.SGD`.
///
/// With *g* = gradient + `weight_decay`·*w*: *b* ← `momentum`·*b* + (1 − `dampening`)·*g* (the first time *b* ← *g*), then
/// *w* ← *w* − `lr`·*b*, or *w* − `lr`·(*g* + `momentum`·*b*) with Nesterov. Without momentum *w* ← *w* − `lr`·*g*.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SgdOptions {
    /// Learning rate.
    pub lr: f64,
    /// Momentum; 0 keeps no buffer.
    pub momentum: f64,
    /// How much of the gradient the buffer leaves out.
    pub dampening: f64,
    /// Factor of the L2 penalty.
    pub weight_decay: f64,
    /// Looks ahead along the buffer.
    pub nesterov: bool,
}

/// What SGD remembers about one parameter.
///
/// Updates change the buffer in place on the CPU: copy it deeply before keeping it.
#[derive(Debug, Clone, Default)]
pub struct SgdState {
    /// PyTorch's `momentum_buffer`; `None` until the first update with momentum.
    pub momentum_buffer: Option<Tensor>,
}

/// Options of one Adam or `AdamW` update: `torch.optim.Adam`, `torch.optim.AdamW`.
///
/// *m* ← β₁*m* + (1 − β₁)*g*, *v* ← β₂*v* + (1 − β₂)*g*², *w* ← *w* − `lr`/(1 − β₁ᵗ) · *m* / (√*v*/√(1 − β₂ᵗ) + ε).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamOptions {
    /// Learning rate.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Takes the weight decay from the weights (`AdamW`) instead of adding it to the gradient (Adam).
    pub decoupled: bool,
    /// Divides by the largest *v* so far.
    pub amsgrad: bool,
}

impl Default for AdamOptions {
    fn default() -> Self {
        Self { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0, decoupled: false, amsgrad: false }
    }
}

/// What Adam remembers about one parameter.
///
/// Updates change the tensors in place on the CPU: copy them deeply before keeping them.
#[derive(Debug, Clone)]
pub struct AdamState {
    /// Updates done.
    pub step: u64,
    /// Mean of gradients.
    pub exp_avg: Tensor,
    /// Mean of squared gradients.
    pub exp_avg_sq: Tensor,
    /// Largest mean of squared gradients so far; made by the first update with `amsgrad`.
    pub max_exp_avg_sq: Option<Tensor>,
}

impl AdamState {
    /// The state before the first update of `weights`.
    pub fn new(weights: &Tensor) -> candle_core::Result<Self> {
        let zeros = || Tensor::zeros(weights.shape(), weights.dtype(), weights.device());
        Ok(Self { step: 0, exp_avg: zeros()?, exp_avg_sq: zeros()?, max_exp_avg_sq: None })
    }
}

impl AdamOptions {
    /// 1 − β₁ᵗ and 1 − β₂ᵗ.
    pub(crate) fn corrections(&self, step: u64) -> (f64, f64) {
        // Not the system's power function, whose last bit differs from machine to machine.
        (1.0 - libm::pow(self.beta1, step as f64), 1.0 - libm::pow(self.beta2, step as f64))
    }
}
