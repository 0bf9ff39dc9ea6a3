//! Tests of the crate as a whole, and the small files that they are made of.
//!
//! The synthetic pictures are not square, so that a transposed picture cannot pass for an upright one.
#![allow(clippy::unwrap_used, reason = "a test that cannot make its own input has failed")]

mod bad_archives;
mod bad_files;
mod bad_parquet;
mod hub_revisions;
mod hub_server;
mod idx_copies;
mod installing;
mod keras_arrays;
mod known_data;
mod layouts;
mod made;
mod offline;
mod padded;
mod reading;
mod real_data;
mod seeds;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::expected::Expected;
use crate::folders::Folder;
use crate::idx_folder::IdxFiles;
use crate::{Error, Images, Name, Problem};

/// The four IDX files of a folder, whatever they hold.
fn idx_folder(folder: &Path, parts: (&Expected, &Expected)) -> Result<Option<(Images, Images)>, Error> {
    let files = IdxFiles::find(&Folder::list(folder).unwrap());
    files.map(|files| files.read(Name::Mnist, parts, &mut Ok)).transpose()
}

/// What is wrong with the file, and the place that the error names.
fn problem<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Problem) {
    match result.expect_err("the input is bad") {
        Error::Bad { place, problem } => (place, problem),
        other => panic!("expected a bad file, got: {other}"),
    }
}

/// Says, past the test harness's capture, that something was not tested.
fn skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes());
}

/// A folder of real data named by the environment; says loudly that a test is skipped where there is none.
fn real(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    if folder.is_none() {
        skipped(&format!("{variable} is not set, so a test has no real data to read"));
    }
    folder
}
