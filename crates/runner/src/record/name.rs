//! Names of attempts' folders.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use super::machine;
use crate::spec::RunId;

/// Longest part of a host's name that is used.
const MAX_HOST: usize = 63;

/// `<run_id>.<host>.<pid>.<nonce>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttemptName {
    pub(super) run_id: RunId,
    pub(super) host: String,
    pub(super) pid: u32,
    /// Tells attempts of one process apart, and those of processes that had the same number.
    pub(super) nonce: u64,
}

impl AttemptName {
    /// A name that no other attempt has.
    pub(super) fn new(run_id: &RunId) -> Self {
        Self { run_id: run_id.clone(), host: host(), pid: std::process::id(), nonce: RandomState::new().hash_one(0) }
    }
}

/// This machine's name, in characters that every file system takes and without the dot that parts the name.
pub(super) fn host() -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let host: String = machine::host().chars().take(MAX_HOST).map(safe).collect();
    if host.is_empty() { "unknown".into() } else { host }
}

impl fmt::Display for AttemptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{:016x}", self.run_id, self.host, self.pid, self.nonce)
    }
}

impl FromStr for AttemptName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.split('.').collect();
        let [run_id, host, pid, nonce] = parts[..] else {
            return Err(());
        };
        let name = Self {
            run_id: run_id.parse().map_err(drop)?,
            host: host.into(),
            pid: pid.parse().map_err(drop)?,
            nonce: u64::from_str_radix(nonce, 16).map_err(drop)?,
        };
        // Only the one way of writing a name counts.
        (name.to_string() == text).then_some(name).ok_or(())
    }
}
