//! The lrscope command: see `lrscope --help`.

use std::process::ExitCode;

use args::Command;

mod adopt;
mod args;
mod child;
mod commands;
mod configured;
mod earlier;
mod exit;
mod faults;
mod figures;
mod group;
mod index_page;
mod interrupts;
mod keep;
mod manifest;
mod operations;
mod orders;
mod outcome;
mod perform;
mod picking;
mod place;
mod plain;
mod pool;
mod program;
mod progress;
mod provenance;
mod recipe;
mod render;
mod room;
mod stale;
mod task;
mod tell;
mod timed;

// Training allocates and frees large tensors at every step; this allocator keeps their pages instead of handing them back to
// the system each time.
#[global_allocator]
static ALLOCATOR: lrscope_kernels::Recycling<mimalloc::MiMalloc> = lrscope_kernels::Recycling::new(mimalloc::MiMalloc);

fn main() -> ExitCode {
    faults::say_plainly();
    faults::contained(command, ExitCode::from(1))
}

fn command() -> ExitCode {
    program::remember();
    let cli = args::parsed();
    exit::report(match &cli.command {
        Command::RangeTest(args) => commands::range_test::run(args),
        Command::Compare(args) => commands::compare::run(args),
        Command::Train(args) => commands::train::run(args),
        Command::Schedule(args) => commands::schedule::run(args),
        Command::Report(args) => commands::report::run(args),
        Command::Data(args) => commands::data::run(args),
        Command::Doctor(args) => commands::doctor::run(args),
        Command::RunTask => commands::run_task::run(),
    })
}
