//! Which program wrote a report's files, and their checksums: so that one of an older version is told from one that is damaged.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use lrscope_report::{ReportFile, StreamedFile};
use lrscope_runner::sealed::{seal, unseal};
use lrscope_runner::spec::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name of the manifest in a report's folder.
pub const MANIFEST: &str = "manifest.json";

/// This program and its version, as records name it too.
pub const PROGRAM: &str = concat!("lrscope ", env!("CARGO_PKG_VERSION"));

/// Version of [`Manifest`].
const SCHEMA: u32 = 1;

/// The files of a report as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    schema: u32,
    /// The program that wrote them.
    pub program: String,
    /// The SHA-256 of each by its name.
    pub files: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest of these files.
    pub fn of(files: &[ReportFile], streamed: &[StreamedFile]) -> Self {
        let held = files.iter().map(|file| (file.name.clone(), hex(&Sha256::digest(&file.bytes))));
        let streamed = streamed.iter().map(|file| (file.name().to_owned(), file.sha256()));
        Self { schema: SCHEMA, program: PROGRAM.into(), files: held.chain(streamed).collect() }
    }

    /// As a file of the report.
    pub fn file(&self) -> Result<ReportFile> {
        let json = serde_json::to_string_pretty(self).context("cannot write the manifest as JSON")? + "\n";
        Ok(ReportFile { name: MANIFEST.into(), bytes: seal(&json).into_bytes() })
    }

    /// The manifest of a report's folder; none where there is no such file, else what is wrong with it.
    pub fn read(folder: &Path) -> Result<Option<Self>, String> {
        let text = match std::fs::read_to_string(folder.join(MANIFEST)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| error.to_string())?,
        };
        let Some((json, true)) = unseal(&text) else {
            return Err("it is damaged: its SHA-256 is not the one in its last line".into());
        };
        serde_json::from_str(&json).map(Some).map_err(|error| error.to_string())
    }
}
