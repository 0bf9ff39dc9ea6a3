//! From an experiment to its runs: lengths in updates, rates as numbers, one specification for each seed.

use lrscope_schedule::{Context, Group, Length, PerGroup, Pick, Plan, Rate, ScheduleError, ScheduleSpec, Sweep};

use crate::experiment::{Experiment, Problem};
use crate::learner::Subset;
use crate::random::{Family, Seed};
pub use crate::scale_fn::compile as compile_scale_fn;
use crate::spec::{
    DataSpec, DeviceClass, EvaluationSpec, GroupSpec, NUMERICS_VERSION, OptimizerSpec, RunSpec, StopRule,
};

/// What has to be known of a data set to make runs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFacts {
    /// Data hash in hexadecimal.
    pub sha256: String,
    /// Training examples, validation included.
    pub train: u64,
    /// Validation examples where the experiment does not say.
    pub validation: u64,
}

/// An experiment on a known data set and kind of machine.
#[derive(Debug, Clone)]
pub struct Setting {
    experiment: Experiment,
    facts: DataFacts,
    device: DeviceClass,
    isa: String,
}

impl Setting {
    /// Brings an experiment together with what it runs on, and checks its values.
    ///
    /// # Errors
    /// The first value that makes no sense, by its key.
    pub fn new(experiment: Experiment, facts: DataFacts, device: DeviceClass, isa: String) -> Result<Self, Problem> {
        experiment.check()?;
        let setting = Self { experiment, facts, device, isa };
        setting.check_sizes()?;
        Ok(setting)
    }

    /// The experiment.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Training examples that are trained on.
    pub fn examples(&self) -> u64 {
        let left = self.facts.train.saturating_sub(self.validation());
        self.experiment.data.train_limit.map_or(left, |limit| limit.min(left))
    }

    /// Updates in an epoch: one for each `accumulation_steps` batches, the last one with what is left.
    pub fn steps_per_epoch(&self) -> u64 {
        let data = &self.experiment.data;
        let per_update = data.batch_size * data.accumulation_steps;
        if data.drop_last { self.examples() / per_update } else { self.examples().div_ceil(per_update) }
    }

    /// The runs of the range test, one for each seed.
    pub fn range_test(&self) -> Result<Vec<RunSpec>, Problem> {
        let test = &self.experiment.range_test;
        let steps = self.steps("range_test.length", test.length)?;
        let sweep = ScheduleSpec::Sweep(Sweep {
            start_lr: PerGroup::All(Rate::Value(test.start_lr)),
            end_lr: PerGroup::All(Rate::Value(test.end_lr)),
            steps: Length::from(steps),
            kind: test.sweep,
        });
        let evaluation = EvaluationSpec { every: None, during: Subset::Validation, after: Vec::new() };
        let stop = StopRule::Divergence { factor: test.divergence_factor, window: 1 + steps / 100 * 2 };
        (0..test.seeds)
            .map(|number| {
                let seed = Seed { family: Family::RangeTest, number };
                self.run(seed, sweep.clone(), steps, evaluation.clone(), Some(stop))
                    .map_err(|error| Problem::new("range_test", error.to_string()))
            })
            .collect()
    }

    /// The runs of one schedule of `train` or `compare`, one for each seed. `key` is where the schedule stands.
    pub fn training(&self, key: &str, schedule: &ScheduleSpec, pick: Option<Pick>) -> Result<Vec<RunSpec>, Problem> {
        let training = &self.experiment.training;
        let steps = self.steps("training.length", training.length)?;
        let every = training.evaluate_every.map(|every| self.steps("training.evaluate_every", every)).transpose()?;
        let evaluation =
            EvaluationSpec { every, during: training.evaluate_on, after: vec![Subset::Validation, Subset::Test] };
        let schedule = schedule.resolve(&self.context(pick)).map_err(|error| Problem::new(key, error.to_string()))?;
        (0..training.seeds)
            .map(|number| {
                let seed = Seed { family: Family::Training, number };
                let stop = Some(StopRule::NonFinite {});
                self.run(seed, schedule.clone(), steps, evaluation.clone(), stop)
                    .map_err(|error| Problem::new(key, error.to_string()))
            })
            .collect()
    }

    /// What is probably not meant about a schedule and the run that it drives: see [`Plan::lint`].
    pub fn lint(&self, schedule: &ScheduleSpec, run: &RunSpec) -> Result<Vec<String>, ScheduleError> {
        let mut lints = schedule.unused_settings();
        lints.extend(plan(run)?.lint(run.steps));
        Ok(lints.iter().map(ToString::to_string).collect())
    }

