//! The picks of range tests, kept side by side by what they were made for, so that a comparison finds the one that fits it best.
//!
//! A pick's file says which runs it came from, and is checked against them whenever it is used. The strongest pick for some
//! settings is the one that counts; [`compare`] says what makes one stronger.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::analysis::Pick;
use crate::record::{RecordError, Store, names_in};
use crate::spec::{NUMERICS_VERSION, RunId, RunSpec};
use crate::study::{Question, Study};

mod key;
mod record;
mod strength;

pub use key::PickKey;
pub use record::{PICK_SCHEMA, PickFile, PickRecord, SweepFacts, WHICH_RATE};
pub use strength::compare;

/// A pick's bounds as schedules take them: to three significant digits, as reports print them. More digits than that are the
/// noise of the curve, and so what a report shows is what was trained with.
pub fn bounds(pick: &Pick) -> lrscope_schedule::Pick {
    lrscope_schedule::Pick { base_lr: three_digits(pick.base_lr), max_lr: three_digits(pick.max_lr) }
}

fn three_digits(rate: f64) -> f64 {
    // What was formatted as a number reads back as one.
    format!("{rate:.2e}").parse().unwrap_or(rate)
}

/// Why a pick cannot be read, kept or used.
#[derive(Debug, thiserror::Error)]
pub enum PickError {
    /// Reading or writing failed.
    #[error("{}: cannot {doing} this pick: {source}", path.display())]
    Io {
        /// `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file holds no pick that this program knows.
    #[error("{}: {problem}; delete it and run the range test again", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The file says something else than its runs give.
    #[error("{}: {problem}; delete it and run the range test again", path.display())]
    Untrue {
        /// The file.
        path: PathBuf,
        /// What is not as the runs have it.
        problem: String,
    },
    /// The folder of picks cannot be listed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// No pick goes by the name that was asked for.
    #[error("{name:?}: {problem}")]
    Name {
        /// The name.
        name: String,
        /// Why there is no pick of it, and what to do.
        problem: String,
    },
}

/// The picks for some settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picks {
    /// Those that may be used, each checked against its runs, the strongest first.
    pub usable: Vec<PickRecord>,
    /// Reports of those that an older version of the arithmetic made: they count only where they are asked for by name.
    pub outdated: Vec<String>,
}

/// The picks that are kept for the settings of `spec`.
///
/// # Errors
/// Where one of them cannot be read, or is not what its runs give.
pub fn find_picks(store: &Store, spec: &RunSpec) -> Result<Picks, PickError> {
    let folder = store.path().join("picks");
    let (stem, old) = (stem(&folder, &PickKey::of(spec))?, stem(&folder, &PickKey::as_written(spec))?);
    let ours = |name: &String| *name == format!("{old}.json") || name.starts_with(&format!("{stem}-"));
    let mut picks = Picks::default();
    for name in names_in(&folder)?.into_iter().filter_map(|name| name.into_string().ok()).filter(ours) {
        let path = folder.join(name);
        // A file that is still being written has another ending.
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let Some(file) = read_pick(&path)? else { continue };
        if file.schema != PICK_SCHEMA {
            picks.outdated.push(file.report);
            continue;
        }
        let record = check_pick(store, &path, &file)?;
        if record.numerics == NUMERICS_VERSION {
            picks.usable.push(record);
        } else {
            picks.outdated.push(record.report);
        }
    }
    picks.usable.sort_by(|a, b| compare(b, a).0);
    Ok(picks)
}

/// A pick's file checked against the records of its runs.
pub fn check_pick(store: &Store, path: &Path, file: &PickFile) -> Result<PickRecord, PickError> {
    file.check(store).map_err(|problem| PickError::Untrue { path: path.into(), problem })
}

