//! CIFAR-10's own forms: the binary batches (one byte of label, then 3,072 bytes of red, green and blue planes per picture)
//! and the Python batches. <https://www.cs.toronto.edu/~kriz/cifar.html>

use std::path::Path;

use crate::archive::{self, Wanted};
use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::{check_length, read_bounded};
use crate::images::Images;
use crate::name::Name;
use crate::pickle;
use crate::progress::Reporter;

/// Training batches.
const BATCHES: usize = 5;

/// How batches are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `cifar-10-batches-bin`, `cifar-10-binary.tar.gz`.
    Binary,
    /// `cifar-10-batches-py`, `cifar-10-python.tar.gz`: pickles.
    Python,
}

impl Form {
    /// The folder that holds the batches.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Binary => "cifar-10-batches-bin",
            Self::Python => "cifar-10-batches-py",
        }
    }

    /// Both forms.
    pub const ALL: [Self; 2] = [Self::Binary, Self::Python];

    /// The files, the training batches in order and then the test batch.
    pub fn files(self) -> Vec<String> {
        let ending = if self == Self::Binary { ".bin" } else { "" };
        let train = (1..=BATCHES).map(|batch| format!("data_batch_{batch}{ending}"));
        train.chain([format!("test_batch{ending}")]).collect()
    }

    /// The bytes that one file of `count` pictures can have.
    pub const fn limit(self, expected: &Expected) -> usize {
        let bytes = expected.count * (1 + expected.picture());
        match self {
            Self::Binary => bytes,
            // File names and labels take about 32 bytes a picture; a pickle written by Python 3 in the old protocol spends
            // two bytes on every pixel above 127.
            Self::Python => 2 * bytes + 64 * expected.count + 4096,
        }
    }
}

/// The two parts, filled batch by batch in any order.
pub(crate) struct Parts {
    form: Form,
    train: Images,
    test: Images,
    classes: usize,
}

impl Parts {
    pub fn new(form: Form, train: &Expected, test: &Expected) -> Self {
        Self { form, train: Images::blank(train), test: Images::blank(test), classes: train.classes }
    }

    /// What batch `batch` must hold; the last is the test batch.
    pub fn expected(&self, batch: usize) -> Expected {
        let part = if batch < BATCHES { &self.train } else { &self.test };
        let &Images { count, channels, height, width, .. } = part;
        let count = if batch < BATCHES { count / BATCHES } else { count };
        Expected { count, channels, height, width, classes: self.classes }
    }

    /// Takes in the content of one file.
    pub fn take(&mut self, batch: usize, bytes: &[u8]) -> Result<(), Problem> {
        let expected = self.expected(batch);
        let (part, first) =
            if batch < BATCHES { (&mut self.train, batch * expected.count) } else { (&mut self.test, 0) };
        let labels = &mut part.labels[first..first + expected.count];
        let start = first * expected.picture();
        let pixels = &mut part.pixels[start..start + expected.pixels()];
        match self.form {
            Form::Binary => split_records(bytes, &expected, pixels, labels)?,
            Form::Python => pickle::read_batch(bytes, &expected, pixels, labels)?,
        }
        expected.check_labels(labels)
    }

    pub fn finish(self) -> (Images, Images) {
        (self.train, self.test)
    }
}

fn split_records(bytes: &[u8], expected: &Expected, pixels: &mut [u8], labels: &mut [u8]) -> Result<(), Problem> {
    let record = 1 + expected.picture();
    check_length(bytes, expected.count * record)?;
    let pictures = pixels.chunks_exact_mut(expected.picture());
    for ((record, picture), label) in bytes.chunks_exact(record).zip(pictures).zip(labels) {
        *label = record[0];
        picture.copy_from_slice(&record[1..]);
    }
    Ok(())
}

/// Reads an archive of batches, in the form of the first batch that it holds. Whatever folder they are in, and whatever the archive's
/// name: Keras keeps `cifar-10-python.tar.gz` as `cifar-10-batches-py.tar.gz`.
pub(crate) fn read_archive(
    path: &Path,
    (train, test): (&Expected, &Expected),
    reporter: &mut Reporter<'_>,
) -> Result<(Images, Images), Error> {
    let all: Vec<String> = Form::ALL.iter().flat_map(|form| form.files()).collect();
    let first = archive::first_of(path, &all)?.ok_or_else(|| Error::bad(path, Problem::NoBatches))?;
    let form = Form::ALL[first / (BATCHES + 1)];
    let mut parts = Parts::new(form, train, test);
    let files = form.files().into_iter().enumerate();
    let wanted: Vec<Wanted> =
        files.map(|(batch, path)| Wanted { path, limit: form.limit(&parts.expected(batch)) as u64 }).collect();
    archive::read_entries(path, &wanted, reporter, &mut |batch, bytes| parts.take(batch, &bytes))?;
    Ok(parts.finish())
}

/// Reads a folder of batches. `tick` is told the number of pictures read so far.
pub(crate) fn read_folder(
    folder: &Path,
    form: Form,
    (train, test): (&Expected, &Expected),
    tick: &mut dyn FnMut(u64),
) -> Result<(Images, Images), Error> {
    let mut parts = Parts::new(form, train, test);
    let mut done = 0;
    for (batch, file) in form.files().iter().enumerate() {
        let path = folder.join(file);
        if !path.exists() {
            return Err(Error::bad(&path, Problem::Missing(Name::Cifar10)));
        }
        let expected = parts.expected(batch);
        let bytes = read_bounded(&path, form.limit(&expected) + 1)?;
        parts.take(batch, &bytes).map_err(|problem| Error::bad(&path, problem))?;
        done += expected.count as u64;
        tick(done);
    }
    Ok(parts.finish())
}
