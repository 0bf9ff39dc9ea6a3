//! The candle side of the runner's [`Learner`]: data, network and optimizer of one run.

#[cfg(test)]
mod deferred_tests;
mod error;
mod evaluation;
mod probe;
mod reading;
mod update;

use std::sync::Arc;

use candle_core::Device;
use lrscope_data::DataSet;
use lrscope_kernels::{Isa, KernelError, with_isa};
use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::resolve::schedule_groups;
use lrscope_runner::spec::{NUMERICS_VERSION, RunSpec};
use lrscope_schedule::{Group, Rates};

use crate::data::{BatchPlan, DataError, Feed};
use crate::device::{class_of, float_type};
use crate::model::{self, ModelError, Network, ParameterSet, Problem};
use crate::optimizer::Optimizer;
use crate::state::{self, Blob, StateError};

pub use error::{BuildError, UpdateError};

/// Updates between two reads from a GPU.
const GPU_BLOCK: usize = 32;

/// A network under training with candle: everything that a [`RunSpec`] says, on one device.
///
/// CPU kernels take the instruction-set path that the specification names, whatever the rest of the process uses.
pub struct CandleLearner {
    spec: RunSpec,
    isa: Option<Isa>,
    plan: BatchPlan,
    feed: Feed,
    problem: Problem,
    network: Box<dyn Network>,
    parameters: ParameterSet,
    /// Whether losses stay on the device until a block is done.
    deferred: bool,
    optimizer: Optimizer,
    groups: Vec<Group>,
    step: u64,
}

impl CandleLearner {
    /// The learner of a specification, before its first update.
    ///
    /// # Errors
    /// When the specification does not fit the data, the device or itself.
    pub fn new(spec: &RunSpec, data: Arc<DataSet>, device: &Device) -> Result<Self, BuildError> {
        Self::with_network(spec, data, device, |set, problem| model::build(&spec.model, set, problem))
    }

    /// A learner with a network that `build` makes: its parameters through the [`ParameterSet`], for pictures and classes as in
    /// the [`Problem`]. The specification's `model` should be [`ModelSpec::Own`](lrscope_runner::spec::ModelSpec::Own), so that
    /// the run has an identity of its own.
    ///
    /// # Errors
    /// As [`new`](Self::new), and whatever `build` returns.
    pub fn with_network(
        spec: &RunSpec,
        data: Arc<DataSet>,
        device: &Device,
        build: impl FnOnce(&mut ParameterSet, Problem) -> Result<Box<dyn Network>, ModelError>,
    ) -> Result<Self, BuildError> {
        let isa = check_platform(spec, &data, device)?;
        let dtype = float_type(spec.dtype, device)?;
        let problem = problem_of(&data);
        let feed = Feed::new(data, &spec.data, spec.seed, dtype, device)?;
        check_subset(spec, &feed)?;
        let mut parameters = ParameterSet::new(spec.seed, dtype, device);
        let network = build(&mut parameters, problem)?;
        Ok(Self {
            plan: check_plan(spec, feed.len(Subset::Train))?,
            groups: schedule_groups(spec),
            optimizer: Optimizer::new(&spec.optimizer, &spec.groups, parameters.trained())?,
            spec: spec.clone(),
            deferred: !device.is_cpu(),
            isa,
            feed,
            problem,
            network,
            parameters,
            step: 0,
        })
    }

    /// The network's parameters and buffers.
    pub fn parameters(&self) -> &ParameterSet {
        &self.parameters
    }

    /// What the network maps from and to.
    pub fn problem(&self) -> Problem {
        self.problem
    }

