//! `scale_fn`: what its texts mean, and what is said of a text that means nothing.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail right there")]
#![allow(clippy::float_cmp, reason = "these values are exact")]

#[path = "scale_fn/python.rs"]
mod python;
#[path = "scale_fn/random.rs"]
mod random;
#[path = "scale_fn/refusals.rs"]
mod refusals;
#[path = "scale_fn/values.rs"]
mod values;

use lrscope_runner::resolve::compile_scale_fn;

/// The value of a text that must be read.
#[track_caller]
fn value(text: &str, x: f64) -> f64 {
    match compile_scale_fn(text) {
        Ok(function) => function.call(x),
        Err(error) => panic!("{text:?} is refused: {error}"),
    }
}
