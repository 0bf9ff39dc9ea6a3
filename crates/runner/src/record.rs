//! Run records on disk: one folder per finished run, published at once or not at all.
//!
//! ```text
//! results/
//!   runs/<run_id>/             a published run; never changed again
//!     spec.json                the RunSpec; it hashes to the folder's name
//!     steps.bin                every step's raw readings, in columnar blocks
//!     result.json              what must repeat to the bit: ending, evaluations, SHA-256 of state, spec and steps
//!     measured.json            what cannot: clocks, machine, instruction set path, program version (may be absent)
//!     SHA256SUMS               checksums of the others, as `sha256sum -c` reads them
//!   attempts/<run_id>.<host>.<pid>.<nonce>/
//!     lock                     held with an OS file lock while the owner lives
//!     owner.json, released     which process of which machine is at work on it; that it has ended in order
//!     spec.json, journal.bin   what the attempt has done so far
//!     checkpoints/<step>/      the learner's state after so many updates; the newest two are kept
//!     record/                  the finished record, just before it is renamed to runs/<run_id>
//! ```
//!
//! # Publishing
//! The attempt's `record/` is completed and synced (files, then folder), then renamed to `runs/<run_id>`. Renaming a folder
//! onto one that is not empty fails (`rename(2)`: `ENOTEMPTY` or `EEXIST` on Linux and macOS; an access or not-empty error on
//! Windows), so the first finisher wins whatever the processes, hosts or order. The loser compares: the same `result.json` to
//! the bit means that the run repeated, anything else is [`RecordError::NotReproducible`] and the attempt is kept. The lock
//! stands outside the folder that is renamed, because Windows refuses to rename a folder with an open file in it.
//!
//! # Steps
//! `journal.bin` and `steps.bin` share a format: a 16-byte head (magic, version, kind, CRC-32C), then frames of a length, the
//! length's CRC-32C, and a postcard message with its own CRC-32C. The journal grows by a block every 1024 rows, every second
//! and before every evaluation, so that a reader can follow it; where its blocks end depends on the clock. `steps.bin` is
//! written from the journal, read back with all its checksums, in blocks of exactly 1024 rows: it repeats to the bit.
//! A column is stored as f32 where each of its values in the block is one, bit for bit, else as f64. Rates are not stored:
//! the schedule gives them.
//!
//! # Checkpoints
//! A checkpoint is a folder: the learner's blobs as files of their own (tensors as safetensors), `checkpoint.json` with the
//! step, and `SHA256SUMS`. It is written under another name, synced and renamed, after the journal was synced; the one
//! before it stays until then, and one longer. [`Attempt::resume`] takes the newest that is whole, says which are not, and
//! cuts the journal back to its step.
//!
//! # Versions
//! [`SCHEMA`] stands in `result.json` and in the head of the binary files; an unknown one is refused by name. A field added to
//! [`RunSpec`](crate::spec::RunSpec) needs a default that is skipped when written, so that the runs already made keep their identity.

mod adopt;
mod attempt;
mod checkpoint;
mod checkpoint_file;
mod checksum;
mod column;
mod error;
mod files;
mod follow;
mod frame;
mod frames;
mod journal;
mod listing;
mod lock;
mod machine;
mod manifest;
mod measured;
mod name;
mod owner;
mod publish;
mod published;
mod result;
mod resume;
mod rows;
mod steps;
mod store;
mod turn;

pub use attempt::Attempt;
pub use checkpoint::{Checkpoint, CheckpointInfo, Position};
pub use checksum::Checksum;
pub use error::RecordError;
pub use follow::{Follower, News};
pub use frames::Tail;
pub use listing::{AttemptEntry, AttemptState};
pub use machine::Machine;
pub use measured::{Clocks, Measured};
pub use publish::Publication;
pub use published::Published;
pub use result::{EvaluationAt, RunResult};
pub use resume::Resumed;
pub use rows::Rows;
pub use store::Store;
pub use turn::Turn;

/// The names in a folder, sorted; none where there is no folder. Names that begin with a dot belong to others.
pub(crate) fn names_in(folder: &std::path::Path) -> Result<Vec<std::ffi::OsString>, RecordError> {
    listing::names(folder)
}

/// Version of the record's files that this program writes.
pub const SCHEMA: u32 = 1;

/// Versions that this program reads.
pub const READABLE: std::ops::RangeInclusive<u32> = 1..=SCHEMA;
