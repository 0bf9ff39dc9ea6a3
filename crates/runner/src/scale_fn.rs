//! Turns the text of a cyclic schedule's `scale_fn` into a function. `docs/scale-fn.md` is the language's reference.
//!
//! Reading is done by winnow's precedence parser, evaluation here: of the crates that do both, exmex 0.21 folds constants wrongly,
//! fasteval2 takes `-x^2` for (−x)² and `log` for the decimal one, rhai divides integers, and all compute with the system's
//! functions, whose last bit differs from machine to machine. Nothing is folded or put in another order here.

mod advice;
mod formula;
mod function;
mod grammar;
mod unknown;

use lrscope_schedule::{CompileError, ScaleFn, ScheduleSpec};

use crate::spec::RunSpec;

use self::formula::Formula;

/// Longest text that is read.
const LONGEST: usize = 1000;

/// Compiles an expression of `x` (the cycle, from 1, or the step, from 0): numbers, `pi`, `e` and `tau`, `+ - * / % //`, powers
/// as `^` or `**`, parentheses, and functions such as `sin`, `exp`, `min` and `log` (the natural logarithm).
///
/// Operators bind as in mathematics and in Python: `-x^2` is −(x²), `2^3^2` is 2⁹. The arithmetic is IEEE 754's in f64, in the order
/// in which the text has it; functions are the libm crate's, the same on every machine. What has no value is NaN or infinite, which
/// the schedule refuses as a rate.
///
/// # Errors
/// Whatever is not plain mathematics; the message names the character and says what to write instead.
pub fn compile(text: &str) -> Result<ScaleFn, CompileError> {
    let formula = read(text)?;
    Ok(ScaleFn::new(text, move |x| formula.at(x)))
}

/// The first version of the numerics whose `scale_fn` has the values that its text says.
const AS_WRITTEN: u32 = 3;

/// What a report has to say of a run from before [`AS_WRITTEN`] with a `scale_fn`: its rates are computed again from the text, and
/// may not be those that it was trained with.
pub fn trained_otherwise(spec: &RunSpec) -> Option<String> {
    let numerics = spec.numerics;
    (numerics < AS_WRITTEN && has_scale_fn(&spec.schedule)).then(|| {
        format!(
            "runs were trained with numerics version {numerics}, in which a scale_fn could have other values than its text says: the \
             rates shown are the text's, and may not be those of the training; train again to be sure"
        )
    })
}

fn has_scale_fn(schedule: &ScheduleSpec) -> bool {
    match schedule {
        ScheduleSpec::Cyclic(cyclic) => cyclic.scale_fn.is_some(),
        ScheduleSpec::Sequential(sequence) => sequence.stages.iter().any(|stage| has_scale_fn(&stage.schedule)),
        _ => false,
    }
}

fn read(text: &str) -> Result<Formula, String> {
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!("it has {length} characters; at most {LONGEST} are read"));
    }
    advice::refuse_statements(text)?;
    let syntax = grammar::parse(text).map_err(|misread| advice::misread(text, &misread))?;
    formula::of(text, &syntax)
}