    /// Runs `work` with the CPU kernels' path of the specification.
    fn on_path<T, E: From<KernelError>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        match self.isa {
            Some(isa) => with_isa(isa, || work(self))?,
            None => work(self),
        }
    }

    fn try_load(&mut self, state: &State) -> Result<(), StateError> {
        state::check_names(state)?;
        let step = state::read_progress(state, self.spec.steps)?;
        let mut blob = Blob::open(state, state::WEIGHTS)?;
        let parameters = self.parameters.trained().iter().chain(self.parameters.buffers());
        let values = parameters
            .clone()
            .map(|parameter| blob.take(&parameter.name, &parameter.var))
            .collect::<Result<Vec<_>, _>>()?;
        blob.close()?;
        let mut blob = Blob::open(state, state::OPTIMIZER)?;
        let restored = self.optimizer.restored(step, &mut blob)?;
        blob.close()?;
        // Everything fits: from here on the learner changes.
        for (parameter, value) in parameters.zip(&values) {
            parameter.var.set(value)?;
        }
        self.optimizer.replace(restored);
        self.step = step;
        Ok(())
    }

    fn try_save(&self) -> Result<State, StateError> {
        let parameters = self.parameters.trained().iter().chain(self.parameters.buffers());
        let weights = parameters.map(|parameter| (parameter.name.clone(), parameter.var.as_tensor().clone()));
        Ok(State::from([
            (state::WEIGHTS.into(), state::write(state::WEIGHTS, weights.collect())?),
            (state::OPTIMIZER.into(), state::write(state::OPTIMIZER, self.optimizer.state())?),
            (state::PROGRESS.into(), state::write_progress(self.step)?),
        ]))
    }
}

impl Learner for CandleLearner {
    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn steps_per_epoch(&self) -> u64 {
        self.plan.steps_per_epoch()
    }

    fn steps_done(&self) -> u64 {
        self.step
    }

    fn block_len(&self) -> usize {
        if self.deferred { GPU_BLOCK } else { 1 }
    }

    fn advance(&mut self, block: &[Rates], probes: Probes) -> Result<Vec<Row>, LearnerError> {
        self.advance_block(block, probes)
    }

    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, LearnerError> {
        self.on_path(|learner| learner.measure(subset))
            .map_err(|cause| LearnerError::new(format!("evaluating {subset:?} after {} updates", self.step), cause))
    }

    fn save(&mut self) -> Result<State, LearnerError> {
        self.try_save()
            .map_err(|cause| LearnerError::new(format!("saving the state after {} updates", self.step), cause))
    }

    fn load(&mut self, state: &State) -> Result<(), LearnerError> {
        self.try_load(state).map_err(|cause| LearnerError::new("loading a state", cause))
    }
}

/// Checks what the specification says about the program, the data and the device; the path of the CPU kernels, if they are used.
fn check_platform(spec: &RunSpec, data: &DataSet, device: &Device) -> Result<Option<Isa>, BuildError> {
    if spec.data.name != data.name.as_str() {
        return Err(BuildError::DataName { asked: spec.data.name.clone(), given: data.name });
    }
    if spec.numerics != NUMERICS_VERSION {
        return Err(BuildError::Numerics { found: spec.numerics });
    }
    if spec.device != class_of(device) {
        return Err(BuildError::DeviceClass { asked: spec.device, given: class_of(device) });
    }
    if device.is_cpu() {
        let isa = spec.isa.parse()?;
        return Ok(Some(with_isa(isa, || isa)?));
    }
    if spec.isa == "none" { Ok(None) } else { Err(BuildError::Isa { found: spec.isa.clone() }) }
}

/// Checks that evaluations during the run, which schedules may follow, are not of an empty subset. One after the run may be:
/// its evaluation then counts no examples.
fn check_subset(spec: &RunSpec, feed: &Feed) -> Result<(), DataError> {
    match spec.evaluation.every.map(|_| spec.evaluation.during) {
        Some(subset) if feed.len(subset) == 0 => Err(DataError::EmptySubset(subset)),
        _ => Ok(()),
    }
}

/// The plan of batches, which must give the epoch that the specification was made with.
fn check_plan(spec: &RunSpec, examples: usize) -> Result<BatchPlan, BuildError> {
    let plan = BatchPlan::new(examples, &spec.data)?;
    if plan.steps_per_epoch() == spec.steps_per_epoch {
        return Ok(plan);
    }
    Err(BuildError::Epoch { found: spec.steps_per_epoch, needed: plan.steps_per_epoch() })
}

fn problem_of(data: &DataSet) -> Problem {
    Problem {
        channels: data.train.channels,
        height: data.train.height,
        width: data.train.width,
        classes: data.name.facts().classes,
    }
}
