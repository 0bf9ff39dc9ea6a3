//! Turns the text of a cyclic schedule's `scale_fn` into a function, by the expression crate that `schedule` must not know.

use exmex::Express;
use lrscope_schedule::{CompileError, ScaleFn};

/// What an expression may be made of, for errors.
const READ: &str =
    "an expression has numbers, x, pi, e, + - * / ^, parentheses and functions such as sin, exp and sqrt";

/// Compiles an expression in `x` (the cycle, from 1, or the step, from 0); `pi` and `e` are known, with `+ - * / ^`, parentheses and
/// functions such as `sin`, `exp` and `sqrt`.
///
/// # Errors
/// What the expression crate cannot read, and any name other than `x`, `pi` and `e`.
pub fn compile(text: &str) -> Result<ScaleFn, CompileError> {
    if text.len() > 1000 {
        let length = text.len();
        return Err(format!("it has {length} characters; at most 1000 are read").into());
    }
    let expression = exmex::FlatEx::<f64>::parse(text).map_err(|error| format!("{error} ({READ})"))?;
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
