//! A network of one's own: a range test, then a short training between the bounds that it picks.
//! `cargo run --release --example own_model`
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::error::Error;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use lrscope_data::{DataSet, Locations, Name, load};
use lrscope_runner::analysis::{Curve, analyse};
use lrscope_runner::experiment::Source;
use lrscope_runner::resolve::{DataFacts, Setting, plan};
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_runner::train::{Memory, Past, drive};
use lrscope_schedule::Pick;
use lrscope_trainer::CandleLearner;
use lrscope_trainer::model::{Linear, ModelError, Network, ParameterSet, Pass, Problem};

const CONFIG: &str = r#"
    version = 1
    data = { name = "digits", batch_size = 32 }
    model.own.name = "tanh-with-a-shortcut-v1" # part of the runs' identity: another network needs another name
    optimizer.sgd.momentum = 0.9
    range_test = { start_lr = 1e-5, end_lr = 10.0, length = 200, seeds = 2 }
    training = { length = "16ep", seeds = 1 }
    schedule.cyclic = { base_lr = "range-test", max_lr = "range-test", step_size_up = "4ep", cycle_momentum = false }
"#;

/// Logits = out · (hidden + tanh(deep · hidden)), with hidden = tanh(into · pixels).
struct Own(Linear, Linear, Linear);

fn build(set: &mut ParameterSet, problem: Problem) -> Result<Box<dyn Network>, ModelError> {
    let into = Linear::new(set, "into", problem.inputs(), 64)?;
    let deep = Linear::new(set, "deep", 64, 64)?;
    Ok(Box::new(Own(into, deep, Linear::new(set, "out", 64, problem.classes)?)))
}

impl Network for Own {
    fn forward(&self, input: &Tensor, pass: Pass) -> Result<Tensor, ModelError> {
        let hidden = self.0.forward(input, pass)?.tanh()?;
        let deep = self.1.forward(&hidden, pass)?.tanh()?;
        self.2.forward(&(hidden + deep)?, pass)
    }
}

/// Trains one run; its raw curve, and everything that was recorded.
fn run(spec: &RunSpec, data: &Arc<DataSet>) -> Result<(Curve, Memory), Box<dyn Error>> {
    let mut learner = CandleLearner::with_network(spec, data.clone(), &Device::Cpu, build)?;
    let (plan, mut memory) = (plan(spec)?, Memory::default());
    let ending = drive(&mut learner, spec, &plan, &Past::default(), &mut memory, &mut |_| Ok(()))?;
    let rates = (0..).zip(&memory.rows).map(|(step, _)| plan.scheduled_rate(step, &[]));
    let lr = rates.collect::<Result<_, _>>()?;
    let loss = memory.rows.iter().map(|row| row.loss).collect();
    Ok((Curve { seed: spec.seed.number, lr, loss, ending }, memory))
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = Arc::new(load(Name::Digits, &Locations::none(), &mut |_| ())?);
    let experiment = Source { origin: "own_model".into(), text: CONFIG.into() }.parse()?;
    let facts = Name::Digits.facts();
    let facts = DataFacts { sha256: facts.data_hash.into(), train: facts.train as u64, validation: 200 };
    let isa = lrscope_kernels::current_isa().to_string();
    let setting = Setting::new(experiment, facts, DeviceClass::Cpu, isa)?;

    let curves = setting.range_test()?.into_iter().map(|spec| Ok(run(&spec, &data)?.0));
    let pick =
        analyse(&curves.collect::<Result<Vec<_>, Box<dyn Error>>>()?)?.pick.ok_or("the curve supports no pick")?;
    println!("base_lr = {:.2e}, max_lr = {:.2e}", pick.base_lr, pick.max_lr);

    let schedule = setting.experiment().schedule.clone().ok_or("the configuration has a schedule")?;
    let bounds = Pick { base_lr: pick.base_lr, max_lr: pick.max_lr };
    for spec in setting.training("schedule", &schedule, Some(bounds))? {
        let (_, memory) = run(&spec, &data)?;
        let (step, subset, found) = memory.evaluations.last().ok_or("no evaluation")?;
        println!("after {step} updates: {subset:?} accuracy {:.1} %", 100.0 * found.accuracy().unwrap_or(f64::NAN));
    }
    Ok(())
}
