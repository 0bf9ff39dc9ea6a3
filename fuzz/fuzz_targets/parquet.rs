//! The hub's parquet files.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = lrscope_data::fuzzing::parquet(bytes);
});
