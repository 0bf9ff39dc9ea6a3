//! Studies that cannot be read, that are not the same under one name, that were edited, that are of another version.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use lrscope_runner::sealed::{seal, unseal};
use lrscope_runner::spec::hex;
use sha2::{Digest as _, Sha256};

use super::support::{Folder, SMALL, advised, as_printed, records, tree};

const TRAIN: [&str; 5] = ["train", "--config", "small.toml", "--name", "mine"];

fn trained() -> Folder {
    let folder = Folder::small();
    folder.done(&[&TRAIN[..], &["--seeds", "2"]].concat());
    folder
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (path, bytes) in tree(from) {
        fs::write(to.join(path), bytes).unwrap();
    }
}

/// A study's JSON without its checksum, as of version 1.
fn of_version_1(path: &Path) -> serde_json::Value {
    let (json, right) = unseal(&read(path)).unwrap();
    assert!(right);
    let mut study: serde_json::Value = serde_json::from_str(&json).unwrap();
    study["schema"] = 1.into();
    study
}

fn write(path: &Path, value: &serde_json::Value) {
    fs::write(path, serde_json::to_string_pretty(value).unwrap() + "\n").unwrap();
}

/// Every kind of study that cannot be read, with what the index must say of it.
fn bad_studies(results: &Path) -> Vec<(&'static str, &'static str)> {
    let good = results.join("train-mine/study.json");
    let place = |name: &str, text: &str| {
        fs::create_dir_all(results.join(name)).unwrap();
        fs::write(results.join(name).join("study.json"), text).unwrap();
    };
    place("garbage", "gar\u{fffd}bage");
    place("empty", "");
    place("cut", &read(&good)[..200]);
    place("newer", &read(&good).replace("\"schema\": 3", "\"schema\": 97").replace("\"pick\"", "\"rates\""));
    fs::create_dir_all(results.join("odd/study.json")).unwrap();
    symlink("loop", results.join("loop")).unwrap();
    fs::create_dir_all(results.join("knot")).unwrap();
    symlink("study.json", results.join("knot/study.json")).unwrap();
    vec![
        ("garbage", "expected value"),
        ("empty", "EOF"),
        ("cut", "EOF"),
        ("newer", "newer lrscope"),
        ("odd", "not a regular file"),
        ("loop", "ymbolic links"),
        ("knot", "ymbolic links"),
    ]
}

