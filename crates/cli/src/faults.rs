//! The program's own faults, in words for its user. Nothing relies on this: an error is an error wherever one can be foreseen.

use std::panic::{self, PanicHookInfo};

use crate::progress::note;

/// Says every panic as what it is, and where to send it, in place of the language's own words. The process ends with exit code
/// 1 where the panic reaches its main thread.
pub fn say_plainly() {
    panic::set_hook(Box::new(|panic| note(&format!("lrscope: {}", words(panic)))));
}

/// Does the whole command; a panic in it is exit code 1.
pub fn contained<T>(work: impl FnOnce() -> T, failed: T) -> T {
    panic::catch_unwind(panic::AssertUnwindSafe(work)).unwrap_or(failed)
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let said = panic.payload();
    let said = said.downcast_ref::<String>().map(String::as_str).or_else(|| said.downcast_ref::<&str>().copied());
    let place = panic.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
    let said = said.unwrap_or("no reason is known");
    format!("this is a fault of lrscope, not of yours; nothing published is lost. Please report it: {said}{place}")
}
