//! A cyclic schedule's own scale function: a closure with the text it was made from.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Why a text could not be compiled into a [`ScaleFn`].
pub type CompileError = Box<dyn std::error::Error + Send + Sync>;

/// A function of the cycle or of the step that scales a cycle's amplitude, with its source text.
///
/// Equality and hashing go by the text: two functions of the same text are the same function. This crate knows no expression
/// language; whoever makes a [`crate::Plan`] brings the compiler.
///
/// ```
/// # use lrscope_schedule::ScaleFn;
/// let halving = ScaleFn::new("1 / 2 ^ (x - 1)", |x| 0.5_f64.powf(x - 1.0));
/// assert_eq!(halving.call(3.0), 0.25);
/// assert_eq!(halving, ScaleFn::new("1 / 2 ^ (x - 1)", |_| 0.0));
/// ```
#[derive(Clone)]
pub struct ScaleFn {
    text: Arc<str>,
    function: Arc<dyn Fn(f64) -> f64 + Send + Sync>,
}

impl ScaleFn {
    /// A function and the text that it was made from.
    pub fn new(text: &str, function: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Self {
        Self { text: text.into(), function: Arc::new(function) }
    }

    /// The text that the function was made from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The scale for cycle (from 1) or step (from 0) `x`.
    pub fn call(&self, x: f64) -> f64 {
        (self.function)(x)
    }
}

impl fmt::Debug for ScaleFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScaleFn").field(&self.text).finish()
    }
}

impl PartialEq for ScaleFn {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ScaleFn {}

impl Hash for ScaleFn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
