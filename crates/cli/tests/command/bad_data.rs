//! Bad data files: each is refused with its name and the value, and nothing is trained.

use std::fs::{self, File};
use std::io::Write as _;

use super::support::Folder;

const TRAIN: &str = "data/train-images-idx3-ubyte";
const LABELS: &str = "data/train-labels-idx1-ubyte";

/// An IDX file of zeros, which takes no space on most disks: magic, counts, then as many bytes as they announce.
fn idx(folder: &Folder, name: &str, magic: u32, counts: &[u32]) {
    let header: Vec<u8> = [&[magic], counts].concat().iter().flat_map(|number| number.to_be_bytes()).collect();
    folder.write(name, &header);
    let body: u64 = counts.iter().map(|count| u64::from(*count)).product();
    File::options().write(true).open(folder.join(name)).unwrap().set_len(header.len() as u64 + body).unwrap();
}

/// A folder `data` with the four files of MNIST, all black zeros.
fn black() -> Folder {
    let folder = Folder::new();
    idx(&folder, TRAIN, 0x803, &[60_000, 28, 28]);
    idx(&folder, LABELS, 0x801, &[60_000]);
    idx(&folder, "data/t10k-images-idx3-ubyte", 0x803, &[10_000, 28, 28]);
    idx(&folder, "data/t10k-labels-idx1-ubyte", 0x801, &[10_000]);
    folder
}

fn cut(folder: &Folder, name: &str, length: u64) {
    File::options().write(true).open(folder.join(name)).unwrap().set_len(length).unwrap();
}

/// How the files are damaged, and what the refusal must say.
type Row = (fn(&Folder), &'static [&'static str]);

const IDX: &[Row] = &[
    (|f| cut(f, TRAIN, 1_000_000), &[TRAIN, "holds 1000000 bytes, expected 47040016: it is truncated"]),
    (|f| cut(f, TRAIN, 0), &[TRAIN, "holds 0 bytes, expected 4: it is truncated"]),
    (|f| idx(f, TRAIN, 0x802, &[60_000, 28, 28]), &[TRAIN, "starts with 0x00000802", "starts with 0x00000803"]),
    (|f| f.write(TRAIN, "<!DOCTYPE html>"), &[TRAIN, "starts with 0x3c21444f"]),
    (
        |f| f.write(TRAIN, [0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]),
        &[TRAIN, "announces 4294967295 pictures, expected 60000"],
    ),
    (|f| idx(f, TRAIN, 0x803, &[60_000, 28, 27]), &[TRAIN, "announces 27 columns of pixels, expected 28"]),
    (|f| idx(f, LABELS, 0x801, &[59_999]), &[LABELS, "announces 59999 labels, expected 60000"]),
    (|f| cut(f, LABELS, 5_000), &[LABELS, "holds 5000 bytes, expected 60008: it is truncated"]),
    (
        |f| {
            let labels = [[0, 0, 8, 1, 0, 0, 0xea, 0x60].as_slice(), &[3; 41], &[10; 59_959]].concat();
            f.write(LABELS, labels);
        },
        &[LABELS, "label 10 of picture 41 is not below 10"],
    ),
    (
        |f| fs::remove_file(f.join(LABELS)).unwrap(),
        &[LABELS, "is missing, though other files of `mnist` are beside it"],
    ),
    (
        |f| f.write(TRAIN, [[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3].as_slice(), &[0x55; 300]].concat()),
        &[TRAIN, "its gzip stream is damaged"],
    ),
    (
        |f| {
            fs::remove_file(f.join(TRAIN)).unwrap();
            fs::create_dir(f.join(TRAIN)).unwrap();
        },
        &[TRAIN, "is a folder, not a file"],
    ),
];

#[test]
fn damaged_idx_files_are_refused_by_name_and_value() {
    for (damage, says) in IDX {
        let folder = black();
        damage(&folder);
        let says = [*says, &["; "]].concat();
        let told = folder.run(&["range-test", "mnist", "--data-dir", "data"]);
        told.must_fail(says[1], 2, &says);
        assert!(!folder.join("results/runs").exists(), "nothing may have been run");
        folder.run(&["data", "mnist", "--data-dir", "data"]).must_fail(says[1], 2, &says);
    }
}

