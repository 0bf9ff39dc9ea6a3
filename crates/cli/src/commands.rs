//! The commands, one file each.

pub mod compare;
pub mod data;
pub mod doctor;
pub mod range_test;
pub mod report;
pub mod run_task;
pub mod schedule;
pub mod train;
