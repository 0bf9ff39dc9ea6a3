//! The layouts in which people have the data already: the real data under all of them. The oracle is the known hash.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use parquet::basic::Compression;
use tempfile::{TempDir, tempdir};

use super::bad_parquet::{Column, parquet};
use super::made::{GREY, few, gzip, pictures, pngs};
use super::{problem, real};
use crate::folders::Folder;
use crate::idx_folder::IDX;
use crate::images::Images;
use crate::parquet_folder::ParquetFiles;
use crate::progress::Reporter;
use crate::{DataSet, Error, Locations, Name, Source, load};

/// Puts a file at a place: as a link where the system has them.
pub(super) fn put(file: &Path, place: &Path) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(file, place).unwrap();
    #[cfg(not(unix))]
    fs::copy(file, place).map(drop).unwrap();
}

fn local(name: Name, folder: &Path) -> Result<DataSet, Error> {
    let locations = Locations { data_dir: Some(folder.to_owned()), only: Some(Source::Local), ..Locations::none() };
    load(name, &locations, &mut |_| ())
}

fn assert_known(name: Name, folder: &Path, what: &str) {
    let set = local(name, folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(set.data_hash(), name.facts().data_hash, "{what}");
}

/// A folder with the real IDX files of a set, each at the places that `place` makes of its name.
fn idx(name: Name, places: fn(&str) -> Vec<String>) -> Option<TempDir> {
    let from = real("LRSCOPE_DATA_DIR")?.join("idx").join(name.as_str());
    let root = tempdir().unwrap();
    for file in IDX {
        for place in places(file) {
            put(&from.join(file), &root.path().join(place));
        }
    }
    Some(root)
}

fn dotted(file: &str) -> String {
    file.replace("-idx", ".idx")
}

type Places = fn(&str) -> Vec<String>;

const IDX_LAYOUTS: [(&str, Places); 9] = [
    ("Kaggle", |file| vec![format!("{file}/{file}"), dotted(file)]),
    ("Kaggle, unpacked into a folder", |file| {
        vec![format!("archive/{file}/{file}"), format!("archive/{}", dotted(file))]
    }),
    ("Kaggle, the folders alone", |file| vec![format!("{file}/{file}")]),
    ("Kaggle in MNIST", |file| vec![format!("MNIST/{file}/{file}")]),
    ("torchvision", |file| vec![format!("MNIST/raw/{file}")]),
    ("torchvision, a folder higher", |file| vec![format!("data/MNIST/raw/{file}")]),
    ("dotted, in a folder of any name", |file| vec![format!("my downloads/{}", dotted(file))]),
    ("in capitals", |file| vec![file.to_uppercase()]),
    ("four folders down", |file| vec![format!("a/b/c/{file}")]),
];

#[test]
fn idx_files_in_every_layout() {
    for (what, places) in IDX_LAYOUTS {
        let Some(root) = idx(Name::Mnist, places) else { return };
        assert_known(Name::Mnist, root.path(), what);
    }
}

/// torchvision's root with sets whose files have the same names, and Keras's folder.
#[test]
fn sets_of_the_same_file_names_lie_beside_each_other() {
    let Some(root) =
        idx(Name::FashionMnist, |file| vec![format!("KMNIST/raw/{file}"), format!("FashionMNIST/raw/{file}")])
    else {
        return;
    };
    assert_known(Name::FashionMnist, root.path(), "torchvision");
    let text = local(Name::Mnist, root.path()).expect_err("not here").to_string();
    assert!(text.contains("no source has the data set `mnist`"), "{text}");
    let from = real("LRSCOPE_DATA_DIR").unwrap();
    let keras = tempdir().unwrap();
    for file in IDX {
        let bytes = gzip(&fs::read(from.join("idx/fashion-mnist").join(file)).unwrap());
        fs::create_dir_all(keras.path().join("fashion-mnist")).unwrap();
        fs::write(keras.path().join("fashion-mnist").join(format!("{file}.gz")), bytes).unwrap();
    }
    arrays(&from.join("idx/mnist"), &keras.path().join("mnist.npz"));
    for name in [Name::FashionMnist, Name::Mnist] {
        assert_known(name, keras.path(), "Keras");
        // Keras's own folder is looked at without being named.
        let locations =
            Locations { keras_dir: Some(keras.path().to_owned()), only: Some(Source::Local), ..Locations::none() };
        assert_eq!(load(name, &locations, &mut |_| ()).unwrap().data_hash(), name.facts().data_hash);
    }
    // Nobody has filled that folder for lrscope: what is wrong there is told, and stops nothing.
    fs::write(keras.path().join("mnist.npz"), "half a download").unwrap();
    let locations = Locations { keras_dir: Some(keras.path().to_owned()), ..Locations::none() };
    let Err(Error::NoSource(nothing)) = load(Name::Mnist, &locations, &mut |_| ()) else { panic!("it is damaged") };
    assert!(nothing.to_string().contains("mnist.npz: the zip archive is damaged"), "{nothing}");
    let Err(Error::Bad { place, .. }) = local(Name::Mnist, keras.path()) else { panic!("it is damaged") };
    assert!(place.ends_with("mnist.npz"), "{place}");
}

/// Keras's archive as numpy's `savez` makes it, by hand from its specification.
fn arrays(idx: &Path, archive: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(archive).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let entries = ["x_train", "y_train", "x_test", "y_test"];
    let shapes = ["(60000, 28, 28)", "(60000,)", "(10000, 28, 28)", "(10000,)"];
    for ((entry, shape), file) in entries.iter().zip(shapes).zip(IDX) {
        let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
        let header = [&b"\x93NUMPY\x01\x00\x76\x00"[..], format!("{text:<117}\n").as_bytes()].concat();
        assert_eq!(header.len(), 128);
        let bytes = fs::read(idx.join(file)).unwrap();
        let body = if file.contains("images") { 16 } else { 8 };
        zip.start_file(format!("{entry}.npy"), stored).unwrap();
        zip.write_all(&header).and_then(|()| zip.write_all(&bytes[body..])).unwrap();
    }
    zip.finish().unwrap();
}

/// The real parquet files of a set: training part, test part.
pub(super) fn real_parquet(name: Name) -> Option<[PathBuf; 2]> {
    let hub = real("HF_HOME")?.join("hub");
    let repository = crate::hub::repository(name)?;
    let base = repository.ids().map(|id| hub.join(format!("datasets--{}", id.replace('/', "--"))));
    let snapshots = base.iter().find(|base| base.is_dir()).unwrap().join("snapshots");
    let snapshot = fs::read_dir(snapshots).unwrap().next().unwrap().unwrap().path();
    Some([repository.train, repository.test].map(|file| snapshot.join(file)))
}

#[test]
fn parquet_files_in_every_layout() {
    let layouts = [
        (Name::Mnist, "train-00000-of-00001.parquet", "test-00000-of-00001.parquet"),
        (Name::Mnist, "mnist/train-00000-of-00001.parquet", "mnist/test-00000-of-00001.parquet"),
        (Name::FashionMnist, "data/train/0000.parquet", "data/test/0000.parquet"),
        (Name::FashionMnist, "fashion-mnist-train.parquet", "fashion-mnist-test.parquet"),
        (Name::Cifar10, "plain_text/train-00000-of-00001.parquet", "plain_text/test-00000-of-00001.parquet"),
    ];
    for (name, train, test) in layouts {
        let Some([from_train, from_test]) = real_parquet(name) else { return };
        let root = tempdir().unwrap();
        put(&from_train, &root.path().join(train));
        put(&from_test, &root.path().join(test));
        assert_known(name, root.path(), train);
        // It is not taken for another set, and not for a fault either.
        for other in [Name::Mnist, Name::FashionMnist, Name::Cifar10].into_iter().filter(|other| *other != name) {
            let found = local(other, root.path());
            assert!(matches!(found, Err(Error::NoSource(_))), "{other}: {train}");
        }
    }
}

/// The shards of a part, made of small pictures.
fn shards(folder: &Path, images: &Images, split: &str, cuts: &[usize]) {
    let rows = Column::pictures(&pngs(images), &images.labels);
    let mut first = 0;
    for (number, &count) in cuts.iter().enumerate() {
        let bytes = parquet("image", &rows[first..first + count], 3, Compression::SNAPPY, true);
        fs::write(folder.join(format!("{split}-{number:05}-of-{:05}.parquet", cuts.len())), bytes).unwrap();
        first += count;
    }
}

#[test]
fn shards_are_read_in_their_order_and_must_all_be_there() {
    let (train, test) = (pictures(&GREY, 0), pictures(&few(GREY), 5));
    let root = tempdir().unwrap();
    shards(root.path(), &train, "train", &[4, 1, 0, 5]);
    shards(root.path(), &test, "test", &[1, 2]);
    let read = || {
        let files = ParquetFiles::find(Name::Mnist, &Folder::list(root.path()).unwrap());
        assert_eq!(files.len(), 1);
        files[0].read(Name::Mnist, (&GREY, &few(GREY)), &mut Reporter::new(&mut |_| ()))
    };
    assert_eq!(read().unwrap(), (train.clone(), test));
    shards(root.path(), &train, "train", &[4, 1, 0, 4]);
    assert_eq!(problem(read()).1.to_string(), "announces 9 rows, expected 10");
    fs::remove_file(root.path().join("train-00001-of-00004.parquet")).unwrap();
    let (place, found) = problem(read());
    assert!(place.ends_with("train-00000-of-00004.parquet"), "{place}");
    assert_eq!(found.to_string(), "is one of 4 files, of which 3 are here");
}

/// A damaged copy where the set's name stands, and a good one elsewhere in the folder.
#[test]
fn a_good_copy_is_found_beside_a_damaged_one() {
    let Some(root) = idx(Name::Mnist, |file| vec![format!("later/{file}")]) else { return };
    fs::create_dir(root.path().join("mnist")).unwrap();
    fs::write(root.path().join("mnist/train-images-idx3-ubyte"), "half a download").unwrap();
    fs::write(root.path().join("mnist.npz"), "half a download").unwrap();
    fs::write(root.path().join("cifar-10-batches-bin"), "").unwrap();
    assert_known(Name::Mnist, root.path(), "later");
    fs::remove_dir_all(root.path().join("later")).unwrap();
    let text = local(Name::Mnist, root.path()).expect_err("both are damaged").to_string();
    for says in
        ["no copy of `mnist`", "mnist/train-images-idx3-ubyte: starts with", "mnist.npz: the zip archive is damaged"]
    {
        assert!(text.contains(says), "expected {says:?} in: {text}");
    }
}
