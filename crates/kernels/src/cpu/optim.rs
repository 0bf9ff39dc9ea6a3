//! Optimizer updates in one pass over weights, gradient and state.

use candle_core::{DType, Result, Tensor, Var, bail};

use super::element::Element;
use super::parallel::run;
use super::simd::vectorised;
use super::view::{with_mut, with_view};
use crate::isa::Path;
use crate::{AdamOptions, AdamState, SgdOptions, SgdState};

/// Numbers in one part of an update.
const PART: usize = 1 << 14;

/// Updates `weights` by SGD.
pub(crate) fn sgd_step(weights: &Var, grad: &Tensor, state: &mut SgdState, options: &SgdOptions) -> Result<()> {
    match weights.dtype() {
        DType::F32 => sgd_typed::<f32>(weights, grad, state, options),
        DType::F64 => sgd_typed::<f64>(weights, grad, state, options),
        other => bail!("sgd_step: f32 or f64 only, not {other:?}"),
    }
}

fn sgd_typed<T: Element>(weights: &Var, grad: &Tensor, state: &mut SgdState, options: &SgdOptions) -> Result<()> {
    let path = Path::current();
    let rule = SgdRule::<T>::new(options);
    let grad = apart(weights, grad)?;
    with_view::<T, _>(&grad, |grad| {
        with_mut::<T>(weights, |w| {
            if options.momentum == 0.0 {
                zipped(w, &mut [], &grad.data, |w, _, grad| plain_sgd(path, rule, w, grad));
                return Ok(());
            }
            let Some(buffer) = &state.momentum_buffer else {
                let mut buffer = vec![T::zero(); w.len()];
                zipped(w, &mut buffer, &grad.data, |w, buffer, grad| momentum_sgd(path, rule.first(), w, buffer, grad));
                state.momentum_buffer = Some(super::view::tensor(buffer, weights.dims())?);
                return Ok(());
            };
            with_mut::<T>(buffer, |buffer| {
                zipped(w, buffer, &grad.data, |w, buffer, grad| momentum_sgd(path, rule, w, buffer, grad));
                Ok(())
            })
        })
    })
}

/// SGD's factors in the weights' own precision.
#[derive(Clone, Copy)]
struct SgdRule<T> {
    lr: T,
    /// What the buffer keeps of itself, and takes of the gradient.
    keep: T,
    take: T,
    momentum: T,
    weight_decay: T,
    nesterov: bool,
}

impl<T: Element> SgdRule<T> {
    fn new(options: &SgdOptions) -> Self {
        let SgdOptions { lr, momentum, dampening, weight_decay, nesterov } = *options;
        let number = T::from_f64;
        Self {
            lr: number(lr),
            keep: number(momentum),
            take: number(1.0 - dampening),
            momentum: number(momentum),
            weight_decay: number(weight_decay),
            nesterov,
        }
    }

    /// The first update sets the buffer to the gradient, undampened.
    fn first(self) -> Self {
        Self { keep: T::zero(), take: T::one(), ..self }
    }
}

vectorised! {
    fn plain_sgd<T>(rule: SgdRule<T>, w: &mut [T], grad: &[T]) {
        for (w, &grad) in w.iter_mut().zip(grad) {
            let grad = grad + rule.weight_decay * *w;
            *w -= rule.lr * grad;
        }
    }
}

vectorised! {
    fn momentum_sgd<T>(rule: SgdRule<T>, w: &mut [T], buffer: &mut [T], grad: &[T]) {
        for ((w, buffer), &grad) in w.iter_mut().zip(buffer).zip(grad) {
            let grad = grad + rule.weight_decay * *w;
            *buffer = rule.keep * *buffer + rule.take * grad;
            let step = if rule.nesterov { grad + rule.momentum * *buffer } else { *buffer };
            *w -= rule.lr * step;
        }
    }
}

/// Updates `weights` by Adam or AdamW.
pub(crate) fn adam_step(weights: &Var, grad: &Tensor, state: &mut AdamState, options: &AdamOptions) -> Result<()> {
    match weights.dtype() {
        DType::F32 => adam_typed::<f32>(weights, grad, state, options),
        DType::F64 => adam_typed::<f64>(weights, grad, state, options),
        other => bail!("adam_step: f32 or f64 only, not {other:?}"),
    }
}

fn adam_typed<T: Element>(weights: &Var, grad: &Tensor, state: &mut AdamState, options: &AdamOptions) -> Result<()> {
    let path = Path::current();
    let rule = AdamRule::<T>::new(options, state.step + 1);
    let grad = apart(weights, grad)?;
    if options.amsgrad && state.max_exp_avg_sq.is_none() {
        state.max_exp_avg_sq = Some(state.exp_avg_sq.zeros_like()?);
    }
    let largest = state.max_exp_avg_sq.as_ref().filter(|_| options.amsgrad);
    with_view::<T, _>(&grad, |grad| {
        with_mut::<T>(weights, |w| {
            with_mut::<T>(&state.exp_avg, |mean| {
                with_mut::<T>(&state.exp_avg_sq, |square| match largest {
                    None => {
                        adam_parts(path, rule, [w, mean, square, &mut []], &grad.data);
                        Ok(())
                    }
                    Some(largest) => with_mut::<T>(largest, |largest| {
                        adam_parts(path, rule, [w, mean, square, largest], &grad.data);
                        Ok(())
                    }),
                })
            })
        })
    })?;
    state.step += 1;
    Ok(())
}

