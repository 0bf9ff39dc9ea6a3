//! Several copies of an IDX file, or other things under its name: what is whole and right is read. The oracle is the pictures that
//! the files were made of.

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::made::{GREY, few, gzip, idx_pair, pictures, write};
use super::{idx_folder, problem};
use crate::error::Error;
use crate::folders::Folder;
use crate::idx_folder::{IDX, IdxFiles};
use crate::images::Images;
use crate::name::Name;

fn parts() -> (Images, Images) {
    (pictures(&GREY, 0), pictures(&few(GREY), 5))
}

/// The bytes of the four files.
fn bytes() -> [Vec<u8>; 4] {
    let ((a, b), (c, d)) = (idx_pair(&parts().0), idx_pair(&parts().1));
    [a, b, c, d]
}

/// The four files, each under the name that `name` makes of its own.
fn put(folder: &Path, name: impl Fn(&str) -> String) {
    let files = IDX.iter().zip(bytes());
    let files: Vec<(String, Vec<u8>)> = files
        .map(|(file, bytes)| (name(file), bytes))
        .map(|(name, bytes)| if name.to_lowercase().ends_with(".gz") { (name, gzip(&bytes)) } else { (name, bytes) })
        .collect();
    write(folder, &files);
}

type Spelling = fn(&str) -> String;

const SPELLINGS: [Spelling; 9] = [
    |file| file.to_owned(),
    |file| file.replace("-idx", ".idx"),
    |file| format!("{file}.gz"),
    |file| format!("{}.gz", file.replace("-idx", ".idx")),
    |file| file.to_uppercase(),
    |file| file.replace('-', "_"),
    |file| format!("{file}/{file}"),
    |file| format!("{}/{file}", file.replace("-idx", ".idx")),
    |file| format!("{file}.gz/{}.GZ", file.replace("-idx", ".idx")),
];

#[test]
fn every_spelling_is_read() {
    for spelling in SPELLINGS {
        let folder = tempdir().unwrap();
        put(folder.path(), spelling);
        assert_eq!(idx_folder(folder.path(), (&GREY, &few(GREY))).unwrap(), Some(parts()), "{}", spelling("train-idx"));
    }
}

/// Whatever stands under the name of a file, a good one under another spelling is read.
#[test]
fn what_is_bad_does_not_stand_before_what_is_good() {
    type Bad = fn(&Path);
    let bad: [(&str, Bad); 7] = [
        ("an empty folder", |path| fs::create_dir_all(path).unwrap()),
        ("a folder of other files", |path| {
            fs::create_dir_all(path).unwrap();
            fs::write(path.join("read.me"), "x").unwrap();
        }),
        ("a truncated file", |path| fs::write(path, &bytes()[0][..50]).unwrap()),
        ("a page of HTML", |path| fs::write(path, "<!DOCTYPE html>").unwrap()),
        ("a damaged stream", |path| fs::write(path, &gzip(&bytes()[0])[..30]).unwrap()),
        #[cfg(unix)]
        ("a link that leads nowhere", |path| std::os::unix::fs::symlink("/nowhere/at/all", path).unwrap()),
        #[cfg(unix)]
        ("a pipe", |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success())),
    ];
    for (what, make) in bad {
        for good in &SPELLINGS[1..] {
            let folder = tempdir().unwrap();
            put(folder.path(), good);
            let path = folder.path().join(IDX[0]);
            if path.exists() {
                continue;
            }
            make(&path);
            let read = idx_folder(folder.path(), (&GREY, &few(GREY)));
            assert_eq!(read.unwrap(), Some(parts()), "{what}, {}", good("train-idx"));
        }
    }
}

/// Files that are whole but hold other pictures: the combination that the check takes is found, in whatever file the change is.
#[test]
fn among_whole_copies_the_right_ones_are_found() {
    for (file, name) in IDX.iter().enumerate() {
        let folder = tempdir().unwrap();
        put(folder.path(), |file| format!("{file}.gz"));
        let mut other = bytes()[file].clone();
        let last = other.len() - 1;
        other[last] ^= 1;
        fs::write(folder.path().join(name), other).unwrap();
        let files = IdxFiles::find(&Folder::list(folder.path()).unwrap()).unwrap();
        let mut tried = 0;
        let mut check = |found: (Images, Images)| {
            tried += 1;
            if found == parts() { Ok(found) } else { Err(Error::bad(Path::new("these"), crate::Problem::NoFolder)) }
        };
        assert_eq!(files.read(Name::Mnist, (&GREY, &few(GREY)), &mut check).unwrap(), parts());
        assert_eq!(tried, 2);
    }
}

#[test]
fn where_every_copy_is_bad_each_is_named_with_its_reason() {
    let folder = tempdir().unwrap();
    put(folder.path(), str::to_owned);
    fs::write(folder.path().join(IDX[0]), &bytes()[0][..50]).unwrap();
    fs::write(folder.path().join("train-images.idx3-ubyte.gz"), "<!DOCTYPE html>").unwrap();
    fs::create_dir(folder.path().join("train-images.idx3-ubyte")).unwrap();
    let text = idx_folder(folder.path(), (&GREY, &few(GREY))).expect_err("all are bad").to_string();
    let says = [
        "no copy of `mnist` that is here is right:\n",
        "train-images-idx3-ubyte: holds 50 bytes, expected 216: it is truncated; replace",
        "train-images.idx3-ubyte.gz: starts with 0x3c21444f",
        "train-images.idx3-ubyte: is a folder, not a file",
    ];
    for says in says {
        assert!(text.contains(says), "expected {says:?} in: {text}");
    }
}

#[test]
fn a_file_that_lacks_is_named_by_its_usual_name() {
    let folder = tempdir().unwrap();
    put(folder.path(), |file| file.replace("-idx", ".idx"));
    fs::remove_file(folder.path().join("t10k-labels.idx1-ubyte")).unwrap();
    let (place, found) = problem(idx_folder(folder.path(), (&GREY, &few(GREY))));
    assert!(place.ends_with("t10k-labels-idx1-ubyte") && found.to_string().contains("is missing"), "{place}: {found}");
}
