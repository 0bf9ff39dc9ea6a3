//! One child process: its start, what it tells, and how it is asked to end.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use anyhow::{Context, Error, Result};
use lrscope_trainer::KernelError;

use crate::group;
use crate::pool::Job;
use crate::program;
use crate::room;
use crate::task::{Event, Order};

/// What comes from the children.
pub enum Told {
    /// A child told something.
    Event(usize, Event),
    /// A child ended; with the end of what it wrote to standard error.
    Ended(usize, Result<ExitStatus, io::Error>, String),
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
    ///
    /// # Errors
    /// Where the machine refuses a process or a thread to listen to it; nothing of it is left then.
    pub fn start(job: &Job, index: usize, tell: &Sender<Told>) -> Result<Self> {
        room::for_threads(2).context("cannot start the threads that listen to a process")?;
        let mut child = spawn(job)?;
        let (mut input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let group = (!job.orderly).then(|| child.id());
        let child = Arc::new(Mutex::new(child));
        // Until it has its task, the child does nothing that could be lost.
        let listening = listen(index, &child, group, (output, errors), tell.clone());
        if let Err(error) = listening {
            discard(&child, group);
            return Err(Error::new(error).context("cannot start a thread that listens to a process"));
        }
        // A child that ends before it has read its task is reported by its exit status.
        if let Some(input) = &mut input {
            let _ = input.write_all(&job.input).and_then(|()| input.flush());
        }
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

/// Whether something failed for want of what is there again when other processes have ended: processes, threads, memory, and the
/// files that the machine, or this process for its children, has open.
pub fn is_shortage(error: &Error) -> bool {
    error.chain().any(|cause| {
        let system = cause.downcast_ref::<io::Error>().is_some_and(|error| {
            // ENFILE and EMFILE, numbers that Linux, the BSDs and macOS share.
            let files = cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24));
            files || matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::OutOfMemory)
        });
        system || matches!(cause.downcast_ref(), Some(KernelError::Workers { .. }))
    })
}

fn spawn(job: &Job) -> Result<Child> {
    let mut command = program::command()?;
    if !job.orderly {
        group::lead(&mut command);
    }
    command
        .args(&job.arguments)
        // candle reads its number of threads from here at every product.
        .env("RAYON_NUM_THREADS", job.threads.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start a process")
}

/// Starts the threads that take what the child writes, and its end.
fn listen(
    index: usize,
    child: &Arc<Mutex<Child>>,
    group: Option<u32>,
    (output, errors): (Option<ChildStdout>, Option<impl Read + Send + 'static>),
    tell: Sender<Told>,
) -> io::Result<()> {
    let named = |what: &str| Builder::new().name(format!("{what} of child {index}"));
    let errors = errors.map(|stream| named("errors").spawn(move || tail(stream))).transpose()?;
    let child = Arc::clone(child);
    named("events").spawn(move || {
        pass_on(output, index, &tell);
        let errors = errors.and_then(|thread: JoinHandle<String>| thread.join().ok()).unwrap_or_default();
        // Its output is closed, so it ends or has ended.
        let status = child.lock().unwrap_or_else(PoisonError::into_inner).wait();
        if let Some(group) = group.filter(|_| !status.as_ref().is_ok_and(ExitStatus::success)) {
            group::end(group);
        }
        // The receiver lives as long as any child that counts.
        let _ = tell.send(Told::Ended(index, status, errors));
    })?;
    Ok(())
}

/// Ends a child that nobody listens to.
fn discard(child: &Mutex<Child>, group: Option<u32>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    group.map_or_else(|| drop(child.kill()), group::end);
    // Takes its last breath, so that it does not stay in the system's table.
    let _ = child.wait();
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
