//! Following an attempt while it is written.

use std::path::Path;

use super::error::RecordError;
use super::frame::{Entry, FileKind};
use super::frames::{Frames, Tail};
use super::result::EvaluationAt;
use crate::learner::Row;

/// News from an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Updates done.
    Rows {
        /// Step of the first row; the others follow it.
        first_step: u64,
        /// What the updates left behind.
        rows: Vec<Row>,
    },
    /// An evaluation.
    Evaluated(EvaluationAt),
}

/// A reader of a journal that may still grow.
///
/// An owner that starts again may cut the journal back and rewrite it with the same numbers; a follower whose place was cut off
/// reports [`RecordError::Corrupt`] and is best replaced by a new one.
#[derive(Debug)]
pub struct Follower {
    frames: Frames,
}

impl Follower {
    pub(super) fn open(journal: &Path) -> Result<Self, RecordError> {
        Ok(Self { frames: Frames::open(journal, FileKind::Journal)? })
    }

    /// What has come whole since the last call, one block or evaluation at a time; `None` when there is no more for now.
    pub fn poll(&mut self) -> Result<Option<News>, RecordError> {
        Ok(self.frames.next()?.map(|entry| match entry {
            Entry::Rows { first_step, rows } => News::Rows { first_step, rows },
            Entry::Evaluation(at) => News::Evaluated(at),
        }))
    }

    /// Steps read so far.
    pub fn steps(&self) -> u64 {
        self.frames.steps()
    }

    /// How the file ended when [`poll`](Self::poll) last returned `None`.
    pub fn tail(&self) -> Tail {
        self.frames.tail()
    }
}
