//! A report's files against what was written, and against what this program makes of the records now.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Result;
use lrscope_report::StreamedFile;

use crate::manifest::{MANIFEST, Manifest, PROGRAM};
use crate::render;

/// What is the matter with a report.
pub enum Stale {
    /// A file is not what was written, or is gone.
    Damaged(PathBuf),
    /// A file that no part of the report is, but looks like one.
    Foreign(PathBuf),
    /// The report is whole, but another program's (named where it is known), or of other records.
    Outdated(Option<String>),
    /// There is no report yet.
    Missing,
}

/// Looks at a study's report. Nothing is wrong where the answer is empty.
///
/// # Errors
/// Where the study or a record cannot be read.
pub fn stale(results: &Path, folder: &Path) -> Result<Vec<Stale>> {
    let manifest = match Manifest::read(folder) {
        Err(_) => return Ok(vec![Stale::Damaged(folder.join(MANIFEST))]),
        Ok(Some(manifest)) => manifest,
        Ok(None) if folder.join("README.md").exists() => {
            // Who lost its records keeps its page: nobody can make it again.
            let now = render::manifest(results, folder)?;
            return Ok(now.map(|_| Stale::Outdated(None)).into_iter().collect());
        }
        Ok(None) => return Ok(render::manifest(results, folder)?.map(|_| Stale::Missing).into_iter().collect()),
    };
    let mut found: Vec<Stale> = render::unlisted(folder, &manifest).into_iter().map(Stale::Foreign).collect();
    let damaged = manifest.files.iter().filter(|(name, sum)| sha256(&folder.join(name)).as_ref() != Some(*sum));
    found.extend(damaged.map(|(name, _)| Stale::Damaged(folder.join(name))));
    if found.is_empty() {
        let changed = || Ok::<_, anyhow::Error>(render::manifest(results, folder)?.is_some_and(|now| now != manifest));
        if manifest.program != PROGRAM || changed()? {
            found.push(Stale::Outdated(Some(manifest.program)));
        }
    }
    Ok(found)
}

/// The SHA-256 of a file; none where it cannot be read.
fn sha256(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let mut sum = StreamedFile::nowhere("");
    std::io::copy(&mut file, &mut sum).ok()?;
    Some(sum.sha256())
}
