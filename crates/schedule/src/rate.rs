//! Learning rates as a configuration writes them: a number or a reference to a range test's pick, one or one per group.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// The bounds that a range test picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// The lower bound.
    pub base_lr: f64,
    /// The upper bound.
    pub max_lr: f64,
}

/// A reference to a bound of a range test's pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PickRef {
    /// `"range-test"`: the bound that the field is named after, so only in `base_lr` and `max_lr`.
    Own,
    /// `"range-test.base_lr"`.
    BaseLr,
    /// `"range-test.max_lr"`.
    MaxLr,
    /// `"range-test.mean_lr"`: (`base_lr` + `max_lr`) / 2, which is a triangular cycle's mean rate.
    MeanLr,
}

impl PickRef {
    const ALL: [Self; 4] = [Self::Own, Self::BaseLr, Self::MaxLr, Self::MeanLr];

    /// The reference as a configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "range-test",
            Self::BaseLr => "range-test.base_lr",
            Self::MaxLr => "range-test.max_lr",
            Self::MeanLr => "range-test.mean_lr",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// A learning rate: a number, or a reference to a range test's pick.
///
/// A number is finite and not negative; there is no upper limit. Reading one from a configuration checks that at once, so
/// that the error carries line and column; rates made in code are checked by [`crate::ScheduleSpec::resolve`].
///
/// ```
/// # use lrscope_schedule::{PickRef, Rate};
/// assert_eq!(serde_json::from_str::<Rate>("2")?, Rate::Value(2.0));
/// assert_eq!(serde_json::from_str::<Rate>("\"range-test.max_lr\"")?, Rate::Pick(PickRef::MaxLr));
/// assert!(serde_json::from_str::<Rate>("-0.1").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// A number.
    Value(f64),
    /// A bound of a range test's pick.
    Pick(PickRef),
}

impl From<f64> for Rate {
    fn from(value: f64) -> Self {
        Self::Value(value)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value:?}"),
            Self::Pick(reference) => f.write_str(reference.as_str()),
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => to.serialize_f64(*value),
            Self::Pick(reference) => to.serialize_str(reference.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(RateVisitor)
    }
}

struct RateVisitor;

impl Visitor<'_> for RateVisitor {
    type Value = Rate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Rate::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Rate, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Rate, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Rate, E> {
        if value.is_finite() && value >= 0.0 {
            Ok(Rate::Value(value))
        } else {
            Err(E::custom(format_args!("a learning rate is finite and not negative, got {value}")))
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
        PickRef::parse(text).map(Rate::Pick).ok_or_else(|| {
            let known = PickRef::ALL.map(|one| format!("{:?}", one.as_str()));
            E::custom(format_args!("{text:?} is no learning rate: write a number or one of {}", known.join(", ")))
        })
    }
}

/// One value for all parameter groups, or a list with one for each.
#[derive(Debug, Clone, PartialEq)]
pub enum PerGroup<T> {
    /// The same for every group.
    All(T),
    /// One for each group, in the order of the groups.
    Each(Vec<T>),
}

impl<T> PerGroup<T> {
    /// The values as written: one, or one per group.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::All(value) => std::slice::from_ref(value),
            Self::Each(values) => values,
        }
    }

    /// The same with every value replaced, or the first error.
    pub(crate) fn try_map<E>(&self, map: impl Fn(&T) -> Result<T, E>) -> Result<Self, E> {
        Ok(match self {
            Self::All(value) => Self::All(map(value)?),
            Self::Each(values) => Self::Each(values.iter().map(map).collect::<Result<_, E>>()?),
        })
    }
}

impl<T: Copy> PerGroup<T> {
    /// The values of the same groups, side by side; one value for all stands beside each of a list.
    pub(crate) fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (T, T)> + 'a {
        let (left, right) = (self.as_slice(), other.as_slice());
        let beside = |values: &'a [T]| {
            let last = values.last().into_iter().cycle();
            values.iter().chain(last).copied()
        };
        beside(left).zip(beside(right)).take(left.len().max(right.len()))
    }
}

impl From<f64> for PerGroup<f64> {
    fn from(value: f64) -> Self {
        Self::All(value)
    }
}

impl From<f64> for PerGroup<Rate> {
    fn from(value: f64) -> Self {
        Self::All(Rate::Value(value))
    }
}

impl From<PickRef> for PerGroup<Rate> {
    fn from(reference: PickRef) -> Self {
        Self::All(Rate::Pick(reference))
    }
}

impl<T: fmt::Display> fmt::Display for PerGroup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(value) => value.fmt(f),
            Self::Each(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", values.join(", "))
            }
        }
    }
}

impl<T: Serialize> Serialize for PerGroup<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All(value) => value.serialize(to),
            Self::Each(values) => values.serialize(to),
        }
    }
}

/// A value that can be given once or once per group.
pub(crate) trait Scalar {
    /// What an error says was expected.
    const EXPECTED: &'static str;
}

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";
}

impl Scalar for Rate {
    const EXPECTED: &'static str = "a learning rate (a number, or a reference such as \"range-test.max_lr\")";
}

impl<'de, T: Deserialize<'de> + Scalar> Deserialize<'de> for PerGroup<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PerGroupVisitor(std::marker::PhantomData))
    }
}

struct PerGroupVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de> + Scalar> Visitor<'de> for PerGroupVisitor<T> {
    type Value = PerGroup<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a list with one for each parameter group", T::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerGroup::All)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerGroup::All)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerGroup::All)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(text.into_deserializer()).map(PerGroup::All)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        let values = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        if values.is_empty() {
            return Err(de::Error::invalid_length(0, &self));
        }
        Ok(PerGroup::Each(values))
    }
}
