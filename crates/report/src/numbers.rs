//! Numbers as a reader sees them. Files for programs (CSV, JSON) carry every digit instead.

use lrscope_runner::analysis::Estimate;
pub(crate) use lrscope_runner::numbers::{percent, probability, significant};

/// Three significant digits, without trailing zeros: `0.00422`, `0.131`, `1.5`, `3.16e-6`.
pub(crate) fn rate(value: f64) -> String {
    significant(value, 3)
}

/// A loss: four significant digits.
pub(crate) fn loss(value: f64) -> String {
    significant(value, 4)
}

/// A difference of shares in percentage points with its sign: `+0.21`.
pub(crate) fn points(difference: f64) -> String {
    let text = percent(difference);
    if text.starts_with('−') || text.trim_matches(['0', '.']).is_empty() { text } else { format!("+{text}") }
}

/// A count with thousands separators: `70,000`.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// Puts thousands separators into a run of digits.
pub(crate) fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 seed`, `3 seeds`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

/// The level of an interval: `95 %`.
pub(crate) fn level(estimate: &Estimate) -> String {
    format!("{} %", significant(estimate.level * 100.0, 4))
}

/// What stands in the place of an interval where several values are all the same: `both seeds alike`.
pub(crate) fn alike(estimate: &Estimate) -> Option<String> {
    match (estimate.low, estimate.n) {
        (Some(_), _) | (None, 0 | 1) => None,
        (None, 2) => Some("both seeds alike".into()),
        (None, n) => Some(format!("all {n} seeds alike")),
    }
}

/// An estimate's interval with `show` applied to both ends: `98.80 to 99.02`; absent where `n` is below 2, and where all
/// values are the same.
pub(crate) fn interval(estimate: &Estimate, show: fn(f64) -> String) -> Option<String> {
    let (low, high) = (estimate.low?, estimate.high?);
    Some(format!("{} to {}", show(low), show(high)))
}

/// Words joined for a sentence: `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Words as they begin a sentence.
pub(crate) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_keep_three_digits() {
        let cases = [
            (0.004_216_965, "0.00422"),
            (0.001, "0.001"),
            (1.5, "1.5"),
            (10.0, "10"),
            (123_456.0, "123456"),
            (3.162_277e-6, "3.16e-6"),
            (1e-5, "1e-5"),
            (0.000_1, "0.0001"),
            (0.099_96, "0.1"),
            (-0.5, "−0.5"),
            (2.5e9, "2.5e9"),
            (0.0, "0"),
            (f64::INFINITY, "infinite"),
            (f64::NAN, "NaN"),
        ];
        for (value, expected) in cases {
            assert_eq!(rate(value), expected, "{value}");
        }
    }

    #[test]
    fn shares_and_differences_carry_two_decimals_and_signs() {
        assert_eq!(percent(0.989_12), "98.91");
        assert_eq!(points(0.0021), "+0.21");
        assert_eq!(points(-0.0021), "−0.21");
        assert_eq!(points(-0.000_01), "0.00");
        assert_eq!(points(0.1), "+10.00");
    }

    #[test]
    fn counts_are_grouped_in_threes() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (70_000, "70,000"), (1_234_567, "1,234,567")];
        for (value, expected) in cases {
            assert_eq!(count(value), expected);
        }
    }
}
