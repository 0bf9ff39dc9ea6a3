//! `lrscope run-task`: one run in this process.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use lrscope_data::DataSet;
use lrscope_runner::learner::Learner;
use lrscope_runner::record::{Attempt, Checksum, Clocks, Machine, Measured, Publication, Resumed, Store, Turn};
use lrscope_runner::resolve;
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_runner::train::{BoxedError, Progress, TrainError, drive};
use lrscope_trainer::CandleLearner;

use crate::child::is_shortage;
use crate::commands::data::{Wish, tell_progress};
use crate::exit::{self, BadInput, bad_input};
use crate::interrupts::{self, Catching, Interrupted};
use crate::keep::Keeper;
use crate::orders;
use crate::room;
use crate::task::{Event, Task};
use crate::tell::tell;
use crate::timed::Timed;

/// Reads a task from standard input, does it, and tells events on standard output.
pub fn run() -> Result<()> {
    // The second signal ends the process at once; nothing is lost by that but the time since the last saved state.
    let (_catching, result) = match Catching::until(2) {
        Ok(catching) => (Some(catching), orders::read().and_then(|task| execute(&task))),
        Err(error) => (None, Err(error)),
    };
    let Err(error) = result else { return Ok(()) };
    let error = match orders::refused() {
        Some(refusal) if error.is::<Stopped>() => bad_input(refusal),
        _ => error,
    };
    // Nobody listens any more where telling fails, and the error goes to standard error all the same.
    if let Some(Stopped { signal, step }) = error.downcast_ref() {
        let _ = tell(&Event::Interrupted { signal: *signal, step: *step });
        return Err(Interrupted { signal: *signal, words: error.to_string() }.into());
    }
    let bad_input = error.is::<BadInput>();
    let _ = tell(&Event::Failed { error: exit::text(&error), bad_input, shortage: is_shortage(&error) });
    Err(error)
}

/// A run that a signal ended in order.
#[derive(Debug, thiserror::Error)]
#[error("interrupted by {} after {step} updates; the same task goes on from there", interrupts::name(*signal))]
struct Stopped {
    signal: i32,
    step: u64,
}

/// A run that was interrupted at `step`.
fn stopped(step: u64) -> anyhow::Error {
    // The loop ends early for no other reason.
    Stopped { signal: interrupts::wished().unwrap_or_default(), step }.into()
}

fn execute(task: &Task) -> Result<()> {
    let spec = &task.spec;
    let name = task.check().map_err(bad_input)?;
    let device = open_device(spec, &task.device)?;
    room::for_threads(task.threads.into()).context("cannot start the threads to compute with")?;
    lrscope_trainer::start_workers(task.threads.into())?;
    let store = Store::open(&task.results)?;
    let Some(turn) = wait_for_turn(&store, spec)? else { return Ok(()) };
    let started = now();
    let reading = Instant::now();
    let locations = Wish { data_dir: task.data_dir.as_deref(), offline: task.offline, source: None }.locations();
    // A parent that went away is noticed by the next event that matters.
    let data = lrscope_data::load(name, &locations, &mut tell_progress(|| ())).map_err(bad_input)?;
    if interrupts::wished().is_some() {
        return Err(stopped(0));
    }
    let data_seconds = reading.elapsed().as_secs_f64();
    let clocks = Clocks {
        started_unix: started,
        ended_unix: 0.0,
        data_seconds,
        training_seconds: 0.0,
        evaluation_seconds: 0.0,
        saving_seconds: 0.0,
    };
    lrscope_trainer::on_workers(|| train(task, &store, learner(spec, data, &device)?, clocks))?;
    turn.done();
    // Other dead attempts at the run are of no use now.
    let _ = store.clear_useless_attempts();
    Ok(())
}

