//! The bytes of one frame: a length, the length's checksum, and a message with its own.

use crc::{CRC_32_ISCSI, Crc};
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::result::EvaluationAt;
use crate::learner::{Evaluation, Row, Subset};

/// Most rows that a block holds.
pub(super) const BLOCK_ROWS: usize = 1024;
/// Bytes of a frame before its message.
pub(super) const FRAME_HEAD: usize = 8;
/// Most bytes that a frame's message takes: three f64 columns of a full block, with room for lengths and checksum.
pub(super) const MAX_MESSAGE: usize = 3 * 8 * BLOCK_ROWS + 256;
/// Bytes of a file before its first frame.
pub(super) const FILE_HEAD: usize = 16;

/// Not text in any encoding, and changed by every newline conversion, like PNG's.
const MAGIC: [u8; 8] = *b"\x89LRS\r\n\x1a\n";

/// Castagnoli's polynomial: it finds any flipped byte, and any burst of up to 32 bits.
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// What a file of frames is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// An attempt's `journal.bin`.
    Journal,
    /// A record's `steps.bin`.
    Steps,
}

impl FileKind {
    fn code(self) -> u16 {
        match self {
            Self::Journal => 1,
            Self::Steps => 2,
        }
    }

    /// What to do about damage in such a file.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Journal => "start the run again: it goes on from the last good block",
            Self::Steps => "delete the run's folder and run it again: the same numbers will come",
        }
    }
}

/// What one frame says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    Rows { first_step: u64, rows: Vec<Row> },
    Evaluation(EvaluationAt),
}

#[derive(Serialize, Deserialize)]
enum Message {
    Rows { first_step: u64, loss: Column, grad_norm: Option<Column>, update_ratio: Option<Column> },
    Evaluation { step: u64, subset: Subset, loss: [u8; 8], correct: u64, examples: u64 },
}

/// The first bytes of a file.
pub(super) fn file_head(kind: FileKind) -> [u8; FILE_HEAD] {
    let mut head = [0; FILE_HEAD];
    head[..8].copy_from_slice(&MAGIC);
    head[8..10].copy_from_slice(&(super::SCHEMA as u16).to_le_bytes());
    head[10..12].copy_from_slice(&kind.code().to_le_bytes());
    let crc = CRC.checksum(&head[..12]);
    head[12..].copy_from_slice(&crc.to_le_bytes());
    head
}

/// What is wrong with the first bytes of a file.
pub(super) enum BadHead {
    Damaged(&'static str),
    Schema(u32),
}

pub(super) fn check_file_head(head: &[u8; FILE_HEAD], kind: FileKind) -> Result<(), BadHead> {
    let [magic @ .., v0, v1, k0, k1, c0, c1, c2, c3] = *head;
    if magic != MAGIC {
        return Err(BadHead::Damaged("this is not a file of steps"));
    }
    if u32::from_le_bytes([c0, c1, c2, c3]) != CRC.checksum(&head[..12]) {
        return Err(BadHead::Damaged("the head's checksum does not match"));
    }
    let version = u32::from(u16::from_le_bytes([v0, v1]));
    if !super::READABLE.contains(&version) {
        return Err(BadHead::Schema(version));
    }
    if u16::from_le_bytes([k0, k1]) != kind.code() {
        return Err(BadHead::Damaged("a journal stands in the place of a record's steps, or the other way round"));
    }
    Ok(())
}

/// The bytes of a frame.
pub(super) fn encode(entry: &Entry) -> postcard::Result<Vec<u8>> {
    let message = match entry {
        Entry::Rows { first_step, rows } => rows_message(*first_step, rows),
        Entry::Evaluation(at) => Message::Evaluation {
            step: at.step,
            subset: at.subset,
            loss: at.evaluation.loss.to_le_bytes(),
            correct: at.evaluation.correct,
            examples: at.evaluation.examples,
        },
    };
    let message = postcard::to_stdvec_crc32(&message, CRC.digest())?;
    let length = (message.len() as u32).to_le_bytes();
    let mut frame = Vec::with_capacity(FRAME_HEAD + message.len());
    frame.extend(length);
    frame.extend(CRC.checksum(&length).to_le_bytes());
    frame.extend(message);
    Ok(frame)
}

fn rows_message(first_step: u64, rows: &[Row]) -> Message {
    let column = |read: fn(&Row) -> Option<f64>| {
        let present = rows.first().and_then(read).is_some();
        present.then(|| Column::encode(rows.iter().filter_map(read)))
    };
    Message::Rows {
        first_step,
        loss: Column::encode(rows.iter().map(|row| row.loss)),
        grad_norm: column(|row| row.grad_norm),
        update_ratio: column(|row| row.update_ratio),
    }
}

/// The length of the message that follows, if its own checksum matches and it is in bounds.
pub(super) fn message_length(head: [u8; FRAME_HEAD]) -> Option<usize> {
    let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
    let length = [l0, l1, l2, l3];
    if u32::from_le_bytes([c0, c1, c2, c3]) != CRC.checksum(&length) {
        return None;
    }
    let length = u32::from_le_bytes(length) as usize;
    (1..=MAX_MESSAGE).contains(&length).then_some(length)
}

/// Reads a message back.
pub(super) fn decode(message: &[u8]) -> Result<Entry, &'static str> {
    match postcard::take_from_bytes_crc32(message, CRC.digest()) {
        Ok((message, [])) => entry(message).ok_or("columns of unequal length"),
        Ok(_) => Err("bytes left over after the message"),
        Err(postcard::Error::DeserializeBadCrc) => Err("the checksum does not match"),
        Err(_) => Err("the message cannot be decoded"),
    }
}

fn entry(message: Message) -> Option<Entry> {
    match message {
        Message::Rows { first_step, loss, grad_norm, update_ratio } => {
            let rows = rows(&loss, grad_norm.as_ref(), update_ratio.as_ref())?;
            first_step.checked_add(rows.len() as u64)?;
            Some(Entry::Rows { first_step, rows })
        }
        Message::Evaluation { step, subset, loss, correct, examples } => {
            let evaluation = Evaluation { loss: f64::from_le_bytes(loss), correct, examples };
            Some(Entry::Evaluation(EvaluationAt { step, subset, evaluation }))
        }
    }
}

fn rows(loss: &Column, grad_norm: Option<&Column>, update_ratio: Option<&Column>) -> Option<Vec<Row>> {
    let losses = loss.decode()?;
    let optional = |column: Option<&Column>| match column.map(Column::decode) {
        None => Some(vec![None; losses.len()]),
        Some(values) => {
            values.filter(|values| values.len() == losses.len()).map(|values| values.into_iter().map(Some).collect())
        }
    };
    let (norms, ratios) = (optional(grad_norm)?, optional(update_ratio)?);
    let probes = norms.into_iter().zip(ratios);
    let row = |(loss, (grad_norm, update_ratio)): (&f64, _)| Row { loss: *loss, grad_norm, update_ratio };
    Some(losses.iter().zip(probes).map(row).collect())
}

/// The next block's share of `rows`: at most [`BLOCK_ROWS`], all with the same readings present.
pub(super) fn block_of(rows: &[Row]) -> usize {
    let shape = |row: &Row| (row.grad_norm.is_some(), row.update_ratio.is_some());
    let first = rows.first().map(shape);
    let same = rows.iter().take(BLOCK_ROWS).take_while(|row| Some(shape(row)) == first);
    same.count()
}
