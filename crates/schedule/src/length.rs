//! Lengths as a configuration writes them: steps, or epochs.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use crate::epochs::{Epochs, NotEpochs};

/// The largest count that a 64-bit float holds exactly, 2⁵³.
pub(crate) const MAX_COUNT: f64 = 9_007_199_254_740_992.0;

/// What a schedule counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Optimizer updates: the rate may change with every update.
    #[default]
    Update,
    /// Epochs: the count is ⌊step / steps per epoch⌋, so the rate stays the same within an epoch, and plain numbers among the
    /// schedule's lengths are epochs.
    Epoch,
}

impl Interval {
    /// Updates in one count.
    pub(crate) fn updates(self, steps_per_epoch: u64) -> u64 {
        match self {
            Self::Update => 1,
            Self::Epoch => steps_per_epoch,
        }
    }
}

/// A length: a number of steps, or of epochs (`"2ep"`, `"0.5ep"`, `"1/3ep"`).
///
/// A plain number counts what the schedule counts: updates, or epochs where its `interval` is `"epoch"`. Epochs are exactly what
/// the text says ([`Epochs`]): multiplied by the updates in an epoch they give the exact product, and where a whole number is
/// needed, the one nearest to it (a half is rounded up). Fractions of a step are for the cyclic schedule alone, as in
/// PyTorch. Lengths are above 0 and at most 2⁵³.
///
/// ```
/// # use lrscope_schedule::{Epochs, Length};
/// assert_eq!(serde_json::from_str::<Length>("2000")?, Length::Count(2000.0));
/// assert_eq!(serde_json::from_str::<Length>("\"1ep\"")?, Length::Epochs(Epochs::ONE));
/// assert!(serde_json::from_str::<Length>("0").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Counts of the schedule's interval.
    Count(f64),
    /// Epochs.
    Epochs(Epochs),
}

impl Length {
    /// The number, whatever it counts; in a resolved schedule, counts of its interval.
    pub fn count(self) -> f64 {
        match self {
            Self::Count(count) => count,
            Self::Epochs(epochs) => epochs.updates(1),
        }
    }

    /// The number of a length that has been resolved to a whole one.
    pub(crate) fn whole(self) -> u64 {
        self.count() as u64
    }
}

impl From<u64> for Length {
    fn from(count: u64) -> Self {
        Self::Count(count as f64)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Epochs(epochs) => write!(f, "{epochs}ep"),
        }
    }
}

impl Serialize for Length {
    /// A whole count is written as an integer, so that `2000` and `2000.0` are the same specification.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) if count.fract() == 0.0 && (0.0..=MAX_COUNT).contains(count) => {
                to.serialize_u64(*count as u64)
            }
            Self::Count(count) => to.serialize_f64(*count),
            Self::Epochs(_) => to.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LengthVisitor { zero: false })
    }
}

/// Whether a number can be a length.
pub(crate) fn is_length(value: f64) -> bool {
    value > 0.0 && value <= MAX_COUNT
}

/// A length, or 0, where there is one.
pub(crate) fn or_zero<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Length>, D::Error> {
    struct OrZero(Length);

    impl<'de> Deserialize<'de> for OrZero {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_any(LengthVisitor { zero: true }).map(Self)
        }
    }

    Ok(Option::<OrZero>::deserialize(from)?.map(|length| length.0))
}

struct LengthVisitor {
    /// Whether 0 is let pass.
    zero: bool,
}

impl Visitor<'_> for LengthVisitor {
    type Value = Length;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length (a number of steps, or epochs such as \"2ep\")")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Length, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Length, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Length, E> {
        if is_length(value) || (self.zero && value == 0.0) {
            return Ok(Length::Count(value.abs()));
        }
        let least = if self.zero { "at least 0" } else { "above 0" };
        Err(E::custom(format_args!("a length is {least} and at most 2^53, got {value}")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Length, E> {
        let zero = |number: &str| number.parse::<f64>().is_ok_and(|number| number == 0.0);
        let number = text.strip_suffix("ep");
        if self.zero && number.is_some_and(zero) {
            return Ok(Length::Count(0.0));
        }
        match number.map(str::parse) {
            Some(Ok(epochs)) => Ok(Length::Epochs(epochs)),
            Some(Err(many @ NotEpochs::TooManyDigits)) => Err(E::custom(format_args!("{text:?}: {many}"))),
            _ => Err(E::custom(format_args!(
                "{text:?} is not a length: write a number of steps, or epochs as in \"2ep\", \"0.5ep\" or \"1/3ep\""
            ))),
        }
    }
}