/// Adam's factors in the weights' own precision.
#[derive(Clone, Copy)]
struct AdamRule<T> {
    step_size: T,
    one_less_beta1: T,
    beta2: T,
    one_less_beta2: T,
    root_of_correction: T,
    eps: T,
    /// Adam's penalty, and what AdamW leaves of the weights.
    penalty: T,
    shrink: T,
}

impl<T: Element> AdamRule<T> {
    fn new(options: &AdamOptions, step: u64) -> Self {
        let AdamOptions { lr, beta1, beta2, eps, weight_decay, decoupled, .. } = *options;
        let (first, second) = options.corrections(step);
        let number = T::from_f64;
        Self {
            step_size: number(lr / first),
            one_less_beta1: number(1.0 - beta1),
            beta2: number(beta2),
            one_less_beta2: number(1.0 - beta2),
            root_of_correction: number(second.sqrt()),
            eps: number(eps),
            penalty: number(if decoupled { 0.0 } else { weight_decay }),
            shrink: number(if decoupled { 1.0 - lr * weight_decay } else { 1.0 }),
        }
    }
}

/// `tensors` are weights, mean, mean square and (or empty) largest mean square.
fn adam_parts<T: Element>(path: Path, rule: AdamRule<T>, tensors: [&mut [T]; 4], grad: &[T]) {
    let [w, mean, square, largest] = tensors;
    let mut largest = largest.chunks_mut(PART);
    let rest = mean.chunks_mut(PART).zip(square.chunks_mut(PART)).zip(grad.chunks(PART));
    let parts = w.chunks_mut(PART).zip(rest).map(|(w, ((mean, square), grad))| (w, mean, square, largest.next(), grad));
    let parts: Vec<_> = parts.collect();
    spread(parts, |(w, mean, square, largest, grad)| match largest {
        None => adam(path, rule, w, mean, square, grad),
        Some(largest) => amsgrad(path, rule, w, mean, square, largest, grad),
    });
}

impl<T: Element> AdamRule<T> {
    #[inline(always)]
    fn averages(&self, w: &mut T, mean: &mut T, square: &mut T, grad: T) {
        *w *= self.shrink;
        let grad = grad + self.penalty * *w;
        *mean += self.one_less_beta1 * (grad - *mean);
        *square = self.beta2 * *square + self.one_less_beta2 * grad * grad;
    }

    #[inline(always)]
    fn update(&self, w: &mut T, mean: T, square: T) {
        *w -= self.step_size * mean / (square.sqrt() / self.root_of_correction + self.eps);
    }
}

vectorised! {
    fn adam<T>(rule: AdamRule<T>, w: &mut [T], mean: &mut [T], square: &mut [T], grad: &[T]) {
        for (((w, mean), square), &grad) in w.iter_mut().zip(mean).zip(square).zip(grad) {
            rule.averages(w, mean, square, grad);
            rule.update(w, *mean, *square);
        }
    }
}

vectorised! {
    fn amsgrad<T>(rule: AdamRule<T>, w: &mut [T], mean: &mut [T], square: &mut [T], largest: &mut [T], grad: &[T]) {
        let averages = mean.iter_mut().zip(square).zip(largest);
        for ((w, ((mean, square), largest)), &grad) in w.iter_mut().zip(averages).zip(grad) {
            rule.averages(w, mean, square, grad);
            // Not `>`: once NaN, always NaN.
            *largest = if *square <= *largest || largest.is_nan() { *largest } else { *square };
            rule.update(w, *mean, *largest);
        }
    }
}

/// Calls `update` with matching parts of weights, state (or none) and gradient.
fn zipped<T: Element>(w: &mut [T], state: &mut [T], grad: &[T], update: impl Fn(&mut [T], &mut [T], &[T]) + Sync) {
    let mut state = state.chunks_mut(PART);
    let parts = w.chunks_mut(PART).zip(grad.chunks(PART)).map(|(w, grad)| (w, state.next().unwrap_or_default(), grad));
    spread(parts.collect(), |(w, state, grad)| update(w, state, grad));
}

fn spread<P: Send>(parts: Vec<P>, update: impl Fn(P) + Sync) {
    let work = parts.len() * PART;
    run(parts, work, |_, part| update(part));
}

/// The gradient, copied if it lies in the weights' own storage: that is about to be locked for writing.
fn apart(weights: &Var, grad: &Tensor) -> Result<Tensor> {
    let (left, _) = weights.storage_and_layout();
    let (right, _) = grad.storage_and_layout();
    let same = std::ptr::eq(&raw const *left, &raw const *right);
    if same { grad.detach().copy() } else { Ok(grad.clone()) }
}
