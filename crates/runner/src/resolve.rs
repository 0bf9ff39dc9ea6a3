//! From an experiment to its runs: lengths in updates, rates as numbers, one specification for each seed.

use lrscope_schedule::{
    Context, Evaluated, Group, Length, PerGroup, Pick, Plan, Problem as Fault, Rate, ScheduleError, ScheduleSpec, Sweep,
};

use crate::analysis::FEWEST_STEPS;
use crate::experiment::{Experiment, Problem};
use crate::learner::Subset;
use crate::random::{Family, Seed};
pub use crate::scale_fn::{compile as compile_scale_fn, trained_otherwise};
use crate::spec::{
    DataSpec, DeviceClass, EvaluationSpec, GroupSpec, NUMERICS_VERSION, OptimizerSpec, RunSpec, StopRule,
};

mod followed;

/// No run is longer than this, so that a slip of the finger is an error and not a year of training.
const MOST_STEPS: u64 = 1_000_000_000;

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
    /// What is given instead of what the data and the batch size make.
    steps_per_epoch: Option<u64>,
}

impl Setting {
    /// Brings an experiment together with what it runs on, and checks its values.
    ///
    /// # Errors
    /// The first value that makes no sense, by its key.
    pub fn new(experiment: Experiment, facts: DataFacts, device: DeviceClass, isa: String) -> Result<Self, Problem> {
        experiment.check()?;
        let setting = Self { experiment, facts, device, isa, steps_per_epoch: None };
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

    /// The same with another number of updates in an epoch than the data and the batch size make, to look at schedules with.
    #[must_use]
    pub fn with_steps_per_epoch(self, steps_per_epoch: u64) -> Self {
        Self { steps_per_epoch: Some(steps_per_epoch), ..self }
    }

    /// Updates in an epoch: one for each `accumulation_steps` batches, the last one with what is left.
    pub fn steps_per_epoch(&self) -> u64 {
        if let Some(given) = self.steps_per_epoch {
            return given;
        }
        let data = &self.experiment.data;
        let per_update = data.batch_size * data.accumulation_steps;
        if data.drop_last { self.examples() / per_update } else { self.examples().div_ceil(per_update) }
    }

    /// The runs of the range test, one for each seed.
    pub fn range_test(&self) -> Result<Vec<RunSpec>, Problem> {
        let test = &self.experiment.range_test;
        let steps = self.steps("range_test.length", test.length)?;
        if steps < FEWEST_STEPS as u64 {
            let few = format!(
                "{steps} updates are too few to read a curve from; sweep at least {FEWEST_STEPS}, and some hundreds for a loss with noise"
            );
            return Err(Problem::new("range_test.length", few));
        }
        let sweep = ScheduleSpec::Sweep(Sweep {
            start_lr: PerGroup::All(Rate::Value(test.start_lr)),
            end_lr: PerGroup::All(Rate::Value(test.end_lr)),
            steps: Length::from(steps),
            kind: test.sweep,
        });
        let evaluation = EvaluationSpec { every: None, during: Subset::Validation, after: Vec::new() };
        let stop = StopRule::Divergence { factor: test.divergence_factor, window: 1 + steps / 100 * 2 };
        let seed = Seed { family: Family::RangeTest, number: 0 };
        let run = self.run(seed, sweep, steps, evaluation, stop);
        Ok(each_seed(&run.map_err(|error| sweep_problem(&error))?, test.seeds))
    }

    /// The runs of one schedule of `train` or `compare`, one for each seed. `key` is where the schedule stands.
    pub fn training(&self, key: &str, schedule: &ScheduleSpec, pick: Option<Pick>) -> Result<Vec<RunSpec>, Problem> {
        let steps = self.training_steps()?;
        let evaluation = self.training_evaluation()?;
        self.check_followed(key, schedule)?;
        let seed = Seed { family: Family::Training, number: 0 };
        let run = schedule
            .resolve(&self.context(pick))
            .and_then(|schedule| self.run(seed, schedule, steps, evaluation, StopRule::NonFinite {}));
        Ok(each_seed(&run.map_err(|error| schedule_problem(key, &error))?, self.experiment.training.seeds))
    }

    /// Checks a schedule before the range test that it refers to is run: everything but how the rates that are going to be
    /// picked compare with those that it names itself.
    pub fn check_schedule(&self, key: &str, schedule: &ScheduleSpec) -> Result<(), Problem> {
        let steps = self.training_steps()?;
        self.check_followed(key, schedule)?;
        let stand_in = Pick { base_lr: 0.01, max_lr: 0.1 };
        let checked = schedule
            .resolve(&self.context(Some(stand_in)))
            .and_then(|schedule| Plan::new(&schedule, &self.plan_groups(), self.steps_per_epoch(), &compile_scale_fn))
            .and_then(|plan| plan.check(steps));
        match checked {
            Err(error) if !depends_on_rates(&error.problem) => Err(schedule_problem(key, &error)),
            _ => Ok(()),
        }
    }

    /// Updates in a run of `train` or `compare`.
    pub fn training_steps(&self) -> Result<u64, Problem> {
        self.steps("training.length", self.experiment.training.length)
    }

    fn training_evaluation(&self) -> Result<EvaluationSpec, Problem> {
        let training = &self.experiment.training;
        let every = training.evaluate_every.map(|every| self.steps("training.evaluate_every", every)).transpose()?;
        if every.is_some() && training.evaluate_on == Subset::Validation && self.validation() == 0 {
            return Err(Problem::new(
                "data.validation",
                "0 leaves nothing to evaluate on during the run; hold examples out, or set training.evaluate_on to \"train\" or \"test\"",
            ));
        }
        Ok(EvaluationSpec { every, during: training.evaluate_on, after: self.after() })
    }

    fn check_followed(&self, key: &str, schedule: &ScheduleSpec) -> Result<(), Problem> {
        followed::check(key, schedule, &self.training_evaluation()?, self.training_steps()?)
    }

    /// What is probably not meant about a schedule and the run that it drives: see [`Plan::lint`].
    pub fn lint(&self, schedule: &ScheduleSpec, run: &RunSpec) -> Result<Vec<String>, ScheduleError> {
        let mut lints = schedule.unused_settings();
        lints.extend(plan(run)?.lint_with(run.steps, run.evaluation.every));
        Ok(lints.iter().map(ToString::to_string).collect())
    }

    /// What is probably not meant about the sizes of batches and data.
    pub fn size_warnings(&self) -> Vec<String> {
        let (data, examples) = (&self.experiment.data, self.examples());
        let (batch, passes) = (data.batch_size, data.accumulation_steps);
        let per_update = batch * passes;
        if per_update <= examples {
            return Vec::new();
        }
        let asked = if passes == 1 {
            format!("batch_size {batch} is")
        } else {
            format!("batch_size {batch} × accumulation_steps {passes} = {per_update} is")
        };
        vec![format!(
            "{asked} more than the {examples} training examples: every update takes the whole set, and an epoch is one update"
        )]
    }

    /// What is evaluated once a run is done.
    fn after(&self) -> Vec<Subset> {
        if self.validation() == 0 { vec![Subset::Test] } else { vec![Subset::Validation, Subset::Test] }
    }

    fn context(&self, pick: Option<Pick>) -> Context {
        Context {
            steps_per_epoch: self.steps_per_epoch(),
            pick,
            momentum: momentum(&self.experiment.optimizer).is_some(),
            evaluated: evaluated(self.experiment.training.evaluate_on),
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
        stop: StopRule,
    ) -> Result<RunSpec, ScheduleError> {
        let experiment = &self.experiment;
        let spec = RunSpec {
            numerics: NUMERICS_VERSION,
            seed,
            data: self.data_spec(),
            model: experiment.model.clone(),
            optimizer: experiment.optimizer.clone(),
            loss: experiment.loss,
            groups: self.groups(),
            schedule,
            steps,
            steps_per_epoch: self.steps_per_epoch(),
            evaluation,
            stop: Some(stop),
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

    fn plan_groups(&self) -> Vec<Group> {
        as_scheduled(&self.groups(), &self.experiment.optimizer)
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
        let (train, validation) = (self.facts.train, self.validation());
        if validation >= train {
            return Err(Problem::new(
                "data.validation",
                format!("{validation} leaves nothing to train on: the set has {train} training examples"),
            ));
        }
        let available = train - validation;
        if let Some(limit) = self.experiment.data.train_limit.filter(|limit| *limit > available) {
            return Err(Problem::new(
                "data.train_limit",
                format!("{limit} is more than the {available} training examples that are not held out"),
            ));
        }
        if self.steps_per_epoch() == 0 {
            let (examples, data) = (self.examples(), &self.experiment.data);
            let (batch, accumulation) = (data.batch_size, data.accumulation_steps);
            return Err(Problem::new(
                "data.batch_size",
                format!(
                    "{batch} × {accumulation} accumulation steps is more than the {examples} examples there are, and drop_last \
                     leaves out what does not fill an update; lower it, or take drop_last out"
                ),
            ));
        }
        Ok(())
    }
}

/// The run of seed 0 as the runs of all seeds.
fn each_seed(first: &RunSpec, seeds: u64) -> Vec<RunSpec> {
    let run = |number| RunSpec { seed: Seed { number, ..first.seed }, ..first.clone() };
    (0..seeds).map(run).collect()
}

/// A sweep's error by the key of `[range_test]` that it is about.
fn sweep_problem(error: &ScheduleError) -> Problem {
    let setting = match error.place.strip_prefix("sweep.") {
        Some("start_lr") => "range_test.start_lr",
        Some("end_lr") => "range_test.end_lr",
        Some("steps") => "range_test.length",
        Some("kind") => "range_test.sweep",
        _ => "range_test",
    };
    Problem::new(setting, error.problem.to_string())
}

/// A schedule's error by the key of the setting that it is about; `key` is where the schedule stands.
fn schedule_problem(key: &str, error: &ScheduleError) -> Problem {
    Problem::new(setting_key(key, &error.place), error.problem.to_string())
}

/// The key of a schedule's setting, from the key of the schedule and the schedule's own path: `schedule` and
/// `sequential.stages[1].length` make `schedule.sequential.stages.1.length`.
pub fn setting_key(key: &str, path: &str) -> String {
    format!("{key}.{}", path.replace('[', ".").replace(']', ""))
}

/// Whether a fault may be that of rates that only stand in for the ones to be picked.
fn depends_on_rates(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Above { .. }
            | Fault::Falling { .. }
            | Fault::NarrowSweep { .. }
            | Fault::WideSweep { .. }
            | Fault::RateAt { .. }
    )
}

/// What a run's schedule was resolved against, with a pick of its own.
pub(crate) fn context_of(spec: &RunSpec, pick: Option<Pick>) -> Context {
    Context {
        steps_per_epoch: spec.steps_per_epoch,
        pick,
        momentum: momentum(&spec.optimizer).is_some(),
        evaluated: evaluated(spec.evaluation.during),
    }
}

/// The metrics' name of what is evaluated on the way.
fn evaluated(during: Subset) -> Option<Evaluated> {
    match during {
        Subset::Validation => Some(Evaluated::Validation),
        Subset::Train => Some(Evaluated::Train),
        Subset::Test => None,
    }
}

/// The groups of a run as a schedule sees them.
pub fn schedule_groups(spec: &RunSpec) -> Vec<Group> {
    as_scheduled(&spec.groups, &spec.optimizer)
}

fn as_scheduled(groups: &[GroupSpec], optimizer: &OptimizerSpec) -> Vec<Group> {
    let momentum = momentum(optimizer);
    let group = |group: &GroupSpec| Group { name: group.name.clone(), lr_mult: group.lr_mult, momentum };
    groups.iter().map(group).collect()
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

/// A length in updates. Epochs are rounded as [`Epochs::whole_updates`](lrscope_schedule::Epochs::whole_updates) has it;
/// updates must be whole.
pub fn whole_steps(length: Length, steps_per_epoch: u64) -> Result<u64, String> {
    let steps = match length {
        Length::Count(count) if count.fract() != 0.0 => {
            return Err(format!("{count} is not a whole number of updates"));
        }
        // What is not a number of updates at all, not-a-number for example, becomes one that no run has.
        Length::Count(count) => count as u64,
        Length::Epochs(epochs) => epochs.whole_updates(steps_per_epoch),
    };
    if (1..=MOST_STEPS).contains(&steps) {
        return Ok(steps);
    }
    let is = match length {
        Length::Count(count) => format!("{count} updates:"),
        Length::Epochs(_) => format!("{length} is {steps} updates with {steps_per_epoch} in an epoch;"),
    };
    Err(format!("{is} a run has 1 to 1,000,000,000"))
}