fn learner(spec: &RunSpec, data: DataSet, device: &lrscope_trainer::Device) -> Result<CandleLearner> {
    let learner = CandleLearner::new(spec, Arc::new(data), device).map_err(bad_input)?;
    let (here, made_for) = (learner.steps_per_epoch(), spec.steps_per_epoch);
    if here == made_for {
        Ok(learner)
    } else {
        Err(anyhow!("an epoch has {here} updates here, but the run was made for {made_for}"))
    }
}

/// Waits while another process of this machine does the same run. Nothing where it is published, which is told.
fn wait_for_turn(store: &Store, spec: &RunSpec) -> Result<Option<Turn>> {
    const PAUSE: Duration = Duration::from_millis(50);
    let mut told = false;
    loop {
        let turn = store.turn(&spec.id())?;
        if let Some(published) = store.find(&spec.id())? {
            if let Some(turn) = turn {
                turn.done();
            }
            let ending = published.result.ending;
            tell(&Event::Finished { ending, already_there: true })?;
            return Ok(None);
        }
        if interrupts::wished().is_some() {
            return Err(stopped(0));
        }
        if turn.is_some() {
            return Ok(turn);
        }
        if !told {
            tell(&Event::Waiting)?;
            told = true;
        }
        thread::sleep(PAUSE);
    }
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

fn train(task: &Task, store: &Store, learner: CandleLearner, start: Clocks) -> Result<()> {
    let spec = &task.spec;
    let plan = resolve::plan(spec).map_err(bad_input)?;
    let clocks = Rc::new(Cell::new(start));
    let mut learner = Timed { learner, clocks: Rc::clone(&clocks) };
    tell(&Event::Started { steps: spec.steps })?;
    let (attempt, resumed) = begin(store, spec, &mut learner)?;
    if let Some(before) = resumed.clocks {
        clocks.set(Clocks { data_seconds: before.data_seconds + start.data_seconds, ..before });
    }
    let every = Duration::from_secs_f64(task.checkpoint_every);
    let mut keeper = Keeper::new(attempt, resumed.step, every, Rc::clone(&clocks));
    let driven = drive(&mut learner, spec, &plan, &resumed.past, &mut keeper, &mut narrate(spec.steps));
    let ending = match driven {
        Ok(ending) => ending,
        Err(error) => {
            keeper.let_go(matches!(error, TrainError::Interrupted { .. }));
            return Err(match error {
                TrainError::Interrupted { step } => stopped(step),
                other => other.into(),
            });
        }
    };
    let state = Checksum::of_state(&learner.save()?);
    let measured = Measured {
        program: format!("lrscope {}", env!("CARGO_PKG_VERSION")),
        machine: Machine::here(),
        device: (spec.device != DeviceClass::Cpu).then(|| task.device.clone()),
        isa: spec.isa.clone(),
        threads: u64::from(task.threads),
        clocks: Clocks { ended_unix: now(), ..clocks.get() },
    };
    let publication = keeper.attempt.publish(ending, state, &measured)?;
    let already_there = matches!(publication, Publication::AlreadyThere(_));
    tell(&Event::Finished { ending, already_there })
}

/// The attempt that came furthest before its process died, with the learner put where it was; else a new one.
fn begin(store: &Store, spec: &RunSpec, learner: &mut dyn Learner) -> Result<(Attempt, Resumed)> {
    let Some(mut attempt) = store.adopt(spec)? else {
        let mut attempt = store.begin(spec)?;
        let resumed = attempt.resume(learner)?;
        return Ok((attempt, resumed));
    };
    let resumed = attempt.resume(learner)?;
    if resumed.step > 0 || !resumed.notes.is_empty() {
        tell(&Event::Resumed { step: resumed.step, notes: resumed.notes.clone() })?;
    }
    Ok((attempt, resumed))
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
        if tell(&event).is_err() {
            // The parent is gone, and so nobody wants the run now; what it has come to is kept.
            interrupts::wish(interrupts::HANG_UP);
        }
        Ok(())
    }
}
