//! JSON for floats that may be infinite or NaN, which JSON numbers cannot be: those three are written as strings.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
}

/// Writes a finite value as a number and the others as `"nan"`, `"inf"` or `"-inf"`.
pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    let written = if value.is_finite() {
        Written::Number(*value)
    } else if value.is_nan() {
        Written::Word("nan".into())
    } else if *value > 0.0 {
        Written::Word("inf".into())
    } else {
        Written::Word("-inf".into())
    };
    written.serialize(to)
}

/// Reads what [`serialize`] writes.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    match Written::deserialize(from)? {
        Written::Number(value) => Ok(value),
        Written::Word(word) => match word.as_str() {
            "nan" => Ok(f64::NAN),
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            other => Err(D::Error::custom(format!("{other:?} is not a number"))),
        },
    }
}
