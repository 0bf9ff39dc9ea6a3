//! An experiment from its configuration file (or a built-in one) with the flags over it.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use lrscope_data::Name;
use lrscope_runner::experiment::{ArmConfig, ConfigError, Experiment, Problem, Source, in_words};
use lrscope_runner::resolve::{DataFacts, Setting};
use lrscope_runner::spec::{DeviceClass, ModelSpec, OptimizerSpec};
use lrscope_schedule::ScheduleSpec;
use serde::de::DeserializeOwned;

use crate::args::{ExperimentArgs, ScheduleChoice, Sweep, SweepArgs};
use crate::exit::bad_input;

/// The built-in configurations, by data set. They are the files in `configs/`.
const BUILT_IN: [(Name, &str); 4] = [
    (Name::Digits, include_str!("../../../configs/digits.toml")),
    (Name::Mnist, include_str!("../../../configs/mnist.toml")),
    (Name::FashionMnist, include_str!("../../../configs/fashion-mnist.toml")),
    (Name::Cifar10, include_str!("../../../configs/cifar10.toml")),
];

/// What runs have to know of a data set.
pub fn data_facts(name: Name) -> DataFacts {
    let facts = name.facts();
    DataFacts { sha256: facts.data_hash.to_owned(), train: facts.train as u64, validation: facts.validation as u64 }
}

/// An experiment that remembers where each value came from, so that errors can say so.
pub struct Configured {
    /// The experiment, flags applied.
    pub experiment: Experiment,
    source: Source,
    flags: BTreeMap<String, &'static str>,
    /// Where each arm stands in the source, once some have been chosen.
    chosen: Vec<usize>,
    /// The arm whose schedule has been taken as the experiment's own.
    taken: Option<usize>,
}

impl Configured {
    /// Reads the file or built-in configuration and applies the flags that every command has.
    pub fn load(args: &ExperimentArgs) -> Result<Self> {
        let source = source(args)?;
        let experiment = source.parse().map_err(bad_input)?;
        let mut configured = Self { experiment, source, flags: BTreeMap::new(), chosen: Vec::new(), taken: None };
        configured.apply(args)?;
        Ok(configured)
    }

