//! Runs child processes, so many at a time, and passes on what they tell. Nothing is computed here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context, Result};

use crate::task::Event;

/// A child process to run: this program with other arguments.
pub struct Job {
    /// What the user sees of it, for example `cyclic, seed 3`.
    pub label: String,
    /// Arguments.
    pub arguments: Vec<OsString>,
    /// Standard input.
    pub input: Vec<u8>,
    /// Threads it may compute with.
    pub threads: u16,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It told its last event and left with exit code 0.
    Done(Event),
    /// It failed; why.
    Failed {
        /// The reason.
        error: String,
        /// Whether the input was bad, rather than the machine.
        bad_input: bool,
    },
}

/// Who shows what the children tell.
pub trait Show {
    /// A child was started.
    fn started(&mut self, job: usize, label: &str);
    /// A child told something.
    fn event(&mut self, job: usize, event: &Event);
    /// A child ended.
    fn ended(&mut self, job: usize, label: &str, outcome: &Outcome);
}

enum Told {
    Event(usize, Event),
    Ended(usize, Result<ExitStatus, std::io::Error>, String),
}

struct Running {
    last: Option<Event>,
}

/// Runs all jobs, `at_once` at a time, and returns their outcomes in the order of the jobs. Once an input turns out to be bad, no
/// more are started.
pub fn run_all(jobs: &[Job], at_once: usize, show: &mut dyn Show) -> Result<Vec<Outcome>> {
    let (tell, told) = channel();
    let mut waiting: VecDeque<usize> = (0..jobs.len()).collect();
    let mut running: Vec<Running> = jobs.iter().map(|_| Running { last: None }).collect();
    let mut outcomes: Vec<Option<Outcome>> = vec![None; jobs.len()];
    let mut active = 0;
    while active > 0 || !waiting.is_empty() {
        while active < at_once.max(1)
            && let Some(index) = waiting.pop_front()
        {
            start(&jobs[index], index, &tell)?;
            show.started(index, &jobs[index].label);
            active += 1;
        }
        if let Some((index, outcome)) = listen(&told, &mut running, show)? {
            show.ended(index, &jobs[index].label, &outcome);
            if matches!(outcome, Outcome::Failed { bad_input: true, .. }) {
                waiting.clear();
            }
            outcomes[index] = Some(outcome);
            active -= 1;
        }
    }
    let not_started =
        || Outcome::Failed { error: "not started, since another run's input was bad".into(), bad_input: false };
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(not_started)).collect())
}

/// Takes one message; returns a job and its outcome where that job ended.
fn listen(told: &Receiver<Told>, running: &mut [Running], show: &mut dyn Show) -> Result<Option<(usize, Outcome)>> {
    match told.recv().context("no child process is left to listen to")? {
        Told::Event(index, event) => {
            show.event(index, &event);
            running[index].last = Some(event);
            Ok(None)
        }
        Told::Ended(index, status, errors) => {
            let last = running[index].last.take();
            Ok(Some((index, outcome(last, status, &errors))))
        }
    }
}

fn start(job: &Job, index: usize, tell: &Sender<Told>) -> Result<()> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let mut child = Command::new(program)
        .args(&job.arguments)
        // candle reads its number of threads from here at every product.
        .env("RAYON_NUM_THREADS", job.threads.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start a process for {}", job.label))?;
    // A child that ends before it has read its task is reported by its exit status.
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(&job.input);
    }
    let tell = tell.clone();
    thread::Builder::new()
        .name(format!("listen to child {index}"))
        .spawn(move || follow(child, index, &tell))
        .context("cannot start a thread")?;
    Ok(())
}

/// Passes on a child's events until it ends. The receiver lives as long as any child, so sending cannot fail.
fn follow(mut child: Child, index: usize, tell: &Sender<Told>) {
    let errors = child.stderr.take().map(|stream| thread::spawn(move || tail(stream)));
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Ok(event) = serde_json::from_str(&line) {
                let _ = tell.send(Told::Event(index, event));
            }
        }
    }
    let errors = errors.and_then(|thread| thread.join().ok());
    let _ = tell.send(Told::Ended(index, child.wait(), errors.unwrap_or_default()));
}

/// The end of what a child wrote to standard error.
fn tail(stream: impl Read) -> String {
    const KEEP: usize = 20;
    let mut lines = VecDeque::with_capacity(KEEP);
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if lines.len() == KEEP {
            lines.pop_front();
        }
        lines.push_back(line);
    }
    Vec::from(lines).join("\n")
}

fn outcome(last: Option<Event>, status: Result<ExitStatus, std::io::Error>, errors: &str) -> Outcome {
    match (last, status) {
        (Some(Event::Failed { error, bad_input }), _) => Outcome::Failed { error, bad_input },
        (Some(event), Ok(status)) if status.success() => Outcome::Done(event),
        (_, status) => Outcome::Failed { error: reason(status, errors), bad_input: false },
    }
}

fn reason(status: Result<ExitStatus, std::io::Error>, errors: &str) -> String {
    let ended = match status {
        Ok(status) if status.success() => "the process ended without a result".to_owned(),
        Ok(status) => match signal(status) {
            Some(9) => "the process was killed (signal 9; perhaps the machine ran out of memory)".to_owned(),
            Some(number) => format!("the process was ended by signal {number}"),
            None => format!("the process failed with {status}"),
        },
        Err(error) => format!("the process could not be waited for: {error}"),
    };
    if errors.is_empty() { ended } else { format!("{ended}: {errors}") }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<i32> {
    None
}
