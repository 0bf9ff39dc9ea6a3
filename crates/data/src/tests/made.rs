//! Small synthetic data in every form that the crate reads.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use tar::{Builder, Header};

use crate::expected::Expected;
use crate::images::Images;

/// Ten grey pictures of 4×5 pixels.
pub(super) const GREY: Expected = Expected { count: 10, channels: 1, height: 4, width: 5, classes: 10 };
/// Ten pictures of 4×5 pixels in three colours: five batches of two.
pub(super) const COLOUR: Expected = Expected { channels: 3, ..GREY };
/// A test part.
pub(super) const fn few(of: Expected) -> Expected {
    of.with_count(3)
}

/// Pictures in which every pixel tells its picture, channel, row and column: no two places are mixed up unnoticed.
pub(super) fn pictures(expected: &Expected, first: usize) -> Images {
    let mut images = Images::blank(expected);
    for (place, pixel) in images.pixels.iter_mut().enumerate() {
        *pixel = (place * 7 + first * 13 + place / 251) as u8;
    }
    for (place, label) in images.labels.iter_mut().enumerate() {
        *label = ((place * 3 + first) % expected.classes) as u8;
    }
    images
}

pub(super) fn idx(dimensions: &[usize], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    for &length in dimensions {
        bytes.extend((length as u32).to_be_bytes());
    }
    bytes.extend(body);
    bytes
}

/// The bytes of a file of pictures and of a file of labels.
pub(super) fn idx_pair(images: &Images) -> (Vec<u8>, Vec<u8>) {
    let pictures = idx(&[images.count, images.height, images.width], &images.pixels);
    (pictures, idx(&[images.count], &images.labels))
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The picture's pixels with their channels side by side, rows from the top.
pub(super) fn interleaved(planes: &[u8], channels: usize) -> Vec<u8> {
    let plane = planes.len() / channels;
    (0..plane).flat_map(|pixel| (0..channels).map(move |channel| planes[channel * plane + pixel])).collect()
}

pub(super) fn png(pixels: &[u8], width: usize, height: usize, kind: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(pixels, width as u32, height as u32, kind).unwrap();
    bytes
}

/// One PNG per picture.
pub(super) fn pngs(images: &Images) -> Vec<Vec<u8>> {
    let kind = if images.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let encode = |planes| png(&interleaved(planes, images.channels), images.width, images.height, kind);
    images.pixels.chunks(images.picture_len()).map(encode).collect()
}

/// A sheet: one row a picture.
pub(super) fn sheet(images: &Images) -> Vec<u8> {
    let rows: Vec<u8> =
        images.pixels.chunks(images.picture_len()).flat_map(|p| interleaved(p, images.channels)).collect();
    png(&rows, images.height * images.width, images.count, ExtendedColorType::Rgb8)
}

/// CIFAR-10's binary form of some of the pictures.
pub(super) fn records(images: &Images, rows: std::ops::Range<usize>) -> Vec<u8> {
    let record = |row: usize| [&[images.labels[row]], images.picture(row).unwrap()].concat();
    rows.flat_map(record).collect()
}

/// A pickle as Python 2 wrote the official batches (protocol 2): strings of bytes, numpy's array by `_reconstruct`, memo
/// marks behind every object.
pub(super) fn pickle(images: &Images, rows: std::ops::Range<usize>) -> Vec<u8> {
    let count = rows.len();
    let picture = images.picture_len();
    let data = &images.pixels[rows.start * picture..rows.end * picture];
    let mut out =
        b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03U\x06labelsq\x04]q\x05(".to_vec();
    for &label in &images.labels[rows] {
        out.extend([b'K', label]);
    }
    out.extend(b"eU\x04dataq\x06cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85q\x09U\x01b\x87Rq\x0a(K\x01");
    for length in [count, picture] {
        out.extend([b"J".as_slice(), &(length as u32).to_le_bytes()].concat());
    }
    out.extend(b"\x86cnumpy\ndtype\nq\x0bU\x02u1K\x00K\x01\x87Rq\x0c(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out.extend(b"tbU\x09filenamesq\x0d]q\x0e(");
    for row in 0..count {
        let name = format!("leptodactylus_pentadactylus_s_{row:06}.png");
        out.push(b'U');
        out.push(name.len() as u8);
        out.extend(name.as_bytes());
    }
    out.extend(b"eu.");
    out
}

/// A `.tar.gz` of plain files.
pub(super) fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in entries {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

pub(super) fn write(folder: &Path, files: &[(String, Vec<u8>)]) {
    for (file, bytes) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
