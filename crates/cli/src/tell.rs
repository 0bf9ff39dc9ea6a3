//! Standard output: events as JSON lines, and results.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result};

use crate::plain;
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

/// Prints a result, for people or as JSON.
pub fn print(text: &str) -> Result<()> {
    write(format!("{}\n", plain::text(text)).as_bytes())
}

/// Prints a result that is too long to be held as a whole, as it is made.
pub fn stream(make: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    make(&mut out)?;
    out.flush().context("cannot write to standard output")
}

fn write(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).context("cannot write to standard output")?;
    out.flush().context("cannot write to standard output")
}
