//! What to write for a name that is not known, or not so.

use std::cmp::{Ordering, Reverse};

use super::advice;
use super::function::{CONSTANTS, FUNCTIONS, constant, function};
use super::grammar::Word;

/// What other libraries call something, and what is written here.
const OTHERWISE: [(&str, &str); 40] = [
    ("power", "pow"),
    ("float_power", "pow"),
    ("minimum", "min"),
    ("amin", "min"),
    ("fmin", "min"),
    ("maximum", "max"),
    ("amax", "max"),
    ("fmax", "max"),
    ("absolute", "abs"),
    ("fabs", "abs"),
    ("arcsin", "asin"),
    ("arccos", "acos"),
    ("arctan", "atan"),
    ("arctan2", "atan2"),
    ("arcsinh", "asinh"),
    ("arccosh", "acosh"),
    ("arctanh", "atanh"),
    ("rint", "round"),
    ("around", "round"),
    ("ceiling", "ceil"),
    ("sgn", "sign"),
    ("frac", "fract"),
    ("int", "trunc"),
    ("square", "x^2"),
    ("reciprocal", "1 / x"),
    ("rsqrt", "1 / sqrt(x)"),
    ("sigmoid", "1 / (1 + exp(-x))"),
    ("expit", "1 / (1 + exp(-x))"),
    ("relu", "max(0, x)"),
    ("softplus", "log1p(exp(x))"),
    ("clip", "min(high, max(low, x))"),
    ("clamp", "min(high, max(low, x))"),
    ("mod", "a % b"),
    ("remainder", "a % b"),
    ("floor_divide", "a // b"),
    ("divide", "a / b"),
    ("multiply", "a * b"),
    ("radians", "x * pi / 180"),
    ("deg2rad", "x * pi / 180"),
    ("heaviside", "(1 + sign(x)) / 2"),
];

/// What people call the variable.
const VARIABLES: [&str; 10] =
    ["step", "steps", "epoch", "cycle", "iter", "iters", "iteration", "iterations", "it", "batch"];

/// Types and containers of numbers, around which nothing has to be written.
const WRAPPERS: [&str; 7] = ["float", "tensor", "array", "asarray", "as_tensor", "float32", "float64"];

/// A name that is neither the variable nor, as it is used, a constant or a function.
pub(super) fn unknown(text: &str, name: Word<'_>, called: bool) -> String {
    let message = match name.text.rsplit_once('.') {
        Some((before, last)) => qualified(before, last, name.text),
        None => misused(name.text, called).unwrap_or_else(|| {
            let advice = otherwise(name.text).unwrap_or_else(|| near(name.text));
            format!("{:?} is not known; {advice}", name.text)
        }),
    };
    advice::at(text, name.at, &message)
}

/// A known name that is used as what it is not.
fn misused(name: &str, called: bool) -> Option<String> {
    if called && name == "x" {
        Some("x is the variable, not a function; write * for a product".to_owned())
    } else if called && constant(name).is_some() {
        Some(format!("{name} is a number: write it without parentheses, and * for a product"))
    } else if !called && function(name).is_some() {
        Some(format!("{name} is a function: write {name}(x)"))
    } else {
        None
    }
}

/// A function with as many arguments as it wants.
fn called(name: &str) -> String {
    let several = function(name).is_some_and(|function| function.takes().starts_with('2'));
    if several { format!("{name}(x, y) with a number or an expression for y") } else { format!("{name}(x)") }
}

/// A name of some library's, or a method.
fn qualified(before: &str, last: &str, name: &str) -> String {
    let known = function(last).is_some() || constant(last).is_some();
    if before == "x" || before.starts_with("x.") {
        let last =
            if known { format!("write {}", called(last)) } else { otherwise(last).unwrap_or_else(|| near(last)) };
        format!("{name:?}: there are no methods; {last}")
    } else if known {
        format!("write {last} for {name:?}")
    } else {
        format!("{name:?} is not known; {}", otherwise(last).unwrap_or_else(|| near(last)))
    }
}

fn otherwise(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    if WRAPPERS.contains(&lower.as_str()) {
        return Some("write the number or the expression alone".to_owned());
    }
    let (_, here) = OTHERWISE.iter().find(|(other, _)| *other == lower)?;
    Some(format!("write {here}"))
}

/// The nearest name, or every name.
fn near(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower != "x" && (lower.chars().count() == 1 || VARIABLES.contains(&lower.as_str())) {
        return "the variable is x, and pi, e and tau are known".to_owned();
    }
    let functions = FUNCTIONS.iter().map(|(name, _)| *name);
    let names = || ["x"].into_iter().chain(CONSTANTS.iter().map(|(name, _)| *name)).chain(functions.clone());
    if let Some(same) = names().find(|known| *known == lower) {
        return format!("write {same}");
    }
    let slips = |known: &str| strsim::osa_distance(&lower, known);
    let near = |known: &str| (Reverse(slips(known)), strsim::jaro_winkler(&lower, known));
    let allowed = if lower.chars().count() > 4 { 2 } else { 1 };
    let nearest = names().filter(|known| known.len() > 1 && slips(known) <= allowed);
    let nearest = nearest.max_by(|left, right| near(left).partial_cmp(&near(right)).unwrap_or(Ordering::Equal));
    nearest.map_or_else(
        || format!("use x, pi, e, tau and the functions {}", functions.collect::<Vec<_>>().join(", ")),
        |nearest| format!("did you mean {nearest}?"),
    )
}