    fn context(&self, pick: Option<Pick>) -> Context {
        Context {
            steps_per_epoch: self.steps_per_epoch(),
            pick,
            momentum: momentum(&self.experiment.optimizer).is_some(),
        }
    }

    fn validation(&self) -> u64 {
        let default = self.facts.validation;
        self.experiment.data.validation.unwrap_or(default)
    }

    fn steps(&self, key: &str, length: Length) -> Result<u64, Problem> {
        whole_steps(length, self.steps_per_epoch()).map_err(|problem| Problem::new(key, problem))
    }

    fn run(
        &self,
        seed: Seed,
        schedule: ScheduleSpec,
        steps: u64,
        evaluation: EvaluationSpec,
        stop: Option<StopRule>,
    ) -> Result<RunSpec, ScheduleError> {
        let experiment = &self.experiment;
        let spec = RunSpec {
            numerics: NUMERICS_VERSION,
            seed,
            data: self.data_spec(),
            model: experiment.model.clone(),
            optimizer: experiment.optimizer.clone(),
            groups: self.groups(),
            schedule,
            steps,
            steps_per_epoch: self.steps_per_epoch(),
            evaluation,
            stop,
            probes: experiment.training.probes,
            dtype: experiment.training.dtype,
            device: self.device,
            isa: self.isa.clone(),
        };
        // A schedule that cannot be planned must be refused now, not in the child process.
        plan(&spec)?.check(spec.steps)?;
        Ok(spec)
    }

    fn groups(&self) -> Vec<GroupSpec> {
        if self.experiment.groups.is_empty() { vec![GroupSpec::all()] } else { self.experiment.groups.clone() }
    }

    fn data_spec(&self) -> DataSpec {
        let data = &self.experiment.data;
        DataSpec {
            name: data.name.clone(),
            sha256: self.facts.sha256.clone(),
            validation: self.validation(),
            train_limit: data.train_limit,
            normalization: data.normalization,
            batch_size: data.batch_size,
            accumulation_steps: data.accumulation_steps,
            drop_last: data.drop_last,
        }
    }

    fn check_sizes(&self) -> Result<(), Problem> {
        let train = self.facts.train;
        if self.validation() >= train {
            let validation = self.validation();
            return Err(Problem::new(
                "data.validation",
                format!("{validation} leaves nothing to train on: the set has {train} training examples"),
            ));
        }
        if self.steps_per_epoch() == 0 {
            let examples = self.examples();
            return Err(Problem::new(
                "data.batch_size",
                format!("with drop_last, an update takes more than the {examples} examples there are"),
            ));
        }
        Ok(())
    }
}

/// The groups of a run as a schedule sees them.
pub fn schedule_groups(spec: &RunSpec) -> Vec<Group> {
    let momentum = momentum(&spec.optimizer);
    let group = |group: &GroupSpec| Group { name: group.name.clone(), lr_mult: group.lr_mult, momentum };
    spec.groups.iter().map(group).collect()
}

/// The plan of a run: its schedule bound to its groups.
pub fn plan(spec: &RunSpec) -> Result<Plan, ScheduleError> {
    Plan::new(&spec.schedule, &schedule_groups(spec), spec.steps_per_epoch, &compile_scale_fn)
}

/// What of an optimizer a schedule can cycle: momentum or beta1. SGD that was told to do without momentum has none.
fn momentum(optimizer: &OptimizerSpec) -> Option<f64> {
    match optimizer {
        OptimizerSpec::Sgd(sgd) => (sgd.momentum > 0.0).then_some(sgd.momentum),
        OptimizerSpec::Adam(adam) | OptimizerSpec::Adamw(adam) => Some(adam.betas.0),
    }
}

/// A length in updates. Epochs are rounded to the nearest update; updates must be whole.
pub fn whole_steps(length: Length, steps_per_epoch: u64) -> Result<u64, String> {
    let steps = match length {
        Length::Count(count) if count.fract() != 0.0 => {
            return Err(format!("{count} is no whole number of updates"));
        }
        Length::Count(count) => count,
        Length::Epochs(epochs) => (epochs * steps_per_epoch as f64).round(),
    };
    if (1.0..=1e9).contains(&steps) {
        return Ok(steps as u64);
    }
    Err(format!("{length} is {steps} updates with {steps_per_epoch} in an epoch; a run has 1 to 1,000,000,000"))
}