#[test]
fn whole_files_of_other_pictures_are_refused_by_their_hash() {
    let told = black().run(&["range-test", "mnist", "--data-dir", "data"]);
    let known = "459e86cca9eec1bf7c66f43c52a1884db5d2fde29e2801a7e0e2abef1b3e2ef2";
    told.must_fail("black pictures", 2, &["the data of `mnist` from local", known, "replace or remove these files"]);
}

#[test]
fn damaged_batches_of_cifar10_are_refused() {
    let folder = Folder::new();
    let batches = (1..=5).map(|number| format!("data_batch_{number}.bin")).chain(["test_batch.bin".into()]);
    for batch in batches {
        folder.write(&format!("data/cifar-10-batches-bin/{batch}"), "");
        cut(&folder, &format!("data/cifar-10-batches-bin/{batch}"), 30_730_000);
    }
    cut(&folder, "data/cifar-10-batches-bin/data_batch_3.bin", 30_729_999);
    let told = folder.run(&["range-test", "cifar10", "--data-dir", "data"]);
    told.must_fail("a short batch", 2, &["data_batch_3.bin", "holds 30729999 bytes, expected 30730000"]);
    let label = folder.join("data/cifar-10-batches-bin/data_batch_3.bin");
    File::options().write(true).open(&label).unwrap().write_all(&[77]).unwrap();
    cut(&folder, "data/cifar-10-batches-bin/data_batch_3.bin", 30_730_000);
    let told = folder.run(&["range-test", "cifar10", "--data-dir", "data"]);
    told.must_fail("a label", 2, &["data_batch_3.bin", "label 77 of picture 0 is not below 10"]);
}

#[test]
fn without_a_source_the_error_says_what_was_tried_and_that_digits_needs_nothing() {
    for name in ["mnist", "fashion-mnist", "cifar10"] {
        let folder = Folder::new();
        fs::create_dir(folder.join("data")).unwrap();
        for command in ["range-test", "compare", "train", "data"] {
            let told = folder.run(
                &[command, name, "--data-dir", "data", "--schedule", "constant = { lr = 1 }"]
                    [..if command == "train" { 6 } else { 4 }],
            );
            let says = [
                "tried, in this order",
                "local: data",
                "hub-cache",
                "not asked: HF_HUB_OFFLINE keeps lrscope from the network",
                "npm",
                "--data-dir",
                "`digits` needs nothing",
            ];
            told.must_fail(&format!("{command} {name}"), 2, &says);
        }
        assert!(!folder.join("results/runs").exists());
    }
}

/// Several sets are asked for: each that is missing says why, and those that are there are still named.
#[test]
fn one_missing_set_does_not_hide_the_others() {
    let told = Folder::new().run(&["data"]);
    let says = ["mnist", "fashion-mnist", "cifar10"].map(|name| format!("no source has the data set `{name}`"));
    told.must_fail("data", 2, &says);
    assert!(told.out.starts_with("digits: embedded"), "{}", told.out);
    let told = Folder::new().run(&["data", "digits", "mnist", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert!(found["digits"]["source"].is_string() && found["mnist"].is_null() && told.code == Some(2), "{told:?}");
    assert_eq!((&found["digits"]["train"], &found["digits"]["test"]), (&1437.into(), &360.into()));
}

#[test]
fn a_data_folder_that_is_none() {
    let folder = Folder::new();
    folder.write("file", "");
    let mut cases = vec![("absent", "absent: does not exist"), ("file", "file: is a file, not a folder")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", folder.join("link")).unwrap();
        cases.push(("link", "link: is a link to nowhere, which does not exist"));
    }
    for (place, says) in cases {
        let told = folder.run(&["range-test", "mnist", "--data-dir", place]);
        told.must_fail(place, 2, &[says, "name an existing folder by --data-dir"]);
    }
}
