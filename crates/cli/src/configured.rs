//! An experiment from its configuration file (or a built-in one) with the flags over it.

use std::collections::BTreeMap;

use anyhow::Result;
use lrscope_data::Name;
use lrscope_runner::experiment::{ConfigError, Experiment, Problem, Source};
use lrscope_runner::resolve::{DataFacts, Setting};
use lrscope_runner::spec::{DeviceClass, OptimizerSpec};
use serde::de::DeserializeOwned;

use crate::args::{ExperimentArgs, Sweep, SweepArgs};
use crate::exit::bad_input;

/// The built-in configurations, by data set. They are the files in `configs/`.
const BUILT_IN: [(Name, &str); 4] = [
    (Name::Digits, include_str!("../../../configs/digits.toml")),
    (Name::Mnist, include_str!("../../../configs/mnist.toml")),
    (Name::FashionMnist, include_str!("../../../configs/fashion-mnist.toml")),
    (Name::Cifar10, include_str!("../../../configs/cifar10.toml")),
];

/// An experiment that remembers where each value came from, so that errors can say so.
pub struct Configured {
    /// The experiment, flags applied.
    pub experiment: Experiment,
    source: Source,
    flags: BTreeMap<String, &'static str>,
}

impl Configured {
    /// Reads the file or built-in configuration and applies the flags that every command has.
    pub fn load(args: &ExperimentArgs) -> Result<Self> {
        let source = source(args)?;
        let experiment = source.parse().map_err(bad_input)?;
        let mut configured = Self { experiment, source, flags: BTreeMap::new() };
        configured.apply(args)?;
        Ok(configured)
    }

    fn apply(&mut self, args: &ExperimentArgs) -> Result<()> {
        self.apply_network(args)?;
        let data = &mut self.experiment.data;
        let flags = &mut self.flags;
        over(&mut data.batch_size, args.batch_size, flags, "data.batch_size", "--batch-size");
        let accumulation = args.accumulation_steps;
        let flag = "--accumulation-steps";
        over(&mut data.accumulation_steps, accumulation, flags, "data.accumulation_steps", flag);
        let (validation, limit) = (args.validation.map(Some), args.train_limit.map(Some));
        over(&mut data.validation, validation, flags, "data.validation", "--validation");
        over(&mut data.train_limit, limit, flags, "data.train_limit", "--train-limit");
        let normalization = word("--normalization", args.normalization.as_deref())?;
        over(&mut data.normalization, normalization, flags, "data.normalization", "--normalization");
        let training = &mut self.experiment.training;
        let dtype = word("--dtype", args.dtype.as_deref())?;
        over(&mut training.dtype, dtype, flags, "training.dtype", "--dtype");
        let name = args.name.clone().map(Some);
        over(&mut self.experiment.name, name, flags, "name", "--name");
        Ok(())
    }

    /// Model and optimizer: a flag that names another one takes that one's defaults.
    fn apply_network(&mut self, args: &ExperimentArgs) -> Result<()> {
        let flags = &mut self.flags;
        let model = table("--model", args.model.as_deref())?;
        over(&mut self.experiment.model, model, flags, "model", "--model");
        let optimizer = table("--optimizer", args.optimizer.as_deref())?;
        let target = &mut self.experiment.optimizer;
        over(target, optimizer, flags, "optimizer", "--optimizer");
        let (key, momentum, decay) = match target {
            OptimizerSpec::Sgd(sgd) => ("sgd", &mut sgd.momentum, &mut sgd.weight_decay),
            OptimizerSpec::Adam(adam) => ("adam", &mut adam.betas.0, &mut adam.weight_decay),
            OptimizerSpec::Adamw(adam) => ("adamw", &mut adam.betas.0, &mut adam.weight_decay),
        };
        let beta = if key == "sgd" { "momentum" } else { "betas" };
        let momentum_key = format!("optimizer.{key}.{beta}");
        over(momentum, args.momentum, flags, &momentum_key, "--momentum");
        let decay_key = format!("optimizer.{key}.weight_decay");
        over(decay, args.weight_decay, flags, &decay_key, "--weight-decay");
        Ok(())
    }

    /// Applies the flags of a sweep.
    pub fn apply_sweep(&mut self, args: &SweepArgs, seeds: Option<u64>) -> Result<()> {
        let test = &mut self.experiment.range_test;
        let flags = &mut self.flags;
        over(&mut test.start_lr, args.start_lr, flags, "range_test.start_lr", "--start-lr");
        over(&mut test.end_lr, args.end_lr, flags, "range_test.end_lr", "--end-lr");
        let length = length("--length", args.length.as_deref())?;
        over(&mut test.length, length, flags, "range_test.length", "--length");
        let factor = args.divergence_factor;
        let key = "range_test.divergence_factor";
        over(&mut test.divergence_factor, factor, flags, key, "--divergence-factor");
        over(&mut test.seeds, seeds, flags, "range_test.seeds", "--seeds");
        let sweep = args.sweep.map(|sweep| match sweep {
            Sweep::Exponential => lrscope_schedule::SweepKind::Exponential,
            Sweep::Linear => lrscope_schedule::SweepKind::Linear,
        });
        over(&mut test.sweep, sweep, flags, "range_test.sweep", "--sweep");
        Ok(())
    }

