//! What an expression means: names become functions and numbers, and the whole a function of `x`.

use super::advice;
use super::function::{self, Function};
use super::grammar::{Syntax, Word};
use super::unknown::unknown;

/// An expression that can be evaluated: every operation as it was written.
#[derive(Debug)]
pub(super) enum Formula {
    Number(f64),
    X,
    One(fn(f64) -> f64, Box<Formula>),
    Two(fn(f64, f64) -> f64, Box<[Formula; 2]>),
}

impl Formula {
    /// Its value at `x`.
    pub(super) fn at(&self, x: f64) -> f64 {
        match self {
            Self::Number(value) => *value,
            Self::X => x,
            Self::One(function, argument) => function(argument.at(x)),
            Self::Two(function, arguments) => function(arguments[0].at(x), arguments[1].at(x)),
        }
    }

    fn two(function: fn(f64, f64) -> f64, left: Self, right: Self) -> Self {
        Self::Two(function, Box::new([left, right]))
    }
}

/// The formula of what was read in `text`.
///
/// # Errors
/// Names that are not known, functions with too many or too few arguments, numbers too large; with the character.
pub(super) fn of(text: &str, syntax: &Syntax<'_>) -> Result<Formula, String> {
    match syntax {
        Syntax::Number(word) => number(text, *word),
        Syntax::Name(name) => named(text, *name),
        Syntax::Call(name, arguments) => call(text, *name, arguments),
        Syntax::Minus(operand) => Ok(Formula::One(|value| -value, Box::new(of(text, operand)?))),
        Syntax::Binary(operation, sides) => {
            let [left, right] = &**sides;
            Ok(Formula::two(*operation, of(text, left)?, of(text, right)?))
        }
    }
}

fn number(text: &str, word: Word<'_>) -> Result<Formula, String> {
    match word.text.parse() {
        Ok(value) if f64::is_finite(value) => Ok(Formula::Number(value)),
        _ => Err(advice::at(text, word.at, &format!("{} is too large a number", word.text))),
    }
}

fn named(text: &str, name: Word<'_>) -> Result<Formula, String> {
    if name.text == "x" {
        return Ok(Formula::X);
    }
    function::constant(name.text).map(Formula::Number).ok_or_else(|| unknown(text, name, false))
}

fn call(text: &str, name: Word<'_>, arguments: &[Syntax<'_>]) -> Result<Formula, String> {
    let function = function::function(name.text).ok_or_else(|| unknown(text, name, true))?;
    let mut values = arguments.iter().map(|argument| of(text, argument)).collect::<Result<Vec<_>, _>>()?.into_iter();
    let given = values.len();
    let formula = match (function, values.next(), values.next()) {
        (Function::One(function) | Function::OneOrTwo(function, _), Some(value), None) => {
            Formula::One(function, Box::new(value))
        }
        (Function::Two(function) | Function::OneOrTwo(_, function), Some(left), Some(right)) if given == 2 => {
            Formula::two(function, left, right)
        }
        (Function::Several(function), Some(first), Some(second)) => {
            let two = Formula::two(function, first, second);
            values.fold(two, |before, value| Formula::two(function, before, value))
        }
        _ => {
            let takes = function.takes();
            return Err(advice::at(text, name.at, &format!("{} takes {takes}, not {given}", name.text)));
        }
    };
    Ok(formula)
}
