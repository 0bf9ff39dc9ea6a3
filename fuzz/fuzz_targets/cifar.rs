//! CIFAR-10's batches: the first byte says in which form the others are.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((form, bytes)) = bytes.split_first() else { return };
    let _ = if form % 2 == 0 { lrscope_data::fuzzing::cifar_binary(bytes) } else { lrscope_data::fuzzing::cifar_python(bytes) };
});
