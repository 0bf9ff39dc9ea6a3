//! The four IDX files of a data set in one folder, under whatever names they came.
//!
//! A file may be plain or gzipped, with a dash or a dot before `idx`, in letters of any case, and in a folder of its own name (as
//! archives of one file are unpacked). Where there are several copies of a file, the first that is whole is taken; where the
//! four do not make the known data, the others are tried with them.

use std::path::{Path, PathBuf};

use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::Kind;
use crate::folders::{Entry, Folder, letters};
use crate::idx;
use crate::images::Images;
use crate::name::Name;

/// The IDX files: training pictures and labels, test pictures and labels.
pub(crate) const IDX: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// Combinations of copies that are checked after the first.
const MOST_COMBINATIONS: usize = 64;

/// Whether a name is that of one of the files.
pub(crate) fn is_idx(name: &str) -> bool {
    which(name).is_some()
}

/// Which of the files bears this name.
fn which(name: &str) -> Option<usize> {
    let letters = letters(name);
    let bare = letters.strip_suffix("gz").unwrap_or(&letters);
    IDX.iter().position(|file| bare == self::letters(file))
}

/// The copies of each file in a folder, those with the plainest names first.
#[derive(Debug)]
pub(crate) struct IdxFiles {
    folder: PathBuf,
    copies: [Vec<PathBuf>; 4],
}

/// A file's bytes behind its header.
type Content = Vec<u8>;

impl IdxFiles {
    /// The copies in a folder, if there is one of any of the files.
    pub fn find(folder: &Folder) -> Option<Self> {
        let mut copies: [Vec<&Entry>; 4] = Default::default();
        for entry in &folder.entries {
            if let Some(file) = which(&entry.name) {
                copies[file].push(entry);
            }
        }
        if copies.iter().all(Vec::is_empty) {
            return None;
        }
        let copies = copies.map(|mut entries| {
            entries.sort_by_key(|entry| {
                (entry.kind == Kind::Folder, entry.name.ends_with("gz"), entry.name.contains('.'))
            });
            entries.into_iter().flat_map(inside).collect()
        });
        Some(Self { folder: folder.path.clone(), copies })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the first whole copy of each file; where `check` refuses what they make, the other copies too. `check` must refuse all
    /// but the known data.
    pub fn read<T>(
        &self,
        name: Name,
        parts: (&Expected, &Expected),
        check: &mut dyn FnMut((Images, Images)) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut faults = Vec::new();
        let mut part = |first, expected| self.part(name, first, expected, &mut faults);
        let whole = part(0, parts.0).and_then(|train| Some((train, part(2, parts.1)?)));
        let Some(whole) = whole else { return Err(Error::all(name, faults)) };
        match check(whole) {
            Ok(checked) => return Ok(checked),
            Err(refused) => faults.push(refused),
        }
        if self.copies.iter().all(|copies| copies.len() == 1) {
            return Err(Error::all(name, faults));
        }
        self.combined(parts, check).ok_or_else(|| Error::all(name, faults))
    }

    /// The first whole copies of the part whose pictures are file `first`.
    fn part(&self, name: Name, first: usize, expected: &Expected, faults: &mut Vec<Error>) -> Option<Images> {
        let mut whole = |file| self.first_whole(name, file, expected, faults);
        let pixels = whole(first)?;
        Some(images(expected, pixels, whole(first + 1)?))
    }

    /// The first copy of a file that is whole. What is wrong with those before it matters only if the search ends without the data.
    fn first_whole(&self, name: Name, file: usize, expected: &Expected, faults: &mut Vec<Error>) -> Option<Content> {
        for path in &self.copies[file] {
            match read_file(path, file, expected) {
                Ok(content) => return Some(content),
                Err(error) => faults.push(error),
            }
        }
        if self.copies[file].is_empty() {
            faults.push(Error::bad(&self.folder.join(IDX[file]), Problem::Missing(name)));
        }
        None
    }

    /// What `check` takes of all combinations of copies that differ, but the first.
    fn combined<T>(
        &self,
        (train, test): (&Expected, &Expected),
        check: &mut dyn FnMut((Images, Images)) -> Result<T, Error>,
    ) -> Option<T> {
        let mut contents: [Vec<Content>; 4] = Default::default();
        for (file, contents) in contents.iter_mut().enumerate() {
            let expected = if file < 2 { train } else { test };
            for content in self.copies[file].iter().filter_map(|path| read_file(path, file, expected).ok()) {
                if !contents.contains(&content) {
                    contents.push(content);
                }
            }
        }
        let all: usize = contents.iter().map(Vec::len).product();
        (1..all.min(MOST_COMBINATIONS)).find_map(|mut number| {
            let [a, b, c, d] = contents.each_ref().map(|contents| {
                let content = contents[number % contents.len()].clone();
                number /= contents.len();
                content
            });
            check((images(train, a, b), images(test, c, d))).ok()
        })
    }
}

/// The file that an entry is, or those of its names in the folder that it is. A folder without any stays, and is no file when it is
/// read.
fn inside(entry: &Entry) -> Vec<PathBuf> {
    let own = || vec![entry.path.clone()];
    if entry.kind != Kind::Folder {
        return own();
    }
    let Ok(folder) = Folder::list(&entry.path) else { return own() };
    let files =
        folder.entries.iter().filter(|file| which(&file.name) == which(&entry.name) && file.kind != Kind::Folder);
    let files: Vec<PathBuf> = files.map(|file| file.path.clone()).collect();
    if files.is_empty() { own() } else { files }
}

fn read_file(path: &Path, file: usize, expected: &Expected) -> Result<Content, Error> {
    if file.is_multiple_of(2) { idx::read_pictures(path, expected) } else { idx::read_labels(path, expected) }
}

fn images(expected: &Expected, pixels: Content, labels: Content) -> Images {
    let &Expected { count, channels, height, width, .. } = expected;
    Images { count, channels, height, width, pixels, labels }
}
