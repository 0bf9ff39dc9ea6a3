//! Writing an attempt's journal.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::RecordError;
use super::frame::{self, BLOCK_ROWS, Entry, FILE_HEAD, FileKind};
use super::frames::{Frames, Tail};
use super::result::EvaluationAt;
use crate::learner::Row;

/// Longest time that rows wait in memory while more keep coming.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// A journal with its rows not yet written.
///
/// Frames are written at `end` and count only when they were written whole: after a failed or short write the next one starts at
/// the same place, so that a full disk leaves no broken block behind.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    end: u64,
    pending: Vec<Row>,
    written_steps: u64,
    evaluations: Vec<EvaluationAt>,
    flushed: Instant,
}

impl Journal {
    pub(super) fn create(path: &Path) -> Result<Self, RecordError> {
        let file = File::create_new(path).map_err(RecordError::io("create", path))?;
        let mut journal = Self::over(path, file);
        journal.write(&frame::file_head(FileKind::Journal))?;
        Ok(journal)
    }

    /// Takes up a journal whose writer stopped: cuts an incomplete or damaged end off, and says what the damage was.
    pub(super) fn reopen(path: &Path) -> Result<(Self, Option<RecordError>), RecordError> {
        let mut frames = Frames::open(path, FileKind::Journal)?;
        let mut evaluations = Vec::new();
        let damage = loop {
            match frames.next() {
                Ok(Some(Entry::Evaluation(at))) => evaluations.push(at),
                Ok(Some(Entry::Rows { .. })) => {}
                Ok(None) => break None,
                Err(error @ RecordError::Corrupt { .. }) => break Some(error),
                Err(error) => return Err(error),
            }
        };
        let whole = matches!(frames.tail(), Tail::Complete) && damage.is_none();
        let file = OpenOptions::new().write(true).open(path);
        let mut journal = Self::over(path, file.map_err(RecordError::io("open", path))?);
        journal.evaluations = evaluations;
        journal.written_steps = frames.steps();
        journal.end = frames.offset();
        if !whole {
            journal.cut()?;
        }
        if journal.end == 0 {
            journal.write(&frame::file_head(FileKind::Journal))?;
        }
        Ok((journal, damage))
    }

    fn over(path: &Path, file: File) -> Self {
        Self {
            path: path.into(),
            file,
            end: 0,
            pending: Vec::new(),
            written_steps: 0,
            evaluations: Vec::new(),
            flushed: Instant::now(),
        }
    }

    /// Steps given so far, written or not.
    pub(super) fn steps(&self) -> u64 {
        self.written_steps + self.pending.len() as u64
    }

    pub(super) fn evaluations(&self) -> &[EvaluationAt] {
        &self.evaluations
    }

    pub(super) fn append(&mut self, first_step: u64, rows: &[Row]) -> Result<(), RecordError> {
        self.check_due("rows", first_step)?;
        self.pending.extend_from_slice(rows);
        if self.pending.len() >= BLOCK_ROWS || self.flushed.elapsed() >= FLUSH_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    /// Adds an evaluation; one that was already there, as after going back to an earlier state, must be the same.
    pub(super) fn evaluated(&mut self, at: EvaluationAt) -> Result<(), RecordError> {
        self.check_due("an evaluation", at.step)?;
        let same_place = |old: &&EvaluationAt| (old.step, old.subset) == (at.step, at.subset);
        if let Some(old) = self.evaluations.iter().find(same_place) {
            if old.same_bits(&at) {
                return Ok(());
            }
            let subset = format!("{:?}", at.subset).to_lowercase();
            return Err(RecordError::EvaluationDiffers { path: self.path.clone(), step: at.step, subset });
        }
        self.flush()?;
        self.write(&self.encode(&Entry::Evaluation(at))?)?;
        self.evaluations.push(at);
        Ok(())
    }

    /// Hands the rows so far to the system: they survive the process, not yet the machine.
    pub(super) fn flush(&mut self) -> Result<(), RecordError> {
        let mut bytes = Vec::new();
        let mut rest = self.pending.as_slice();
        let mut first_step = self.written_steps;
        while !rest.is_empty() {
            let (block, later) = rest.split_at(frame::block_of(rest));
            bytes.extend(self.encode(&Entry::Rows { first_step, rows: block.to_vec() })?);
            first_step += block.len() as u64;
            rest = later;
        }
        self.write(&bytes)?;
        self.pending.clear();
        self.written_steps = first_step;
        self.flushed = Instant::now();
        Ok(())
    }

    /// Waits until everything so far is on the disk.
    pub(super) fn sync(&mut self) -> Result<(), RecordError> {
        self.flush()?;
        self.file.sync_all().map_err(RecordError::io("sync", &self.path))
    }

    /// Forgets everything after `step` updates: rows from `step` on, and evaluations after more updates.
    pub(super) fn rewind(&mut self, step: u64) -> Result<(), RecordError> {
        if step > self.steps() {
            return Err(RecordError::StepsMissing { path: self.path.clone(), have: self.steps(), wanted: step });
        }
        self.flush()?;
        let mut frames = Frames::open(&self.path, FileKind::Journal)?;
        let (end, kept) = loop {
            let start = (frames.offset().max(FILE_HEAD as u64), frames.steps());
            match frames.next()? {
                Some(Entry::Rows { first_step, mut rows }) if frames.steps() > step => {
                    rows.truncate((step - first_step) as usize);
                    break (start, rows);
                }
                Some(_) => {}
                None => break (start, Vec::new()),
            }
        };
        (self.end, self.written_steps) = end;
        self.pending = kept;
        self.evaluations.retain(|at| at.step <= step);
        self.cut()
    }

    fn encode(&self, entry: &Entry) -> Result<Vec<u8>, RecordError> {
        frame::encode(entry).map_err(|source| RecordError::Encode { path: self.path.clone(), source })
    }

    fn check_due(&self, what: &'static str, found: u64) -> Result<(), RecordError> {
        let expected = self.steps();
        let late = || RecordError::OutOfOrder { path: self.path.clone(), what, found, expected };
        (found == expected).then_some(()).ok_or_else(late)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        let mut write = || -> io::Result<()> {
            self.file.seek(SeekFrom::Start(self.end))?;
            self.file.write_all(bytes)
        };
        if let Err(source) = write() {
            // If this fails too, the reader finds an incomplete block there, which the next write covers.
            let _ = self.file.set_len(self.end);
            return Err(RecordError::io("write", &self.path)(source));
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn cut(&mut self) -> Result<(), RecordError> {
        self.file.set_len(self.end).map_err(RecordError::io("shorten", &self.path))
    }
}
