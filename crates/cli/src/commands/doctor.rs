//! `lrscope doctor`: looks through a results folder, or checks every operation on a device.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Result, anyhow};
use lrscope_runner::command_line;
use lrscope_runner::doctor::{Examination, Severity, examine};
use lrscope_runner::study::StudyError;

use crate::args::DoctorArgs;
use crate::exit::{bad_input, text};
use crate::index_page::{self, Listed, Standing};
use crate::manifest::PROGRAM;
use crate::operations::{self, Checked};
use crate::place;
use crate::stale::{Stale, stale};
use crate::tell::print;

/// Runs the command.
pub fn run(args: &DoctorArgs) -> Result<()> {
    let folder = match (&args.results, &args.device) {
        (Some(folder), _) => Some(folder.as_path()),
        (None, None) => Some(Path::new("results")),
        (None, Some(_)) => None,
    };
    let found = folder.map(look_through).transpose()?;
    let checked = args.device.as_deref().map(operations::check).transpose()?;
    if args.json {
        let all = serde_json::json!({ "results": found, "operations": checked });
        print(&serde_json::to_string_pretty(&all)?)?;
    } else {
        folder.zip(found.as_ref()).map_or(Ok(()), |(folder, found)| show(folder, found))?;
        checked.as_deref().map_or(Ok(()), show_operations)?;
    }
    verdict(found.as_ref(), checked.as_deref().unwrap_or_default())
}

/// Every file of the folder; the reports against what their records give now.
fn look_through(folder: &Path) -> Result<Examination> {
    place::results("FOLDER", folder)?;
    if !folder.is_dir() {
        return Err(bad_input(anyhow!("{}: there is no such folder", folder.display())));
    }
    let mut found = examine(folder)?;
    for Listed { name, problem } in index_page::studies(folder)? {
        let report = folder.join(&name);
        if let Some(problem) = problem {
            // The study has been named already.
            if !names(&found, &report) {
                found.find(Severity::Broken, &report, problem);
            }
            continue;
        }
        match stale(folder, &report) {
            Ok(stale) => stale.iter().for_each(|one| of_report(folder, &name, one, &mut found)),
            // What is wrong with the study or a record has been found already.
            Err(error) if found.is_broken() || is_newer(&error) => {}
            Err(error) => found.find(Severity::Broken, &report, text(&error)),
        }
    }
    index(folder, &mut found)?;
    Ok(found)
}

/// Whether something has been found in a folder.
fn names(found: &Examination, folder: &Path) -> bool {
    found.findings.iter().any(|finding| finding.path.starts_with(folder))
}

fn is_newer(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StudyError::Newer { .. }))
}

/// What is the matter with a report.
fn of_report(results: &Path, name: &OsStr, stale: &Stale, found: &mut Examination) {
    let folder = results.join(name);
    let again = command_line::report(results, Some(name));
    let unfinished = found.findings.iter().any(|one| one.severity == Severity::Unfinished && one.path == folder);
    match stale {
        Stale::Damaged(path) => {
            found.find(Severity::Broken, path, format!("it is not what was written; `{again}` writes it again"));
        }
        Stale::Foreign(path) => {
            let message = format!("it is not part of the report beside it; `{again}` removes it");
            found.find(Severity::Broken, path, message);
        }
        // The command that finishes the study makes its report.
        Stale::Outdated(_) | Stale::Missing if unfinished => {}
        Stale::Outdated(program) => {
            let by = match program.as_deref() {
                None => "made by an older lrscope".into(),
                Some(PROGRAM) => "made by another build, or of other records".into(),
                Some(program) => format!("made by {program}"),
            };
            found.find(Severity::Outdated, &folder, format!("{by}; `{again}` makes it again with {PROGRAM}"));
        }
        Stale::Missing => found.find(Severity::Note, &folder, format!("it has no report yet; `{again}` makes it")),
    }
}

/// The index against the reports' entries.
fn index(folder: &Path, found: &mut Examination) -> Result<()> {
    let again = command_line::report(folder, None);
    match index_page::standing(folder)? {
        Standing::Right => {}
        Standing::Outdated(path) => {
            let message = format!("it is not what the reports give now; `{again}` writes it again");
            found.find(Severity::Outdated, &path, message);
        }
        Standing::Damaged(path) => {
            found.find(Severity::Broken, &path, format!("it is not what was written; `{again}` writes it again"));
        }
    }
    Ok(())
}

fn show(folder: &Path, found: &Examination) -> Result<()> {
    let Examination { runs, attempts, checkpoints, picks, studies, findings } = found;
    let count = |n: &u64, what: &str| format!("{n} {what}{}", if *n == 1 { "" } else { "s" });
    let studies = if *studies == 1 { "1 study".to_owned() } else { format!("{studies} studies") };
    print(&format!(
        "{}: {}, {}, {}, {}, {studies}",
        folder.display(),
        count(runs, "run"),
        count(attempts, "attempt"),
        count(checkpoints, "checkpoint"),
        count(picks, "pick"),
    ))?;
    for finding in findings {
        let word = match finding.severity {
            Severity::Note => "note",
            Severity::Unfinished => "unfinished",
            Severity::Outdated => "outdated",
            Severity::Leftover => "left over",
            Severity::Broken => "broken",
        };
        let path = finding.path.display().to_string();
        // Most errors name the file themselves.
        let place = if finding.message.contains(&path) { String::new() } else { format!("{path}: ") };
        print(&format!("{word:<12}{place}{}", finding.message))?;
    }
    if found.is_broken() { Ok(()) } else { print("nothing is broken") }
}

fn show_operations(checked: &[Checked]) -> Result<()> {
    for Checked { operation, path, dtype, error, tolerance, right } in checked {
        let verdict = if *right { "right" } else { "WRONG" };
        print(&format!("{verdict}  {path:<9}{dtype}  {operation:<36} off by {error:8.1e}, allowed {tolerance:.0e}"))?;
    }
    let wrong = checked.iter().filter(|one| !one.right).count();
    print(&format!("{} of {} operations right", checked.len() - wrong, checked.len()))
}

fn verdict(found: Option<&Examination>, checked: &[Checked]) -> Result<()> {
    let broken = found.map_or(0, |found| found.findings.iter().filter(|one| one.severity == Severity::Broken).count());
    let wrong = checked.iter().filter(|one| !one.right).count();
    if broken + wrong == 0 {
        return Ok(());
    }
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut problems = Vec::new();
    if broken > 0 {
        problems.push(format!("{} in need of repair; each line says what to do", count(broken, "file")));
    }
    if wrong > 0 {
        let advice = "train on another path (--isa) and report it";
        problems.push(format!("{} wrong on this machine: {advice}", count(wrong, "operation")));
    }
    Err(anyhow!(problems.join("; ")))
}
