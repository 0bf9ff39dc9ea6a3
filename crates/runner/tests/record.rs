//! Run records: what is written comes back to the bit, damage is noticed, and one of several finishers wins.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail right there")]

#[path = "record/checkpoints.rs"]
mod checkpoints;
#[path = "record/crash.rs"]
mod crash;
#[path = "record/damage.rs"]
mod damage;
#[path = "record/faults.rs"]
mod faults;
#[path = "record/layout.rs"]
mod layout;
#[path = "record/race.rs"]
mod race;
#[path = "record/roundtrip.rs"]
mod roundtrip;
#[path = "record/sample.rs"]
mod sample;
