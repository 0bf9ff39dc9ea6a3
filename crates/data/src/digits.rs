//! The embedded data set: 1,797 handwritten digits of 8×8 pixels, from smartcore.
//!
//! It is the test part of UCI's "Optical Recognition of Handwritten Digits", which scikit-learn calls `load_digits`, in the
//! same order. Three things had to be decided:
//!
//! - **Intensities** are stored as 0 to 16 and become bytes by `round(value · 255 / 16)`, so that 16 is full contrast (255)
//!   and a pixel divided by 255 is the stored value divided by 16, to within 0.002.
//! - **There is no official division** of these pictures. The last 360 are the test part, the first 1,437 the training part
//!   (the sizes of an 80:20 split). The pictures are in the order of their writers, so the test part is mostly by other hands
//!   than the training part: harder, and more honest, than a random division. Every class has 33 to 37 test pictures.
//! - **Validation** takes 200 of the training pictures by default.

use crate::expected::Expected;
use crate::images::{DataSet, Images};
use crate::name::Name;
use crate::source::{Origin, Source};

/// The largest stored intensity.
const FULL: f32 = 16.0;

/// The embedded digits, not yet checked.
pub(crate) fn load() -> DataSet {
    let stored = smartcore::dataset::digits::load_dataset();
    let mut pixels: Vec<u8> = stored.data.iter().map(|value| (value * 255.0 / FULL).round() as u8).collect();
    let mut labels: Vec<u8> = stored.target.iter().map(|&label| label as u8).collect();
    let expected = Expected::train(Name::Digits);
    let test_pixels = pixels.split_off(expected.pixels().min(pixels.len()));
    let test_labels = labels.split_off(expected.count.min(labels.len()));
    DataSet {
        name: Name::Digits,
        train: part(pixels, labels),
        test: part(test_pixels, test_labels),
        source: Origin::new(Source::Embedded, "the digits of the smartcore crate"),
    }
}

fn part(pixels: Vec<u8>, labels: Vec<u8>) -> Images {
    let Expected { channels, height, width, .. } = Expected::train(Name::Digits);
    Images { count: labels.len(), channels, height, width, pixels, labels }
}
