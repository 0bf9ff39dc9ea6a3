//! The bytes on the disk, read by a decoder of its own.

use std::process::Command;

use lrscope_runner::learner::Row;
use lrscope_runner::record::{Checksum, Store};

use super::sample;

/// CRC-32C bit by bit, from its definition: reflected polynomial 0x82f63b78, all ones before and after.
fn crc32c(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    (!crc).to_le_bytes()
}

/// A column as postcard writes it: present, variant, length in bytes (below 128 here), bytes.
fn column(variant: u8, bytes: &[u8]) -> Vec<u8> {
    [&[variant, bytes.len() as u8], bytes].concat()
}

#[test]
fn steps_are_laid_out_as_the_module_says() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283_u32.to_le_bytes(), "the catalogue's check value");
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let rows = [1.0, 0.1].map(|loss| Row { loss, grad_norm: Some(2.5), update_ratio: None });
    let mut attempt = store.begin(&sample::spec(0, 2)).unwrap();
    attempt.append(0, &rows).unwrap();
    let record = sample::publish(attempt).unwrap().record().clone();

    let mut head = b"\x89LRS\r\n\x1a\n\x01\x00\x02\x00".to_vec();
    head.extend(crc32c(&head));
    // Variant 0 (rows), first step 0, loss as f64 (0.1 is no f32), gradient norm present as f32, no update ratio.
    let losses = column(1, &[1.0_f64.to_le_bytes(), 0.1_f64.to_le_bytes()].concat());
    let norms = column(0, &[2.5_f32.to_le_bytes(), 2.5_f32.to_le_bytes()].concat());
    let mut message = [&[0, 0][..], &losses, &[1], &norms, &[0]].concat();
    message.extend(crc32c(&message));
    let length = (message.len() as u32).to_le_bytes();
    let expected = [&head[..], &length, &crc32c(&length), &message].concat();
    assert_eq!(std::fs::read(record.path.join("steps.bin")).unwrap(), expected);
}

#[test]
fn blocks_hold_1024_rows() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let record = sample::run(&store, &sample::spec(0, 2500), 10).record().clone();
    let bytes = std::fs::read(record.path.join("steps.bin")).unwrap();
    let mut rest = &bytes[16..];
    let mut columns = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let message = &after[4..][..u32::from_le_bytes(*length) as usize];
        columns.push(message.len());
        rest = &after[4 + message.len()..];
    }
    // Two f64 columns a row, and less than 24 bytes besides.
    let rows: Vec<usize> = columns.iter().map(|bytes| bytes / 16).collect();
    assert_eq!(rows.len(), 3);
    assert!(
        rows.iter().zip([1024, 1024, 452]).all(|(rows, expected)| (expected..expected + 2).contains(rows)),
        "{rows:?}"
    );
}

#[test]
fn sha256sum_accepts_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let record = sample::run(&store, &sample::spec(0, 25), 10).record().clone();
    let Ok(checked) =
        Command::new("sha256sum").args(["--strict", "-c", "SHA256SUMS"]).current_dir(&record.path).output()
    else {
        return sample::skipped("there is no sha256sum to check SHA256SUMS with");
    };
    let said = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(said, "spec.json: OK\nsteps.bin: OK\nresult.json: OK\nmeasured.json: OK\n");
}

#[test]
fn checksums_are_sha256() {
    // FIPS 180-4's example "abc", and the empty message.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Checksum::of(b"abc").to_string(), abc);
    assert_eq!(Checksum::of(b""), empty.parse().unwrap());
    for wrong in ["", &abc[1..], &abc.to_uppercase(), &abc.replace('b', "g"), &format!("{abc}0")] {
        assert!(wrong.parse::<Checksum>().is_err(), "{wrong}");
    }
    // Names and blobs cannot be shifted into each other.
    let state = |name: &str, blob: &[u8]| Checksum::of_state(&[(name.to_owned(), blob.to_vec())].into());
    assert_ne!(state("ab", b"c"), state("a", b"bc"));
    let message = [&1_u64.to_le_bytes()[..], &1_u64.to_le_bytes(), b"a", &2_u64.to_le_bytes(), b"bc"].concat();
    assert_eq!(state("a", b"bc"), Checksum::of(&message));
}
