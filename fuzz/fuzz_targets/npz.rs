//! Keras's archive of arrays.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<std::path::PathBuf> = LazyLock::new(|| lrscope_fuzz::folder("npz").join("mnist.npz"));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("written");
    let _ = lrscope_data::fuzzing::npz(&FILE);
});
