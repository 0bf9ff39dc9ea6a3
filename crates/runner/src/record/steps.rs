//! Writing a record's `steps.bin` from a journal.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::checksum::Checksum;
use super::error::RecordError;
use super::frame::{self, BLOCK_ROWS, Entry, FileKind};
use super::frames::Frames;
use crate::learner::Row;

/// Copies the rows of a journal, checksums checked, into blocks that depend on the rows alone. Answers with the number of rows
/// and the checksum of the file.
pub(super) fn write_steps(journal: &Path, path: &Path) -> Result<(u64, Checksum), RecordError> {
    let mut frames = Frames::open(journal, FileKind::Journal)?;
    let mut writer = Writer::create(path)?;
    while let Some(entry) = frames.next()? {
        if let Entry::Rows { rows, .. } = entry {
            writer.push(rows)?;
        }
    }
    writer.finish()
}

struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Sha256,
    waiting: Vec<Row>,
    written: u64,
}

impl Writer {
    fn create(path: &Path) -> Result<Self, RecordError> {
        let file = File::create_new(path).map_err(RecordError::io("create", path))?;
        let mut writer = Self {
            path: path.into(),
            file: BufWriter::new(file),
            hasher: Sha256::new(),
            waiting: Vec::new(),
            written: 0,
        };
        writer.write(&frame::file_head(FileKind::Steps))?;
        Ok(writer)
    }

    fn push(&mut self, rows: Vec<Row>) -> Result<(), RecordError> {
        self.waiting.extend(rows);
        while self.waiting.len() > BLOCK_ROWS || frame::block_of(&self.waiting) < self.waiting.len() {
            self.write_block()?;
        }
        Ok(())
    }

    fn write_block(&mut self) -> Result<(), RecordError> {
        let rest = self.waiting.split_off(frame::block_of(&self.waiting));
        let rows = std::mem::replace(&mut self.waiting, rest);
        let steps = rows.len() as u64;
        let block = frame::encode(&Entry::Rows { first_step: self.written, rows });
        self.write(&block.map_err(|source| RecordError::Encode { path: self.path.clone(), source })?)?;
        self.written += steps;
        Ok(())
    }

    fn finish(mut self) -> Result<(u64, Checksum), RecordError> {
        if !self.waiting.is_empty() {
            self.write_block()?;
        }
        let synced = self.file.into_inner().map_err(io::IntoInnerError::into_error);
        let synced = synced.and_then(|file| file.sync_all());
        synced.map_err(RecordError::io("write", &self.path))?;
        Ok((self.written, Checksum::finished(self.hasher)))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(RecordError::io("write", &self.path))
    }
}
