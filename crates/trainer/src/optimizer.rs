//! SGD, Adam and `AdamW` as PyTorch has them, on parameter groups, with state that can be saved.

mod check;
mod error;
mod groups;
mod slot;

use candle_core::Tensor;
use lrscope_runner::spec::{GroupSpec, OptimizerSpec};
use lrscope_schedule::Rates;

use crate::model::Parameter;
use crate::state::{Blob, StateError};
use slot::{Rule, Slot};

pub use error::OptimizerError;
pub use groups::{assign, matches};
pub(crate) use slot::Restored;

/// An optimizer with the state of every parameter that it trains.
#[derive(Debug)]
pub struct Optimizer {
    groups: Vec<String>,
    rules: Vec<Rule>,
    slots: Vec<Slot>,
}

impl Optimizer {
    /// The optimizer of a specification over `parameters`, each in the first group that matches its name.
    ///
    /// # Errors
    /// When a setting is out of range, a parameter is in no group, or a group is without parameters.
    pub fn new(spec: &OptimizerSpec, groups: &[GroupSpec], parameters: &[Parameter]) -> Result<Self, OptimizerError> {
        check::settings(spec)?;
        check::groups(groups)?;
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let places = assign(groups, &names)?;
        let slots = parameters
            .iter()
            .zip(places)
            .map(|(parameter, group)| Slot::new(spec, parameter, group))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            groups: groups.iter().map(|group| group.name.clone()).collect(),
            rules: groups.iter().map(|group| Rule::new(spec, group)).collect(),
            slots,
        })
    }

    /// One update with these rates; `gradients` are in the order of the parameters.
    ///
    /// A group whose point has no momentum uses the optimizer's own.
    ///
    /// # Errors
    /// When the rates do not fit the groups, a rate or momentum is out of range, or a tensor operation fails.
    pub fn update(&mut self, rates: &Rates, gradients: &[Tensor]) -> Result<(), OptimizerError> {
        check::rates(&self.groups, rates)?;
        if gradients.len() != self.slots.len() {
            return Err(OptimizerError::Gradients { found: gradients.len(), expected: self.slots.len() });
        }
        for (slot, gradient) in self.slots.iter_mut().zip(gradients) {
            let group = slot.group();
            slot.update(&self.rules[group], rates.0[group], gradient)?;
        }
        Ok(())
    }

    /// The state as named tensors: `"momentum_buffer/conv1.weight"`, `"exp_avg/…"`, `"exp_avg_sq/…"`, `"max_exp_avg_sq/…"`.
    ///
    /// The tensors share storage with the optimizer, which changes them with the next update.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        self.slots.iter().flat_map(Slot::state).collect()
    }

    /// The state of every parameter after `step` updates, taken from a blob; nothing changes before
    /// [`replace`](Self::replace).
    pub(crate) fn restored(&self, step: u64, blob: &mut Blob) -> Result<Vec<Restored>, StateError> {
        self.slots.iter().map(|slot| slot.restored(&self.rules[slot.group()], step, blob)).collect()
    }

    /// Puts restored state in place.
    pub(crate) fn replace(&mut self, restored: Vec<Restored>) {
        for (slot, restored) in self.slots.iter_mut().zip(restored) {
            slot.replace(restored);
        }
    }
}
