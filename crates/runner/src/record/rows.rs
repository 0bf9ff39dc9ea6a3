//! The rows of a published run, read as they are asked for.

use std::path::Path;

use super::error::RecordError;
use super::frame::{Entry, FileKind};
use super::frames::{Frames, Tail};
use crate::learner::Row;

/// Rows in the order of their steps, from step 0; the last item is an error if the file breaks off or is damaged.
#[derive(Debug)]
pub struct Rows {
    frames: Frames,
    block: std::vec::IntoIter<Row>,
    expected: u64,
    finished: bool,
}

impl Rows {
    /// Opens a file that must hold `expected` rows.
    pub(super) fn open(path: &Path, expected: u64) -> Result<Self, RecordError> {
        let frames = Frames::open(path, FileKind::Steps)?;
        Ok(Self { frames, block: Vec::new().into_iter(), expected, finished: false })
    }

    /// The next block's rows; none at the right end of the file.
    fn next_block(&mut self) -> Result<Option<Vec<Row>>, RecordError> {
        if let Some(Entry::Rows { rows, .. }) = self.frames.next()? {
            return Ok(Some(rows));
        }
        let path = self.frames.path().to_path_buf();
        match self.frames.tail() {
            Tail::Incomplete { steps, offset } => Err(RecordError::Truncated { path, steps, offset }),
            Tail::Complete if self.frames.steps() != self.expected => Err(RecordError::Mismatch {
                path,
                key: "the number of steps",
                found: self.frames.steps().to_string(),
                expected: self.expected.to_string(),
                remedy: FileKind::Steps.remedy(),
            }),
            Tail::Complete => Ok(None),
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.block.next() {
                return Some(Ok(row));
            }
            if self.finished {
                return None;
            }
            match self.next_block() {
                Ok(Some(rows)) => self.block = rows.into_iter(),
                Ok(None) => self.finished = true,
                Err(error) => {
                    self.finished = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
