//! Runs child processes, so many at a time, and passes on what they tell. Nothing is computed here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::child::{Running, Told};
use crate::interrupts::{self, Catching};
use crate::task::Event;

/// A child process to run: this program with other arguments.
pub struct Job {
    /// What the user sees of it, for example `cyclic, seed 3`.
    pub label: String,
    /// Arguments.
    pub arguments: Vec<OsString>,
    /// What it reads first on its standard input.
    pub input: Vec<u8>,
    /// Threads it may compute with.
    pub threads: u16,
    /// Whether it takes [orders](crate::task::Order) on its standard input; one that does not is killed where it has to end.
    pub orderly: bool,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It told its last event and left with exit code 0.
    Done(Event),
    /// A signal ended it, or kept it from being started.
    Interrupted {
        /// The signal's number.
        signal: i32,
        /// Updates done, of which the state is saved; absent where there is none.
        step: Option<u64>,
    },
    /// It failed; why.
    Failed {
        /// The reason.
        error: String,
        /// Whether the input was bad, rather than the machine.
        bad_input: bool,
    },
}

impl Outcome {
    /// The outcome in words.
    pub fn words(&self) -> String {
        match self {
            Self::Done(_) => "done".into(),
            Self::Interrupted { signal, step: Some(step) } => {
                format!("interrupted by {} after {step} updates, which are kept", interrupts::name(*signal))
            }
            Self::Interrupted { signal, step: None } => {
                format!("not done: interrupted by {}", interrupts::name(*signal))
            }
            Self::Failed { error, .. } => error.clone(),
        }
    }
}

/// Who shows what the children tell.
pub trait Show {
    /// A child was started.
    fn started(&mut self, job: usize, label: &str);
    /// A child told something.
    fn event(&mut self, job: usize, label: &str, event: &Event);
    /// The children were asked to end.
    fn stopping(&mut self, line: &str);
    /// A child ended.
    fn ended(&mut self, job: usize, label: &str, outcome: &Outcome);
}

/// Runs all jobs, `at_once` at a time, and returns their outcomes in the order of the jobs. Once an input turns out to be bad, or
/// a signal has come, no more are started; a second signal kills those that run.
pub fn run_all(jobs: &[Job], at_once: usize, show: &mut dyn Show) -> Result<Vec<Outcome>> {
    // The second is acted upon here, so that the display is cleared away; the third needs nobody's help.
    let _catching = Catching::until(3)?;
    let (tell, told) = channel();
    let mut pool = Pool {
        jobs,
        waiting: (0..jobs.len()).collect(),
        running: jobs.iter().map(|_| None).collect(),
        outcomes: vec![None; jobs.len()],
        stopping: false,
        show,
    };
    while pool.active() > 0 || !pool.waiting.is_empty() {
        pool.obey_signals();
        while pool.active() < at_once.max(1)
            && let Some(index) = pool.waiting.pop_front()
        {
            pool.running[index] = Some(Running::start(&jobs[index], index, &tell)?);
            pool.show.started(index, &jobs[index].label);
        }
        pool.listen(&told);
    }
    let not_started = || match interrupts::wished() {
        Some(signal) => Outcome::Interrupted { signal, step: None },
        None => Outcome::Failed { error: "not started, since another run's input was bad".into(), bad_input: false },
    };
    Ok(pool.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(not_started)).collect())
}

struct Pool<'a> {
    jobs: &'a [Job],
    waiting: VecDeque<usize>,
    running: Vec<Option<Running>>,
    outcomes: Vec<Option<Outcome>>,
    stopping: bool,
    show: &'a mut dyn Show,
}

impl Pool<'_> {
    fn active(&self) -> usize {
        self.running.iter().flatten().count()
    }

    /// Asks the children to end once a signal has come, and kills them after the second.
    fn obey_signals(&mut self) {
        let Some(signal) = interrupts::wished() else { return };
        if interrupts::insisted() {
            self.running.iter_mut().flatten().for_each(Running::kill);
        }
        if self.stopping {
            return;
        }
        self.stopping = true;
        self.waiting.clear();
        let name = interrupts::name(signal);
        if self.active() > 0 {
            self.show
                .stopping(&format!("{name}: waiting for the runs to save their states; once more ends them at once"));
        }
        for (running, job) in self.running.iter_mut().zip(self.jobs) {
            let Some(running) = running else { continue };
            if job.orderly { running.stop(signal) } else { running.kill() }
        }
    }

    /// Takes one message, if one comes soon.
    fn listen(&mut self, told: &Receiver<Told>) {
        /// So long a signal waits to be noticed.
        const PAUSE: Duration = Duration::from_millis(50);
        match told.recv_timeout(PAUSE) {
            Ok(Told::Event(index, event)) => {
                self.show.event(index, &self.jobs[index].label, &event);
                if let Some(running) = &mut self.running[index] {
                    running.last = Some(event);
                }
            }
            Ok(Told::Ended(index, status, errors)) => self.ended(index, status, &errors),
            // Here the sender outlives the loop.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }

    fn ended(&mut self, index: usize, status: Result<ExitStatus, std::io::Error>, errors: &str) {
        if let Ok(status) = &status
            && signal(*status).is_some()
            && interrupts::wished().is_none()
        {
            // A terminal's Ctrl-C has reached this process too, and is heard by another thread.
            std::thread::sleep(Duration::from_millis(50));
        }
        let last = self.running[index].take().and_then(|running| running.last);
        let outcome = outcome(last, status, errors);
        self.show.ended(index, &self.jobs[index].label, &outcome);
        if matches!(outcome, Outcome::Failed { bad_input: true, .. }) {
            self.waiting.clear();
        }
        self.outcomes[index] = Some(outcome);
    }
}

fn outcome(last: Option<Event>, status: Result<ExitStatus, std::io::Error>, errors: &str) -> Outcome {
    match (last, status, interrupts::wished()) {
        (Some(Event::Failed { error, bad_input }), ..) => Outcome::Failed { error, bad_input },
        (Some(Event::Interrupted { signal, step }), ..) => {
            Outcome::Interrupted { signal, step: (step > 0).then_some(step) }
        }
        (Some(event), Ok(status), _) if status.success() => Outcome::Done(event),
        (.., Some(signal)) => Outcome::Interrupted { signal, step: None },
        (_, status, None) => Outcome::Failed { error: reason(status, errors), bad_input: false },
    }
}

/// Why a child ended, and what to do.
fn reason(status: Result<ExitStatus, std::io::Error>, errors: &str) -> String {
    const LESS: &str = "fewer runs at the same time (--jobs) need less memory";
    let ended = match status {
        Ok(status) if status.success() => "the process ended without a result".to_owned(),
        Ok(_) if errors.contains("memory allocation of") => format!("the process ran out of memory; {LESS}"),
        Ok(status) => match signal(status) {
            Some(signal) if interrupts::name(signal) == "SIGKILL" => {
                format!(
                    "the process was killed (SIGKILL, signal {signal}), perhaps because the machine ran out of memory; {LESS}"
                )
            }
            Some(signal) => format!("the process was ended by {} (signal {signal})", interrupts::name(signal)),
            None => format!("the process failed with {status}"),
        },
        Err(error) => format!("the process could not be waited for: {error}"),
    };
    let again = "the same command does the run again";
    if errors.is_empty() { format!("{ended}; {again}") } else { format!("{ended}; {again}: {errors}") }
}

/// An error for what cannot be anything else.
pub fn unexpected(what: &str, outcome: Option<&Outcome>) -> anyhow::Error {
    anyhow!("{what}: {}", outcome.map_or_else(|| "nothing".into(), Outcome::words))
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}
