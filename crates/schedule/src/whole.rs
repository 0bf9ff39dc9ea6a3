//! Whole numbers as a configuration writes them: `2`, and `2.0` as well.
//!
//! Each function is for serde's `deserialize_with`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// 2⁶⁴, the first float that is too large for 64 bits.
const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;

/// A whole number from 0 up.
pub fn number<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(WholeVisitor).and_then(narrow)
}

/// A whole number from 0 up, where there is one.
pub fn optional<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<Option<T>, D::Error> {
    Option::<Whole>::deserialize(from)?.map(|whole| narrow(whole.0)).transpose()
}

/// A list of whole numbers from 0 up.
pub fn list<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<Vec<T>, D::Error> {
    Vec::<Whole>::deserialize(from)?.into_iter().map(|whole| narrow(whole.0)).collect()
}

fn narrow<T: TryFrom<u64>, E: Error>(value: u64) -> Result<T, E> {
    T::try_from(value).map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &"a smaller number"))
}

struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        number(from).map(Self)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0 up")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<u64, E> {
        if value.fract() == 0.0 && (0.0..TOO_LARGE).contains(&value) {
            Ok(value as u64)
        } else {
            Err(E::invalid_type(Unexpected::Float(value), &self))
        }
    }
}
