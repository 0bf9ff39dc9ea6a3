//! How children end, in words.

use std::process::ExitStatus;

use anyhow::anyhow;

use crate::child::is_shortage;
use crate::exit::text;
use crate::interrupts;
use crate::task::Event;

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

/// What to do where something is lacking that a machine has only so much of.
const SHORTAGE: &str = "the machine or a limit of it (`ulimit -a`) allows no more; fewer runs at the same time (--jobs) with fewer \
                        threads (--threads) need less, and the same command does the run again";

/// What a child came to, from the last thing that it told, its end, and what it wrote to standard error.
pub fn outcome(last: Option<Event>, status: Result<ExitStatus, std::io::Error>, errors: &str) -> Outcome {
    match (last, status, interrupts::wished()) {
        (Some(Event::Failed { error, shortage: true, .. }), ..) => {
            Outcome::Failed { error: format!("{error}; {SHORTAGE}"), bad_input: false }
        }
        (Some(Event::Failed { error, bad_input, .. }), ..) => Outcome::Failed { error, bad_input },
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

/// The signal that ended a process.
#[cfg(unix)]
pub fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

/// The signal that ended a process: elsewhere there are none.
#[cfg(not(unix))]
pub fn signal(_status: ExitStatus) -> Option<i32> {
    None
}

/// The outcome of a child that could not be started: why, and what to do.
pub fn not_started(error: &anyhow::Error) -> Outcome {
    let advice = if is_shortage(error) { SHORTAGE } else { "the same command does the run again" };
    Outcome::Failed { error: format!("{}; {advice}", text(error)), bad_input: false }
}
