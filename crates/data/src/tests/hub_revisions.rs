//! The hub's cache as its own libraries leave it: any branch, both names of a repository. The oracle is the known hash.

use std::fs;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use super::layouts::{put, real_parquet};
use crate::{DataSet, Error, Locations, Name, Source, load};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba98";

fn cached(name: Name, cache: &Path) -> Result<DataSet, Error> {
    let locations =
        Locations { hub: true, hub_cache: Some(cache.to_owned()), only: Some(Source::HubCache), ..Locations::none() };
    load(name, &locations, &mut |_| ())
}

/// Adds a revision to a cache, with the files `train` and `test` there.
fn add(cache: &Path, repository: &str, revision: Option<&str>, commit: &str) -> std::path::PathBuf {
    let base = cache.join(format!("datasets--{}", repository.replace('/', "--")));
    if let Some(revision) = revision {
        let path = base.join("refs").join(revision);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, commit).unwrap();
    }
    let snapshot = base.join("snapshots").join(commit);
    fs::create_dir_all(&snapshot).unwrap();
    snapshot
}

/// A cache with the real files in it.
fn cache(name: Name, repository: &str, revision: Option<&str>, [train, test]: [&str; 2]) -> Option<TempDir> {
    let [from_train, from_test] = real_parquet(name)?;
    let cache = tempdir().unwrap();
    let snapshot = add(cache.path(), repository, revision, COMMIT);
    put(&from_train, &snapshot.join(train));
    put(&from_test, &snapshot.join(test));
    Some(cache)
}

const MAIN: [&str; 2] = ["mnist/train-00000-of-00001.parquet", "mnist/test-00000-of-00001.parquet"];
const FASHION: [&str; 2] = ["fashion_mnist/train-00000-of-00001.parquet", "fashion_mnist/test-00000-of-00001.parquet"];
const PLAIN: [&str; 2] = ["plain_text/train-00000-of-00001.parquet", "plain_text/test-00000-of-00001.parquet"];
const DATA: [&str; 2] = ["data/train-00000-of-00001-aab.parquet", "data/test-00000-of-00001-5b.parquet"];
const CONVERTED: [&str; 2] = ["plain_text/train/0000.parquet", "plain_text/test/0000.parquet"];

#[test]
fn every_branch_of_both_names_is_found() {
    let cases = [
        (Name::Mnist, "ylecun/mnist", Some("main"), MAIN),
        (Name::Mnist, "mnist", Some("main"), MAIN),
        (Name::Mnist, "ylecun/mnist", None, DATA),
        (Name::FashionMnist, "zalando-datasets/fashion_mnist", Some("main"), FASHION),
        (Name::FashionMnist, "fashion_mnist", Some("refs/pr/7"), FASHION),
        (Name::Cifar10, "uoft-cs/cifar10", Some("main"), PLAIN),
        (Name::Cifar10, "uoft-cs/cifar10", Some("refs/convert/parquet"), CONVERTED),
        (Name::Cifar10, "cifar10", Some("some-branch"), DATA),
    ];
    for (name, repository, revision, files) in cases {
        let Some(cache) = cache(name, repository, revision, files) else { return };
        let set = cached(name, cache.path()).unwrap_or_else(|error| panic!("{repository}: {error}"));
        assert_eq!((set.data_hash().as_str(), set.source.source), (name.facts().data_hash, Source::HubCache));
        let place = format!("parquet files of {repository} ({})", revision.unwrap_or(COMMIT));
        assert!(set.source.detail.starts_with(&place), "{}", set.source);
    }
}

/// A main branch without parquet files (a script, as it once was), one half downloaded, one damaged: another revision that is right is
/// taken; where there is none, each is named.
#[test]
fn a_revision_that_is_not_right_does_not_hide_one_that_is() {
    type Bad = fn(&Path);
    let bad: [(Bad, &str); 4] = [
        (
            |snapshot| fs::write(snapshot.join("mnist.py"), "").unwrap(),
            "no parquet files of a training and a test part",
        ),
        (
            |snapshot| {
                fs::write(snapshot.join("train-00000-of-00002.parquet"), "").unwrap();
                fs::write(snapshot.join("test-00000-of-00001.parquet"), "").unwrap();
            },
            "train-00000-of-00002.parquet: is one of 2 files, of which 1 are here",
        ),
        (
            |snapshot| {
                let nowhere = Path::new("../../blobs/removed");
                put(nowhere, &snapshot.join("train-00000-of-00001.parquet"));
                put(nowhere, &snapshot.join("test-00000-of-00001.parquet"));
            },
            "train-00000-of-00001.parquet: is a link to ../../blobs/removed, which does not exist",
        ),
        (
            |snapshot| {
                fs::write(snapshot.join("train-00000-of-00001.parquet"), "PAR1 and so on").unwrap();
                fs::write(snapshot.join("test-00000-of-00001.parquet"), "PAR1 and so on").unwrap();
            },
            "train-00000-of-00001.parquet: the parquet file is damaged",
        ),
    ];
    for (make, says) in bad {
        if !cfg!(unix) && says.contains("link") {
            continue;
        }
        let alone = tempdir().unwrap();
        make(&add(alone.path(), "ylecun/mnist", Some("main"), OTHER));
        let text = cached(Name::Mnist, alone.path()).expect_err("nothing is right").to_string();
        assert!(text.contains(says), "expected {says:?} in: {text}");
        let Some(cache) = cache(Name::Mnist, "mnist", Some("main"), MAIN) else { continue };
        make(&add(cache.path(), "ylecun/mnist", Some("main"), OTHER));
        assert_eq!(cached(Name::Mnist, cache.path()).unwrap().data_hash(), Name::Mnist.facts().data_hash);
    }
}

/// What stands in `refs` is anyone's: nothing leads out of the repository's folder.
#[test]
fn a_revision_that_is_no_commit_is_passed_over() {
    let cache = tempdir().unwrap();
    for (number, commit) in ["../../../..", "/", "", "a b", &"a".repeat(5000)].into_iter().enumerate() {
        let refs = cache.path().join("datasets--mnist/refs");
        fs::create_dir_all(&refs).unwrap();
        fs::write(refs.join(number.to_string()), commit).unwrap();
    }
    let text = cached(Name::Mnist, cache.path()).expect_err("nothing is there").to_string();
    assert!(text.contains("ylecun/mnist or mnist in") && text.contains("no revision of it is there"), "{text}");
}
