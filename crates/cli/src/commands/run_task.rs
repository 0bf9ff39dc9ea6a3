//! `lrscope run-task`: one run in this process.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use lrscope_data::Name;
use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::record::{Checksum, Clocks, Machine, Measured, Publication, Store};
use lrscope_runner::resolve;
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_runner::train::{BoxedError, Past, Progress, drive};
use lrscope_schedule::{Group, Rates};
use lrscope_trainer::CandleLearner;

use crate::commands::data::{locations, tell_progress};
use crate::exit::{self, BadInput, bad_input};
use crate::task::{Event, Task};
use crate::tell::tell;

/// Reads a task from standard input, does it, and tells events on standard output.
pub fn run() -> Result<()> {
    let result = read().and_then(|task| execute(&task));
    if let Err(error) = &result {
        let bad_input = error.downcast_ref::<BadInput>().is_some();
        // Nobody listens any more where this fails, and the error goes to standard error all the same.
        let _ = tell(&Event::Failed { error: exit::text(error), bad_input });
    }
    result
}

fn read() -> Result<Task> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read the task")?;
    serde_json::from_str(&text).map_err(|error| bad_input(anyhow!("standard input holds no task: {error}")))
}

fn execute(task: &Task) -> Result<()> {
    let spec = &task.spec;
    let device = open_device(spec, &task.device)?;
    let store = Store::open(&task.results)?;
    if let Some(published) = store.find(&spec.id())? {
        let ending = published.result.ending;
        return tell(&Event::Finished { ending, already_there: true });
    }
    let name: Name = spec.data.name.parse().map_err(bad_input)?;
    let started = now();
    let reading = Instant::now();
    let locations = locations(task.data_dir.as_deref(), None);
    let data = lrscope_data::load(name, &locations, &mut tell_progress()).map_err(bad_input)?;
    let data_seconds = reading.elapsed().as_secs_f64();
    let learner = CandleLearner::new(spec, Arc::new(data), &device).map_err(bad_input)?;
    if learner.steps_per_epoch() != spec.steps_per_epoch {
        return Err(anyhow!(
            "an epoch has {} updates here, but the run was made for {}",
            learner.steps_per_epoch(),
            spec.steps_per_epoch
        ));
    }
    let clocks =
        Clocks { started_unix: started, ended_unix: 0.0, data_seconds, training_seconds: 0.0, evaluation_seconds: 0.0 };
    train(task, &store, learner, clocks)
}

/// Seconds since 1970; 0 on a machine whose clock stands before that.
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn open_device(spec: &RunSpec, name: &str) -> Result<lrscope_trainer::Device> {
    let (class, device) = lrscope_trainer::parse_device(name).map_err(bad_input)?;
    if class != spec.device {
        return Err(bad_input(anyhow!("the run was made for another device than {name}")));
    }
    if class == DeviceClass::Cpu {
        let isa = spec.isa.parse().map_err(|error: lrscope_trainer::KernelError| bad_input(error))?;
        lrscope_trainer::force_isa(isa).map_err(bad_input)?;
    }
    Ok(device)
}

fn train(task: &Task, store: &Store, learner: CandleLearner, mut clocks: Clocks) -> Result<()> {
    let spec = &task.spec;
    let plan = resolve::plan(spec).map_err(bad_input)?;
    tell(&Event::Started { steps: spec.steps })?;
    let mut attempt = store.begin(spec)?;
    let mut learner = Timed { learner, training: Duration::ZERO, evaluation: Duration::ZERO };
    let ending = drive(&mut learner, spec, &plan, &Past::default(), &mut attempt, &mut narrate(spec.steps))?;
    let state = Checksum::of_state(&learner.save()?);
    clocks.training_seconds = learner.training.as_secs_f64();
    clocks.evaluation_seconds = learner.evaluation.as_secs_f64();
    clocks.ended_unix = now();
    let measured = Measured {
        program: format!("lrscope {}", env!("CARGO_PKG_VERSION")),
        machine: Machine::here(),
        device: (spec.device != DeviceClass::Cpu).then(|| task.device.clone()),
        isa: spec.isa.clone(),
        threads: u64::from(task.threads),
        clocks,
    };
    let publication = attempt.publish(ending, state, &measured)?;
    let already_there = matches!(publication, Publication::AlreadyThere(_));
    tell(&Event::Finished { ending, already_there })
}

/// A learner whose updates and evaluations are timed, apart from everything else.
struct Timed {
    learner: CandleLearner,
    training: Duration,
    evaluation: Duration,
}

impl Learner for Timed {
    fn groups(&self) -> &[Group] {
        self.learner.groups()
    }

    fn steps_per_epoch(&self) -> u64 {
        self.learner.steps_per_epoch()
    }

    fn steps_done(&self) -> u64 {
        self.learner.steps_done()
    }

    fn block_len(&self) -> usize {
        self.learner.block_len()
    }

    fn advance(&mut self, block: &[Rates], probes: Probes) -> Result<Vec<Row>, LearnerError> {
        let started = Instant::now();
        let rows = self.learner.advance(block, probes);
        self.training += started.elapsed();
        rows
    }

    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, LearnerError> {
        let started = Instant::now();
        let evaluation = self.learner.evaluate(subset);
        self.evaluation += started.elapsed();
        evaluation
    }

    fn save(&mut self) -> Result<State, LearnerError> {
        self.learner.save()
    }

    fn load(&mut self, state: &State) -> Result<(), LearnerError> {
        self.learner.load(state)
    }
}

/// Tells progress, at most ten steps a second.
fn narrate(steps: u64) -> impl FnMut(Progress) -> Result<(), BoxedError> {
    let mut last: Option<Instant> = None;
    move |progress| {
        let event = match progress {
            Progress::Advanced { step, loss, lr } => {
                let recent = last.is_some_and(|last| last.elapsed() < Duration::from_millis(100));
                if recent && step != steps {
                    return Ok(());
                }
                last = Some(Instant::now());
                Event::Step { step, loss, lr }
            }
            Progress::Evaluated { step, subset, evaluation } => {
                Event::Evaluated { step, subset, loss: evaluation.loss, accuracy: evaluation.accuracy() }
            }
        };
        tell(&event).map_err(Into::into)
    }
}
