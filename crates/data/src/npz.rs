//! MNIST as Keras keeps it: `mnist.npz`, a zip archive of the arrays `x_train`, `y_train`, `x_test` and `y_test` in numpy's format.
//! <https://keras.io/api/datasets/mnist/>

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::DeflateDecoder;
use npyz::{DType, NpyHeader, Order};
use zip::{CompressionMethod, ZipArchive};

use crate::error::{Error, Problem};
use crate::expected::Expected;
use crate::file_bytes::{check_length, open};
use crate::images::Images;

/// Bytes that numpy's header can take before the values of an array with three dimensions. A longer one is not read: the parser of
/// these headers goes as deep as they are nested.
const HEADER: usize = 256;

/// Reads both parts.
pub(crate) fn read(path: &Path, (train, test): (&Expected, &Expected)) -> Result<(Images, Images), Error> {
    let mut archive =
        ZipArchive::new(BufReader::new(open(path)?)).map_err(|error| Error::bad(path, Problem::Zip(error)))?;
    let mut part = |part: &str, expected: &Expected| -> Result<Images, Error> {
        let &Expected { count, channels, height, width, .. } = expected;
        let mut values = |array: &str, shape: &[usize]| -> Result<Vec<u8>, Error> {
            let entry = format!("{array}_{part}.npy");
            read_array(&mut archive, &entry, shape).map_err(|problem| Error::bad_entry(path, &entry, problem))
        };
        let (pixels, labels) = (values("x", &[count, height, width])?, values("y", &[count])?);
        let wrong = |problem| Error::bad_entry(path, &format!("y_{part}.npy"), problem);
        expected.check_labels(&labels).map_err(wrong)?;
        Ok(Images { count, channels, height, width, pixels, labels })
    };
    Ok((part("train", train)?, part("test", test)?))
}

/// The values of an array of bytes with this shape.
fn read_array(archive: &mut ZipArchive<BufReader<File>>, entry: &str, shape: &[usize]) -> Result<Vec<u8>, Problem> {
    let index = archive.index_for_name(entry).ok_or(Problem::Lacking)?;
    let packed = archive.by_index_raw(index).map_err(Problem::Zip)?;
    let length = shape.iter().product::<usize>();
    let mut bytes = Vec::new();
    // One byte more than can be tells an array that goes on from one that ends.
    let limit = (HEADER + length + 1) as u64;
    match packed.compression() {
        CompressionMethod::Stored => packed.take(limit).read_to_end(&mut bytes)?,
        CompressionMethod::DEFLATE => {
            DeflateDecoder::new(packed).take(limit).read_to_end(&mut bytes).map_err(Problem::Deflate)?
        }
        other => return Err(Problem::Npy(format!("its compression is {other}"))),
    };
    let header = check_header(&bytes, shape)?;
    bytes.drain(..header);
    check_length(&bytes, length)?;
    Ok(bytes)
}

/// Fails unless the header says what the array must be. Returns the header's length.
fn check_header(bytes: &[u8], shape: &[usize]) -> Result<usize, Problem> {
    // Magic, version, the header's length in two bytes from version 1 on and in four from version 2 on.
    let length = match bytes.get(6..12) {
        Some([1, _, low, high, ..]) => 10 + usize::from(u16::from_le_bytes([*low, *high])),
        Some([_, _, low, high, 0, 0]) => 12 + usize::from(u16::from_le_bytes([*low, *high])),
        _ => HEADER + 1,
    };
    let head = bytes.get(..length).filter(|_| length <= HEADER);
    let head = head.ok_or_else(|| Problem::Npy("its header is too short or too long".to_owned()))?;
    let header = NpyHeader::from_reader(Cursor::new(head)).map_err(|error| Problem::Npy(error.to_string()))?;
    let found = format!("{} of {:?}", header.dtype().descr(), header.shape());
    let right = matches!(header.dtype(), DType::Plain(kind) if matches!(kind.to_string().as_str(), "|u1" | "<u1" | ">u1"))
        && header.order() == Order::C
        && header.shape().iter().copied().eq(shape.iter().map(|&length| length as u64));
    if right {
        Ok(length)
    } else {
        Err(Problem::Npy(format!("it holds {found}, expected '|u1' of {shape:?} in C order")))
    }
}
