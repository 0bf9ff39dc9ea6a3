//! Reading a file of frames, complete or still growing.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::RecordError;
use super::files::open_bounded;
use super::frame::{self, BadHead, Entry, FILE_HEAD, FRAME_HEAD, FileKind};

/// Longest run of zeros taken for space that the file system had reserved when the machine stopped.
const MAX_ZERO_TAIL: u64 = 1 << 20;

/// How a file of steps ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// After a whole block.
    Complete,
    /// Within a block: it is being written, or its writer stopped there.
    Incomplete {
        /// Steps in the whole blocks before it; the last good step is one less.
        steps: u64,
        /// Where the incomplete block starts, in bytes.
        offset: u64,
    },
}

/// Reads frame by frame, checking that steps follow each other from 0.
#[derive(Debug)]
pub(super) struct Frames {
    path: PathBuf,
    kind: FileKind,
    file: BufReader<File>,
    offset: u64,
    block: u64,
    next_step: u64,
    tail: Tail,
}

impl Frames {
    pub(super) fn open(path: &Path, kind: FileKind) -> Result<Self, RecordError> {
        let file = open_bounded(path, u64::MAX, kind.remedy())?;
        Ok(Self {
            path: path.into(),
            kind,
            file: BufReader::new(file),
            offset: 0,
            block: 0,
            next_step: 0,
            tail: Tail::Complete,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next frame starts: the end of the last good one.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Steps in the frames read so far.
    pub(super) fn steps(&self) -> u64 {
        self.next_step
    }

    /// How the file ended when [`next`](Self::next) last found no whole frame.
    pub(super) fn tail(&self) -> Tail {
        self.tail
    }

    /// The next whole frame. After `None` or an error, the place stays before the frame, so that a file that has grown since
    /// is read on.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, RecordError> {
        self.tail = Tail::Complete;
        let found = self.read_frame();
        if !matches!(found, Ok(Some(_))) {
            let back = self.file.seek(SeekFrom::Start(self.offset));
            back.map_err(RecordError::io("read", &self.path))?;
        }
        found
    }

    fn read_frame(&mut self) -> Result<Option<Entry>, RecordError> {
        if self.offset == 0 && !self.read_file_head()? {
            return Ok(None);
        }
        let head = self.read_up_to(FRAME_HEAD)?;
        if head.is_empty() {
            return Ok(None);
        }
        let Ok(head) = <[u8; FRAME_HEAD]>::try_from(head) else {
            return Ok(self.incomplete());
        };
        let Some(length) = frame::message_length(head) else {
            let unwritten = head == [0; FRAME_HEAD] && self.only_zeros_follow()?;
            return if unwritten {
                Ok(self.incomplete())
            } else {
                Err(self.corrupt("its length's checksum does not match"))
            };
        };
        let message = self.read_up_to(length)?;
        if message.len() < length {
            return Ok(self.incomplete());
        }
        let entry = frame::decode(&message).map_err(|problem| self.corrupt(problem))?;
        self.next_step = self.check_order(&entry)?;
        self.offset += (FRAME_HEAD + length) as u64;
        self.block += 1;
        Ok(Some(entry))
    }

    /// Whether the file's first bytes are there; they are right if so.
    fn read_file_head(&mut self) -> Result<bool, RecordError> {
        let Ok(head) = <[u8; FILE_HEAD]>::try_from(self.read_up_to(FILE_HEAD)?) else {
            self.incomplete();
            return Ok(false);
        };
        match frame::check_file_head(&head, self.kind) {
            Ok(()) => {
                self.offset = FILE_HEAD as u64;
                Ok(true)
            }
            Err(BadHead::Schema(found)) => Err(RecordError::Schema { path: self.path.clone(), found }),
            Err(BadHead::Damaged(problem)) => Err(self.corrupt(problem)),
        }
    }

    /// Steps done once this entry has its place.
    fn check_order(&self, entry: &Entry) -> Result<u64, RecordError> {
        let (step, next) = match entry {
            Entry::Rows { first_step, rows } => (*first_step, first_step.saturating_add(rows.len() as u64)),
            Entry::Evaluation(at) => (at.step, at.step),
        };
        if step != self.next_step {
            return Err(self.corrupt(&format!("step {step} stands where step {} is due", self.next_step)));
        }
        if self.kind == FileKind::Steps && matches!(entry, Entry::Evaluation(_)) {
            return Err(self.corrupt("an evaluation stands between the steps"));
        }
        Ok(next)
    }

    fn read_up_to(&mut self, bytes: usize) -> Result<Vec<u8>, RecordError> {
        let mut buffer = Vec::with_capacity(bytes);
        let read = self.file.by_ref().take(bytes as u64).read_to_end(&mut buffer);
        read.map_err(RecordError::io("read", &self.path))?;
        Ok(buffer)
    }

    fn only_zeros_follow(&mut self) -> Result<bool, RecordError> {
        let mut rest = Vec::new();
        let read = self.file.by_ref().take(MAX_ZERO_TAIL + 1).read_to_end(&mut rest);
        read.map_err(RecordError::io("read", &self.path))?;
        Ok(rest.len() as u64 <= MAX_ZERO_TAIL && rest.iter().all(|byte| *byte == 0))
    }

    fn incomplete(&mut self) -> Option<Entry> {
        self.tail = Tail::Incomplete { steps: self.next_step, offset: self.offset };
        None
    }

    fn corrupt(&self, problem: &str) -> RecordError {
        RecordError::Corrupt {
            path: self.path.clone(),
            block: self.block,
            offset: self.offset,
            problem: problem.into(),
            remedy: self.kind.remedy(),
        }
    }
}