    fn apply(&mut self, args: &ExperimentArgs) -> Result<()> {
        self.apply_network(args)?;
        let flags = &mut self.flags;
        let smoothing = &mut self.experiment.loss.label_smoothing;
        over(smoothing, args.label_smoothing, flags, "loss.label_smoothing", "--label-smoothing");
        let data = &mut self.experiment.data;
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

    /// Applies `--schedule` or `--arm`. Without either an only arm stands in for a missing `[schedule]`.
    pub fn apply_schedule(&mut self, choice: &ScheduleChoice) -> Result<()> {
        let schedule = table("--schedule", choice.schedule.as_deref())?.map(Some);
        over(&mut self.experiment.schedule, schedule, &mut self.flags, "schedule", "--schedule");
        let experiment = &mut self.experiment;
        let taken = match &choice.arm {
            Some(name) => Some(arm_called("--arm", name, &experiment.arms)?),
            None => (experiment.schedule.is_none() && experiment.arms.len() == 1).then_some(0),
        };
        if let Some(index) = taken {
            experiment.schedule = Some(experiment.arms[index].schedule.clone());
            self.taken = taken;
        }
        Ok(())
    }

    /// The schedule that `train` trains with; `doing` says what for, as in `to train with`.
    pub fn schedule(&self, doing: &str) -> Result<&ScheduleSpec> {
        let Experiment { schedule, arms, .. } = &self.experiment;
        let advice = match arms.as_slice() {
            [] => "add a [schedule.…] table, or give --schedule".to_owned(),
            arms => {
                format!(
                    "choose one of the arms with --arm ({}), add a [schedule.…] table, or give --schedule",
                    names(arms)
                )
            }
        };
        schedule
            .as_ref()
            .ok_or_else(|| self.explain(&Problem::new("schedule", format!("there is no schedule {doing}; {advice}"))))
    }

    /// Keeps only the arms of these names, in their order; all where there are none.
    pub fn choose_arms(&mut self, names: &[String]) -> Result<()> {
        let arms = &self.experiment.arms;
        if arms.is_empty() {
            return Err(self.explain(&Problem::new("arm", "there is no arm to compare; add [[arm]] tables")));
        }
        if names.is_empty() {
            return Ok(());
        }
        let mut chosen = Vec::new();
        for name in names {
            let index = arm_called("--arms", name, arms)?;
            if chosen.contains(&index) {
                return Err(bad_input(anyhow!("--arms: {name:?} stands twice")));
            }
            chosen.push(index);
        }
        self.experiment.arms = chosen.iter().map(|index| arms[*index].clone()).collect();
        self.chosen = chosen;
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
        self.check_model()?;
        let facts = data_facts(self.data()?);
        Setting::new(self.experiment.clone(), facts, device, isa).map_err(|problem| self.explain(&problem))
    }

    /// Only a program of one's own can bring a network of one's own.
    fn check_model(&self) -> Result<()> {
        let ModelSpec::Own { name } = &self.experiment.model else { return Ok(()) };
        Err(self.explain(&Problem::new(
            "model.own",
            format!(
                "the network {name:?} is brought by a program of your own (see the example own_model); this command has mlp, \
                 lenet, caffe_quick, caffe_full, resnet9 and resnet20"
            ),
        )))
    }

    /// A problem as an error that names the flag, or the file and line, that the value came from.
    pub fn explain(&self, problem: &Problem) -> anyhow::Error {
        let key = &problem.key;
        let ends = key.match_indices('.').map(|(end, _)| end).chain([key.len()]);
        let flag = ends.rev().find_map(|end| Some((self.flags.get(&key[..end])?, key[end..].trim_start_matches('.'))));
        let (place, problem) = match flag {
            Some((flag, "")) => ((*flag).to_owned(), problem.problem.clone()),
            Some((flag, rest)) => ((*flag).to_owned(), format!("{rest}: {}", problem.problem)),
            None => (self.source.place(&self.in_source(key)).0, problem.problem.clone()),
        };
        bad_input(ConfigError::Value { place, problem })
    }

    /// A key as it stands in the source, where other arms than the chosen ones may stand too.
    fn in_source(&self, key: &str) -> String {
        if let (Some(index), Some(rest)) = (self.taken, key.strip_prefix("schedule")) {
            return format!("arm.{index}.schedule{rest}");
        }
        let arm = || {
            let (index, rest) = key.strip_prefix("arm.")?.split_once('.')?;
            let index = self.chosen.get(index.parse::<usize>().ok()?)?;
            Some(format!("arm.{index}.{rest}"))
        };
        arm().unwrap_or_else(|| key.to_owned())
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

/// The place of the arm of this name.
fn arm_called(flag: &str, name: &str, arms: &[ArmConfig]) -> Result<usize> {
    let unknown = || match arms {
        [] => bad_input(anyhow!("{flag}: there is no arm {name:?}, nor any other one")),
        arms => bad_input(anyhow!("{flag}: there is no arm {name:?}; there are {}", names(arms))),
    };
    arms.iter().position(|arm| arm.name == *name).ok_or_else(unknown)
}

fn names(arms: &[ArmConfig]) -> String {
    arms.iter().map(|arm| format!("{:?}", arm.name)).collect::<Vec<_>>().join(", ")
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
    let wrong = |(_, problem)| bad_value(flag.into(), problem);
    text.map(|text| value(&format!("{text:?}")).map_err(wrong)).transpose()
}

/// A flag's value that is a name or a TOML table with one key: `lenet`, or `mlp = { hidden = [64] }`. Errors say at which
/// character.
pub fn table<T: DeserializeOwned>(flag: &str, text: Option<&str>) -> Result<Option<T>> {
    const BEFORE: &str = "{ ";
    let Some(text) = text else {
        return Ok(None);
    };
    let after = if text.contains('=') { " }" } else { " = {} }" };
    let wrong = |(offset, problem): (usize, String)| {
        let before = text.get(..offset.saturating_sub(BEFORE.len())).unwrap_or(text);
        bad_value(format!("{flag}, character {}", before.chars().count() + 1), problem)
    };
    value(&format!("{BEFORE}{text}{after}")).map(Some).map_err(wrong)
}

/// A flag's value that is a length: `500` or `5ep`.
pub fn length(flag: &'static str, text: Option<&str>) -> Result<Option<lrscope_schedule::Length>> {
    let Some(text) = text else {
        return Ok(None);
    };
    let number = text.parse::<f64>().is_ok();
    let toml = if number { text.to_owned() } else { format!("{text:?}") };
    value(&toml).map(Some).map_err(|(_, problem)| bad_value(flag.into(), problem))
}

fn bad_value(place: String, problem: String) -> anyhow::Error {
    bad_input(ConfigError::Value { place, problem })
}

/// A value written as TOML; else the byte where it is wrong, and what is wrong there.
fn value<T: DeserializeOwned>(toml: &str) -> Result<T, (usize, String)> {
    const KEY: &str = "value = ";
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document<T> {
        value: T,
    }
    let document: Document<T> = toml::from_str(&format!("{KEY}{toml}")).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        (start.saturating_sub(KEY.len()), in_words(error.message()))
    })?;
    Ok(document.value)
}
