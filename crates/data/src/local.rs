//! Local files: in the folder that the user names, then in lrscope's own cache folder.
//!
//! Looked for, in this order:
//!
//! | set | folders (with the four IDX files, plain or `.gz`) or files |
//! | --- | --- |
//! | `mnist` | `mnist`, `idx/mnist`, `MNIST/raw` (torchvision's), `raw`, the folder itself |
//! | `fashion-mnist` | `fashion-mnist`, `idx/fashion-mnist`, `FashionMNIST/raw` (torchvision's), `raw`, the folder itself |
//! | `cifar10` | `cifar-10-batches-bin`, `cifar-10-binary.tar.gz`, `cifar-10-batches-py`, `cifar-10-python.tar.gz` (torchvision's), each also below `cifar10`; the folder itself |
//!
//! The first that is there is the one that is read: if it is damaged, that is an error.

use std::path::{Path, PathBuf};

use crate::archive::{self, Wanted};
use crate::attempt::Attempt;
use crate::cifar::{self, Form, Parts};
use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::Kind;
use crate::hash::verify;
use crate::idx;
use crate::images::{DataSet, Images};
use crate::load::Found;
use crate::locations::Locations;
use crate::name::Name;
use crate::progress::{Phase, Reporter};
use crate::source::{Origin, Source};

/// Looks in the user's folder and in the cache folder.
pub(crate) fn find(name: Name, locations: &Locations, reporter: &mut Reporter<'_>) -> Result<Found, Error> {
    let mut attempts = Vec::new();
    match &locations.data_dir {
        None => attempts.push(Attempt::new(Source::Local, "--data-dir, LRSCOPE_DATA_DIR", "neither is given")),
        Some(folder) if !Kind::is_folder(folder)? => return Err(Error::bad(folder, Problem::NoFolder)),
        Some(folder) => match find_in(name, folder, reporter)? {
            Ok(set) => return Ok(Found::Data(set)),
            Err(attempt) => attempts.push(attempt),
        },
    }
    if let Some(store) = locations.store() {
        match find_in(name, &store, reporter)? {
            Ok(set) => return Ok(Found::Data(set)),
            Err(attempt) => attempts.push(attempt),
        }
    }
    Ok(Found::Nothing(attempts))
}

/// Looks in one folder.
pub(crate) fn find_in(name: Name, root: &Path, reporter: &mut Reporter<'_>) -> Result<Result<DataSet, Attempt>, Error> {
    let absent = |reason: String| Ok(Err(Attempt::new(Source::Local, root.display().to_string(), reason)));
    if !Kind::is_folder(root)? {
        return absent("the folder does not exist".to_owned());
    }
    root.read_dir().map_err(|error| Error::bad(root, error))?;
    let candidates = candidates(name);
    for candidate in &candidates {
        let Some((train, test)) = candidate.read(name, root, reporter)? else {
            continue;
        };
        let origin = Origin::new(Source::Local, format!("{} in {}", candidate.form(), candidate.path(root).display()));
        match verify(DataSet { name, train, test, source: origin }, reporter) {
            // The four files of MNIST and Fashion-MNIST have the same names: without a folder's name they say nothing.
            Err(Error::Hash(other)) if candidate.is_unnamed() && other.looks_like.is_some() => {}
            checked => return checked.map(Ok),
        }
    }
    let places: Vec<String> = candidates.iter().map(ToString::to_string).collect();
    absent(format!("has none of: {}", places.join(", ")))
}

/// A place in a folder where a data set can be.
#[derive(Debug)]
enum Candidate {
    /// A folder with four IDX files.
    Idx(&'static str),
    /// A folder of CIFAR-10's batches.
    Batches(Form, PathBuf),
    /// An archive of CIFAR-10's batches.
    Archive(Form, PathBuf),
}

fn candidates(name: Name) -> Vec<Candidate> {
    match name {
        Name::Digits => Vec::new(),
        Name::Mnist => ["mnist", "idx/mnist", "MNIST/raw", "raw", "."].map(Candidate::Idx).into(),
        Name::FashionMnist => {
            ["fashion-mnist", "idx/fashion-mnist", "FashionMNIST/raw", "raw", "."].map(Candidate::Idx).into()
        }
        Name::Cifar10 => {
            let named = ["", "cifar10"].into_iter().flat_map(|parent| {
                let below = move |form: Form| {
                    let parent = Path::new(parent);
                    [
                        Candidate::Batches(form, parent.join(form.folder())),
                        Candidate::Archive(form, parent.join(form.archive())),
                    ]
                };
                [Form::Binary, Form::Python].into_iter().flat_map(below)
            });
            let bare = [Form::Binary, Form::Python].map(|form| Candidate::Batches(form, PathBuf::from(".")));
            named.chain(bare).collect()
        }
    }
}

impl std::fmt::Display for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Idx(".") => write!(f, "the IDX files themselves"),
            Self::Batches(form, folder) if folder == Path::new(".") => write!(f, "{}", form.files().join(" ")),
            Self::Idx(folder) => write!(f, "{folder}"),
            Self::Batches(_, path) | Self::Archive(_, path) => write!(f, "{}", path.display()),
        }
    }
}

