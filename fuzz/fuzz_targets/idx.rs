//! IDX files, plain and gzipped.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<std::path::PathBuf> = LazyLock::new(|| lrscope_fuzz::folder("idx").join("file"));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("written");
    let _ = lrscope_data::fuzzing::idx_file(&FILE);
});
