//! Local files: in the folder that the user names, then in lrscope's own cache folder, then in Keras's.
//!
//! Looked for in the folder itself and in those below it, first in folders with the set's name ([`places`]):
//!
//! | set | files |
//! | --- | --- |
//! | `mnist`, `fashion-mnist` | the four IDX files, plain or `.gz`, with `-idx` or `.idx`, each alone or in a folder of its own name (torchvision's, Kaggle's and Keras's layouts); Keras's `mnist.npz` |
//! | `cifar10` | `cifar-10-batches-bin`, `cifar-10-batches-py`, and archives of them under any name that begins with `cifar` |
//! | all three | parquet files of a training and a test part |
//!
//! The first copy that is whole and has the known hash is the one that is taken. Where there is none, what is wrong with a copy in the
//! user's folder or in lrscope's is an error; in a folder that neither the user nor lrscope filled it is only told.

use std::path::Path;

use crate::attempt::Attempt;
use crate::copies::{self, DataCopy};
use crate::error::{Error, Problem};
use crate::file_bytes::Kind;
use crate::folders::{Standing, places};
use crate::images::DataSet;
use crate::load::Found;
use crate::locations::Locations;
use crate::name::Name;
use crate::progress::Reporter;
use crate::source::Source;

/// Looks in the user's folder, in the cache folder and in Keras's.
pub(crate) fn find(name: Name, locations: &Locations, reporter: &mut Reporter<'_>) -> Result<Found, Error> {
    let mut attempts = Vec::new();
    match &locations.data_dir {
        None => attempts.push(Attempt::new(Source::Local, "--data-dir, LRSCOPE_DATA_DIR", "neither is given")),
        Some(folder) if !Kind::is_folder(folder)? => return Err(Error::bad(folder, Problem::NoFolder)),
        Some(folder) => match find_in(name, folder, reporter)? {
            Ok(set) => return Ok(Found::Data(set)),
            Err(reasons) => attempts.extend(reasons),
        },
    }
    if let Some(store) = locations.store() {
        match find_in(name, &store, reporter)? {
            Ok(set) => return Ok(Found::Data(set)),
            Err(reasons) => attempts.extend(reasons),
        }
    }
    if let Some(folder) = locations.keras_dir.as_ref().filter(|folder| folder.is_dir()) {
        match find_in(name, folder, reporter) {
            Ok(Ok(set)) => return Ok(Found::Data(set)),
            Ok(Err(reasons)) => attempts.extend(reasons),
            Err(error) => attempts.extend(Attempt::of_error(Source::Local, folder, &error)),
        }
    }
    Ok(Found::Nothing(attempts))
}

/// The data set, or the reasons why a folder does not have it.
type Search = Result<DataSet, Vec<Attempt>>;

/// Looks in one folder.
pub(crate) fn find_in(name: Name, root: &Path, reporter: &mut Reporter<'_>) -> Result<Search, Error> {
    let mut reasons = Vec::new();
    let mut absent = |reason: String| reasons.push(Attempt::new(Source::Local, root.display().to_string(), reason));
    if !Kind::is_folder(root)? {
        absent("the folder does not exist".to_owned());
        return Ok(Err(reasons));
    }
    absent(format!("neither it nor a folder in it has {}", wanted(name)));
    let mut faults = Vec::new();
    for place in places(name, root)? {
        for copy in copies::in_folder(name, &place.folder) {
            match copy.read(name, Source::Local, reporter) {
                Ok(set) => return Ok(Ok(set)),
                Err(error) if passed_over(&copy, &error, place.standing) => {
                    reasons.extend(Attempt::of_error(Source::Local, &place.folder.path, &error));
                }
                Err(error) => faults.push(error),
            }
        }
    }
    if faults.is_empty() { Ok(Err(reasons)) } else { Err(Error::all(name, faults)) }
}

/// Whether a copy that is not right is none at all: nothing but its files' own names said that it could be one.
fn passed_over(copy: &DataCopy, error: &Error, standing: Standing) -> bool {
    standing != Standing::Named && copy.is_of_another_set(error, standing == Standing::Root)
}

/// What is looked for, in words.
const fn wanted(name: Name) -> &'static str {
    match name {
        Name::Digits => "anything: it is embedded",
        Name::Mnist | Name::FashionMnist => {
            "the four IDX files (train-images-idx3-ubyte, …, plain or .gz), an archive of arrays with the set's name (.npz), or \
             parquet files of both parts (train-….parquet, test-….parquet)"
        }
        Name::Cifar10 => {
            "cifar-10-batches-bin, cifar-10-batches-py, an archive of one of them (cifar-….tar.gz), or parquet files of both parts \
             (train-….parquet, test-….parquet)"
        }
    }
}
