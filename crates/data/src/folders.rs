//! The folders in which a data set may lie, below one that is named.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::file_bytes::Kind;
use crate::idx_folder;
use crate::name::Name;

/// Folders within folders that are looked into: as many as the hub's cache has below `HF_HOME`, and one more.
const DEPTH: usize = 6;
/// Folders that are looked into, so that a home folder given by mistake costs no minutes.
const MOST: usize = 2000;

/// What lies in a folder, by name.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub path: PathBuf,
    pub entries: Vec<Entry>,
}

/// Something in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub name: String,
    pub path: PathBuf,
    pub kind: Kind,
}

impl Folder {
    /// Lists a folder.
    pub fn list(path: &Path) -> io::Result<Self> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            // What cannot be looked at is shown as a file, whose reading gives the reason.
            let kind = match entry.file_type() {
                Ok(found) if found.is_file() => Kind::File,
                Ok(found) if found.is_dir() => Kind::Folder,
                _ => Kind::of(&path).unwrap_or(Kind::File),
            };
            entries.push(Entry { name, path, kind });
        }
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(Self { path: path.to_owned(), entries })
    }

    /// The folders in it that are not hidden.
    pub fn folders(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.kind == Kind::Folder && !entry.name.starts_with(['.', '_']))
    }
}

/// Why a folder is looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Its name, or that of a folder around it, is the data set's.
    Named,
    /// It is the folder that the search began with.
    Root,
    /// It lies below that one.
    Other,
}

/// A folder in which a data set may lie.
#[derive(Debug)]
pub(crate) struct Place {
    pub folder: Folder,
    pub standing: Standing,
}

/// The folders in and below `root` in which `name` may lie, those with its name first, then `root`, then the others; of each
/// kind those that lie less deep come first. Folders with another data set's name are left out.
pub(crate) fn places(name: Name, root: &Path) -> Result<Vec<Place>, Error> {
    let first = Folder::list(root).map_err(|error| Error::bad(root, error))?;
    let mut seen: HashSet<PathBuf> = fs::canonicalize(root).into_iter().collect();
    let mut level = vec![(first, Standing::Root, true)];
    let mut places = Vec::new();
    for depth in 0..=DEPTH {
        let mut next = Vec::new();
        for (folder, standing, wanted) in level {
            if depth < DEPTH {
                for entry in folder.folders().filter(|entry| !idx_folder::is_idx(&entry.name)) {
                    if seen.len() >= MOST || !fs::canonicalize(&entry.path).is_ok_and(|path| seen.insert(path)) {
                        continue;
                    }
                    let Ok(below) = Folder::list(&entry.path) else { continue };
                    let (standing, wanted) = match whose(&entry.name) {
                        Some(Whose::Known(known)) => (Standing::Named, known == name),
                        Some(Whose::Other) => (Standing::Other, false),
                        None if standing == Standing::Root => (Standing::Other, true),
                        None => (standing, wanted),
                    };
                    next.push((below, standing, wanted));
                }
            }
            if wanted {
                places.push(Place { folder, standing });
            }
        }
        level = next;
    }
    // The sort keeps the order of depths and names.
    places.sort_by_key(|place| place.standing);
    Ok(places)
}

/// Whose name a file or folder bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Known(Name),
    /// A data set that lrscope does not know, some of whose files have the same names.
    Other,
}

/// The letters and digits of a name, in lower case: `Fashion_MNIST` and `fashion-mnist` are the same.
pub(crate) fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The data set whose name a file or folder bears.
pub(crate) fn whose(name: &str) -> Option<Whose> {
    match letters(name).as_str() {
        "mnist" => Some(Whose::Known(Name::Mnist)),
        "fashionmnist" | "fashion" => Some(Whose::Known(Name::FashionMnist)),
        "kmnist" | "emnist" | "qmnist" | "kuzushijimnist" | "kannadamnist" | "notmnist" => Some(Whose::Other),
        other => {
            let rest = other.strip_prefix("cifar10")?;
            // A number behind the name, as in "cifar-10 (1)", is a second download; CIFAR-100 is another set.
            let known = !rest.starts_with('0');
            Some(if known { Whose::Known(Name::Cifar10) } else { Whose::Other })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_whose_data_it_is() {
        use Whose::{Known, Other};
        let cases = [
            ("MNIST", Some(Known(Name::Mnist))),
            ("Fashion_MNIST", Some(Known(Name::FashionMnist))),
            ("FashionMNIST", Some(Known(Name::FashionMnist))),
            ("cifar-10-batches-py-target_extracted", Some(Known(Name::Cifar10))),
            ("CIFAR10", Some(Known(Name::Cifar10))),
            ("cifar-10 (1)", Some(Known(Name::Cifar10))),
            ("cifar10_32x32", Some(Known(Name::Cifar10))),
            ("CIFAR100 (1)", Some(Other)),
            ("cifar-100-python", Some(Other)),
            ("KMNIST", Some(Other)),
            ("raw", None),
            ("archive (1)", None),
        ];
        for (name, expected) in cases {
            assert_eq!(whose(name), expected, "{name}");
        }
    }

    #[test]
    fn folders_come_by_name_and_depth_and_none_of_another_set() {
        let root = tempfile::tempdir().expect("a folder");
        for folder in
            ["a/b/c/d/e/f/g", "idx/mnist", "MNIST/raw", "KMNIST/raw", "fashion-mnist/x", ".git/mnist", "__MACOSX/mnist"]
        {
            fs::create_dir_all(root.path().join(folder)).expect("a folder");
        }
        let found = places(Name::Mnist, root.path()).expect("it can be read");
        let relative =
            |place: &Place| place.folder.path.strip_prefix(root.path()).expect("below").display().to_string();
        let found: Vec<(String, Standing)> = found.iter().map(|place| (relative(place), place.standing)).collect();
        let expected = [
            ("MNIST", Standing::Named),
            ("MNIST/raw", Standing::Named),
            ("idx/mnist", Standing::Named),
            ("", Standing::Root),
            ("a", Standing::Other),
            ("idx", Standing::Other),
            ("a/b", Standing::Other),
            ("a/b/c", Standing::Other),
            ("a/b/c/d", Standing::Other),
            ("a/b/c/d/e", Standing::Other),
            ("a/b/c/d/e/f", Standing::Other),
        ];
        assert_eq!(found, expected.map(|(path, standing)| (path.to_owned(), standing)));
    }

    /// A link to a folder around it would be followed for ever, and a tree without end be walked.
    #[cfg(unix)]
    #[test]
    fn a_link_upwards_is_followed_once_and_the_number_of_folders_is_bounded() {
        let root = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(root.path(), root.path().join("again")).expect("a link");
        assert_eq!(places(Name::Mnist, root.path()).expect("it can be read").len(), 1);
        for number in 0..MOST + 10 {
            fs::create_dir(root.path().join(number.to_string())).expect("a folder");
        }
        assert_eq!(places(Name::Mnist, root.path()).expect("it can be read").len(), MOST);
    }
}