    /// Applies the flags of a training: its length and number of seeds.
    pub fn apply_training(&mut self, length_text: Option<&str>, seeds: Option<u64>) -> Result<()> {
        let training = &mut self.experiment.training;
        let flags = &mut self.flags;
        let length = length("--length", length_text)?;
        over(&mut training.length, length, flags, "training.length", "--length");
        over(&mut training.seeds, seeds, flags, "training.seeds", "--seeds");
        Ok(())
    }

    /// Applies `--schedule`.
    pub fn apply_schedule(&mut self, schedule: Option<&str>) -> Result<()> {
        let schedule = table("--schedule", schedule)?.map(Some);
        let target = &mut self.experiment.schedule;
        over(target, schedule, &mut self.flags, "schedule", "--schedule");
        Ok(())
    }

    /// The data set.
    pub fn data(&self) -> Result<Name> {
        let name = &self.experiment.data.name;
        name.parse()
            .map_err(|error: lrscope_data::UnknownName| self.explain(&Problem::new("data.name", error.to_string())))
    }

    /// The experiment on its data set and a device, checked.
    pub fn setting(&self, device: DeviceClass, isa: String) -> Result<Setting> {
        let facts = self.data()?.facts();
        let facts = DataFacts {
            sha256: facts.data_hash.to_owned(),
            train: facts.train as u64,
            validation: facts.validation as u64,
        };
        Setting::new(self.experiment.clone(), facts, device, isa).map_err(|problem| self.explain(&problem))
    }

    /// A problem as an error that names the flag, or the file and line, that the value came from.
    pub fn explain(&self, problem: &Problem) -> anyhow::Error {
        let mut key = problem.key.as_str();
        let place = loop {
            if let Some(flag) = self.flags.get(key) {
                break (*flag).to_owned();
            }
            match key.rsplit_once('.') {
                Some((parent, _)) => key = parent,
                None => break self.source.place(&problem.key).0,
            }
        };
        bad_input(ConfigError::Value { place, problem: problem.problem.clone() })
    }
}

fn source(args: &ExperimentArgs) -> Result<Source> {
    if let Some(path) = &args.config {
        return Source::file(path).map_err(bad_input);
    }
    let name: Name = args.dataset.as_deref().map_or(Ok(Name::Digits), str::parse).map_err(bad_input)?;
    let text = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
    Ok(Source {
        origin: format!("configs/{name}.toml (built in)"),
        text: text.map_or_else(String::new, |(_, text)| (*text).to_owned()),
    })
}

/// Puts a flag's value over a setting's, and remembers the flag.
fn over<T>(
    target: &mut T,
    value: Option<T>,
    flags: &mut BTreeMap<String, &'static str>,
    key: &str,
    flag: &'static str,
) {
    if let Some(value) = value {
        *target = value;
        flags.insert(key.to_owned(), flag);
    }
}

/// A flag's value that is one word of a fixed set.
fn word<T: DeserializeOwned>(flag: &'static str, text: Option<&str>) -> Result<Option<T>> {
    text.map(|text| value(flag, &format!("{text:?}"))).transpose()
}

/// A flag's value that is a name or a TOML table with one key: `lenet`, or `mlp = { hidden = [64] }`.
pub fn table<T: DeserializeOwned>(flag: &'static str, text: Option<&str>) -> Result<Option<T>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let inline = if text.contains('=') { format!("{{ {text} }}") } else { format!("{{ {text} = {{}} }}") };
    value(flag, &inline).map(Some)
}

/// A flag's value that is a length: `500` or `5ep`.
pub fn length(flag: &'static str, text: Option<&str>) -> Result<Option<lrscope_schedule::Length>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let number = text.parse::<f64>().is_ok();
    let toml = if number { text.to_owned() } else { format!("{text:?}") };
    value(flag, &toml).map(Some)
}

fn value<T: DeserializeOwned>(flag: &'static str, toml: &str) -> Result<T> {
    #[derive(serde::Deserialize)]
    struct Document<T> {
        value: T,
    }
    let document: Document<T> = toml::from_str(&format!("value = {toml}")).map_err(|error| {
        bad_input(ConfigError::Value {
            place: flag.to_owned(),
            problem: format!("{} in {toml}", error.message().trim()),
        })
    })?;
    Ok(document.value)
}
