//! `lrscope doctor`: any flipped byte of what a command leaves behind is found and named.

use std::fs;

use super::support::{Folder, tree};

fn done() -> Folder {
    let folder = Folder::small();
    folder.done(&["range-test", "--config", "small.toml", "--name", "mine"]);
    folder
}

fn findings(told: &str) -> Vec<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(told).unwrap_or_else(|error| panic!("{error}: {told}"));
    let finding = |one: &serde_json::Value| {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        (text("severity"), format!("{} {}", text("path"), text("message")))
    };
    value["results"]["findings"].as_array().unwrap().iter().map(finding).collect()
}

#[test]
fn a_sound_folder_is_sound() {
    let folder = done();
    let text = folder.done(&["doctor"]);
    assert!(text.contains("results: 2 runs, 0 attempts, 0 checkpoints, 1 pick, 1 study"), "{text}");
    assert!(text.contains("nothing is broken"), "{text}");
    assert_eq!(findings(&folder.done(&["doctor", "results", "--json"])), []);
    folder.run(&["doctor", "nowhere"]).must_fail(
        "a folder that is not there",
        2,
        &["nowhere", "there is no such folder"],
    );
}

/// One byte in every file, in its middle: named. What the records give again is written again.
#[test]
fn a_flipped_byte_in_any_file_is_named() {
    let folder = done();
    let results = folder.join("results");
    let mut seen = 0;
    for (path, good) in tree(&results) {
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        fs::write(results.join(&path), &bad).unwrap();
        let told = folder.run(&["doctor", "--json"]);
        let name = path.file_name().unwrap().to_string_lossy();
        assert_eq!(told.code, Some(1), "{}: {told:?}", path.display());
        let found = findings(&told.out);
        let named = found.iter().any(|(severity, text)| severity == "broken" && text.contains(&*name));
        assert!(named || name == "SHA256SUMS", "{}: {found:?}", path.display());
        seen += 1;
        fs::write(results.join(&path), &good).unwrap();
    }
    assert!(seen > 12, "{seen} files");
    let chart = fs::read_dir(results.join("range-test-mine")).unwrap().map(|entry| entry.unwrap().path());
    let chart = chart.into_iter().find(|path| path.extension().is_some_and(|end| end == "svg")).unwrap();
    fs::write(&chart, "<svg/>").unwrap();
    let told = folder.run(&["doctor"]);
    told.must_fail("a changed chart", 1, &["1 file in need of repair"]);
    assert!(told.out.contains("`lrscope report range-test-mine` writes it again"), "{}", told.out);
    folder.done(&["report"]);
    folder.done(&["doctor"]);
}

#[test]
fn what_is_missing_or_left_behind_is_said_but_is_not_broken() {
    let folder = done();
    let results = folder.join("results");
    fs::write(results.join(".tmpAbCdEf"), "half").unwrap();
    fs::create_dir_all(results.join("runs/mine")).unwrap();
    let run = fs::read_dir(results.join("runs")).unwrap().map(|entry| entry.unwrap().path());
    let run = run.into_iter().find(|path| path.join("steps.bin").exists()).unwrap();
    fs::remove_dir_all(run).unwrap();
    folder.run(&["report", "--quiet"]);
    let told = folder.run(&["doctor"]);
    for part in [
        "left over",
        ".tmpAbCdEf",
        "this is not a run of lrscope",
        "unfinished: 1 of 2 runs done; `lrscope range-test --config small.toml --name mine` goes on",
    ] {
        assert!(told.out.contains(part), "{part:?} is not in: {}", told.out);
    }
}

#[test]
fn every_operation_is_right_on_every_path_of_this_machine() {
    let folder = Folder::new();
    let value = folder.json(&["doctor", "--device", "cpu"]);
    let checked = value["operations"].as_array().unwrap();
    let paths: std::collections::BTreeSet<&str> = checked.iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert!(paths.contains("portable"), "{paths:?}");
    // 14 operations and 4 updates, each in f32 and f64.
    assert_eq!(checked.len(), paths.len() * 2 * 18);
    assert!(checked.iter().all(|one| one["right"] == true), "{value}");
    // f32 is not f64: a check that compared a kernel with itself would find no difference.
    let off = |dtype: &str| {
        let of = checked.iter().filter(|one| one["dtype"] == dtype);
        of.map(|one| one["error"].as_f64().unwrap()).fold(0.0, f64::max)
    };
    assert!(off("f32") > 1e-8 && off("f64") < off("f32"), "{} {}", off("f32"), off("f64"));
    folder.run(&["doctor", "--device", "tpu"]).must_fail("a device that there is not", 2, &["--device", "tpu"]);
}
