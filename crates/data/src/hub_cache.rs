//! The hub's cache on this machine, whoever filled it: any revision of the repository, under its present and its former name.
//!
//! A repository is a folder `datasets--OWNER--NAME` with the names of revisions in `refs` and their files in `snapshots`.
//! <https://huggingface.co/docs/huggingface_hub/guides/manage-cache>

use std::fs;
use std::path::{Path, PathBuf};

use crate::attempt::Attempt;
use crate::copies::DataCopy;
use crate::error::{Error, Problem};
use crate::folders::{Folder, places};
use crate::hub::{REVISION, Repository, repository};
use crate::hub_client::Hub;
use crate::images::DataSet;
use crate::load::Found;
use crate::locations::Locations;
use crate::name::Name;
use crate::parquet_folder::ParquetFiles;
use crate::progress::Reporter;
use crate::source::{Origin, Source};

/// Looks in the hub's cache; the network is not touched.
pub(crate) fn find(name: Name, locations: &Locations, reporter: &mut Reporter<'_>) -> Result<Found, Error> {
    let Some(repository) = repository(name).filter(|_| locations.hub) else {
        return Ok(Found::nothing(Source::HubCache, "the hub's cache", "not to be used"));
    };
    let cache = match &locations.hub_cache {
        Some(cache) => cache.clone(),
        None => match Hub::new(locations) {
            Ok(hub) => hub.cache_dir().to_owned(),
            Err(error) => return Ok(Found::nothing(Source::HubCache, "the hub's cache", crate::hub::chain(&error))),
        },
    };
    let (mut faults, mut reasons) = (Vec::new(), Vec::new());
    for snapshot in snapshots(&cache, &repository) {
        let place = snapshot.place(&cache);
        let files = snapshot.files(name);
        if files.is_empty() {
            let reason = "no parquet files of a training and a test part";
            reasons.push(Attempt::new(Source::HubCache, &place, reason));
        }
        for files in files {
            match read(name, files, &place, reporter) {
                Ok(set) => return Ok(Found::Data(set)),
                Err(error) if is_unfinished(&error) => {
                    reasons.extend(Attempt::of_error(Source::HubCache, &snapshot.path, &error));
                }
                Err(error) => faults.push(error),
            }
        }
    }
    if !faults.is_empty() {
        return Err(Error::all(name, faults));
    }
    if reasons.is_empty() {
        let place = format!("{} in {}", repository.ids().join(" or "), cache.display());
        reasons.push(Attempt::new(Source::HubCache, place, "no revision of it is there"));
    }
    Ok(Found::Nothing(reasons))
}

fn read(name: Name, files: ParquetFiles, place: &str, reporter: &mut Reporter<'_>) -> Result<DataSet, Error> {
    let mut set = DataCopy::Parquet(files).read(name, Source::HubCache, reporter)?;
    set.source = Origin::new(Source::HubCache, format!("parquet files of {place}"));
    Ok(set)
}

/// Whether a download has not brought all files yet, or some were removed.
fn is_unfinished(error: &Error) -> bool {
    matches!(error, Error::Bad { problem: Problem::Shards { .. } | Problem::Dangling { .. }, .. })
}

/// The files of one revision.
#[derive(Debug)]
struct Snapshot {
    repository: &'static str,
    /// The revision's name; its commit where it has none.
    revision: String,
    path: PathBuf,
}

impl Snapshot {
    fn place(&self, cache: &Path) -> String {
        format!("{} ({}) in {}", self.repository, self.revision, cache.display())
    }

    fn files(&self, name: Name) -> Vec<ParquetFiles> {
        let places = places(name, &self.path).unwrap_or_default();
        places.iter().flat_map(|place| ParquetFiles::find(name, &place.folder)).collect()
    }
}

/// All revisions: of the present name before the former one, the main branch first, then the hub's own conversion, then the others,
/// and at last those that no branch leads to any more.
fn snapshots(cache: &Path, repository: &Repository) -> Vec<Snapshot> {
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for id in repository.ids() {
        let base = cache.join(format!("datasets--{}", id.replace('/', "--")));
        let mut refs = refs(&base.join("refs"));
        refs.sort_by_key(|(revision, _)| (revision != "main", revision != REVISION, revision.clone()));
        let commits = Folder::list(&base.join("snapshots")).map(|folder| folder.entries).unwrap_or_default();
        let unnamed = commits.iter().map(|commit| (commit.name.clone(), commit.name.clone()));
        for (revision, commit) in refs.into_iter().chain(unnamed) {
            let path = base.join("snapshots").join(&commit);
            if path.is_dir() && snapshots.iter().all(|known| known.path != path) {
                snapshots.push(Snapshot { repository: id, revision, path });
            }
        }
    }
    snapshots
}

/// The names of revisions below a folder, each with its commit. A name may have slashes.
fn refs(root: &Path) -> Vec<(String, String)> {
    /// Folders within folders: `refs/convert/parquet` and `refs/pr/7` have two.
    const DEPTH: usize = 6;
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, before, depth)) = folders.pop() {
        let Ok(folder) = Folder::list(&folder) else { continue };
        for entry in folder.entries {
            let revision = format!("{before}{}", entry.name);
            if entry.path.is_dir() && depth < DEPTH {
                folders.push((entry.path, format!("{revision}/"), depth + 1));
            } else if let Some(commit) = commit(&entry.path) {
                found.push((revision, commit));
            }
        }
    }
    found
}

/// The commit that a file names, which is one folder's name and no path.
fn commit(path: &Path) -> Option<String> {
    /// Nothing longer names a commit.
    const LIMIT: u64 = 200;
    let short = fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LIMIT);
    let text = short.then(|| fs::read_to_string(path).ok()).flatten()?;
    let commit = text.trim();
    let plain = !commit.is_empty() && commit.chars().all(|letter| letter.is_ascii_alphanumeric());
    plain.then(|| commit.to_owned())
}
