//! Panics of the parquet crate on damaged files, turned into errors.
//!
//! Its decoders believe lengths that a damaged page tells them and index past the end (a test changes every byte of a small
//! file and finds dozens). A panic of another's code must not reach the user as a panic, nor print its message as one.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use parquet::errors::ParquetError;

thread_local! {
    /// Whether a panic of this thread is about to become an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}
static HOOK: Once = Once::new();

/// Does `work`; a panic in it is the error that a damaged file gives.
pub(crate) fn guarded<T, E: From<ParquetError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                usual(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    // What a panic leaves half done is the reader of the damaged file, which is dropped with the error.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result
        .unwrap_or_else(|panic| Err(ParquetError::General(format!("its decoder failed: {}", message(&*panic))).into()))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("for no stated reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        let result: Result<(), ParquetError> = guarded(|| panic!("page {} is odd", 7));
        assert!(result.expect_err("it panicked").to_string().contains("its decoder failed: page 7 is odd"));
        let result: Result<i32, ParquetError> = guarded(|| Ok(guarded(|| Ok::<_, ParquetError>(1))? + 1));
        assert_eq!(result.expect("no panic"), 2);
        assert!(!GUARDED.get());
    }
}
