use candle_core::{Result as TensorResult, Tensor};
use lrscope_kernels::{AdamOptions, AdamState, SgdOptions, SgdState, adam_step, sgd_step};
use lrscope_runner::spec::{Adam, GroupSpec, OptimizerSpec};
use lrscope_schedule::Point;

use super::OptimizerError;
use crate::model::Parameter;
use crate::state::{Blob, StateError};

/// What an update does in one group, but for its rate and momentum.
#[derive(Debug)]
pub(super) enum Rule {
    /// Stochastic gradient descent, with the optimizer's own momentum.
    Sgd(SgdOptions),
    /// Adam or `AdamW`, with the optimizer's own beta1.
    Adam(AdamOptions),
}

impl Rule {
    pub(super) fn new(spec: &OptimizerSpec, group: &GroupSpec) -> Self {
        match spec {
            OptimizerSpec::Sgd(sgd) => Self::Sgd(SgdOptions {
                lr: 0.0,
                momentum: sgd.momentum,
                dampening: sgd.dampening,
                weight_decay: sgd.weight_decay * group.weight_decay_mult,
                nesterov: sgd.nesterov,
            }),
            OptimizerSpec::Adam(adam) => Self::Adam(adam_options(adam, group, false)),
            OptimizerSpec::Adamw(adam) => Self::Adam(adam_options(adam, group, true)),
        }
    }
}

fn adam_options(adam: &Adam, group: &GroupSpec, decoupled: bool) -> AdamOptions {
    AdamOptions {
        lr: 0.0,
        beta1: adam.betas.0,
        beta2: adam.betas.1,
        eps: adam.eps,
        weight_decay: adam.weight_decay * group.weight_decay_mult,
        decoupled,
        amsgrad: adam.amsgrad,
    }
}

/// One parameter with what the optimizer remembers about it.
#[derive(Debug)]
pub(super) struct Slot {
    parameter: Parameter,
    group: usize,
    memory: Memory,
}

#[derive(Debug)]
enum Memory {
    Sgd(SgdState),
    Adam(AdamState),
}

/// State read back, not yet in place.
#[derive(Debug)]
pub(crate) struct Restored(Memory);

impl Slot {
    pub(super) fn new(spec: &OptimizerSpec, parameter: &Parameter, group: usize) -> Result<Self, OptimizerError> {
        let memory = match spec {
            OptimizerSpec::Sgd(_) => Memory::Sgd(SgdState::default()),
            OptimizerSpec::Adam(_) | OptimizerSpec::Adamw(_) => {
                Memory::Adam(named(parameter, AdamState::new(&parameter.var))?)
            }
        };
        Ok(Self { parameter: parameter.clone(), group, memory })
    }

    pub(super) fn group(&self) -> usize {
        self.group
    }

    pub(super) fn update(&mut self, rule: &Rule, point: Point, gradient: &Tensor) -> Result<(), OptimizerError> {
        let weights = &self.parameter.var;
        let done = match (rule, &mut self.memory) {
            (Rule::Sgd(own), Memory::Sgd(state)) => {
                let momentum = point.momentum.unwrap_or(own.momentum);
                let options = SgdOptions { lr: point.lr, momentum, ..*own };
                sgd_step(weights, gradient, state, &options)
            }
            (Rule::Adam(own), Memory::Adam(state)) => {
                let beta1 = point.momentum.unwrap_or(own.beta1);
                let options = AdamOptions { lr: point.lr, beta1, ..*own };
                adam_step(weights, gradient, state, &options)
            }
            _ => Err(candle_core::Error::Msg("the state is another optimizer's".into())),
        };
        named(&self.parameter, done)
    }

    pub(super) fn state(&self) -> Vec<(String, Tensor)> {
        let tensors = match &self.memory {
            Memory::Sgd(state) => vec![("momentum_buffer", state.momentum_buffer.clone())],
            Memory::Adam(state) => vec![
                ("exp_avg", Some(state.exp_avg.clone())),
                ("exp_avg_sq", Some(state.exp_avg_sq.clone())),
                ("max_exp_avg_sq", state.max_exp_avg_sq.clone()),
            ],
        };
        let named = |(kind, tensor): (&str, Option<Tensor>)| Some((self.key(kind), tensor?));
        tensors.into_iter().filter_map(named).collect()
    }

    /// This parameter's state after `step` updates, taken from a blob.
    pub(super) fn restored(&self, rule: &Rule, step: u64, blob: &mut Blob) -> Result<Restored, StateError> {
        let has_buffer = blob.holds(&self.key("momentum_buffer"));
        let mut take = |kind| blob.take(&self.key(kind), &self.parameter.var);
        Ok(Restored(match rule {
            // Without momentum there is no buffer, and a schedule may cycle momentum through 0: so it may be absent.
            Rule::Sgd(_) => {
                Memory::Sgd(SgdState { momentum_buffer: has_buffer.then(|| take("momentum_buffer")).transpose()? })
            }
            Rule::Adam(options) => Memory::Adam(AdamState {
                step,
                exp_avg: take("exp_avg")?,
                exp_avg_sq: take("exp_avg_sq")?,
                max_exp_avg_sq: (options.amsgrad && step > 0).then(|| take("max_exp_avg_sq")).transpose()?,
            }),
        }))
    }

    pub(super) fn replace(&mut self, restored: Restored) {
        self.memory = restored.0;
    }

    fn key(&self, kind: &str) -> String {
        format!("{kind}/{}", self.parameter.name)
    }
}

fn named<T>(parameter: &Parameter, done: TensorResult<T>) -> Result<T, OptimizerError> {
    done.map_err(|source| OptimizerError::Update { parameter: parameter.name.clone(), source })
}
