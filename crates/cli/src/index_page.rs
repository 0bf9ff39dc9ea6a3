//! The studies of a results folder, and the page that lists their reports. One that cannot be read is a line there, and keeps
//! nobody from the others.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use lrscope_report::{IndexEntry, IndexLine, ReportFile, render_index, write_report};
use lrscope_runner::command_line;
use lrscope_runner::spec::hex;
use lrscope_runner::study::{Study, StudyError};
use sha2::{Digest, Sha256};

use crate::manifest::PROGRAM;
use crate::progress::note;
use crate::render::{self, ENTRY};

/// Name of the page.
const PAGE: &str = "README.md";
/// Folders of a results folder that hold no study, and what a file system keeps for itself.
const OTHERS: [&str; 4] = ["runs", "attempts", "picks", "lost+found"];

/// What is wrong with studies, by the names of their folders.
pub type Problems = BTreeMap<OsString, String>;

/// A folder that holds a study, or may hold one.
pub struct Listed {
    /// Its name.
    pub name: OsString,
    /// Why nobody can look into it, where that is so.
    pub problem: Option<String>,
}

/// The studies below the results folder, by name.
///
/// # Errors
/// Where the results folder itself cannot be listed.
pub fn studies(results: &Path) -> Result<Vec<Listed>> {
    let doing = || format!("cannot list the results folder {}", results.display());
    let entries = match std::fs::read_dir(results) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.with_context(doing)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.with_context(doing)?.file_name();
        if name.as_encoded_bytes().starts_with(b".") || OTHERS.iter().any(|other| name == *other) {
            continue;
        }
        match results.join(&name).join("study.json").metadata() {
            Ok(_) => found.push(Listed { name, problem: None }),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => {
                let problem = format!("cannot be read: {error}; make it readable, or move it away");
                found.push(Listed { name, problem: Some(problem) });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Writes the index of all reports: `README.md` in the results folder. `known` are problems that making the reports met; the
/// answer holds these and all others.
///
/// # Errors
/// Where the results folder cannot be listed or written to.
pub fn write(results: &Path, known: &Problems) -> Result<Problems> {
    let lines = lines(results, known)?;
    write_report(results, &[file(&lines)], Vec::new())?;
    Ok(problems(lines))
}

/// The same after the report of one study was made.
fn write_beside(results: &Path) -> Result<()> {
    for (name, problem) in write(results, &Problems::new())? {
        note(&format!("note: {} {problem}", results.join(name).display()));
    }
    Ok(())
}

/// Makes the report of a study, and the index whether that came about or not.
///
/// # Errors
/// Where the report or the index cannot be made. What is wrong with other studies is said, and is no error.
pub fn write_with_report(results: &Path, folder: &Path) -> Result<()> {
    let made = render::report(results, folder);
    write_beside(results)?;
    made.map(drop)
}

/// How the index stands to the reports' entries.
pub enum Standing {
    /// It is what they give, or there is neither an index nor a report.
    Right,
    /// It is whole, but another program's, or of other entries.
    Outdated(PathBuf),
    /// It is not what was written.
    Damaged(PathBuf),
}

/// Holds the index against the reports' entries.
///
/// # Errors
/// Where the results folder cannot be listed.
pub fn standing(results: &Path) -> Result<Standing> {
    let path = results.join(PAGE);
    let lines = lines(results, &Problems::new())?;
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let none = lines.iter().all(|line| matches!(line, IndexLine::Problem { .. }));
            return Ok(if none { Standing::Right } else { Standing::Outdated(path) });
        }
        Err(_) => return Ok(Standing::Damaged(path)),
        Ok(text) => text,
    };
    if text == file(&lines).bytes {
        return Ok(Standing::Right);
    }
    let text = String::from_utf8_lossy(&text);
    match text.rsplit_once(MADE) {
        // An index of a version that did not sum it up.
        None => Ok(Standing::Outdated(path)),
        Some((page, _)) if signed(page, made_by(&text)) == text => Ok(Standing::Outdated(path)),
        Some(_) => Ok(Standing::Damaged(path)),
    }
}

/// How the last line of the index begins. Markdown takes it for a link's definition, and shows nothing.
const MADE: &str = "\n[made by]: # (";
/// What stands between the program and the checksum.
const SUM: &str = "; SHA-256 of the lines above: ";

fn made_by(text: &str) -> &str {
    let line = text.rsplit_once(MADE).map_or("", |(_, line)| line);
    line.split_once(SUM).map_or("", |(program, _)| program)
}

fn signed(page: &str, program: &str) -> String {
    format!("{page}{MADE}{program}{SUM}{})\n", hex(&Sha256::digest(page)))
}

fn file(lines: &[IndexLine]) -> ReportFile {
    let text = signed(&render_index(lines), PROGRAM);
    ReportFile { name: PAGE.into(), bytes: text.into_bytes() }
}

fn problems(lines: Vec<IndexLine>) -> Problems {
    let problem = |line| match line {
        IndexLine::Problem { folder, problem } => Some((folder, problem)),
        IndexLine::Report { .. } => None,
    };
    lines.into_iter().filter_map(problem).collect()
}

fn lines(results: &Path, known: &Problems) -> Result<Vec<IndexLine>> {
    let mut lines = Vec::new();
    for Listed { name, problem } in studies(results)? {
        let entry = match problem.or_else(|| known.get(&name).cloned()) {
            Some(problem) => Err(problem),
            None => entry(results, &name),
        };
        match entry {
            Ok(Some(entry)) => lines.push(IndexLine::Report { entry, folder: name }),
            // A study of which nothing is done has no report yet.
            Ok(None) => {}
            Err(problem) => lines.push(IndexLine::Problem { folder: name, problem }),
        }
    }
    Ok(lines)
}

/// A study's line, as its folder keeps it; else what is wrong with the study or the line, and what to do.
fn entry(results: &Path, name: &OsStr) -> Result<Option<IndexEntry>, String> {
    let folder = results.join(name);
    Study::read(&folder).map_err(|error| unreadable(&error))?;
    let again = || format!("`{}` makes it again", command_line::report(results, Some(name)));
    let path = folder.join(ENTRY);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| format!("cannot be read: {ENTRY}: {error}; {}", again()))?,
    };
    serde_json::from_str(&text).map(Some).map_err(|error| format!("cannot be read: {ENTRY}: {error}; {}", again()))
}

/// Why a study cannot be read, and what to do.
pub fn unreadable(error: &StudyError) -> String {
    let (problem, advice) = match error {
        StudyError::Io { source, .. } => (source.to_string(), "make it readable, or move the folder away"),
        StudyError::Content { problem, .. } => {
            (problem.clone(), "the command that made it makes it again, without training; or move the folder away")
        }
        StudyError::Newer { found, .. } => {
            return format!(
                "cannot be read: study.json is of version {found}, which a newer lrscope made; use that one"
            );
        }
        other => return format!("cannot be read: {other}"),
    };
    format!("cannot be read: study.json: {problem}; {advice}")
}
