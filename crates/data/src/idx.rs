//! The IDX format of MNIST: a big-endian magic number (0, 0, type 8 = u8, number of dimensions), one u32 per dimension, then
//! the bytes. <https://yann.lecun.org/exdb/mnist/>

use std::path::Path;

use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::{check_length, read_bounded};

const LABELS: u32 = 0x0801;
const PICTURES: u32 = 0x0803;

/// The pixels of a file of pictures, plain or gzipped.
pub(crate) fn read_pictures(path: &Path, expected: &Expected) -> Result<Vec<u8>, Error> {
    let &Expected { count, height, width, .. } = expected;
    read_body(path, PICTURES, "pictures", &[count, height, width])
}

/// The labels of a file of labels, plain or gzipped.
pub(crate) fn read_labels(path: &Path, expected: &Expected) -> Result<Vec<u8>, Error> {
    let labels = read_body(path, LABELS, "labels", &[expected.count])?;
    expected.check_labels(&labels).map_err(|problem| Error::bad(path, problem))?;
    Ok(labels)
}

fn read_body(path: &Path, magic: u32, what: &'static str, dimensions: &[usize]) -> Result<Vec<u8>, Error> {
    let header = 4 + 4 * dimensions.len();
    let length = header + dimensions.iter().product::<usize>();
    // One byte more than expected tells a file that goes on from one that ends, and makes gzip check its sum.
    let mut bytes = read_bounded(path, length + 1)?;
    check_header(&bytes, magic, what, dimensions).map_err(|problem| Error::bad(path, problem))?;
    check_length(&bytes, length).map_err(|problem| Error::bad(path, problem))?;
    bytes.drain(..header);
    Ok(bytes)
}

fn check_header(bytes: &[u8], magic: u32, what: &'static str, dimensions: &[usize]) -> Result<(), Problem> {
    let found = number(bytes, 0)?;
    if found != magic {
        return Err(Problem::Magic { what, found, expected: magic });
    }
    for (place, &expected) in dimensions.iter().enumerate() {
        let found = u64::from(number(bytes, 4 + 4 * place)?);
        let what = ["rows of pixels", "columns of pixels"].get(place.wrapping_sub(1)).copied().unwrap_or(what);
        if found != expected as u64 {
            return Err(Problem::Count { what, found, expected });
        }
    }
    Ok(())
}

fn number(bytes: &[u8], offset: usize) -> Result<u32, Problem> {
    let end = offset + 4;
    let short = Problem::Short { found: bytes.len(), expected: end };
    bytes.get(offset..end).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes).ok_or(short)
}
