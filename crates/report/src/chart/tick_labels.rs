//! What stands at a tick.

use crate::numbers::grouped;

/// Labels of whole multiples of a step: as many decimals as the step needs.
pub(super) fn linear(multiple: f64, mantissa: f64, exponent: i32) -> String {
    let units = multiple * mantissa;
    if units == 0.0 {
        return "0".into();
    }
    if !(-5..=6).contains(&exponent) {
        return power(units, exponent);
    }
    let text = format!("{:.*}", decimals(exponent), units * 10_f64.powi(exponent));
    match text.strip_prefix('-') {
        Some(digits) => format!("−{}", grouped_whole(digits)),
        None => grouped_whole(&text),
    }
}

fn decimals(exponent: i32) -> usize {
    usize::try_from(-exponent).unwrap_or(0)
}

fn grouped_whole(number: &str) -> String {
    match number.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest}", grouped(whole)),
        None => grouped(number),
    }
}

/// `mantissa` × 10^`exponent` on a logarithmic axis: plain where all of the axis is within 10⁻⁴ to 10⁵, else as a power of ten.
pub(super) fn logarithmic(mantissa: u32, exponent: i32, plain: bool) -> String {
    if plain {
        return linear(1.0, f64::from(mantissa), exponent);
    }
    power(f64::from(mantissa), exponent)
}

/// `2×10⁻⁵`, or `10⁻⁵` for a mantissa of 1; of the mantissa one digit stands before the point.
fn power(units: f64, exponent: i32) -> String {
    let scientific = format!("{units:e}");
    let (mantissa, shift) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let ten = format!("10{}", superscript(exponent + shift.parse::<i32>().unwrap_or(0)));
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("−", digits));
    if digits == "1" { format!("{sign}{ten}") } else { format!("{sign}{digits}×{ten}") }
}

fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    exponent.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_as_people_write_them() {
        assert_eq!(linear(3.0, 2.0, -1), "0.6");
        assert_eq!(linear(-3.0, 5.0, 0), "−15");
        assert_eq!(linear(7.0, 1.0, 4), "70,000");
        assert_eq!(linear(4.0, 5.0, -2), "0.20");
        assert_eq!(linear(3.0, 2.0, -9), "6×10⁻⁹");
        assert_eq!(linear(10.0, 1.0, -8), "10⁻⁷");
        assert_eq!(linear(-3.0, 5.0, -8), "−1.5×10⁻⁷");
        assert_eq!(linear(0.0, 2.0, -9), "0");
        assert_eq!(logarithmic(1, -5, false), "10⁻⁵");
        assert_eq!(logarithmic(2, -5, false), "2×10⁻⁵");
        assert_eq!(logarithmic(1, -3, true), "0.001");
        assert_eq!(logarithmic(5, 0, true), "5");
        assert_eq!(logarithmic(1, 12, false), "10¹²");
    }
}
