//! The data hash against one computed elsewhere, and the embedded digits.

use crate::{DataSet, Images, Locations, Name, Origin, Source, load};

/// The hash was computed by Python:
///
/// ```text
/// hashlib.sha256(struct.pack('<Q', 6) + b'digits'
///     + struct.pack('<4Q', 2, 1, 1, 3) + bytes(range(6)) + bytes([1, 2])
///     + struct.pack('<4Q', 1, 1, 1, 3) + bytes([9, 8, 7]) + bytes([0])).hexdigest()
/// ```
#[test]
fn the_hash_is_over_the_documented_bytes() {
    let part = |count, pixels: &[u8], labels: &[u8]| Images {
        count,
        channels: 1,
        height: 1,
        width: 3,
        pixels: pixels.to_vec(),
        labels: labels.to_vec(),
    };
    let set = DataSet {
        name: Name::Digits,
        train: part(2, &[0, 1, 2, 3, 4, 5], &[1, 2]),
        test: part(1, &[9, 8, 7], &[0]),
        source: Origin { source: Source::Embedded, detail: String::new() },
    };
    assert_eq!(set.data_hash(), "18172e1727c0b38bc39b450d99592b5ea586582a77c1a284336a5c2aef7f874d");
}

/// The known hash of `digits` was computed from scikit-learn's `load_digits` (floor(value · 255 / 16 + 0.5), first 1,437 and
/// last 360), so loading it proves that smartcore's copy is the same data in the same order.
#[test]
fn digits_are_embedded_and_checked() {
    let mut phases = Vec::new();
    let digits = load(Name::Digits, &Locations::none(), &mut |progress| phases.push(progress.phase)).unwrap();
    let facts = Name::Digits.facts();
    assert_eq!(digits.data_hash(), facts.data_hash);
    assert_eq!((digits.train.count, digits.test.count), (facts.train, facts.test));
    assert_eq!((digits.train.pixels.iter().min(), digits.train.pixels.iter().max()), (Some(&0), Some(&255)));
    // Counted with numpy's bincount.
    let mut counts = [0; 10];
    digits.test.labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    assert_eq!(counts, [35, 36, 35, 37, 37, 37, 37, 36, 33, 37]);
    assert!(!phases.is_empty());
}

/// The first picture of scikit-learn's copy, a 0, as scikit-learn's documentation prints it.
#[test]
fn the_first_digit_is_upright() {
    let stored: [[u8; 8]; 8] = [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
        [0, 4, 12, 0, 0, 8, 8, 0],
        [0, 5, 8, 0, 0, 9, 8, 0],
        [0, 4, 11, 0, 1, 12, 7, 0],
        [0, 2, 14, 5, 10, 12, 0, 0],
        [0, 0, 6, 13, 10, 0, 0, 0],
    ];
    let digits = load(Name::Digits, &Locations::none(), &mut |_| ()).unwrap();
    let picture = digits.train.picture(0).unwrap();
    for (&byte, value) in picture.iter().zip(stored.into_iter().flatten()) {
        assert!((f64::from(byte) / 255.0 - f64::from(value) / 16.0).abs() < 0.002, "{byte} for {value}");
    }
    assert_eq!(digits.train.labels[0], 0);
    assert_eq!(digits.test.picture(360), None);
    assert_eq!(digits.test.picture(usize::MAX), None);
}
