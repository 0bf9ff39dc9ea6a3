use candle_core::backprop::GradStore;
use candle_core::{Result as TensorResult, Tensor};
use lrscope_kernels::{backward, cross_entropy, cross_entropy_smoothed};
use lrscope_runner::learner::{LearnerError, Probes, Row};
use lrscope_schedule::Rates;

use super::reading::Reading;
use super::{CandleLearner, UpdateError, probe};
use crate::data::Batch;
use crate::model::{ModelError, Parameter, Pass};

/// What one update leaves behind, not yet read from the device.
struct Trace {
    loss: Reading,
    grad_norm: Option<Reading>,
    update_ratio: Option<Reading>,
}

/// Loss of an update's examples as (share, mean loss) of every pass, and its gradient in the order of the parameters.
struct Gradient {
    losses: Vec<(f64, Tensor)>,
    values: Vec<Tensor>,
}

impl CandleLearner {
    pub(super) fn advance_block(&mut self, block: &[Rates], probes: Probes) -> Result<Vec<Row>, LearnerError> {
        let first = self.step;
        let mut traces = Vec::with_capacity(block.len());
        for rates in block {
            let step = self.step;
            let trace = self
                .on_path(|learner| learner.update(rates, probes))
                .map_err(|cause| LearnerError::new(format!("update {step}"), cause))?;
            traces.push(trace);
        }
        rows(traces).map_err(|cause| LearnerError::new(format!("reading the losses from update {first} on"), cause))
    }

    fn update(&mut self, rates: &Rates, probes: Probes) -> Result<Trace, UpdateError> {
        if self.step >= self.spec.steps {
            return Err(UpdateError::Finished { steps: self.spec.steps });
        }
        let gradient = self.gradient(self.step)?;
        let grad_norm = probes.grad_norm.then(|| probe::norm(&gradient.values, self.deferred)).transpose()?;
        let before = probes.update_ratio.then(|| self.copied_weights()).transpose()?;
        self.optimizer.update(rates, &gradient.values)?;
        let update_ratio = before.map(|before| probe::change(&before, &self.weights(), self.deferred)).transpose()?;
        self.step += 1;
        Ok(Trace { loss: Reading::weighted_sum(&gradient.losses, self.deferred)?, grad_norm, update_ratio })
    }

    /// The gradient of the mean loss over update `step`'s examples, whatever the number of passes.
    fn gradient(&mut self, step: u64) -> Result<Gradient, UpdateError> {
        let place = self.plan.at(step);
        let passes: Vec<_> = self.plan.passes(&place).collect();
        let mut losses = Vec::with_capacity(passes.len());
        let mut sum: Option<Vec<Tensor>> = None;
        for (number, range) in passes.into_iter().enumerate() {
            let share = range.len() as f64 / place.range.len() as f64;
            let pass = Pass::training(self.spec.seed, step * self.plan.passes_per_update() + number as u64);
            let batch = self.feed.training(place.epoch, range)?;
            let loss = self.loss(&batch, pass)?;
            let gradient = self.gradient_of(&loss)?;
            losses.push((share, loss.detach()));
            sum = Some(added(sum, share, gradient)?);
        }
        Ok(Gradient { losses, values: sum.unwrap_or_default() })
    }

    fn loss(&self, batch: &Batch, pass: Pass) -> Result<Tensor, UpdateError> {
        let logits = self.logits(&batch.input, pass)?;
        if self.spec.loss.is_plain() {
            return Ok(cross_entropy(&logits, &batch.labels)?);
        }
        Ok(cross_entropy_smoothed(&logits, &batch.labels, self.spec.loss.label_smoothing)?)
    }

    /// The network's answer to a batch, with its shape checked.
    pub(super) fn logits(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let logits = self.network.forward(input, pass)?;
        let expected = [input.dims()[0], self.problem.classes];
        if logits.dims() == expected {
            return Ok(logits);
        }
        Err(ModelError::Logits { found: logits.dims().to_vec(), expected: expected.to_vec() })
    }

    /// The gradient of a pass's loss.
    fn gradient_of(&self, loss: &Tensor) -> Result<Vec<Tensor>, UpdateError> {
        let mut found = backward(loss)?;
        let gradients = self.parameters.trained().iter().map(|parameter| take(&mut found, parameter));
        Ok(gradients.collect::<Result<_, _>>()?)
    }

    fn weights(&self) -> Vec<Tensor> {
        let parameters = self.parameters.trained().iter();
        parameters.map(|parameter| parameter.var.as_detached_tensor()).collect()
    }

    fn copied_weights(&self) -> TensorResult<Vec<Tensor>> {
        self.weights().iter().map(Tensor::copy).collect()
    }
}

fn take(found: &mut GradStore, parameter: &Parameter) -> Result<Tensor, ModelError> {
    found.remove(&parameter.var).ok_or_else(|| ModelError::NoGradient(parameter.name.clone()))
}

/// `sum` + `share` · `gradient`.
fn added(sum: Option<Vec<Tensor>>, share: f64, gradient: Vec<Tensor>) -> TensorResult<Vec<Tensor>> {
    let whole = (share - 1.0).abs() < f64::EPSILON;
    match sum {
        None if whole => Ok(gradient),
        None => gradient.iter().map(|gradient| gradient.affine(share, 0.0)).collect(),
        Some(sum) => sum.iter().zip(&gradient).map(|(sum, gradient)| sum + gradient.affine(share, 0.0)).collect(),
    }
}

fn rows(traces: Vec<Trace>) -> TensorResult<Vec<Row>> {
    let (mut losses, mut norms, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for trace in traces {
        losses.push(trace.loss);
        norms.extend(trace.grad_norm);
        ratios.extend(trace.update_ratio);
    }
    let norms = Reading::values(&norms)?;
    let ratios = Reading::values(&ratios)?;
    let row = |(index, loss): (usize, f64)| Row {
        loss,
        grad_norm: norms.get(index).copied(),
        update_ratio: ratios.get(index).copied(),
    };
    Ok(Reading::values(&losses)?.into_iter().enumerate().map(row).collect())
}
