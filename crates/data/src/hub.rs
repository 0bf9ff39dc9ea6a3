//! The Hugging Face hub over the network.
//!
//! The files are the hub's own conversion to parquet (revision `refs/convert/parquet`), under the names that candle-datasets
//! uses.

use std::fs::File;
use std::path::Path;

use candle_datasets::hub::FileReader;
use parquet::file::reader::SerializedFileReader;

use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::hash::verify;
use crate::hub_client::{self, Hub};
use crate::images::{DataSet, Images};
use crate::install::Lock;
use crate::load::Found;
use crate::locations::Locations;
use crate::name::Name;
use crate::parquet_file::Pictures;
use crate::progress::{Phase, Reporter};
use crate::source::{Origin, Source};

/// The hub's branch of parquet files.
pub(crate) const REVISION: &str = "refs/convert/parquet";

/// Where the hub keeps a data set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repository {
    pub id: &'static str,
    /// The name that the repository once had, under which older caches keep it.
    pub former: &'static str,
    pub train: &'static str,
    pub test: &'static str,
}

impl Repository {
    /// Its present and its former name.
    pub const fn ids(&self) -> [&'static str; 2] {
        [self.id, self.former]
    }
}

pub(crate) const fn repository(name: Name) -> Option<Repository> {
    match name {
        Name::Digits => None,
        Name::Mnist => Some(Repository {
            id: "ylecun/mnist",
            former: "mnist",
            train: "mnist/train/0000.parquet",
            test: "mnist/test/0000.parquet",
        }),
        Name::FashionMnist => Some(Repository {
            id: "zalando-datasets/fashion_mnist",
            former: "fashion_mnist",
            train: "fashion_mnist/train/0000.parquet",
            test: "fashion_mnist/test/0000.parquet",
        }),
        Name::Cifar10 => Some(Repository {
            id: "uoft-cs/cifar10",
            former: "cifar10",
            train: "plain_text/train/0000.parquet",
            test: "plain_text/test/0000.parquet",
        }),
    }
}

fn decode(
    reader: &dyn FileReader,
    repository: &Repository,
    (expected, place): (&Expected, &Path),
    reporter: &mut Reporter<'_>,
) -> Result<Images, Error> {
    let mut tick = reporter.phase(Phase::Decoding, repository.id, Some(expected.count as u64));
    let mut pictures = Pictures::new(expected);
    let read = pictures.take_file(reader, &mut tick).and_then(|()| pictures.finish());
    read.map_err(|problem| Error::bad(place, problem))
}

/// Asks the hub over the network.
pub(crate) fn download(name: Name, locations: &Locations, reporter: &mut Reporter<'_>) -> Result<Found, Error> {
    let source = Source::Hub;
    let Some(repository) = repository(name).filter(|_| locations.hub) else {
        return Ok(Found::nothing(source, "the hub", "not to be used"));
    };
    if let Some(reason) = locations.stays_offline() {
        return Ok(Found::nothing(source, repository.id, reason));
    }
    let hub = match Hub::new(locations) {
        Ok(hub) => hub,
        Err(error) => return Ok(Found::nothing(source, repository.id, chain(&error))),
    };
    let place = format!("{} on {}", repository.id, hub.endpoint());
    // Two processes that fetch the same files would wait for each other in the hub's cache for 10 s and then give up.
    let mut waiting = || reporter.report(Phase::Downloading, repository.id, 0, None);
    let _lock =
        locations.store().and_then(|store| Lock::acquire(&store, name, locations.npm_patience, &mut waiting).ok());
    let files = match hub_client::download(hub, repository, locations.hub_patience, reporter) {
        Ok(files) => files,
        Err(failure) => return Ok(Found::nothing(source, place, failure.to_string())),
    };
    read_downloads(name, &repository, &files, &place, reporter).map(Found::Data)
}

/// The hub lists its files in no promised order: each part is the file with its number of rows.
fn read_downloads(
    name: Name,
    repository: &Repository,
    files: &[SerializedFileReader<File>],
    place: &str,
    reporter: &mut Reporter<'_>,
) -> Result<DataSet, Error> {
    let mut read = |expected: Expected| {
        let rows = |file: &&SerializedFileReader<File>| {
            file.metadata().file_metadata().num_rows().unsigned_abs() == expected.count as u64
        };
        let file = files.iter().find(rows).or(files.first());
        let place = Path::new(place);
        match file {
            Some(file) => decode(file, repository, (&expected, place), reporter),
            None => Err(Error::bad(place, Problem::Lacking)),
        }
    };
    let (train, test) = (read(Expected::train(name))?, read(Expected::test(name))?);
    let origin = Origin::new(Source::Hub, format!("parquet files of {place}"));
    verify(DataSet { name, train, test, source: origin }, reporter)
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