#[test]
fn a_study_that_cannot_be_read_keeps_nobody_from_the_others() {
    let folder = trained();
    let results = folder.join("results");
    let odd_name = OsStr::from_bytes(b"train-\xff");
    copy(&results.join("train-mine"), &results.join(odd_name));
    let bad = bad_studies(&results);
    // Pages that must come again, and one whose index entry is broken.
    for name in [OsStr::new("train-mine"), odd_name] {
        fs::remove_file(results.join(name).join("README.md")).unwrap();
        fs::write(results.join(name).join("index-entry.json"), "{").unwrap();
    }
    let told = folder.run(&["report"]);
    told.must_fail("studies that cannot be read", 1, &["7 reports could not be made; the others are there"]);
    let index = read(results.join("README.md"));
    for (name, says) in &bad {
        assert!(told.err.contains(&format!("results/{name} cannot be read")), "{name}: {}", told.err);
        let row = index.lines().find(|line| line.contains(&format!("`{name}`"))).unwrap_or_else(|| panic!("{index}"));
        assert!(row.contains("cannot be read") && row.contains(says), "{row}");
    }
    assert!(index.contains("(train-mine/README.md)") && index.contains("(train-%FF/README.md)"), "{index}");
    assert!(results.join("train-mine/README.md").is_file() && results.join(odd_name).join("README.md").is_file());
    // By its name, the others are not in the way.
    folder.done(&["report", "train-mine"]);
    // A command that has done its own work is done; what it met on the way is a note.
    fs::write(results.join(odd_name).join("index-entry.json"), "{").unwrap();
    let told = folder.run(&["train", "--config", "small.toml", "--schedule", "constant = { lr = 0.3 }"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.err.contains("note: results/garbage cannot be read"), "{}", told.err);
    let entry = "index-entry.json: EOF while parsing an object at line 1 column 1; `lrscope report $'train-\\xff'`";
    assert!(told.err.contains(entry), "{}", told.err);
    let doctor = folder.run(&["doctor"]);
    doctor.must_fail("studies that cannot be read", 1, &["in need of repair"]);
    for (name, _) in bad {
        assert!(doctor.out.contains(name), "{name}: {}", doctor.out);
    }
}

/// What is printed between backquotes is pasted: it must do what it says, wherever the results are.
#[test]
fn every_command_that_is_printed_works_as_printed() {
    let folder = Folder::small();
    let flags = ["--config", "small.toml", "--seeds", "2", "--results", "my results"];
    for command in ["range-test", "compare", "train"] {
        folder.done(&[&[command][..], &flags].concat());
    }
    let results = folder.join("my results");
    let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let names: Vec<String> = fs::read_dir(&results).unwrap().map(|entry| name(entry.unwrap().path())).collect();
    let of = |command: &str| names.iter().find(|name| name.starts_with(command)).unwrap();
    fs::write(results.join(of("train")).join("README.md"), "old").unwrap();
    fs::write(results.join(of("compare")).join("index-entry.json"), "{").unwrap();
    fs::remove_file(results.join(of("range-test")).join("manifest.json")).unwrap();
    fs::write(results.join("README.md"), "# Results\n").unwrap();
    let lost = fs::read_dir(results.join("runs")).unwrap().next().unwrap().unwrap().path();
    fs::remove_dir_all(lost).unwrap();
    let told = folder.run(&["doctor", "my results"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    let commands = advised(&told.out);
    assert!(commands.len() >= 3 && commands.iter().all(|one| one.contains("--results 'my results'")), "{commands:?}");
    for command in &commands {
        let told = as_printed(&folder, command);
        assert_eq!(told.code, Some(0), "{command}: {told:?}");
    }
    assert!(folder.done(&["doctor", "my results"]).contains("nothing is broken"));
    // In another place the same advice names that place.
    fs::rename(&results, folder.join("moved")).unwrap();
    let lost = fs::read_dir(folder.join("moved/runs")).unwrap().next().unwrap().unwrap().path();
    fs::remove_dir_all(lost).unwrap();
    let advice = advised(&folder.done(&["doctor", "moved"]));
    assert!(!advice.is_empty() && advice.iter().all(|one| one.contains("--results moved")), "{advice:?}");
    assert_eq!(as_printed(&folder, &advice[0]).code, Some(0));
    assert!(!results.exists(), "{advice:?} began anew elsewhere");
}

#[test]
fn another_study_does_not_take_the_place_of_one() {
    let folder = trained();
    let results = folder.join("results");
    let before = tree(&results);
    let others: [&[&str]; 4] = [
        &["--schedule", "constant = { lr = 0.2 }", "--seeds", "2"],
        &["--length", "6", "--seeds", "2"],
        &["--batch-size", "16", "--seeds", "2"],
        &["--isa", "portable", "--seeds", "2"],
    ];
    for other in others {
        let told = folder.run(&[&TRAIN[..], other].concat());
        let says = ["results/train-mine holds another study", "2 of 2 runs done", "another --name, or --replace"];
        told.must_fail(&format!("{other:?}"), 2, &says);
        assert!(told.err.contains("made by `lrscope train --config small.toml --name mine --seeds 2`"), "{}", told.err);
        assert!(tree(&results) == before, "{other:?} changed something");
    }
    let fewer = folder.run(&[&TRAIN[..], &["--seeds", "1"]].concat());
    fewer.must_fail("fewer seeds", 2, &["this study with 2 seeds", "this command has 1", "--seeds 2"]);
    assert!(tree(&results) == before);
    // The same study goes on, and grows.
    folder.done(&[&TRAIN[..], &["--seeds", "2"]].concat());
    folder.done(&[&TRAIN[..], &["--seeds", "3"]].concat());
    assert_eq!(records(&results).len(), 3);
    // Whoever wants it so gets it.
    folder.done(&[&TRAIN[..], others[0], &["--replace"]].concat());
    assert!(read(results.join("train-mine/README.md")).contains("constant, lr 0.2"));
    assert_eq!(records(&results).len(), 5, "the other's runs are kept");
    folder.done(&["doctor"]);
}

/// A comparison whose range test would be run first is refused before that, and so is a range test of another kind.
#[test]
fn another_study_is_refused_before_anything_is_trained() {
    let folder = Folder::new();
    let from_pick = SMALL.replace("lr = 0.2", "lr = \"range-test.max_lr\"");
    folder.write("small.toml", SMALL);
    folder.write("picked.toml", &from_pick);
    folder.done(&["compare", "--config", "small.toml", "--name", "mine"]);
    let before = tree(&folder.join("results"));
    let told = folder.run(&["compare", "--config", "picked.toml", "--name", "mine"]);
    told.must_fail("another comparison", 2, &["results/compare-mine holds another study"]);
    assert!(tree(&folder.join("results")) == before, "a range test was run");
    folder.done(&["range-test", "--config", "small.toml", "--name", "mine"]);
    let told = folder.run(&["range-test", "--config", "small.toml", "--name", "mine", "--end-lr", "5"]);
    told.must_fail("another sweep", 2, &["results/range-test-mine holds another study"]);
    // More arms are the same study.
    let arms = format!("{SMALL}\n[[arm]]\nname = \"third\"\n[arm.schedule.constant]\nlr = 0.01\n");
    folder.write("more.toml", arms);
    folder.done(&["compare", "--config", "more.toml", "--name", "mine"]);
    folder.run(&["compare", "--config", "small.toml", "--name", "mine"]).must_fail("fewer arms", 2, &["--replace"]);
}

#[test]
fn a_damaged_study_is_set_aside_and_made_again() {
    let folder = trained();
    let study = folder.join("results/train-mine/study.json");
    fs::write(&study, "{ damaged").unwrap();
    let told = folder.run(&[&TRAIN[..], &["--seeds", "2"]].concat());
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.err.contains("it is kept as study.json.damaged, and made again"), "{}", told.err);
    assert_eq!(read(folder.join("results/train-mine/study.json.damaged")), "{ damaged");
    folder.done(&["doctor"]);
    fs::write(&study, read(&study).replace("\"schema\": 3", "\"schema\": 4")).unwrap();
    let told = folder.run(&[&TRAIN[..], &["--seeds", "2"]].concat());
    told.must_fail("a newer study", 2, &["its schema is 4", "a newer lrscope made it", "--name"]);
}

#[test]
fn an_older_report_is_outdated_and_not_broken() {
    let folder = trained();
    let manifest = folder.join("results/train-mine/manifest.json");
    let good = read(&manifest);
    let (json, right) = unseal(&good).unwrap();
    assert!(right);
    // The page of another version has other words, and its own checksums.
    let page = folder.join("results/train-mine/README.md");
    let old_page = read(&page).replace("## Runs", "## The runs");
    let mut older: serde_json::Value = serde_json::from_str(&json).unwrap();
    older["files"]["README.md"] = hex(&Sha256::digest(&old_page)).into();
    fs::write(&page, &old_page).unwrap();
    for (program, says) in
        [("lrscope 0.0.9", "made by lrscope 0.0.9"), (concat!("lrscope ", env!("CARGO_PKG_VERSION")), "another build")]
    {
        older["program"] = program.into();
        fs::write(&manifest, seal(&(serde_json::to_string_pretty(&older).unwrap() + "\n"))).unwrap();
        let told = folder.done(&["doctor"]);
        assert!(told.contains("outdated") && told.contains(says), "{told}");
        assert!(
            told.contains("`lrscope report train-mine` makes it again") && told.contains("nothing is broken"),
            "{told}"
        );
    }
    // One that is damaged beside is broken.
    fs::write(folder.join("results/train-mine/runs.csv"), "x").unwrap();
    folder.run(&["doctor"]).must_fail("a damaged table", 1, &["1 file in need of repair"]);
    // A version that knew no manifests.
    folder.done(&["report"]);
    fs::write(&page, &old_page).unwrap();
    fs::remove_file(&manifest).unwrap();
    let told = folder.done(&["doctor"]);
    assert!(told.contains("outdated") && told.contains("`lrscope report train-mine` makes it again"), "{told}");
    folder.done(&["report"]);
    assert_eq!(read(&manifest), good);
}

/// Writes a record's `measured.json` anew, with its checksum.
fn measured(run: &Path, change: impl Fn(&mut serde_json::Value)) {
    let path = run.join("measured.json");
    let old = read(&path);
    let mut value = serde_json::from_str(&old).unwrap();
    change(&mut value);
    write(&path, &value);
    let sums = read(run.join("SHA256SUMS"));
    let sum = |text: &str| hex(&Sha256::digest(text));
    fs::write(run.join("SHA256SUMS"), sums.replace(&sum(&old), &sum(&read(&path)))).unwrap();
}

#[test]
fn where_a_record_comes_from_is_told_from_the_record() {
    let folder = trained();
    let study = of_version_1(&folder.join("results/train-mine/study.json"));
    let id = study["arms"][0]["runs"][1]["id"].as_str().unwrap();
    measured(&folder.join("results/runs").join(id), |value| {
        value["program"] = "lrscope 0.0.9".into();
        value["machine"]["cpu"] = "Another processor".into();
        value["threads"] = 7.into();
    });
    folder.done(&["report"]);
    let page = read(folder.join("results/train-mine/README.md"));
    let row = |name: &str| {
        page.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap_or_else(|| panic!("{page}"))
    };
    let here = concat!("lrscope ", env!("CARGO_PKG_VERSION"));
    assert!(row("program").contains(&format!("{here}, numerics version ")), "{page}");
    assert!(
        row("program").contains("(seed 0); lrscope 0.0.9, numerics version ") && row("program").contains("(seed 1)"),
        "{page}"
    );
    assert!(row("machine").contains("Another processor"), "{page}");
    assert!(row("threads per run").contains("1 (seed 0); 7 (seed 1)"), "{page}");
    assert!(row("page made by").contains(here), "{page}");
}

/// What is edited, how, and what must be said of it.
type Edit<'a> = (&'a str, &'a dyn Fn(&mut serde_json::Value), &'a str);

/// A study of the version without a checksum can be edited: what it says is held against the records.
#[test]
fn a_study_that_its_records_contradict_is_refused_by_name() {
    let folder = Folder::small();
    let command = ["compare", "--config", "small.toml", "--name", "mine", "--seeds", "2"];
    folder.done(&command);
    let path = folder.join("results/compare-mine/study.json");
    let good = of_version_1(&path);
    write(&path, &good);
    folder.done(&["report"]);
    let page = read(folder.join("results/compare-mine/README.md"));
    let swap = |a: &str, b: &str, study: &mut serde_json::Value| {
        let (first, second) = (study.pointer(a).unwrap().clone(), study.pointer(b).unwrap().clone());
        *study.pointer_mut(a).unwrap() = second;
        *study.pointer_mut(b).unwrap() = first;
    };
    let edits: [Edit; 9] = [
        ("runs swapped between arms", &|study| swap("/arms/0/runs", "/arms/1/runs", study), "schedule"),
        ("names swapped", &|study| swap("/arms/0/name", "/arms/1/name", study), "its arms are"),
        ("arms swapped", &|study| swap("/arms/0", "/arms/1", study), "its arms are"),
        ("schedules swapped", &|study| swap("/arms/0/schedule", "/arms/1/schedule", study), "schedule"),
        ("seeds swapped", &|study| swap("/arms/0/runs/0/seed", "/arms/0/runs/1/seed", study), "has the seeds 1, 0"),
        ("runs of seeds swapped", &|study| swap("/arms/0/runs/0/id", "/arms/0/runs/1/id", study), "that of seed 1"),
        ("a seed left out", &|study| drop(study["arms"][0]["runs"].as_array_mut().unwrap().pop()), "has the seeds 0,"),
        (
            "one run twice",
            &|study| study["arms"][0]["runs"][1] = study["arms"][0]["runs"][0].clone(),
            "has the seeds 0, 0",
        ),
        ("another question", &|study| study["question"] = "range_test".into(), "another kind of run"),
    ];
    for (what, edit, says) in edits {
        let mut study = good.clone();
        edit(&mut study);
        write(&path, &study);
        let told = folder.run(&["report"]);
        told.must_fail(what, 1, &["results/compare-mine", "does not agree with the records", says]);
        assert_eq!(read(folder.join("results/compare-mine/README.md")), page, "{what}");
        folder.run(&["doctor"]).must_fail(what, 1, &["in need of repair"]);
    }
    // The command that made it makes it again, without training.
    let told = folder.run(&command);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.err.contains("all 4 runs are done already"), "{}", told.err);
    folder.done(&["doctor"]);
}

/// A second run that gave other bits: one of the two is wrong, and whoever uses the record is told.
#[test]
fn a_disputed_record_is_said_wherever_it_is_used() {
    for beside in [false, true] {
        let folder = trained();
        let study = of_version_1(&folder.join("results/train-mine/study.json"));
        let id = study["arms"][0]["runs"][1]["id"].as_str().unwrap();
        let place = if beside { format!("runs/{id}") } else { format!("attempts/{id}.elsewhere.7.00000000000000ab") };
        folder.write(&format!("results/{place}/disputed.txt"), "from step 3\n");
        let told = folder.run(&[&TRAIN[..], &["--seeds", "2"]].concat());
        told.must_fail("a disputed record", 1, &["seed 1 is disputed", "disputed.txt"]);
        let page = read(folder.join("results/train-mine/README.md"));
        assert!(page.contains("seed 1 is disputed: a second run gave other bits"), "{page}");
        let told = folder.run(&["doctor"]);
        told.must_fail("a disputed record", 1, &["in need of repair"]);
        assert!(told.out.contains("disputed.txt"), "{}", told.out);
    }
}
