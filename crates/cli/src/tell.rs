//! Standard output: events as JSON lines, and results.

use std::io::Write;

use anyhow::{Context, Result};

use crate::task::Event;

/// Tells an event to the parent process.
///
/// # Errors
/// If standard output is closed: the parent is gone, and so nobody wants the run any more.
pub fn tell(event: &Event) -> Result<()> {
    let mut line = serde_json::to_vec(event).context("cannot write an event as JSON")?;
    line.push(b'\n');
    write(&line)
}

/// Prints a result.
pub fn print(text: &str) -> Result<()> {
    write(format!("{text}\n").as_bytes())
}

fn write(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).context("cannot write to standard output")?;
    out.flush().context("cannot write to standard output")
}
