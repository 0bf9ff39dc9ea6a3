//! Copies of a data set in a folder: what there is, and how each is read.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cifar::{self, Form};
use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::Kind;
use crate::folders::{Entry, Folder, Whose, letters, whose};
use crate::gzip::MAGIC;
use crate::hash::verify;
use crate::idx_folder::IdxFiles;
use crate::images::{DataSet, Images};
use crate::name::Name;
use crate::npz;
use crate::parquet_folder::ParquetFiles;
use crate::progress::{Phase, Reporter};
use crate::source::{Origin, Source};

/// A copy of a data set.
#[derive(Debug)]
pub(crate) enum DataCopy {
    /// Four IDX files.
    Idx(IdxFiles),
    /// Keras's archive of arrays.
    Npz(PathBuf),
    /// A folder of CIFAR-10's batches.
    Batches(Form, PathBuf),
    /// An archive of CIFAR-10's batches.
    Archive(PathBuf),
    /// Parquet files.
    Parquet(ParquetFiles),
}

/// The copies in a folder.
pub(crate) fn in_folder(name: Name, folder: &Folder) -> Vec<DataCopy> {
    let mut copies = Vec::new();
    if name == Name::Cifar10 {
        copies.extend(batches(folder));
        copies.extend(
            folder.entries.iter().filter(|entry| is_archive(entry)).map(|it| DataCopy::Archive(it.path.clone())),
        );
    } else {
        copies.extend(IdxFiles::find(folder).map(DataCopy::Idx));
        copies.extend(folder.entries.iter().filter(|it| is_npz(name, it)).map(|it| DataCopy::Npz(it.path.clone())));
    }
    copies.extend(ParquetFiles::find(name, folder).into_iter().map(DataCopy::Parquet));
    copies
}

/// The forms of which a batch lies in the folder.
fn batches(folder: &Folder) -> impl Iterator<Item = DataCopy> {
    let has = |form: &Form| form.files().iter().any(|file| folder.entries.iter().any(|entry| entry.name == *file));
    Form::ALL.into_iter().filter(has).map(|form| DataCopy::Batches(form, folder.path.clone()))
}

/// Whether an entry may be an archive of CIFAR-10: by its name, and where that does not tell, by how it begins.
fn is_archive(entry: &Entry) -> bool {
    let letters = letters(&entry.name);
    if !letters.starts_with("cifar") || whose(&entry.name) == Some(Whose::Other) || entry.kind == Kind::Folder {
        return false;
    }
    let ending = entry.name.to_lowercase();
    [".tar.gz", ".tgz", ".tar"].iter().any(|known| ending.ends_with(known))
        || Form::ALL.iter().any(|form| self::letters(form.folder()) == letters)
        || (entry.kind == Kind::File && begins_as_archive(&entry.path))
}

/// Whether a file has one of the names that the archive comes under: the university's, torchvision's and Keras's.
fn is_official(path: &Path) -> bool {
    let letters = letters(&path.file_name().unwrap_or_default().to_string_lossy());
    let bare = letters.strip_suffix("gz").unwrap_or(&letters);
    let bare = bare.strip_suffix("tar").unwrap_or(bare);
    ["cifar10binary", "cifar10python", "cifar10batchesbin", "cifar10batchespy", "cifar10batchespytarget"]
        .contains(&bare)
}

fn begins_as_archive(path: &Path) -> bool {
    const TAR: std::ops::Range<usize> = 257..262;
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    read.is_ok() && (head.starts_with(&MAGIC) || head.get(TAR) == Some(b"ustar"))
}

fn is_npz(name: Name, entry: &Entry) -> bool {
    let stem = entry.name.to_lowercase();
    let stem = stem.strip_suffix(".npz");
    entry.kind != Kind::Folder && stem.is_some_and(|stem| whose(stem) == Some(Whose::Known(name)))
}

impl fmt::Display for DataCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self {
            Self::Idx(_) => "IDX files",
            Self::Npz(_) => "arrays",
            Self::Batches(Form::Binary, _) => "binary batches",
            Self::Batches(Form::Python, _) => "Python batches",
            Self::Archive(_) => "the archive",
            Self::Parquet(_) => "parquet files",
        };
        write!(f, "{form} in {}", self.path().display())
    }
}

impl DataCopy {
    fn path(&self) -> &Path {
        match self {
            Self::Idx(files) => files.folder(),
            Self::Parquet(files) => files.folder(),
            Self::Npz(path) | Self::Batches(_, path) | Self::Archive(path) => path,
        }
    }

