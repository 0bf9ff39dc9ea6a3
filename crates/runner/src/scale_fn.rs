//! Turns the text of a cyclic schedule's `scale_fn` into a function, by the expression crate that `schedule` must not know.

use exmex::Express;
use lrscope_schedule::{CompileError, ScaleFn};

/// Compiles an expression in `x` (the cycle, from 1, or the step, from 0); `pi` and `e` are known, with `+ - * / ^`, parentheses and
/// functions such as `sin`, `exp`, `sqrt` and `log` (the natural logarithm).
///
/// # Errors
/// What the expression crate cannot read, any name other than `x`, `pi` and `e`, and what it would read in another way than
/// people do: a sign right after another operator, a power of a power.
pub fn compile(text: &str) -> Result<ScaleFn, CompileError> {
    if text.len() > 1000 {
        let length = text.len();
        return Err(format!("it has {length} characters; at most 1000 are read").into());
    }
    let expression = exmex::FlatEx::<f64>::parse(&unambiguous(text)?)?;
    let mut variables = Vec::new();
    for name in expression.var_names() {
        variables.push(match name.as_str() {
            "x" => None,
            "pi" => Some(std::f64::consts::PI),
            "e" => Some(std::f64::consts::E),
            other => {
                return Err(format!("{other:?} is not known; use x, pi and e").into());
            }
        });
    }
    Ok(ScaleFn::new(text, move |x| {
        let values: Vec<f64> = variables.iter().map(|value| value.unwrap_or(x)).collect();
        // A value that cannot be computed is no rate; the schedule says so with the step.
        expression.eval(&values).unwrap_or(f64::NAN)
    }))
}

/// The text as everybody reads it. The expression crate takes `-x^2` for (−x)² and `2^3^2` for (2^3)^2, without a word.
///
/// A sign at the start of a (sub)expression becomes `0-`, which gives `-x^2` its usual meaning. A sign right after another
/// operator, and a power of a power, are refused: parentheses say which is meant.
fn unambiguous(text: &str) -> Result<String, CompileError> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    // For each open parenthesis, whether a power has been seen since the last other operator.
    let mut powers = vec![false];
    for (index, c) in text.chars().enumerate() {
        let place = index + 1;
        match c {
            '-' | '+' if matches!(before, None | Some('(' | ',')) => out.push('0'),
            '-' | '+' | '*' | '/' | '^' if matches!(before, Some('+' | '-' | '*' | '/' | '^')) => {
                return Err(format!("two operators meet at character {place}; put parentheses").into());
            }
            '^' if powers.last() == Some(&true) => {
                return Err(format!("a power of a power at character {place}; put parentheses").into());
            }
            _ => {}
        }
        match c {
            '(' => powers.push(false),
            ')' if powers.len() > 1 => drop(powers.pop()),
            '+' | '-' | '*' | '/' | '^' | ',' => {
                if let Some(power) = powers.last_mut() {
                    *power = c == '^';
                }
            }
            _ => {}
        }
        out.push(c);
        if !c.is_whitespace() {
            before = Some(c);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, x: f64) -> f64 {
        compile(text).expect(text).call(x)
    }

    /// Values by hand, with the precedence of mathematics (and of Python, with `**` for `^`).
    #[test]
    fn expressions_mean_what_people_mean_by_them() {
        let cases = [
            ("-x^2", 3.0, -9.0),
            ("exp(-x^2)", 2.0, (-4.0_f64).exp()),
            ("1 / (5 ^ (x * 0.0001))", 10_000.0, 0.2),
            ("0.5 * (1 + sin(x * pi / 2))", 1.0, 1.0),
            ("exp(0 - 0.01 * x)", 100.0, (-1.0_f64).exp()),
            ("2 ^ (-x)", 3.0, 0.125),
            ("x - 1 - 1", 5.0, 3.0),
            ("2 * x ^ 2 + 1", 3.0, 19.0),
            ("(x ^ 2) ^ 3", 2.0, 64.0),
            ("2 ^ (3 ^ x)", 2.0, 512.0),
            ("x ^ 2 * x ^ 3", 2.0, 32.0),
            ("e ^ (0 * x)", 7.0, 1.0),
            ("- (x + 1)", 1.0, -2.0),
        ];
        for (text, x, expected) in cases {
            let found = value(text, x);
            assert!((found - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{text} at {x}: {found}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (text, said) in [
            ("2^3^x", "a power of a power at character 4"),
            ("2 * -x^2", "two operators meet at character 5"),
            ("2^-x", "two operators meet at character 3"),
            ("y + 1", "\"y\" is not known"),
        ] {
            let error = compile(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        for text in ["", "(", "x +", "2x", "1e-3 * x", "x ** 2", "sin"] {
            assert!(compile(text).is_err(), "{text}");
        }
    }
}
