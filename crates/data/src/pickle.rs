//! One batch of `cifar-10-batches-py`: a pickled dictionary with `data`, a numpy array of bytes (picture, then channel, row
//! and column), and `labels`, a list of integers.
//!
//! A pickle is a program for Python; here it is only read, by serde-pickle, which builds plain values and runs nothing. A
//! class or function that the pickle names becomes `None`, and numpy's array is left as its state: a tuple (version, shape,
//! type, is in Fortran's order, bytes).

use serde_pickle::{DeOptions, HashableValue, Value, value_from_slice};

use crate::error::Problem;
use crate::expected::Expected;
use crate::file_bytes::check_length;
use crate::pickle_check;

/// Reads a batch into `pixels` and `labels`, whose lengths are the expected ones.
pub(crate) fn read_batch(
    bytes: &[u8],
    expected: &Expected,
    pixels: &mut [u8],
    labels: &mut [u8],
) -> Result<(), Problem> {
    let options = DeOptions::new().replace_unresolved_globals().replace_recursive_structures();
    pickle_check::check(bytes, expected.count)?;
    let value = value_from_slice(bytes, options).map_err(|error| damaged(&error))?;
    let Value::Dict(mut fields) = value else {
        return Err(Problem::PickleField("dictionary"));
    };
    let mut field = |name: &'static str| {
        let text = HashableValue::String(name.to_owned());
        let bytes = HashableValue::Bytes(name.as_bytes().to_vec());
        fields.remove(&text).or_else(|| fields.remove(&bytes)).ok_or(Problem::PickleField(name))
    };
    let data = array_bytes(field("data")?)?;
    check_length(&data, expected.pixels())?;
    pixels.copy_from_slice(&data);
    read_labels(field("labels")?, expected, labels)
}

/// The error's beginning: some of them quote the whole value that was in the way.
fn damaged(error: &serde_pickle::Error) -> Problem {
    const SHOWN: usize = 200;
    Problem::Pickle(error.to_string().chars().take(SHOWN).collect())
}

fn array_bytes(state: Value) -> Result<Vec<u8>, Problem> {
    let Value::Tuple(state) = state else {
        return Err(Problem::PickleField("array `data`"));
    };
    match state.into_iter().last() {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        _ => Err(Problem::PickleField("bytes in the array `data`")),
    }
}

fn read_labels(list: Value, expected: &Expected, labels: &mut [u8]) -> Result<(), Problem> {
    let Value::List(list) = list else {
        return Err(Problem::PickleField("list `labels`"));
    };
    if list.len() != expected.count {
        return Err(Problem::Count { what: "labels", found: list.len() as u64, expected: expected.count });
    }
    for (row, (value, label)) in list.iter().zip(labels).enumerate() {
        let Value::I64(found) = *value else {
            return Err(Problem::PickleField("integer in the list `labels`"));
        };
        *label = u8::try_from(found).map_err(|_| expected.label_problem(row, found))?;
    }
    Ok(())
}
