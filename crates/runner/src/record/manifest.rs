//! `SHA256SUMS`: the checksums of a record's files, in the format of GNU coreutils.

use std::path::Path;

use super::checksum::Checksum;
use super::error::RecordError;

pub(super) const MANIFEST: &str = "SHA256SUMS";
pub(super) const SPEC: &str = "spec.json";
pub(super) const STEPS: &str = "steps.bin";
pub(super) const RESULT: &str = "result.json";
pub(super) const MEASURED: &str = "measured.json";

/// Checksums of a record's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) spec: Checksum,
    pub(super) steps: Checksum,
    pub(super) result: Checksum,
    /// Absent where the record was stripped of its clocks.
    pub(super) measured: Option<Checksum>,
}

impl Manifest {
    pub(super) fn to_text(self) -> String {
        let all = [
            (SPEC, Some(self.spec)),
            (STEPS, Some(self.steps)),
            (RESULT, Some(self.result)),
            (MEASURED, self.measured),
        ];
        let lines = all.iter().filter_map(|(name, sum)| sum.map(|sum| format!("{sum}  {name}\n")));
        lines.collect()
    }

    /// Reads what [`to_text`](Self::to_text) writes and nothing else, so that any flipped byte is noticed.
    pub(super) fn parse(bytes: &[u8], path: &Path) -> Result<Self, RecordError> {
        let wrong =
            |line: usize, problem: &str| RecordError::Manifest { path: path.into(), line, problem: problem.into() };
        let text = std::str::from_utf8(bytes).map_err(|_| wrong(1, "this is not text"))?;
        let Some(text) = text.strip_suffix('\n') else {
            return Err(wrong(text.lines().count().max(1), "the file does not end with a line end"));
        };
        let lines: Vec<&str> = text.split('\n').collect();
        let sum = |index: usize, name: &str| -> Result<Checksum, RecordError> {
            let line = lines.get(index).copied().unwrap_or_default();
            let Some((sum, named)) = line.split_once("  ") else {
                return Err(wrong(index + 1, "a line must be a SHA-256, two spaces and a name"));
            };
            if named != name {
                return Err(wrong(index + 1, &format!("{named:?} stands where {name:?} is due")));
            }
            sum.parse().map_err(|problem: String| wrong(index + 1, &problem))
        };
        if lines.len() > 4 {
            return Err(wrong(5, "there are lines left over"));
        }
        Ok(Self {
            spec: sum(0, SPEC)?,
            steps: sum(1, STEPS)?,
            result: sum(2, RESULT)?,
            measured: lines.get(3).map(|_| sum(3, MEASURED)).transpose()?,
        })
    }
}
