//! `lrscope report`: the reports again, from the records.

use std::ffi::OsString;

use anyhow::{Result, anyhow};

use crate::args::ReportArgs;
use crate::exit::{bad_input, text};
use crate::index_page::{self, Listed, Problems};
use crate::place;
use crate::progress::note;
use crate::render;
use crate::tell::print;

/// Runs the command. A study that cannot be read keeps nobody from the reports of the others.
pub fn run(args: &ReportArgs) -> Result<()> {
    place::results("--results", &args.results)?;
    let known = index_page::studies(&args.results)?;
    check(args, &known)?;
    let mut pages = Vec::new();
    let mut problems = Problems::new();
    for Listed { name, problem } in known.into_iter().filter(|one| chosen(args, &one.name)) {
        let folder = args.results.join(&name);
        let made = problem.map_or_else(|| make(args, &folder), Err);
        match made {
            Ok(true) => pages.push(folder.join("README.md").display().to_string()),
            Ok(false) => note(&format!("{}: no run of it is done yet, so there is nothing to report", name.display())),
            Err(problem) => drop(problems.insert(name, problem)),
        }
    }
    let made_before = problems.clone();
    problems.extend(index_page::write(&args.results, &made_before)?);
    problems.retain(|name, _| chosen(args, name));
    show(args, &pages)?;
    failed(args, &problems)
}

/// Makes a report; why it cannot be made, where that is so.
fn make(args: &ReportArgs, folder: &std::path::Path) -> Result<bool, String> {
    render::report(&args.results, folder).map_err(|error| match error.downcast_ref() {
        Some(unreadable) => index_page::unreadable(unreadable),
        None => format!("cannot be made: {}", text(&error)),
    })
}

fn chosen(args: &ReportArgs, name: &OsString) -> bool {
    args.names.is_empty() || args.names.contains(name)
}

fn check(args: &ReportArgs, known: &[Listed]) -> Result<()> {
    let results = args.results.display();
    if known.is_empty() {
        return Err(bad_input(anyhow!(
            "--results: there is no study in {results}; range-test, compare and train make some"
        )));
    }
    match args.names.iter().find(|name| known.iter().all(|one| one.name != **name)) {
        None => Ok(()),
        Some(unknown) => {
            let known: Vec<_> = known.iter().map(|one| one.name.to_string_lossy()).collect();
            let known = known.join(", ");
            let unknown = unknown.to_string_lossy();
            Err(bad_input(anyhow!("there is no report {unknown:?} in {results}; there is {known}")))
        }
    }
}

fn show(args: &ReportArgs, pages: &[String]) -> Result<()> {
    if args.output.json {
        return print(&serde_json::to_string_pretty(&serde_json::json!({ "reports": pages }))?);
    }
    if args.output.quiet || pages.is_empty() {
        return Ok(());
    }
    print(&pages.join("\n"))
}

/// Names every study that cannot be read or reported.
fn failed(args: &ReportArgs, problems: &Problems) -> Result<()> {
    for (name, problem) in problems {
        note(&format!("{} {problem}", args.results.join(name).display()));
    }
    match problems.len() {
        0 => Ok(()),
        1 => Err(anyhow!("1 report could not be made; the others are there")),
        n => Err(anyhow!("{n} reports could not be made; the others are there")),
    }
}
