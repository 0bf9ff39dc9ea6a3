//! What a child reads on its standard input: its task, then orders. Each is bounded, and what is neither is refused.

use std::io::{self, BufRead, Read as _};
use std::sync::OnceLock;
use std::thread;

use anyhow::{Context as _, Error, Result, anyhow};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit::bad_input;
use crate::interrupts::{self, HANG_UP};
use crate::task::{Order, Task};

/// Bytes of the longest task: many times those of the longest configuration.
const LONGEST_TASK: u64 = 16 << 20;
/// Bytes of the longest order.
const LONGEST_ORDER: u64 = 4096;

/// Why no more orders were taken.
static REFUSED: OnceLock<String> = OnceLock::new();

/// Reads the task, and listens for orders from then on.
pub fn read() -> Result<Task> {
    let task = task(&mut io::stdin().lock()).map_err(|problem| bad_input(refusal(&problem)))?;
    let listen = || obey(&mut io::stdin().lock());
    thread::Builder::new().name("orders".into()).spawn(listen).context("cannot start a thread that takes orders")?;
    Ok(task)
}

/// What was wrong with what followed the task, if anything was: it ends the run, in order.
pub fn refused() -> Option<Error> {
    REFUSED.get().map(|problem| refusal(problem))
}

fn refusal(problem: &str) -> Error {
    anyhow!("standard input {problem}")
}

fn task(input: &mut impl BufRead) -> Result<Task, String> {
    let mut input = input.take(LONGEST_TASK);
    let mut tasks = serde_json::Deserializer::from_reader(&mut input).into_iter();
    match tasks.next() {
        Some(Ok(task)) => Ok(task),
        Some(Err(_)) | None if input.limit() == 0 => {
            Err(format!("holds no task: it is longer than {LONGEST_TASK} bytes"))
        }
        Some(Err(error)) => Err(format!("holds no task: {error}")),
        None => Err("holds no task: it is empty".into()),
    }
}

/// Takes orders from the parent until it closes our standard input. A task that comes from a file is followed by none.
fn obey(input: &mut impl BufRead) {
    loop {
        match order(input) {
            Ok(Some(Order::Stop { signal })) => interrupts::wish(signal),
            Ok(None) => return,
            Err(problem) => {
                // Whoever writes that is not the parent; what has been done so far is kept all the same.
                let _ = REFUSED.set(problem);
                return interrupts::wish(SIGTERM);
            }
        }
    }
}

/// The next order; nothing at the end.
fn order(input: &mut impl BufRead) -> Result<Option<Order>, String> {
    let (mut line, mut blank) = (Vec::new(), 0);
    while blank <= LONGEST_ORDER {
        line.clear();
        // A parent that is gone ends the input in one way or the other.
        let read = input.by_ref().take(LONGEST_ORDER).read_until(b'\n', &mut line).unwrap_or(0);
        if read == 0 {
            return Ok(None);
        }
        if read as u64 == LONGEST_ORDER && !line.ends_with(b"\n") {
            return Err(format!("holds no order after the task: the line is longer than {LONGEST_ORDER} bytes"));
        }
        if !line.trim_ascii().is_empty() {
            return meant(&line).map(Some).map_err(|problem| format!("holds no order after the task: {problem}"));
        }
        blank += read as u64;
    }
    Err("holds no order after the task, but blank lines without end".into())
}

/// What a line orders. A stop is passed on for one of the signals that this program takes as a wish.
fn meant(line: &[u8]) -> Result<Order, String> {
    let order = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let Order::Stop { signal } = order;
    if [HANG_UP, SIGINT, SIGTERM].contains(&signal) {
        return Ok(order);
    }
    Err(format!("{signal} is not a signal that a run is stopped by ({HANG_UP}, {SIGINT} or {SIGTERM})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An input without end that counts what is taken of it.
    struct Endless(u8, u64);

    impl io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(self.0);
            self.1 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_stop_is_for_one_of_the_signals_that_are_wishes() {
        for signal in [-128, -125, -1, 0, 9, 11, i32::MAX, i32::MIN] {
            let line = format!("{{\"stop\":{{\"signal\":{signal}}}}}\n");
            let problem = order(&mut line.as_bytes()).expect_err("no such signal");
            assert!(problem.contains(&format!("{signal} is not a signal")), "{problem}");
        }
    }

    #[test]
    fn an_input_without_end_is_given_up() {
        for byte in [b' ', b'a', b'[', b'{', b'"', b'1', b'\n', 0] {
            let mut input = io::BufReader::new(Endless(byte, 0));
            let problem = task(&mut input).expect_err("no task");
            assert!(problem.contains("no task"), "{problem}");
            let mut input = io::BufReader::new(Endless(byte, 0));
            let problem = order(&mut input).expect_err("no order");
            assert!(problem.contains("holds no order"), "{problem}");
            assert!(input.get_ref().1 <= LONGEST_ORDER + (64 << 10), "{}", input.get_ref().1);
        }
        // The whole of the bound is a string that might still end.
        let mut input = io::BufReader::new(io::Cursor::new(b"{\"spec\": \"").chain(Endless(b'a', 0)));
        let problem = task(&mut input).expect_err("no task");
        assert!(problem.contains("holds no task: it is longer than"), "{problem}");
    }

    #[test]
    fn orders_are_lines() {
        let mut input = b"\n  \n{\"stop\":{\"signal\":15}}\n{\"stop\":{\"signal\":2}}" as &[u8];
        assert_eq!(order(&mut input), Ok(Some(Order::Stop { signal: 15 })));
        assert_eq!(order(&mut input), Ok(Some(Order::Stop { signal: 2 })));
        assert_eq!(order(&mut input), Ok(None));
        let problem = order(&mut b"stop\n".as_slice()).expect_err("no order");
        assert!(problem.contains("holds no order"), "{problem}");
    }
}
