//! Errors to text and exit codes, in one place.

use std::process::ExitCode;

use crate::interrupts::{self, Interrupted};
use crate::progress::note;

/// An error that is the input's fault: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BadInput(pub anyhow::Error);

/// The command worked, but its data carry no answer: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Inconclusive(pub String);

/// Marks an error as the input's fault.
pub fn bad_input(error: impl Into<anyhow::Error>) -> anyhow::Error {
    BadInput(error.into()).into()
}

/// Prints what went wrong to standard error and gives the exit code that the help text documents.
pub fn report(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if is_broken_pipe(&error) {
        return ExitCode::SUCCESS;
    }
    note(&format!("lrscope: {}", text(&error)));
    if let Some(Interrupted { signal, .. }) = error.downcast_ref() {
        ExitCode::from(interrupts::exit_code(*signal))
    } else if error.downcast_ref::<BadInput>().is_some() {
        ExitCode::from(2)
    } else if error.downcast_ref::<Inconclusive>().is_some() {
        ExitCode::from(3)
    } else {
        ExitCode::from(1)
    }
}

/// The error and its causes, each said once: many errors repeat their cause in their own text.
pub fn text(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// Whether the reader of our output went away (`lrscope … | head`), which is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
