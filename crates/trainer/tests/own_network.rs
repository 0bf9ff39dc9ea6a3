//! Networks that are brought along: dropout, running statistics, and what such a network can get wrong.
#![allow(clippy::unwrap_used, reason = "a failure to build is a failure of the test")]

mod fixture;

use candle_core::{DType, Device, Tensor};
use fixture::{bits, block, pictures, spec, train};
use lrscope_runner::learner::{Learner, Probes, Subset};
use lrscope_runner::random::{Family, Seed};
use lrscope_runner::spec::{ModelSpec, OptimizerSpec, RunSpec, Sgd};
use lrscope_trainer::CandleLearner;
use lrscope_trainer::model::{Linear, ModelError, Network, Parameter, ParameterSet, Pass, Problem};

/// Drops half of the hidden values in training, and centres them by a running mean.
struct Noisy {
    fc1: Linear,
    fc2: Linear,
    mean: Parameter,
}

impl Noisy {
    fn build(set: &mut ParameterSet, problem: Problem) -> Result<Box<dyn Network>, ModelError> {
        let fc1 = Linear::new(set, "fc1", problem.inputs(), 16)?;
        let mean = set.buffer("mean", &[16], 0.0)?;
        let fc2 = Linear::new(set, "fc2", 16, problem.classes)?;
        Ok(Box::new(Self { fc1, fc2, mean }))
    }
}

impl Network for Noisy {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let mut x = self.fc1.forward(input, pass)?;
        let mean = self.mean.var.as_detached_tensor();
        if let Some(mut stream) = pass.dropout(0) {
            let moved = ((&mean * 0.9)? + (x.detach().mean(0)? * 0.1)?)?;
            x = x.broadcast_sub(&mean.copy()?)?;
            self.mean.var.set(&moved)?;
            let kept = std::iter::repeat_with(|| if stream.uniform() < 0.5 { 2.0 } else { 0.0 });
            let kept: Vec<f64> = kept.take(x.elem_count()).collect();
            x = (x.tanh()? * Tensor::from_vec(kept, x.shape(), x.device())?)?;
        } else {
            x = x.broadcast_sub(&mean)?.tanh()?;
        }
        self.fc2.forward(&x, pass)
    }
}

fn own(network: &str) -> RunSpec {
    let data = pictures(1, 8, 70, 40);
    let mut spec = spec(&data, ModelSpec::Own { name: network.into() });
    spec.optimizer = OptimizerSpec::Sgd(Sgd::default());
    spec.data.accumulation_steps = 2;
    spec.steps_per_epoch = 2;
    spec
}

fn noisy() -> CandleLearner {
    CandleLearner::with_network(&own("noisy"), pictures(1, 8, 70, 40), &Device::Cpu, Noisy::build).unwrap()
}

#[test]
fn dropout_and_running_statistics_resume_with_the_same_bits() {
    let mut whole = noisy();
    let mut rows = train(&mut whole, 0.05, 7);
    let mut stopped = noisy();
    train(&mut stopped, 0.05, 3);
    let state = stopped.save().unwrap();
    let mut resumed = noisy();
    resumed.load(&state).unwrap();
    let rest = train(&mut resumed, 0.05, 4);
    assert!(bits(&rest, &resumed.save().unwrap()) == bits(&rows.split_off(3), &whole.save().unwrap()));
    let mean = resumed.parameters().buffers()[0].var.sqr().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap();
    assert!(mean > 0.0, "the running mean has never moved");
}

#[test]
fn evaluation_drops_nothing_and_moves_nothing() {
    let mut learner = noisy();
    train(&mut learner, 0.05, 3);
    let before = learner.save().unwrap();
    let one = learner.evaluate(Subset::Test).unwrap();
    assert_eq!(one, learner.evaluate(Subset::Test).unwrap());
    assert_eq!(before, learner.save().unwrap());
}

/// What a network answers, given its one layer and the input.
struct Wrong(Linear, fn(&Linear, &Tensor, Pass) -> Result<Tensor, ModelError>);

impl Network for Wrong {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        self.1(&self.0, input, pass)
    }
}

fn update_error(answer: fn(&Linear, &Tensor, Pass) -> Result<Tensor, ModelError>) -> String {
    let data = pictures(1, 8, 70, 1);
    let build = |set: &mut ParameterSet, problem: Problem| -> Result<Box<dyn Network>, ModelError> {
        Ok(Box::new(Wrong(Linear::new(set, "only", problem.inputs(), problem.classes)?, answer)))
    };
    let mut learner = CandleLearner::with_network(&own("wrong"), data, &Device::Cpu, build).unwrap();
    learner.advance(&block(0.1, 1), Probes::default()).unwrap_err().to_string()
}

#[test]
fn mistakes_are_named() {
    let error = update_error(|layer, input, pass| Ok(layer.forward(input, pass)?.t()?));
    assert!(error.contains("shape [10, 32]") && error.contains("[32, 10]"), "{error}");
    let error = update_error(|layer, input, pass| Ok(layer.forward(input, pass)?.detach()));
    assert!(error.contains("\"only.weight\" has no gradient"), "{error}");
    let error = update_error(|layer, input, pass| layer.forward(&input.narrow(3, 0, 4)?, pass));
    assert!(error.starts_with("update 0: only: linear: ") && error.contains("[32, 32]"), "{error}");
}

#[test]
fn names_are_taken_once() {
    let seed = Seed { family: Family::Training, number: 0 };
    let mut set = ParameterSet::new(seed, DType::F64, &Device::Cpu);
    Linear::new(&mut set, "fc", 2, 2).unwrap();
    let error = Linear::new(&mut set, "fc", 2, 2).unwrap_err().to_string();
    assert!(error.contains("\"fc.weight\""), "{error}");
    assert!(set.buffer("fc.bias", &[2], 0.0).is_err());
}
