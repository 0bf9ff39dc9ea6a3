//! Tests of the crate as a whole, and the small files that they are made of.
//!
//! The synthetic pictures are not square, so that a transposed picture cannot pass for an upright one.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

mod bad_archives;
mod bad_files;
mod bad_parquet;
mod hub_server;
mod installing;
mod known_data;
mod made;
mod reading;
mod real_data;
mod seeds;

use std::path::PathBuf;

use crate::{Error, Problem};

/// What is wrong with the file, and the place that the error names.
fn problem<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Problem) {
    match result.expect_err("the input is bad") {
        Error::Bad { place, problem } => (place, problem),
        other => panic!("expected a bad file, got: {other}"),
    }
}

/// A folder of real data named by the environment; says loudly that a test is skipped where there is none.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn real(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: {variable} is not set, so this test has no real data to read");
    }
    folder
}
