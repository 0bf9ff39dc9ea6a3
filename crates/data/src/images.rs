//! Pictures and labels in memory.

use crate::expected::Expected;
use crate::hash;
use crate::name::Name;
use crate::source::Origin;

/// Pictures of one shape and their labels, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Number of pictures.
    pub count: usize,
    /// Channels of a picture: 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Intensities 0 to 255 in the order picture, channel, row, column (NCHW): `count · channels · height · width` bytes.
    pub pixels: Vec<u8>,
    /// One label per picture, each below the number of classes.
    pub labels: Vec<u8>,
}

impl Images {
    /// Bytes of one picture.
    pub const fn picture_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The bytes of picture `index` (channel, row, column), or nothing past the last one.
    pub fn picture(&self, index: usize) -> Option<&[u8]> {
        let start = index.checked_mul(self.picture_len())?;
        self.pixels.get(start..start.checked_add(self.picture_len())?)
    }

    /// Black pictures of class 0, to be filled in.
    pub(crate) fn blank(expected: &Expected) -> Self {
        let &Expected { count, channels, height, width, .. } = expected;
        let pixels = vec![0; expected.pixels()];
        Self { count, channels, height, width, pixels, labels: vec![0; count] }
    }
}

/// A data set in memory, whole and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Which one.
    pub name: Name,
    /// The official training part.
    pub train: Images,
    /// The official test part.
    pub test: Images,
    /// Where it came from.
    pub source: Origin,
}

impl DataSet {
    /// The data hash: SHA-256, as 64 lower-case hexadecimal digits, over these bytes.
    ///
    /// ```text
    /// length of the name in bytes    u64, little-endian
    /// name                           UTF-8
    /// for the training part, then for the test part:
    ///     count, channels, height, width    four u64, little-endian
    ///     pixels                            count · channels · height · width bytes, NCHW
    ///     labels                            count bytes
    /// ```
    ///
    /// The lengths stand before what they count, so no two data sets share these bytes.
    pub fn data_hash(&self) -> String {
        hash::data_hash(self.name, &self.train, &self.test, &mut |_| ())
    }
}
