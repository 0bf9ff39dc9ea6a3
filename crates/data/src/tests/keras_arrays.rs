//! Keras's `mnist.npz`. The fixtures were written by numpy 2 (`fixtures/arrays.py`) from the pictures of [`made`](super::made).

use std::fs;

use tempfile::tempdir;

use super::made::{GREY, few, pictures};
use crate::error::Error;
use crate::images::Images;
use crate::npz;

const PACKED: &[u8] = include_bytes!("fixtures/arrays_packed.npz");
const STORED: &[u8] = include_bytes!("fixtures/arrays_stored.npz");

fn read(bytes: &[u8]) -> Result<(Images, Images), Error> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("mnist.npz");
    fs::write(&path, bytes).unwrap();
    npz::read(&path, (&GREY, &few(GREY)))
}

#[test]
fn arrays_are_read_packed_and_stored() {
    for bytes in [PACKED, STORED] {
        assert_eq!(read(bytes).unwrap(), (pictures(&GREY, 0), pictures(&few(GREY), 5)));
    }
}

#[test]
fn other_arrays_are_refused_by_name() {
    let cases: [(&[u8], &str); 5] = [
        (
            include_bytes!("fixtures/arrays_int64.npz"),
            "y_train.npy: is not the array it should be: it holds '<i8' of [10]",
        ),
        (
            include_bytes!("fixtures/arrays_fortran.npz"),
            "x_train.npy: is not the array it should be: it holds '|u1' of [10, 4, 5]",
        ),
        (
            include_bytes!("fixtures/arrays_few.npz"),
            "x_train.npy: is not the array it should be: it holds '|u1' of [9, 4, 5]",
        ),
        (include_bytes!("fixtures/arrays_lacking.npz"), "y_test.npy: the archive does not hold it"),
        (b"this is no archive", "mnist.npz: the zip archive is damaged"),
    ];
    for (bytes, says) in cases {
        let text = read(bytes).expect_err(says).to_string();
        assert!(text.contains(says) && text.ends_with("replace it by the official file or remove it"), "{text}");
    }
}

#[test]
fn a_label_that_names_no_class_is_refused() {
    let place = STORED.windows(5).position(|five| five == [0, 3, 6, 9, 2]).unwrap();
    let mut bytes = STORED.to_vec();
    bytes[place + 1] = 10;
    let text = read(&bytes).expect_err("a label of 10").to_string();
    assert!(text.contains("y_train.npy: label 10 of picture 1 is not below 10"), "{text}");
}

/// No byte can be changed, and no end cut off, so that reading panics or takes for ever.
#[test]
fn arrays_with_any_byte_changed_give_no_panic() {
    for whole in [PACKED, STORED] {
        for place in 0..whole.len() {
            for change in [0x01, 0xff] {
                let mut bytes = whole.to_vec();
                bytes[place] ^= change;
                // Whether it still can be read depends on the byte; that it comes back is what counts.
                drop(read(&bytes));
            }
        }
        for end in (0..whole.len()).step_by(9) {
            assert!(read(&whole[..end]).is_err(), "cut at {end}");
        }
    }
}

/// Megabytes of zeros pack into kilobytes; no more than the array's length is unpacked. A header may be nested as deep as it is long.
#[test]
fn what_unpacks_to_more_than_it_should_is_refused() {
    let text = read(include_bytes!("fixtures/arrays_bomb.npz")).expect_err("a bomb").to_string();
    assert!(text.contains("x_train.npy: goes on after the 200 bytes"), "{text}");
    let nested: [&[u8]; 2] = [include_bytes!("fixtures/arrays_nested.npz"), include_bytes!("fixtures/arrays_long.npz")];
    for bytes in nested {
        let text = read(bytes).expect_err("nested").to_string();
        assert!(text.contains("x_train.npy: is not the array it should be"), "{text}");
    }
}
