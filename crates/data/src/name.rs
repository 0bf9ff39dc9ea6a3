//! The names of the data sets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A data set that lrscope knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Name {
    /// 8×8 handwritten digits, embedded in the program.
    Digits,
    /// 28×28 handwritten digits.
    Mnist,
    /// 28×28 pictures of clothes.
    FashionMnist,
    /// 32×32 colour photographs.
    Cifar10,
}

impl Name {
    /// All data sets, smallest first.
    pub const ALL: [Self; 4] = [Self::Digits, Self::Mnist, Self::FashionMnist, Self::Cifar10];

    /// The name as it is written in configurations and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar10",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<Name> for &'static str {
    fn from(name: Name) -> Self {
        name.as_str()
    }
}

impl FromStr for Name {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or_else(|| UnknownName { given: text.to_owned(), near: nearest(text) })
    }
}

impl TryFrom<String> for Name {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

/// A name that no data set has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// What was asked for.
    pub given: String,
    /// The data set whose name is close enough to have been meant.
    pub near: Option<Name>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A pasted file must not fill the screen.
        let given: String = self.given.chars().take(40).collect();
        write!(f, "unknown data set {given:?}")?;
        if let Some(near) = self.near {
            write!(f, ": did you mean `{near}`?")?;
        }
        let names = Name::ALL.map(Name::as_str).join("`, `");
        write!(f, " (known: `{names}`)")
    }
}

impl std::error::Error for UnknownName {}

fn nearest(text: &str) -> Option<Name> {
    lrscope_names::nearest(text, Name::ALL.map(Name::as_str))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for name in Name::ALL {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
    }

    #[test]
    fn a_near_miss_is_suggested_and_all_names_are_listed() {
        let cases = [
            ("minst", Some(Name::Mnist)),
            ("MNIST", Some(Name::Mnist)),
            ("cifar", Some(Name::Cifar10)),
            ("cifar-10", Some(Name::Cifar10)),
            ("fashion_mnist", Some(Name::FashionMnist)),
            ("digit", Some(Name::Digits)),
            ("imagenet", None),
            ("", None),
        ];
        for (given, near) in cases {
            let error = given.parse::<Name>().expect_err(given);
            assert_eq!(error.near, near, "{given}");
            for name in Name::ALL {
                assert!(error.to_string().contains(name.as_str()), "{error}");
            }
        }
    }

    #[test]
    fn a_long_name_is_cut_in_the_message() {
        let error = "x".repeat(10_000).parse::<Name>().expect_err("no such name");
        assert!(error.to_string().len() < 200, "{error}");
    }

    #[test]
    fn a_configuration_holds_the_name_as_text() {
        assert_eq!(serde_json::to_string(&Name::FashionMnist).expect("plain text"), "\"fashion-mnist\"");
        assert_eq!(serde_json::from_str::<Name>("\"cifar10\"").expect("a known name"), Name::Cifar10);
        let error = serde_json::from_str::<Name>("\"cifar100\"").expect_err("unknown");
        assert!(error.to_string().contains("did you mean `cifar10`"), "{error}");
    }
}
