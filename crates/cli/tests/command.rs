//! The command as a user meets it: every test runs the program itself, in a folder of its own.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail right there")]

#[path = "command/at_once.rs"]
mod at_once;
#[path = "command/bad_config.rs"]
mod bad_config;
#[path = "command/bad_data.rs"]
mod bad_data;
#[path = "command/bad_flags.rs"]
mod bad_flags;
#[path = "command/bad_places.rs"]
mod bad_places;
#[path = "command/bad_tasks.rs"]
mod bad_tasks;
#[path = "command/configs.rs"]
mod configs;
#[path = "command/doctor.rs"]
mod doctor;
#[path = "command/elsewhere.rs"]
mod elsewhere;
#[path = "command/faults.rs"]
mod faults;
#[path = "command/fetching.rs"]
mod fetching;
#[path = "command/groups.rs"]
mod groups;
#[path = "command/hub_cache.rs"]
mod hub_cache;
#[path = "command/interrupted.rs"]
mod interrupted;
#[path = "command/large.rs"]
mod large;
#[path = "command/names.rs"]
mod names;
#[path = "command/offline.rs"]
mod offline;
#[path = "command/output.rs"]
mod output;
#[path = "command/picks.rs"]
mod picks;
#[path = "command/plateau.rs"]
mod plateau;
#[path = "command/previews.rs"]
mod previews;
#[path = "command/provenance.rs"]
mod provenance;
#[path = "command/repeat.rs"]
mod repeat;
#[path = "command/replaced.rs"]
mod replaced;
#[path = "command/reports.rs"]
mod reports;
#[path = "command/same_runs.rs"]
mod same_runs;
#[path = "command/schedule_words.rs"]
mod schedule_words;
#[path = "command/schedules.rs"]
mod schedules;
#[path = "command/shortage.rs"]
mod shortage;
#[path = "command/studies.rs"]
mod studies;
#[path = "command/support.rs"]
mod support;
#[path = "command/terminal.rs"]
mod terminal;
