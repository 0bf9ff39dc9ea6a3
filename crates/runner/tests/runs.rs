//! From an experiment to a run that was driven to its end.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail right there")]

#[path = "runs/driving.rs"]
mod driving;
#[path = "runs/experiments.rs"]
mod experiments;
#[path = "runs/grouped.rs"]
mod grouped;
#[path = "runs/identity.rs"]
mod identity;
#[path = "runs/keeping.rs"]
mod keeping;
#[path = "runs/picks.rs"]
mod picks;
#[path = "runs/plateau.rs"]
mod plateau;
#[path = "runs/quadratic.rs"]
mod quadratic;
#[path = "runs/resolving.rs"]
mod resolving;
#[path = "runs/streams.rs"]
mod streams;
#[path = "runs/studies.rs"]
mod studies;
#[path = "runs/swept.rs"]
mod swept;
#[path = "runs/texts.rs"]
mod texts;
