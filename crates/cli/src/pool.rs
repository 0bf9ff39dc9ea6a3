//! Runs child processes, so many at a time, and passes on what they tell. Nothing is computed here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::child::{Running, Told, is_shortage};
use crate::exit::text;
use crate::interrupts::{self, Catching};
use crate::outcome::{Outcome, not_started, outcome, signal};
use crate::room::Room;
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

/// Who shows what the children tell.
pub trait Show {
    /// A child was started.
    fn started(&mut self, job: usize, label: &str);
    /// A child told something.
    fn event(&mut self, job: usize, label: &str, event: &Event);
    /// Something about all of them, for example that they were asked to end.
    fn announce(&mut self, line: &str);
    /// A child ended before it could begin, and is started again later.
    fn waits(&mut self, job: usize);
    /// A child ended, or could not be started.
    fn ended(&mut self, job: usize, label: &str, outcome: &Outcome);
    /// Called several times a second.
    fn tick(&mut self) {}
}

/// Runs all jobs, `at_once` at a time, and returns their outcomes in the order of the jobs. Once an input turns out to be bad, or
/// a signal has come, no more are started; a second signal kills those that run.
///
/// A child that cannot be started is an outcome like any other, except where the machine lacks what the running children hold:
/// then it is tried again when one of them ends.
pub fn run_all(jobs: &[Job], at_once: usize, show: &mut dyn Show) -> Result<Vec<Outcome>> {
    // The second is acted upon here, so that the display is cleared away; the third needs nobody's help.
    let _catching = Catching::until(3)?;
    let (tell, told) = channel();
    let at_once = at_once.max(1);
    let mut pool = Pool {
        jobs,
        waiting: (0..jobs.len()).collect(),
        running: jobs.iter().map(|_| None).collect(),
        outcomes: vec![None; jobs.len()],
        contended: vec![false; jobs.len()],
        room: Room::new(at_once),
        alone: 0,
        stopping: false,
        killed: None,
        show,
    };
    while pool.active() > 0 || !pool.waiting.is_empty() {
        pool.obey_signals();
        pool.start_more(&tell);
        pool.listen(&told);
        pool.show.tick();
    }
    let left_out = || match interrupts::wished() {
        Some(signal) => Outcome::Interrupted { signal, step: None },
        None => Outcome::Failed { error: "not started, since another run's input was bad".into(), bad_input: false },
    };
    Ok(pool.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(left_out)).collect())
}

/// What threads and processes held that have just ended, the system gives back a moment later: so often a start is tried again.
const TRIES: u32 = 10;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);
/// So long the end of children that were killed is waited for: one whose system call never returns has none.
const LAST_BREATH: Duration = Duration::from_secs(3);

struct Pool<'a> {
    jobs: &'a [Job],
    waiting: VecDeque<usize>,
    running: Vec<Option<Running>>,
    outcomes: Vec<Option<Outcome>>,
    /// Which jobs had to share the machine with another child, or with the attempt to start one.
    contended: Vec<bool>,
    room: Room,
    /// Starts in a row that failed for a shortage although no child was at work.
    alone: u32,
    stopping: bool,
    /// When the children were killed.
    killed: Option<Instant>,
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
            if self.killed.get_or_insert_with(Instant::now).elapsed() > LAST_BREATH {
                self.running.fill_with(|| None);
            }
        }
        if self.stopping {
            return;
        }
        self.stopping = true;
        self.waiting.clear();
        let name = interrupts::name(signal);
        if self.active() > 0 {
            self.show
                .announce(&format!("{name}: waiting for the runs to save their states; once more ends them at once"));
        }
        for (running, job) in self.running.iter_mut().zip(self.jobs) {
            let Some(running) = running else { continue };
            if job.orderly { running.stop(signal) } else { running.kill() }
        }
    }

    /// Starts children where there is room.
    fn start_more(&mut self, tell: &Sender<Told>) {
        while self.active() < self.room.now
            && let Some(index) = self.waiting.pop_front()
        {
            let label = &self.jobs[index].label;
            self.contended[index] = self.active() > 0;
            if self.contended[index] {
                let all = self.contended.iter_mut().zip(&self.running);
                all.for_each(|(contended, running)| *contended |= running.is_some());
            }
            match Running::start(&self.jobs[index], index, tell) {
                Ok(running) => {
                    self.alone = 0;
                    self.running[index] = Some(running);
                    self.show.started(index, label);
                }
                Err(error) if is_shortage(&error) && self.contended[index] => self.put_back(index, &text(&error)),
                Err(error) if is_shortage(&error) && self.alone < TRIES => {
                    self.alone += 1;
                    self.waiting.push_front(index);
                    return std::thread::sleep(PAUSE);
                }
                Err(error) => self.came_to(index, not_started(&error)),
            }
        }
    }

    /// Lets a job wait until running ones have ended, which give back what this one lacks.
    fn put_back(&mut self, index: usize, why: &str) {
        self.waiting.push_front(index);
        let now = self.active().max(1);
        if self.room.shrink(now) {
            let runs = if now == 1 { "one run".to_owned() } else { format!("{now} runs") };
            let line = format!("{}: {why}; the machine has room for {runs} at the same time", self.jobs[index].label);
            self.show.announce(&format!("{line}, and the others wait their turn"));
        }
    }

    /// Takes one message, if one comes soon.
    fn listen(&mut self, told: &Receiver<Told>) {
        /// So long a signal waits to be noticed.
        const SOON: Duration = Duration::from_millis(50);
        if self.active() == 0 {
            return;
        }
        match told.recv_timeout(SOON) {
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
        if let Some(Event::Failed { error, shortage: true, .. }) = &last
            && self.contended[index]
            && interrupts::wished().is_none()
        {
            self.show.waits(index);
            return self.put_back(index, error);
        }
        let outcome = outcome(last, status, errors);
        if matches!(outcome, Outcome::Done(_)) {
            self.room.grow();
        }
        self.came_to(index, outcome);
    }

    fn came_to(&mut self, index: usize, outcome: Outcome) {
        self.show.ended(index, &self.jobs[index].label, &outcome);
        if matches!(outcome, Outcome::Failed { bad_input: true, .. }) {
            self.waiting.clear();
        }
        self.outcomes[index] = Some(outcome);
    }
}
