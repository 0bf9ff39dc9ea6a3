//! What a caller is told while data comes.

use std::fmt;

/// What is being done at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Bytes come over the network.
    Downloading,
    /// An archive is read.
    Unpacking,
    /// Pictures are decoded.
    Decoding,
    /// The data hash is computed.
    Checking,
}

/// What [`Progress::done`] and [`Progress::total`] count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Pictures.
    Pictures,
}

impl Phase {
    /// What is counted in this phase.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Decoding => Unit::Pictures,
            Self::Downloading | Self::Unpacking | Self::Checking => Unit::Bytes,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Downloading => "downloading",
            Self::Unpacking => "unpacking",
            Self::Decoding => "decoding",
            Self::Checking => "checking",
        })
    }
}

/// How far the work is. Reports with the same phase and subject follow one another with `done` never falling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// What it is done to: a file, a package or a data set.
    pub subject: String,
    /// How much is done, in the phase's [unit](Phase::unit).
    pub done: u64,
    /// How much there is to do, where that is known.
    pub total: Option<u64>,
}

/// Passes progress on to the caller.
pub(crate) struct Reporter<'a> {
    sink: &'a mut dyn FnMut(Progress),
}

impl<'a> Reporter<'a> {
    pub fn new(sink: &'a mut dyn FnMut(Progress)) -> Self {
        Self { sink }
    }

    pub fn report(&mut self, phase: Phase, subject: &str, done: u64, total: Option<u64>) {
        (self.sink)(Progress { phase, subject: subject.to_owned(), done, total });
    }

    /// A function that is told how much is done of one thing.
    pub fn phase<'b>(
        &'b mut self,
        phase: Phase,
        subject: &'b str,
        total: Option<u64>,
    ) -> impl FnMut(u64) + use<'a, 'b> {
        move |done| self.report(phase, subject, done, total)
    }
}
