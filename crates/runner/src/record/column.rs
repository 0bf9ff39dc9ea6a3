//! One column of a block: numbers in the fewest bytes that give back every bit.

use serde::{Deserialize, Serialize};

/// Numbers as little-endian bytes: as f32 where each of them is one exactly, else as f64.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Column {
    F32(Vec<u8>),
    F64(Vec<u8>),
}

impl Column {
    pub(super) fn encode(values: impl Iterator<Item = f64> + Clone) -> Self {
        let narrowed: Option<Vec<u32>> = values.clone().map(narrow).collect();
        match narrowed {
            Some(bits) => Self::F32(bits.into_iter().flat_map(u32::to_le_bytes).collect()),
            None => Self::F64(values.flat_map(f64::to_le_bytes).collect()),
        }
    }

    /// The numbers, or nothing where the bytes end within one.
    pub(super) fn decode(&self) -> Option<Vec<f64>> {
        match self {
            Self::F32(bytes) => match bytes.as_chunks() {
                (chunks, []) => Some(chunks.iter().map(|c| widen(u32::from_le_bytes(*c))).collect()),
                _ => None,
            },
            Self::F64(bytes) => match bytes.as_chunks() {
                (chunks, []) => Some(chunks.iter().map(|c| f64::from_le_bytes(*c)).collect()),
                _ => None,
            },
        }
    }
}

const F32_NAN: u32 = 0x7f80_0000;
const F64_NAN: u64 = 0x7ff0_0000_0000_0000;
const SPARE_BITS: u32 = 52 - 23;

/// The bits of the f32 that is exactly `value`, if there is one.
///
/// A NaN is taken apart by hand, because a cast may change its payload.
fn narrow(value: f64) -> Option<u32> {
    let bits = value.to_bits();
    if value.is_nan() {
        let payload = (bits >> SPARE_BITS) as u32 & 0x007f_ffff;
        let exact = payload != 0 && bits.trailing_zeros() >= SPARE_BITS;
        return exact.then_some((bits >> 32) as u32 & 0x8000_0000 | F32_NAN | payload);
    }
    let narrowed = value as f32;
    (f64::from(narrowed).to_bits() == bits).then_some(narrowed.to_bits())
}

/// What [`narrow`] was given.
fn widen(bits: u32) -> f64 {
    let value = f32::from_bits(bits);
    if value.is_nan() {
        let sign = u64::from(bits & 0x8000_0000) << 32;
        let payload = u64::from(bits & 0x007f_ffff) << SPARE_BITS;
        return f64::from_bits(sign | F64_NAN | payload);
    }
    f64::from(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The smallest column's size and its numbers after a round trip.
    fn roundtrip(values: &[f64]) -> (usize, Vec<u64>) {
        let column = Column::encode(values.iter().copied());
        let bytes = match &column {
            Column::F32(bytes) | Column::F64(bytes) => bytes.len(),
        };
        let back = column.decode().expect("whole numbers");
        (bytes, back.iter().map(|v| v.to_bits()).collect())
    }

    #[test]
    fn special_values_keep_their_bits() {
        // IEEE 754 binary64 bits and whether binary32 holds the value: both tables of the standard, by hand.
        let table: [(u64, bool); 12] = [
            (0x0000_0000_0000_0000, true),  // 0
            (0x8000_0000_0000_0000, true),  // −0
            (0x7ff0_0000_0000_0000, true),  // ∞
            (0xfff0_0000_0000_0000, true),  // −∞
            (0x7ff8_0000_0000_0000, true),  // quiet NaN
            (0xfff8_0000_2000_0000, true),  // quiet NaN, lowest payload bit of binary32
            (0x7ff0_0000_2000_0000, true),  // signalling NaN that binary32 holds
            (0x7ff0_0000_0000_0001, false), // signalling NaN with a payload below binary32's
            (0x36a0_0000_0000_0000, true),  // 2⁻¹⁴⁹, binary32's smallest
            (0x3690_0000_0000_0000, false), // 2⁻¹⁵⁰
            (0x47f0_0000_0000_0000, false), // 2¹²⁸, above binary32's largest
            (0x3fb9_9999_9999_999a, false), // 0.1
        ];
        for (bits, narrow) in table {
            let (bytes, back) = roundtrip(&[f64::from_bits(bits)]);
            assert_eq!((bytes, back), (if narrow { 4 } else { 8 }, vec![bits]), "{bits:#018x}");
        }
    }

    proptest! {
        #[test]
        fn any_f32_takes_four_bytes(bits: Vec<u32>) {
            let wide: Vec<f64> = bits.iter().map(|b| widen(*b)).collect();
            let (bytes, back) = roundtrip(&wide);
            prop_assert_eq!(bytes, 4 * bits.len());
            let again: Vec<u32> = back.iter().filter_map(|b| narrow(f64::from_bits(*b))).collect();
            prop_assert_eq!(again, bits);
        }

        #[test]
        fn any_f64_keeps_its_bits(bits: Vec<u64>) {
            let values: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
            prop_assert_eq!(roundtrip(&values).1, bits);
        }
    }
}
