//! The functions of `scale_fn`: libm's, which give the same bits on every machine.

/// A function by how many arguments it takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Function {
    /// One.
    One(fn(f64) -> f64),
    /// Two.
    Two(fn(f64, f64) -> f64),
    /// One, or a second.
    OneOrTwo(fn(f64) -> f64, fn(f64, f64) -> f64),
    /// Two or more, taken together from the left.
    Several(fn(f64, f64) -> f64),
}

use Function::{One, OneOrTwo, Several, Two};

impl Function {
    /// How many arguments it takes, in words.
    pub(super) fn takes(self) -> &'static str {
        match self {
            One(_) => "1 argument",
            Two(_) => "2 arguments",
            OneOrTwo(..) => "1 argument or 2",
            Several(_) => "2 arguments or more",
        }
    }
}

/// Every function, by its name.
pub(super) const FUNCTIONS: [(&str, Function); 36] = [
    ("abs", One(f64::abs)),
    ("acos", One(libm::acos)),
    ("acosh", One(libm::acosh)),
    ("asin", One(libm::asin)),
    ("asinh", One(libm::asinh)),
    ("atan", One(libm::atan)),
    ("atan2", Two(libm::atan2)),
    ("atanh", One(libm::atanh)),
    ("cbrt", One(libm::cbrt)),
    ("ceil", One(f64::ceil)),
    ("cos", One(libm::cos)),
    ("cosh", One(libm::cosh)),
    ("exp", One(libm::exp)),
    ("exp2", One(libm::exp2)),
    ("expm1", One(libm::expm1)),
    ("floor", One(f64::floor)),
    ("fmod", Two(libm::fmod)),
    ("fract", One(f64::fract)),
    ("hypot", Two(libm::hypot)),
    ("ln", One(libm::log)),
    ("log", OneOrTwo(libm::log, |value, base| libm::log(value) / libm::log(base))),
    ("log10", One(libm::log10)),
    ("log1p", One(libm::log1p)),
    ("log2", One(libm::log2)),
    ("max", Several(largest)),
    ("min", Several(smallest)),
    ("pow", Two(libm::pow)),
    ("round", One(f64::round_ties_even)),
    ("sign", One(sign)),
    ("signum", One(sign)),
    ("sin", One(libm::sin)),
    ("sinh", One(libm::sinh)),
    ("sqrt", One(libm::sqrt)),
    ("tan", One(libm::tan)),
    ("tanh", One(libm::tanh)),
    ("trunc", One(f64::trunc)),
];

/// Every constant, by its name.
pub(super) const CONSTANTS: [(&str, f64); 8] = {
    use std::f64::consts::{E, PI, TAU};
    [("pi", PI), ("e", E), ("tau", TAU), ("PI", PI), ("E", E), ("TAU", TAU), ("π", PI), ("τ", TAU)]
};

/// The function of a name.
pub(super) fn function(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
}

/// The constant of a name.
pub(super) fn constant(name: &str) -> Option<f64> {
    CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// −1, 0 or 1; what is not a number stays so.
fn sign(value: f64) -> f64 {
    if value == 0.0 || value.is_nan() { value } else { value.signum() }
}

/// The smaller of two; what is not a number hides behind no other, as it would in `f64::min`.
fn smallest(left: f64, right: f64) -> f64 {
    if right < left || right.is_nan() { right } else { left }
}

fn largest(left: f64, right: f64) -> f64 {
    if right > left || right.is_nan() { right } else { left }
}

/// The remainder with the divisor's sign, as Python's `%`: `a - b * floor(a / b)` without its rounding.
pub(super) fn floor_mod(value: f64, divisor: f64) -> f64 {
    let remainder = libm::fmod(value, divisor);
    if remainder == 0.0 {
        remainder.copysign(divisor)
    } else if (remainder < 0.0) == (divisor < 0.0) {
        remainder
    } else {
        remainder + divisor
    }
}

/// The whole number at or below a quotient, as Python's `//`; rounding of the quotient does not raise it.
pub(super) fn floor_divide(value: f64, divisor: f64) -> f64 {
    let quotient = (value - floor_mod(value, divisor)) / divisor;
    let floor = quotient.floor();
    if quotient - floor > 0.5 { floor + 1.0 } else { floor }
}
