//! One child process: its start, what it tells, and how it is asked to end.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use crate::group;
use crate::pool::Job;
use crate::task::{Event, Order};

/// What comes from the children.
pub enum Told {
    /// A child told something.
    Event(usize, Event),
    /// A child ended; with the end of what it wrote to standard error.
    Ended(usize, Result<ExitStatus, std::io::Error>, String),
}

/// A child that runs.
pub struct Running {
    /// The last thing that it told.
    pub last: Option<Event>,
    /// Open as long as the child may take orders.
    input: Option<ChildStdin>,
    child: Arc<Mutex<Child>>,
    /// The number of the group that the child leads, which ends with it.
    group: Option<u32>,
}

impl Running {
    /// Starts the child of a job. What it tells, and its end, go to `tell` with the job's `index`.
    pub fn start(job: &Job, index: usize, tell: &Sender<Told>) -> Result<Self> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        if !job.orderly {
            group::lead(&mut command);
        }
        let mut child = command
            .args(&job.arguments)
            // candle reads its number of threads from here at every product.
            .env("RAYON_NUM_THREADS", job.threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start a process for {}", job.label))?;
        let mut input = child.stdin.take();
        // A child that ends before it has read its task is reported by its exit status.
        if let Some(input) = &mut input {
            let _ = input.write_all(&job.input).and_then(|()| input.flush());
        }
        let group = (!job.orderly).then(|| child.id());
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let child = Arc::new(Mutex::new(child));
        let (followed, tell) = (Arc::clone(&child), tell.clone());
        thread::Builder::new()
            .name(format!("listen to child {index}"))
            .spawn(move || {
                let errors = errors.map(|stream| thread::spawn(move || tail(stream)));
                pass_on(output, index, &tell);
                let errors = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
                // Its output is closed, so it ends or has ended.
                let status = followed.lock().unwrap_or_else(PoisonError::into_inner).wait();
                if let Some(group) = group.filter(|_| !status.as_ref().is_ok_and(ExitStatus::success)) {
                    group::end(group);
                }
                // The receiver lives as long as any child.
                let _ = tell.send(Told::Ended(index, status, errors));
            })
            .context("cannot start a thread")?;
        Ok(Self { last: None, input: input.filter(|_| job.orderly), child, group })
    }

    /// Asks the child to save its state and end.
    pub fn stop(&mut self, signal: i32) {
        let Some(input) = &mut self.input else { return };
        let mut line = serde_json::to_vec(&Order::Stop { signal }).unwrap_or_default();
        line.push(b'\n');
        // A child that has ended needs no order.
        let _ = input.write_all(&line).and_then(|()| input.flush());
    }

    /// Ends the child at once.
    pub fn kill(&mut self) {
        // While the listener waits for the child, it has ended but for its last breath.
        if let Ok(mut child) = self.child.try_lock() {
            match self.group {
                Some(group) => group::end(group),
                None => drop(child.kill()),
            }
        }
    }
}

/// Passes on a child's events until it closes its output.
fn pass_on(output: Option<impl Read>, index: usize, tell: &Sender<Told>) {
    let Some(output) = output else { return };
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if let Ok(event) = serde_json::from_str(&line) {
            let _ = tell.send(Told::Event(index, event));
        }
    }
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
