//! Bad archives.

use std::fs;

use tar::{Builder, EntryType, Header};
use tempfile::tempdir;

use super::made::{COLOUR, archive, few, gzip, pictures, records};
use super::problem;
use super::reading::sheet_package;
use crate::cifar::{self, Form};
use crate::error::{Error, Problem};
use crate::images::Images;
use crate::npm;
use crate::progress::Reporter;

fn good() -> Vec<(String, Vec<u8>)> {
    let (train, test) = (pictures(&COLOUR, 0), pictures(&few(COLOUR), 1));
    let files = Form::Binary.files().into_iter().enumerate();
    let bytes = |batch: usize| if batch < 5 { records(&train, 2 * batch..2 * batch + 2) } else { records(&test, 0..3) };
    files.map(|(batch, file)| (format!("cifar-10-batches-bin/{file}"), bytes(batch))).collect()
}

fn read(bytes: &[u8]) -> Result<(Images, Images), Error> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("cifar-10-binary.tar.gz");
    fs::write(&path, bytes).unwrap();
    let mut sink = |_| ();
    cifar::read_archive(&path, (&COLOUR, &few(COLOUR)), &mut Reporter::new(&mut sink))
}

/// The good archive with one more entry behind it, whose raw path the tar crate would refuse to write.
fn with_entry(path: &[u8], kind: EntryType) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in good() {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path);
    header.set_entry_type(kind);
    if kind.is_symlink() || kind.is_hard_link() {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, std::io::empty()).unwrap();
    gzip(&builder.into_inner().unwrap())
}

#[test]
fn entries_that_leave_their_folder_or_are_links() {
    assert!(read(&archive(&good())).is_ok());
    assert!(read(&with_entry(b"cifar-10-batches-bin/", EntryType::Directory)).is_ok());
    let cases: [(&[u8], EntryType, &str); 6] = [
        (b"../evil", EntryType::Regular, "its path leads out of the archive's folder"),
        (b"cifar-10-batches-bin/../../evil", EntryType::Regular, "its path leads out of the archive's folder"),
        (b"/etc/evil", EntryType::Regular, "its path leads out of the archive's folder"),
        (b"link", EntryType::Symlink, "is a link inside an archive"),
        (b"link", EntryType::Link, "is a link inside an archive"),
        (b"pipe", EntryType::Fifo, "is neither a file nor a folder inside an archive"),
    ];
    for (path, kind, message) in cases {
        let (place, found) = problem(read(&with_entry(path, kind)));
        assert!(found.to_string().contains(message), "{found}");
        assert!(place.ends_with(std::str::from_utf8(path).unwrap()), "{place}");
    }
}

#[test]
fn damaged_archives() {
    let whole = archive(&good());
    for length in [0, 1, 20, whole.len() / 2, whole.len() - 5] {
        let (place, found) = problem(read(&whole[..length]));
        assert!(place.contains("cifar-10-binary.tar.gz"), "{place}");
        assert!(
            matches!(
                found,
                Problem::Tar(_) | Problem::Gzip(_) | Problem::Lacking | Problem::NoBatches | Problem::Short { .. }
            ),
            "{length}: {found}"
        );
    }
    let (_, found) = problem(read(b"this is not gzip at all, but long enough to be looked at"));
    assert!(matches!(found, Problem::Tar(_)), "{found}");
}

#[test]
fn an_archive_with_any_byte_changed_gives_no_panic() {
    let whole = archive(&good());
    for place in 0..whole.len() {
        for change in [0x01, 0x40, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] ^= change;
            drop(read(&bytes));
        }
    }
}

#[test]
fn entries_that_lack_or_are_too_large() {
    let mut entries = good();
    entries.remove(2);
    let (place, found) = problem(read(&archive(&entries)));
    assert!(place.ends_with("cifar-10-binary.tar.gz: data_batch_3.bin"), "{place}");
    assert_eq!(found.to_string(), "the archive does not hold it");
    let mut entries = good();
    entries[1].1 = vec![0; 1_000_000];
    let (place, found) = problem(read(&archive(&entries)));
    assert!(place.ends_with("data_batch_2.bin"), "{place}");
    assert_eq!(found.to_string(), "announces 1000000 bytes, at most 122 are possible");
}

/// A header may announce terabytes: nothing is allocated for them.
#[test]
fn an_entry_of_a_huge_size() {
    let mut header = Header::new_gnu();
    header.set_path("cifar-10-batches-bin/data_batch_1.bin").unwrap();
    header.set_size(1 << 44);
    header.set_cksum();
    let (_, found) = problem(read(&gzip(&[header.as_bytes().as_slice(), &[0; 512]].concat())));
    assert!(matches!(found, Problem::Oversized { bytes, .. } if bytes == 1 << 44), "{found}");
}

/// Megabytes of nothing pack into kilobytes: unpacking them stops at the bytes that the archive can have.
#[test]
fn an_archive_that_unpacks_without_end() {
    let mut header = Header::new_gnu();
    header.set_path("filler").unwrap();
    header.set_size(200 << 20);
    header.set_cksum();
    let filler = vec![0; 200 << 20];
    let (_, found) = problem(read(&gzip(&[header.as_bytes().as_slice(), &filler].concat())));
    assert!(matches!(found, Problem::Tar(_)), "{found}");
}

#[test]
fn bad_sheets_and_labels() {
    let (train, test) = (pictures(&COLOUR, 0), pictures(&few(COLOUR), 1));
    let grey = super::made::png(&[0; 40], 20, 2, image::ExtendedColorType::L8);
    let small = super::made::png(&[0; 3], 1, 1, image::ExtendedColorType::Rgb8);
    let huge = {
        // A PNG header that announces 2³¹−1 × 2³¹−1 pixels.
        let mut bytes = small.clone();
        bytes[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        let mut sum = flate2::Crc::new();
        sum.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
        bytes
    };
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("data_batch_2.png", grey, "picture 0 is 20×2 L8, expected 20×2 Rgb8"),
        ("data_batch_2.png", small, "picture 0 is 1×1 Rgb8, expected 20×2 Rgb8"),
        ("data_batch_2.png", huge, "picture 0 "),
        ("data_batch_2.png", b"not a picture".to_vec(), "picture 0 cannot be decoded"),
        ("test_lables.json", b"[1,2".to_vec(), "is not a JSON list of labels"),
        ("test_lables.json", b"{}".to_vec(), "is not a JSON list of labels"),
        ("test_lables.json", b"[1,2]".to_vec(), "announces 2 labels, expected 3"),
        ("test_lables.json", b"[1,2,10]".to_vec(), "label 10 of picture 2 is not below 10"),
        ("test_lables.json", b"[1,2,-1]".to_vec(), "label -1 of picture 2 is not below 10"),
    ];
    for (file, bytes, message) in cases {
        let mut entries = sheet_package(&train, &test);
        entries.iter_mut().find(|entry| entry.0.ends_with(file)).unwrap().1 = bytes;
        let folder = tempdir().unwrap();
        let path = folder.path().join("package.tgz");
        fs::write(&path, archive(&entries)).unwrap();
        let mut sink = |_| ();
        let made = npm::unpack_sheets(&path, folder.path(), (&COLOUR, &few(COLOUR)), &mut Reporter::new(&mut sink));
        let (place, found) = problem(made);
        assert!(place.ends_with(file) && found.to_string().contains(message), "expected {message:?}: {place}: {found}");
    }
}
