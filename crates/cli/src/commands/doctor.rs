//! `lrscope doctor`: looks through a results folder, or checks every operation on a device.

use std::path::Path;

use anyhow::{Result, anyhow};
use lrscope_runner::doctor::{Examination, Severity, examine};

use crate::args::DoctorArgs;
use crate::exit::{bad_input, text};
use crate::operations::{self, Checked};
use crate::render;
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
    if !folder.is_dir() {
        return Err(bad_input(anyhow!("{}: there is no such folder", folder.display())));
    }
    let mut found = examine(folder)?;
    for name in render::studies(folder)? {
        let report = folder.join(&name);
        match render::stale_files(folder, &report) {
            Ok(stale) => {
                for path in stale {
                    let message = format!("it is not what the records give; `lrscope report {name}` writes it again");
                    found.find(Severity::Broken, &path, message);
                }
            }
            // What is wrong with the study or a record has been found already.
            Err(_) if found.is_broken() => {}
            Err(error) => found.find(Severity::Broken, &report, text(&error)),
        }
    }
    index(folder, &mut found);
    Ok(found)
}

/// The index against the reports' entries.
fn index(folder: &Path, found: &mut Examination) {
    match render::stale_index(folder) {
        Ok(None) => {}
        Ok(Some(path)) => {
            let message = "it is not what the reports give; `lrscope report` writes it again";
            found.find(Severity::Broken, &path, message);
        }
        // The entry that is wrong is named already, as a file that is not what the records give.
        Err(_) if found.is_broken() => {}
        Err(error) => found.find(Severity::Broken, folder, text(&error)),
    }
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
            Severity::Leftover => "left over",
            Severity::Broken => "broken",
        };
        let path = finding.path.display().to_string();
        // Most errors name the file themselves.
        let place = if finding.message.contains(&path) { String::new() } else { format!("{path}: ") };
        print(&format!("{word:<10}{place}{}", finding.message))?;
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
