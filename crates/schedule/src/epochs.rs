//! Numbers of epochs, exactly as a text has them.

use std::fmt;
use std::str::FromStr;

use num_rational::Ratio;

use crate::length::MAX_COUNT;

/// Ten to this power is the largest power of ten in 64 bits.
const MOST_DIGITS: u32 = 19;

/// A number of epochs: the rational number that its text says, so that 1.1 is 11/10 and 1/3 a third. It is above 0 and at most
/// 2⁵³.
///
/// ```
/// # use lrscope_schedule::Epochs;
/// let epochs: Epochs = "1.1".parse()?;
/// assert_eq!(epochs.updates(100), 110.0); // 1.1 · 100 is 110.00000000000001 in floats
/// assert_eq!("1/3".parse::<Epochs>()?.updates(300), 100.0);
/// assert_eq!("0.5".parse::<Epochs>()?.whole_updates(39), 20); // 19.5: a half is rounded up
/// # Ok::<(), lrscope_schedule::NotEpochs>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epochs(Ratio<u64>);

/// Why a text is not a number of epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEpochs {
    /// It is not a number, or one that is not above 0 or above 2⁵³.
    #[error("it is not a number above 0 and at most 2^53, such as 2, 0.5 or 1/3")]
    NoLength,
    /// It cannot be kept exactly.
    #[error("it has more digits than are read exactly: write at most 18, or a fraction such as 1/3")]
    TooManyDigits,
}

impl Epochs {
    /// One epoch.
    pub const ONE: Self = Self(Ratio::new_raw(1, 1));

    fn new(ratio: Ratio<u64>) -> Result<Self, NotEpochs> {
        let most = Ratio::from_integer(MAX_COUNT as u64);
        if *ratio.numer() > 0 && ratio <= most { Ok(Self(ratio)) } else { Err(NotEpochs::NoLength) }
    }

    /// Updates in so many epochs, fractions of an update and all: the exact product where it is whole, else the float next to it.
    pub fn updates(self, steps_per_epoch: u64) -> f64 {
        let (product, denominator) = self.product(steps_per_epoch);
        let exact = MAX_COUNT as u128;
        if product <= exact && denominator <= exact {
            // Both are exact, so the quotient is the nearest float.
            return product as f64 / denominator as f64;
        }
        (product / denominator) as f64 + (product % denominator) as f64 / denominator as f64
    }

    /// Updates in so many epochs, rounded to the nearest whole number; a half is rounded up. This is the one rule for every
    /// length in epochs that has to be whole.
    pub fn whole_updates(self, steps_per_epoch: u64) -> u64 {
        let (product, denominator) = self.product(steps_per_epoch);
        let (whole, rest) = (product / denominator, product % denominator);
        let rounded = whole + u128::from(2 * rest >= denominator);
        u64::try_from(rounded).unwrap_or(u64::MAX)
    }

    fn product(self, steps_per_epoch: u64) -> (u128, u128) {
        (u128::from(*self.0.numer()) * u128::from(steps_per_epoch), u128::from(*self.0.denom()))
    }
}

impl fmt::Display for Epochs {
    /// A decimal number where a short one is exact, else a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, denominator) = (*self.0.numer(), *self.0.denom());
        let exact = |digits: &u32| 10_u64.pow(*digits).is_multiple_of(denominator);
        let Some(digits) = (0..MOST_DIGITS).find(exact) else {
            return write!(f, "{numerator}/{denominator}");
        };
        write!(f, "{}", numerator / denominator)?;
        if digits > 0 {
            let part = u128::from(numerator % denominator) * 10_u128.pow(digits) / u128::from(denominator);
            write!(f, ".{part:0width$}", width = digits as usize)?;
        }
        Ok(())
    }
}

impl FromStr for Epochs {
    type Err = NotEpochs;

    /// Reads `2`, `0.5`, `1e-2` or `1/3`.
    fn from_str(text: &str) -> Result<Self, NotEpochs> {
        let Some((numerator, denominator)) = text.split_once('/') else {
            return decimal(text).and_then(Self::new);
        };
        match (digits(numerator)?, digits(denominator)?) {
            (_, 0) => Err(NotEpochs::NoLength),
            (numerator, denominator) => Self::new(Ratio::new(numerator, denominator)),
        }
    }
}

/// A text that is made of digits alone.
fn digits(text: &str) -> Result<u64, NotEpochs> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotEpochs::NoLength);
    }
    text.parse().map_err(|_| NotEpochs::TooManyDigits)
}

/// A decimal number as a float would be written, with or without a point and an exponent.
fn decimal(text: &str) -> Result<Ratio<u64>, NotEpochs> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| NotEpochs::NoLength)?;
    let mantissa = mantissa.strip_prefix('+').unwrap_or(mantissa);
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && part.is_empty() {
        return Err(NotEpochs::NoLength);
    }
    let part = part.trim_end_matches('0');
    let number = digits(&format!("0{whole}{part}"))?;
    let places = i32::try_from(part.len()).map_err(|_| NotEpochs::TooManyDigits)?;
    let power = exponent.saturating_sub(places);
    let ten = 10_u64.checked_pow(power.unsigned_abs());
    if number == 0 || (power > 0 && ten.is_none_or(|ten| number.checked_mul(ten).is_none())) {
        return Err(NotEpochs::NoLength);
    }
    let ten = ten.ok_or(NotEpochs::TooManyDigits)?;
    Ok(if power > 0 { Ratio::from_integer(number * ten) } else { Ratio::new(number, ten) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_the_numbers_that_they_say() {
        // Text, numerator, denominator, and how it is written again.
        let cases = [
            ("2", 2, 1, "2"),
            ("0.5", 1, 2, "0.5"),
            ("1.1", 11, 10, "1.1"),
            ("1/3", 1, 3, "1/3"),
            ("10/4", 5, 2, "2.5"),
            ("2.50", 5, 2, "2.5"),
            (".25", 1, 4, "0.25"),
            ("3.", 3, 1, "3"),
            ("+7", 7, 1, "7"),
            ("1e-2", 1, 100, "0.01"),
            ("1.5E3", 1500, 1, "1500"),
            ("0.30000000000000004", 7_500_000_000_000_001, 25_000_000_000_000_000, "0.30000000000000004"),
            ("0.5000000000000000000000000000000000", 1, 2, "0.5"),
            ("9007199254740992", 1 << 53, 1, "9007199254740992"),
        ];
        for (text, numerator, denominator, again) in cases {
            let epochs: Epochs = text.parse().expect(text);
            assert_eq!(epochs.0, Ratio::new(numerator, denominator), "{text}");
            assert_eq!(epochs.to_string(), again, "{text}");
            assert_eq!(again.parse(), Ok(epochs), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_epochs() {
        for text in [
            "",
            ".",
            "0",
            "-1",
            "nan",
            "inf",
            "1/0",
            "0/3",
            "1/",
            "/3",
            "1/-3",
            "1.5/2",
            "1 ",
            "1e",
            "1e99",
            "0x10",
            "9007199254740993",
            "1/2/3",
            "1_000",
            "²",
        ] {
            assert_eq!(text.parse::<Epochs>(), Err(NotEpochs::NoLength), "{text}");
        }
        for text in ["0.12345678901234567891", "1e-30", "0.00000000000000000001", "1/99999999999999999999"] {
            assert_eq!(text.parse::<Epochs>(), Err(NotEpochs::TooManyDigits), "{text}");
        }
    }
}
