//! A file of a report that is too large to hold in memory.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use lrscope_runner::spec::hex;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::files::{WriteError, make, temporary};

/// A file that is written as it is made: under a temporary name, which [`write_report`](crate::write_report) then replaces by
/// its own; or nowhere, to learn its checksum.
#[derive(Debug)]
pub struct StreamedFile {
    /// Name within the report's folder; no folders in it.
    pub(crate) name: String,
    to: Option<BufWriter<NamedTempFile>>,
    hasher: Sha256,
}

impl StreamedFile {
    /// Begins a file of the report in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// Where the folder or the temporary file cannot be made.
    pub fn begin(folder: &Path, name: &str) -> Result<Self, WriteError> {
        make(folder).map_err(|source| WriteError::Folder { folder: folder.into(), source })?;
        let path = folder.join(name);
        let file = temporary(folder).map_err(|source| WriteError::Write { path, source })?;
        Ok(Self { to: Some(BufWriter::new(file)), ..Self::nowhere(name) })
    }

    /// Begins a file that is written nowhere.
    pub fn nowhere(name: &str) -> Self {
        Self { name: name.into(), to: None, hasher: Sha256::new() }
    }

    /// Name within the report's folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of what has been written, in hexadecimal.
    pub fn sha256(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }

    /// The temporary file, written in full and flushed to the disk.
    pub(crate) fn completed(self) -> io::Result<Option<NamedTempFile>> {
        let Some(to) = self.to else { return Ok(None) };
        let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        Ok(Some(file))
    }
}

impl Write for StreamedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            Some(to) => to.write(bytes)?,
            None => bytes.len(),
        };
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.as_mut().map_or(Ok(()), Write::flush)
    }
}
