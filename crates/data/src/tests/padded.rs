//! Zero bytes behind a gzip stream, as tapes and pipes leave them. The oracle is `gzip -t`, which must accept what is read here, and
//! the pictures that went in.

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::made::{COLOUR, GREY, archive, few, gzip, idx_pair, pictures, records};
use super::{idx_folder, problem, skipped};
use crate::cifar::{self, Form};
use crate::idx_folder::IDX;
use crate::progress::Reporter;

/// Numbers of zero bytes: a tape's block, a whole tape record of bsdtar, one more and one fewer, and more than any buffer.
const ZEROS: [usize; 7] = [1, 7, 511, 512, 513, 10_240, 100_000];

/// Fails unless gzip accepts the file, where there is one.
fn gzip_accepts(path: &Path) {
    match std::process::Command::new("gzip").arg("-t").arg(path).output() {
        Ok(done) => assert!(done.status.success(), "{done:?}"),
        Err(_) => skipped("there is no gzip to compare with"),
    }
}

#[test]
fn idx_files_with_zero_bytes_behind_them() {
    let (train, test) = (pictures(&GREY, 0), pictures(&few(GREY), 5));
    let ((a, b), (c, d)) = (idx_pair(&train), idx_pair(&test));
    for zeros in ZEROS {
        let folder = tempdir().unwrap();
        for (file, bytes) in IDX.iter().zip([&a, &b, &c, &d]) {
            // Two members, as concatenated files are.
            let (head, tail) = bytes.split_at(5);
            let path = folder.path().join(format!("{file}.gz"));
            fs::write(&path, [gzip(head), gzip(tail), vec![0; zeros]].concat()).unwrap();
            gzip_accepts(&path);
        }
        let read = idx_folder(folder.path(), (&GREY, &few(GREY))).unwrap();
        assert_eq!(read, Some((train.clone(), test.clone())), "{zeros}");
    }
}

#[test]
fn archives_with_zero_bytes_behind_them_and_without_gzip() {
    let (train, test) = (pictures(&COLOUR, 0), pictures(&few(COLOUR), 5));
    let entries: Vec<(String, Vec<u8>)> = Form::Binary
        .files()
        .into_iter()
        .enumerate()
        .map(|(batch, file)| {
            let bytes = if batch < 5 { records(&train, 2 * batch..2 * batch + 2) } else { records(&test, 0..3) };
            (format!("some/other/folder/{file}"), bytes)
        })
        .collect();
    let whole = archive(&entries);
    let plain = {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(whole.as_slice()), &mut bytes).unwrap();
        bytes
    };
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.tar.gz");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        cifar::read_archive(&path, (&COLOUR, &few(COLOUR)), &mut Reporter::new(&mut |_| ()))
    };
    for zeros in ZEROS {
        assert_eq!(read(&[whole.clone(), vec![0; zeros]].concat()).unwrap(), (train.clone(), test.clone()), "{zeros}");
        gzip_accepts(&path);
        assert_eq!(read(&[plain.clone(), vec![0; zeros]].concat()).unwrap(), (train.clone(), test.clone()), "{zeros}");
    }
    let (_, found) = problem(read(&[whole, vec![0; 512], b"junk".to_vec()].concat()));
    assert_eq!(found.to_string(), "its gzip stream is damaged: other bytes follow the end of the stream");
}
