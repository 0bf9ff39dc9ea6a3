//! Numbers in sentences: the one home of their digits and signs, for verdicts as for pages.

/// Longest power of ten written out as zeros instead of as an exponent.
const PLAIN: std::ops::Range<f64> = 1e-4..1e6;

/// `value` rounded to `digits` significant digits, trailing zeros removed.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    if !value.is_finite() {
        return not_finite(value).into();
    }
    let scientific = format!("{value:.*e}", digits.saturating_sub(1));
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    if !PLAIN.contains(&value.abs()) {
        return minus(&format!("{}e{exponent}", trimmed(mantissa)));
    }
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let before_point = exponent.saturating_add(1);
    let decimals = digits.saturating_add_signed(-before_point as isize);
    minus(trimmed(&format!("{value:.decimals$}")))
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// A minus sign as wide as the plus; the hyphen of an exponent stays, so that numbers can be pasted.
fn minus(number: &str) -> String {
    number.strip_prefix('-').map_or_else(|| number.to_owned(), |digits| format!("−{digits}"))
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "infinite"
    } else {
        "−infinite"
    }
}

/// A share in [0, 1] as per cent with two decimals, without the sign: `98.91`.
pub fn percent(share: f64) -> String {
    decimals(share * 100.0, 2)
}

fn decimals(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return not_finite(value).into();
    }
    let text = format!("{value:.places$}");
    // No "−0.00": what rounds to zero has no sign.
    if text.trim_matches(['-', '0', '.']).is_empty() {
        return text.trim_start_matches('-').to_owned();
    }
    minus(&text)
}

/// A probability: two significant digits.
pub fn probability(p: f64) -> String {
    significant(p, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_number_has_a_minus_sign_and_zero_none() {
        assert_eq!(percent(-0.003_8), "−0.38");
        assert_eq!(percent(-0.000_01), "0.00");
        assert_eq!(percent(0.0), "0.00");
        assert_eq!(percent(f64::NAN), "NaN");
        assert_eq!(probability(0.007_812_5), "0.0078");
        assert_eq!(significant(-1.5e-7, 2), "−1.5e-7");
    }
}
