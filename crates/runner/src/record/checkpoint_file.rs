//! The files of a checkpoint, each checked by length and SHA-256.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::checksum::Checksum;
use super::error::RecordError;
use super::files;

/// The file that says what the blobs are.
pub(super) const INFO: &str = "checkpoint.json";
/// Checksums of all others, as `sha256sum -c` reads them.
pub(super) const SUMS: &str = "SHA256SUMS";
const MAX_SUMS: u64 = 64 << 10;
/// Longest name of a blob.
const MAX_NAME: usize = 100;

pub(super) fn bad(path: &Path, problem: impl Into<String>) -> RecordError {
    RecordError::BadCheckpoint { path: path.into(), problem: problem.into() }
}

/// Refuses names of blobs that are no plain file names everywhere.
pub(super) fn check_name(folder: &Path, name: &str) -> Result<(), RecordError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('.');
    if fits && name != INFO && name != SUMS {
        return Ok(());
    }
    Err(bad(folder, format!("{name:?} cannot be the name of a blob")))
}

/// The checksums by file, ascending by name.
#[derive(Debug, Default)]
pub(super) struct Sums(BTreeMap<String, Checksum>);

impl Sums {
    pub(super) fn insert(&mut self, name: &str, sum: Checksum) {
        self.0.insert(name.into(), sum);
    }

    pub(super) fn to_text(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        lines.concat()
    }

    /// Reads what [`to_text`](Self::to_text) writes and nothing else, so that any flipped byte is noticed.
    pub(super) fn read(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(SUMS);
        let bytes = read_bounded(&path, MAX_SUMS)?;
        let text = String::from_utf8(bytes).map_err(|_| bad(&path, "this is not text"))?;
        let mut sums = Self::default();
        for (index, line) in text.lines().enumerate() {
            let wrong = |problem: String| bad(&path, format!("line {}: {problem}", index + 1));
            let (sum, name) =
                line.split_once("  ").ok_or_else(|| wrong("it must be a SHA-256, two spaces and a name".into()))?;
            if name != INFO {
                check_name(&path, name)?;
            }
            sums.insert(name, sum.parse().map_err(wrong)?);
        }
        if sums.to_text() == text { Ok(sums) } else { Err(bad(&path, "it is not as lrscope writes it")) }
    }

    /// Checks that the blobs are those that [`INFO`] names.
    pub(super) fn must_name<'a>(
        &self,
        folder: &Path,
        blobs: impl Iterator<Item = &'a String>,
    ) -> Result<(), RecordError> {
        if self.0.keys().filter(|name| *name != INFO).eq(blobs) {
            return Ok(());
        }
        Err(bad(&folder.join(SUMS), format!("its files are not those that {INFO} names")))
    }
}

/// Reads a file of exactly `length` bytes (where that is known), of at most `limit`, whose checksum is known. The checksum is
/// taken before memory is: a file that claims to be huge is read through and refused.
pub(super) fn read_checked(
    folder: &Path,
    name: &str,
    sums: &Sums,
    length: Option<u64>,
    limit: u64,
) -> Result<Vec<u8>, RecordError> {
    let path = folder.join(name);
    let Some(expected) = sums.0.get(name) else {
        return Err(bad(&folder.join(SUMS), format!("the line of {name} is missing")));
    };
    let found = fs::metadata(&path).map_err(|error| bad(&path, error.to_string()))?;
    if !found.is_file() {
        return Err(bad(&path, "this is not a regular file"));
    }
    if length.is_some_and(|length| length != found.len()) || found.len() > limit {
        return Err(bad(&path, format!("it has {} bytes instead of {}", found.len(), length.unwrap_or(limit))));
    }
    let sum = files::checksum_bounded(&path, limit, "").map_err(|error| bad(&path, error.to_string()))?;
    if sum != *expected {
        return Err(bad(&path, format!("its SHA-256 is {sum} where {SUMS} says {expected}")));
    }
    read_bounded(&path, limit)
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, RecordError> {
    files::read_bounded(path, limit, "").map_err(|error| match error {
        RecordError::Missing { .. } => bad(path, "it is missing"),
        RecordError::TooLarge { bytes, limit, .. } => bad(path, format!("it has {bytes} bytes, more than {limit}")),
        RecordError::WrongKind { wanted, .. } => bad(path, format!("this is not a {wanted}")),
        other => bad(path, other.to_string()),
    })
}