impl Candidate {
    fn path(&self, root: &Path) -> PathBuf {
        match self {
            Self::Idx(".") => root.to_owned(),
            Self::Idx(folder) => root.join(folder),
            Self::Batches(_, path) | Self::Archive(_, path) if path == Path::new(".") => root.to_owned(),
            Self::Batches(_, path) | Self::Archive(_, path) => root.join(path),
        }
    }

    const fn form(&self) -> &'static str {
        match self {
            Self::Idx(_) => "IDX files",
            Self::Batches(Form::Binary, _) => "binary batches",
            Self::Batches(Form::Python, _) => "Python batches",
            Self::Archive(..) => "the archive",
        }
    }

    /// Whether nothing but the files' own names says which data set this is.
    fn is_unnamed(&self) -> bool {
        matches!(self, Self::Idx("." | "raw"))
    }

    /// Reads the data set if it is there.
    fn read(&self, name: Name, root: &Path, reporter: &mut Reporter<'_>) -> Result<Option<(Images, Images)>, Error> {
        let path = self.path(root);
        let parts = (&Expected::train(name), &Expected::test(name));
        let total = Some((parts.0.count + parts.1.count) as u64);
        let mut tick = reporter.phase(Phase::Decoding, name.as_str(), total);
        match self {
            Self::Idx(_) => idx_folder(name, &path, parts, &mut tick),
            Self::Batches(form, _) if is_there(&path, &form.files())? => {
                cifar::read_folder(&path, *form, parts, &mut tick).map(Some)
            }
            Self::Archive(form, _) if Kind::is_file(&path)? => {
                drop(tick);
                read_archive(&path, *form, parts, reporter).map(Some)
            }
            Self::Batches(..) | Self::Archive(..) => Ok(None),
        }
    }
}

/// Whether one of these files is in the folder.
fn is_there(folder: &Path, files: &[String]) -> Result<bool, Error> {
    Ok(Kind::is_folder(folder)? && files.iter().any(|file| folder.join(file).exists()))
}

/// The IDX files: training pictures and labels, test pictures and labels.
pub(crate) const IDX: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// Reads a folder of IDX files, if one of the four is in it.
pub(crate) fn idx_folder(
    name: Name,
    folder: &Path,
    (train, test): (&Expected, &Expected),
    tick: &mut dyn FnMut(u64),
) -> Result<Option<(Images, Images)>, Error> {
    if !Kind::is_folder(folder)? {
        return Ok(None);
    }
    let mut files = Vec::new();
    for stem in IDX {
        files.push(idx_file(folder, stem)?);
    }
    if files.iter().all(Option::is_none) {
        return Ok(None);
    }
    let present =
        |place: usize| files[place].clone().ok_or_else(|| Error::bad(&folder.join(IDX[place]), Problem::Missing(name)));
    let files = [present(0)?, present(1)?, present(2)?, present(3)?];
    let train = idx::read(&files[0], &files[1], train)?;
    tick(train.count as u64);
    let test = idx::read(&files[2], &files[3], test)?;
    tick((train.count + test.count) as u64);
    Ok(Some((train, test)))
}

/// An IDX file, plain or gzipped, with a dash or (as some mirrors have it) a dot before `idx`.
fn idx_file(folder: &Path, stem: &str) -> Result<Option<PathBuf>, Error> {
    let dotted = stem.replace("-idx", ".idx");
    for file in [stem.to_owned(), dotted.clone(), format!("{stem}.gz"), format!("{dotted}.gz")] {
        let path = folder.join(file);
        if Kind::is_file(&path)? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Reads an archive of CIFAR-10's batches.
pub(crate) fn read_archive(
    path: &Path,
    form: Form,
    (train, test): (&Expected, &Expected),
    reporter: &mut Reporter<'_>,
) -> Result<(Images, Images), Error> {
    let mut parts = Parts::new(form, train, test);
    let wanted: Vec<Wanted> = form
        .files()
        .iter()
        .enumerate()
        .map(|(batch, file)| {
            let limit = form.limit(&parts.expected(batch)) as u64;
            Wanted { path: format!("{}/{file}", form.folder()), limit }
        })
        .collect();
    archive::read_entries(path, &wanted, reporter, &mut |batch, bytes| parts.take(batch, &bytes))?;
    Ok(parts.finish())
}
