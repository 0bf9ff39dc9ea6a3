//! Reading published runs, with everything checked.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::checksum::Checksum;
use super::error::RecordError;
use super::files;
use super::manifest::{MANIFEST, MEASURED, Manifest, RESULT, SPEC, STEPS};
use super::measured::Measured;
use super::result::RunResult;
use super::rows::Rows;
use crate::spec::RunSpec;

pub(super) const MAX_SPEC: u64 = 16 << 20;
pub(super) const DELETE: &str = "delete the run's folder and run it again";
const MAX_RESULT: u64 = 256 << 20;
const MAX_MEASURED: u64 = 1 << 20;
const MAX_MANIFEST: u64 = 4 << 10;
/// Bytes that a row can take at most, alone in its block.
const MAX_ROW: u64 = 128;

/// A published run. Its files were checked against their checksums and against each other when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Its folder.
    pub path: PathBuf,
    /// The run.
    pub spec: RunSpec,
    /// What must repeat to the bit.
    pub result: RunResult,
    /// Clocks and surroundings, unless the record was stripped of them.
    pub measured: Option<Measured>,
}

impl Published {
    /// Every step's raw readings, from step 0, read block by block.
    pub fn rows(&self) -> Result<Rows, RecordError> {
        Rows::open(&self.path.join(STEPS), self.result.steps)
    }

    /// Reads and checks a folder named after its run.
    pub(super) fn read(folder: &Path) -> Result<Self, RecordError> {
        // A link that leads nowhere is no run either.
        if !files::is_folder(folder, "published run")? {
            return Err(RecordError::WrongKind { path: folder.into(), wanted: "published run" });
        }
        let manifest = read_manifest(folder)?;
        let (path, json) = checked(folder, RESULT, manifest.result, MAX_RESULT, check_result)?;
        let result = parse_result(&json, &path)?;
        let (path, json) = checked(folder, SPEC, manifest.spec, MAX_SPEC, check::<RunSpec>)?;
        let spec: RunSpec = files::from_json(&json, &path)?;
        let measured = match manifest.measured {
            Some(sum) => {
                let (path, json) = checked(folder, MEASURED, sum, MAX_MEASURED, check::<Measured>)?;
                Some(files::from_json(&json, &path)?)
            }
            None => must_be_absent(folder)?,
        };
        let published = Self { path: folder.into(), spec, result, measured };
        published.check_identity()?;
        published.check_sums(&manifest)?;
        Ok(published)
    }

    fn check_identity(&self) -> Result<(), RecordError> {
        let folder = self.path.file_name().unwrap_or_default().to_string_lossy();
        let (result, spec) = (self.path.join(RESULT), self.path.join(SPEC));
        must_equal(&result, "run_id", self.result.run_id.as_str(), &folder)?;
        must_equal(&spec, "the run id that it hashes to", self.spec.id().as_str(), &folder)?;
        let steps = RunResult::steps_at(self.result.ending, self.spec.steps);
        must_equal(&result, "steps", &self.result.steps.to_string(), &steps.to_string())
    }

    fn check_sums(&self, manifest: &Manifest) -> Result<(), RecordError> {
        let RunResult { spec_sha256, steps_sha256, steps, .. } = &self.result;
        must_match(&self.path.join(SPEC), manifest.spec, *spec_sha256, RESULT, String::new)?;
        let path = self.path.join(STEPS);
        let limit = steps.saturating_mul(MAX_ROW).saturating_add(MAX_ROW);
        let found = files::checksum_bounded(&path, limit, DELETE)?;
        let damage = || Rows::open(&path, *steps).and_then(|mut rows| rows.try_for_each(|row| row.map(drop)));
        let detail = || damage().err().map_or_else(String::new, |error| format!(" ({error})"));
        must_match(&path, found, manifest.steps, MANIFEST, detail)?;
        must_match(&path, found, *steps_sha256, RESULT, String::new)
    }
}

fn read_manifest(folder: &Path) -> Result<Manifest, RecordError> {
    let path = folder.join(MANIFEST);
    Manifest::parse(&files::read_bounded(&path, MAX_MANIFEST, DELETE)?, &path)
}

/// A record that was stripped of its clocks has neither the file nor its line.
fn must_be_absent(folder: &Path) -> Result<Option<Measured>, RecordError> {
    if !folder.join(MEASURED).exists() {
        return Ok(None);
    }
    let problem = format!("the line of {MEASURED} is missing");
    Err(RecordError::Manifest { path: folder.join(MANIFEST), line: 4, problem })
}

/// Reads a small file whose checksum must match; where it does not, `parse` says what else is wrong.
fn checked(
    folder: &Path,
    name: &str,
    sum: Checksum,
    limit: u64,
    parse: fn(&[u8], &Path) -> Result<(), RecordError>,
) -> Result<(PathBuf, Vec<u8>), RecordError> {
    let path = folder.join(name);
    let bytes = files::read_bounded(&path, limit, DELETE)?;
    let detail = || match parse(&bytes, &path) {
        Err(RecordError::Json { line, column, problem, .. }) => format!(" (line {line}, column {column}: {problem})"),
        _ => String::new(),
    };
    must_match(&path, Checksum::of(&bytes), sum, MANIFEST, detail)?;
    Ok((path, bytes))
}

fn check<T: DeserializeOwned>(json: &[u8], path: &Path) -> Result<(), RecordError> {
    files::from_json::<T>(json, path).map(drop)
}

fn check_result(json: &[u8], path: &Path) -> Result<(), RecordError> {
    parse_result(json, path).map(drop)
}

/// The version decides how the rest is read, so it is looked at first.
fn parse_result(json: &[u8], path: &Path) -> Result<RunResult, RecordError> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: u32,
    }
    let Versioned { schema } = files::from_json(json, path)?;
    if !super::READABLE.contains(&schema) {
        return Err(RecordError::Schema { path: path.into(), found: schema });
    }
    files::from_json(json, path)
}

fn must_equal(path: &Path, key: &'static str, found: &str, expected: &str) -> Result<(), RecordError> {
    if found == expected {
        return Ok(());
    }
    Err(RecordError::Mismatch {
        path: path.into(),
        key,
        found: found.into(),
        expected: expected.into(),
        remedy: DELETE,
    })
}

fn must_match(
    path: &Path,
    found: Checksum,
    expected: Checksum,
    said_by: &'static str,
    detail: impl FnOnce() -> String,
) -> Result<(), RecordError> {
    if found == expected {
        return Ok(());
    }
    Err(RecordError::Checksum {
        path: path.into(),
        found: found.to_string(),
        expected: expected.to_string(),
        said_by,
        detail: detail(),
    })
}