    /// Reads the copy and checks it by its hash.
    pub fn read(&self, name: Name, source: Source, reporter: &mut Reporter<'_>) -> Result<DataSet, Error> {
        let parts = (&Expected::train(name), &Expected::test(name));
        let origin = Origin::new(source, self.to_string());
        let set = |(train, test)| DataSet { name, train, test, source: origin.clone() };
        let total = (parts.0.count + parts.1.count) as u64;
        let (train, test) = match self {
            Self::Idx(files) => {
                return files.read(name, parts, &mut |images| {
                    reporter.report(Phase::Decoding, name.as_str(), total, Some(total));
                    verify(set(images), reporter)
                });
            }
            Self::Npz(path) => npz::read(path, parts)?,
            Self::Batches(form, path) => {
                let mut tick = reporter.phase(Phase::Decoding, name.as_str(), Some(total));
                cifar::read_folder(path, *form, parts, &mut tick)?
            }
            Self::Archive(path) => read_archive(path, parts, reporter)?,
            Self::Parquet(files) => files.read(name, parts, reporter)?,
        };
        verify(set((train, test)), reporter)
    }

    /// Whether an error says only that this is no copy of the set: other data under names that every set could have.
    pub fn is_of_another_set(&self, error: &Error, in_root: bool) -> bool {
        match error {
            Error::NoneRight { faults, .. } => faults.iter().all(|fault| self.is_of_another_set(fault, in_root)),
            // The four files of MNIST and Fashion-MNIST have the same names: without a folder's name they say nothing.
            Error::Hash(mismatch) => mismatch.looks_like.is_some() || !in_root,
            Error::Bad { problem, .. } => match self {
                Self::Parquet(_) => !in_root || is_of_another_kind(problem),
                Self::Idx(_) | Self::Batches(..) => {
                    !in_root && (is_of_another_kind(problem) || matches!(problem, Problem::Missing(_)))
                }
                Self::Npz(_) => matches!(problem, Problem::Lacking),
                // What bears a name of its own may hold anything.
                Self::Archive(path) => matches!(problem, Problem::NoBatches) && !is_official(path),
            },
            _ => false,
        }
    }
}

const fn is_of_another_kind(problem: &Problem) -> bool {
    use Problem::{Column, Count, Magic, PictureKind};
    matches!(problem, Column { .. } | Count { .. } | Magic { .. } | PictureKind { .. })
}

fn read_archive(
    path: &Path,
    parts: (&Expected, &Expected),
    reporter: &mut Reporter<'_>,
) -> Result<(Images, Images), Error> {
    let is_folder_s = |form: &Form| path.file_name().is_some_and(|name| name == form.folder());
    if Form::ALL.iter().any(is_folder_s) && !begins_as_archive(path) {
        return Err(Error::bad(path, Problem::NotAFolder));
    }
    cifar::read_archive(path, parts, reporter)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Which of these files, each with these bytes, are taken for a copy.
    fn taken(name: Name, files: &[&str], bytes: &[u8]) -> Vec<String> {
        let root = tempfile::tempdir().expect("a folder");
        for file in files {
            fs::write(root.path().join(file), bytes).expect("a file");
        }
        let copies = in_folder(name, &Folder::list(root.path()).expect("it can be read"));
        let file = |copy: &DataCopy| Some(copy.path().file_name()?.to_string_lossy().into_owned());
        copies.iter().filter_map(file).collect()
    }

    const ARCHIVES: [&str; 6] = [
        "CIFAR-10.tgz",
        "cifar-10-batches-py-target.tar.gz",
        "cifar-10-batches-py.tar.gz",
        "cifar-10-binary.tar.gz",
        "cifar-10-python (1).tar.gz",
        "cifar10.tar",
    ];

    #[test]
    fn an_archive_is_known_by_its_name_or_by_its_first_bytes() {
        assert_eq!(taken(Name::Cifar10, &ARCHIVES, b"anything"), ARCHIVES);
        let bare = ["cifar-10-batches-py-target", "cifar10.download"];
        assert_eq!(taken(Name::Cifar10, &bare, &MAGIC), bare);
        assert_eq!(taken(Name::Cifar10, &bare, &[&[b'x'; 257][..], b"ustar"].concat()), bare);
        assert!(taken(Name::Cifar10, &bare, b"anything").is_empty());
        assert!(taken(Name::Cifar10, &["cifar-100-python.tar.gz", "cifar10.py", "mnist.npz"], b"x").is_empty());
        assert!(taken(Name::Mnist, &ARCHIVES, b"anything").is_empty());
    }

    #[test]
    fn an_archive_of_something_else_is_a_fault_under_the_official_names_alone() {
        let nothing = Error::bad(Path::new("it"), Problem::NoBatches);
        let passed = ARCHIVES.map(|name| DataCopy::Archive(name.into()).is_of_another_set(&nothing, true));
        assert_eq!(passed, [true, false, false, false, true, true]);
    }

    #[test]
    fn an_archive_of_arrays_bears_the_set_s_name() {
        let files = ["Fashion_MNIST.npz", "kmnist.npz", "mnist.npz", "weights.npz"];
        assert_eq!(taken(Name::Mnist, &files, b"x"), ["mnist.npz"]);
        assert_eq!(taken(Name::FashionMnist, &files, b"x"), ["Fashion_MNIST.npz"]);
    }
}
