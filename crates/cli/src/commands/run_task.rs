//! `lrscope run-task`: one run in this process.

use std::io::Read;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use lrscope_data::Name;
use lrscope_runner::learner::Learner;
use lrscope_runner::record::Store;
use lrscope_runner::resolve;
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_runner::train::{BoxedError, Past, Progress, drive};
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
        let ending = published.result().ending;
        return tell(&Event::Finished { ending, already_there: true });
    }
    let name: Name = spec.data.name.parse().map_err(bad_input)?;
    let data = lrscope_data::load(name, &locations(task.data_dir.as_deref(), None), &mut tell_progress())
        .map_err(bad_input)?;
    let mut learner = CandleLearner::new(spec, &data, &device).map_err(bad_input)?;
    if learner.steps_per_epoch() != spec.steps_per_epoch {
        return Err(anyhow!(
            "an epoch has {} updates here, but the run was made for {}",
            learner.steps_per_epoch(),
            spec.steps_per_epoch
        ));
    }
    train(task, &store, &mut learner)
}

fn open_device(spec: &RunSpec, name: &str) -> Result<lrscope_trainer::Device> {
    let (class, device) = lrscope_trainer::parse_device(name).map_err(bad_input)?;
    if class == DeviceClass::Cpu {
        let isa = spec.isa.parse().map_err(bad_input::<lrscope_trainer::KernelError>)?;
        lrscope_trainer::force_isa(isa).map_err(bad_input)?;
    }
    Ok(device)
}

fn train(task: &Task, store: &Store, learner: &mut CandleLearner) -> Result<()> {
    let spec = &task.spec;
    let plan = resolve::plan(spec).map_err(bad_input)?;
    tell(&Event::Started { steps: spec.steps })?;
    let mut attempt = store.begin(spec)?;
    let ending = drive(learner, spec, &plan, &Past::default(), &mut attempt, &mut narrate(spec.steps))?;
    let state = learner.save()?;
    let publication = attempt.publish(ending, &state, task.threads)?;
    let already_there = publication == lrscope_runner::record::Publication::AlreadyThere;
    tell(&Event::Finished { ending, already_there })
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