/// Reads a pick's file, whose name must be that of its settings and runs; none where there is no file.
pub fn read_pick(path: &Path) -> Result<Option<PickFile>, PickError> {
    /// No pick is larger.
    const LIMIT: u64 = 16 << 20;
    let text = match crate::replace::read_bounded(path, LIMIT) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(PickError::Io { doing: "read", path: path.into(), source });
        }
    };
    let content = |problem: String| PickError::Content { path: path.into(), problem };
    let file: PickFile = serde_json::from_str(&text).map_err(|error| content(error.to_string()))?;
    let name = match file.schema {
        record::WITHOUT_SWEEP => format!("{}.json", stem(path, &file.key)?),
        PICK_SCHEMA => file_name(path, &file.key, &file.runs)?,
        other => {
            return Err(content(format!(
                "its schema is {other}; this program reads {} and {PICK_SCHEMA}",
                record::WITHOUT_SWEEP
            )));
        }
    };
    if path.file_name().is_some_and(|found| *found != *name) {
        return Err(content("it was made for other settings or from other runs than its name says".into()));
    }
    Ok(Some(file))
}

/// Keeps the pick of a range test beside those of others for the same settings; the same runs' pick is replaced. What these
/// runs do not give cannot be kept.
pub fn keep_pick(store: &Store, runs: &[RunId], report: &str) -> Result<PickRecord, PickError> {
    let folder = store.path().join("picks");
    let record = PickRecord::of(store, runs, report).map_err(|problem| PickError::Name {
        name: report.into(),
        problem: format!("its pick cannot be kept: {problem}"),
    })?;
    let path = folder.join(file_name(&folder, &record.key, runs)?);
    let io = |source| PickError::Io { doing: "write", path: path.clone(), source };
    let mut text = serde_json::to_vec_pretty(&PickFile::new(&record)).map_err(|error| io(error.into()))?;
    text.push(b'\n');
    crate::replace::replace(&path, &text).map_err(io)?;
    Ok(record)
}

/// The pick of the range test whose report has this name, with or without the `range-test-` before it, from its records.
pub fn named_pick(store: &Store, name: &str) -> Result<PickRecord, PickError> {
    let wrong = |problem: String| PickError::Name { name: name.into(), problem };
    let below = Path::new(name).strip_prefix(store.path()).unwrap_or(Path::new(name));
    let short = below.to_string_lossy().trim_end_matches('/').to_owned();
    if short.is_empty() || short.contains(['/', '\\']) || short.starts_with('.') {
        return Err(wrong("this is not the name of a report; give that of a range test's folder".into()));
    }
    let tried = [short.clone(), format!("range-test-{short}")];
    let there = |folder: &&String| store.path().join(folder).join("study.json").is_file();
    let Some(folder) = tried.iter().find(there) else {
        return Err(wrong(format!("there is no such range test in {}; {}", store.path().display(), known(store))));
    };
    let study = Study::read(&store.path().join(folder)).map_err(|error| wrong(error.to_string()))?;
    if study.question != Question::RangeTest {
        return Err(wrong(format!("this is not a range test; {}", known(store))));
    }
    let runs: Vec<RunId> = study.arms.iter().flat_map(|arm| &arm.runs).map(|run| run.id.clone()).collect();
    PickRecord::of(store, &runs, folder).map_err(|problem| wrong(format!("it gives no pick: {problem}")))
}

/// Which range tests there are, in words.
fn known(store: &Store) -> String {
    const MOST: usize = 10;
    let is_one =
        |name: &String| Study::read(&store.path().join(name)).is_ok_and(|study| study.question == Question::RangeTest);
    let names: Vec<String> = names_in(store.path())
        .unwrap_or_default()
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .filter(is_one)
        .collect();
    let shown = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "there is none; run `lrscope range-test` first".into(),
        n if n > MOST => format!("there are {shown} and {} more", n - MOST),
        _ => format!("there are: {shown}"),
    }
}

/// How the names of a key's files begin. `path` is what the error is about.
fn stem(path: &Path, key: &PickKey) -> Result<String, PickError> {
    key.file_stem().map_err(|error| PickError::Io { doing: "name", path: path.into(), source: error.into() })
}

fn file_name(path: &Path, key: &PickKey, runs: &[RunId]) -> Result<String, PickError> {
    let mut digest = Sha256::new();
    for run in runs {
        digest.update(run.as_str().as_bytes());
    }
    Ok(format!("{}-{}.json", stem(path, key)?, crate::spec::hex(&digest.finalize()[..4])))
}
