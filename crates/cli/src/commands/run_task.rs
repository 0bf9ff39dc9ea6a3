//! `lrscope run-task`: one run in this process.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use lrscope_data::{DataSet, Name};
use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::record::{Attempt, Checksum, Clocks, Machine, Measured, Publication, Resumed, Store, Turn};
use lrscope_runner::resolve;
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_runner::train::{BoxedError, Progress, TrainError, drive};
use lrscope_schedule::{Group, Rates};
use lrscope_trainer::CandleLearner;

use crate::commands::data::{Wish, tell_progress};
use crate::exit::{self, BadInput, bad_input};
use crate::interrupts::{self, Catching, Interrupted};
use crate::keep::Keeper;
use crate::task::{Event, Order, Task};
use crate::tell::tell;

/// Reads a task from standard input, does it, and tells events on standard output.
pub fn run() -> Result<()> {
    // The second signal ends the process at once; nothing is lost by that but the time since the last saved state.
    let _catching = Catching::until(2)?;
    let result = read().and_then(|task| execute(&task));
    let Err(error) = &result else { return result };
    // Nobody listens any more where telling fails, and the error goes to standard error all the same.
    if let Some(Stopped { signal, step }) = error.downcast_ref() {
        let _ = tell(&Event::Interrupted { signal: *signal, step: *step });
        return Err(Interrupted { signal: *signal, words: error.to_string() }.into());
    }
    let bad_input = error.downcast_ref::<BadInput>().is_some();
    let _ = tell(&Event::Failed { error: exit::text(error), bad_input });
    result
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

/// Reads the task, and listens for orders from then on.
fn read() -> Result<Task> {
    /// No task is longer.
    const LIMIT: u64 = 64 << 20;
    let no_task = |problem: String| bad_input(anyhow!("standard input holds no task: {problem}"));
    let mut tasks = serde_json::Deserializer::from_reader(std::io::stdin().lock().take(LIMIT)).into_iter();
    let task = tasks.next().ok_or_else(|| no_task("it is empty".into()))?;
    let task = task.map_err(|error| no_task(error.to_string()))?;
    thread::Builder::new().name("orders".into()).spawn(obey).context("cannot start a thread")?;
    Ok(task)
}

/// Takes orders from the parent until it closes our standard input. A task that comes from a file is followed by none.
fn obey() {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        if let Ok(Order::Stop { signal }) = serde_json::from_str(&line) {
            interrupts::wish(signal);
        }
    }
}

fn execute(task: &Task) -> Result<()> {
    let spec = &task.spec;
    let device = open_device(spec, &task.device)?;
    let store = Store::open(&task.results)?;
    let Some(turn) = wait_for_turn(&store, spec)? else { return Ok(()) };
    let name: Name = spec.data.name.parse().map_err(bad_input)?;
    let started = now();
    let reading = Instant::now();
    let locations = Wish { data_dir: task.data_dir.as_deref(), offline: task.offline, source: None }.locations();
    // A parent that went away is noticed by the next event that matters.
    let data = lrscope_data::load(name, &locations, &mut tell_progress(|| ())).map_err(bad_input)?;
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
    let ending = match drive(&mut learner, spec, &plan, &resumed.past, &mut keeper, &mut narrate(spec.steps)) {
        Err(TrainError::Interrupted { step }) => return Err(stopped(step)),
        other => other?,
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

/// A learner whose updates and evaluations are timed, apart from everything else.
struct Timed {
    learner: CandleLearner,
    clocks: Rc<Cell<Clocks>>,
}

impl Timed {
    fn timed<T>(&mut self, clock: fn(&mut Clocks) -> &mut f64, work: impl FnOnce(&mut CandleLearner) -> T) -> T {
        let started = Instant::now();
        let result = work(&mut self.learner);
        let mut clocks = self.clocks.get();
        *clock(&mut clocks) += started.elapsed().as_secs_f64();
        self.clocks.set(clocks);
        result
    }
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
        self.timed(|clocks| &mut clocks.training_seconds, |learner| learner.advance(block, probes))
    }

    fn evaluate(&mut self, subset: Subset) -> Result<Evaluation, LearnerError> {
        self.timed(|clocks| &mut clocks.evaluation_seconds, |learner| learner.evaluate(subset))
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
        if tell(&event).is_err() {
            // The parent is gone, and so nobody wants the run now; what it has come to is kept.
            interrupts::wish(PARENT_GONE);
        }
        Ok(())
    }
}

/// The signal that a terminal sends to those that it leaves behind.
const PARENT_GONE: i32 = 1;
