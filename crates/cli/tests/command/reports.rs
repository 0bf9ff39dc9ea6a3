//! Reports are made from records alone.

use std::fs;

use super::support::{Folder, tree};

fn studied() -> Folder {
    let folder = Folder::small();
    folder.done(&["range-test", "--config", "small.toml"]);
    folder.done(&["compare", "--config", "small.toml", "--seeds", "2"]);
    folder.done(&["train", "--config", "small.toml", "--seeds", "2"]);
    folder
}

#[test]
fn reports_come_again_to_the_byte() {
    let folder = studied();
    let results = folder.join("results");
    let before = tree(&results);
    folder.done(&["report"]);
    assert_eq!(tree(&results), before, "rendering again must change nothing");
    // Everything but the studies and the records can be lost.
    for path in before.keys().filter(|path| !path.starts_with("runs") && !path.ends_with("study.json")) {
        if !path.starts_with("picks") {
            fs::remove_file(results.join(path)).unwrap();
        }
    }
    folder.done(&["report"]);
    let again = tree(&results);
    for (path, bytes) in &before {
        assert!(again.get(path) == Some(bytes), "{} is another", path.display());
    }
    assert_eq!(again.len(), before.len());
}

#[test]
fn a_report_by_name_leaves_the_others_alone() {
    let folder = studied();
    let results = folder.join("results");
    let names = fs::read_dir(&results).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.into_iter().find(|name| name.starts_with("train-")).unwrap();
    for path in tree(&results).keys().filter(|path| path.ends_with("README.md")) {
        fs::write(results.join(path), "old").unwrap();
    }
    let told = folder.done(&["report", &name]);
    assert_eq!(told.trim(), format!("results/{name}/README.md"));
    let (mut old, mut new) = (0, 0);
    for (path, bytes) in tree(&results) {
        if path.ends_with("README.md") {
            *if bytes == b"old" { &mut old } else { &mut new } += 1;
        }
    }
    assert_eq!((old, new), (2, 2), "the named one and the index are new");
    folder.run(&["report", "mine"]).must_fail(
        "unknown",
        2,
        &["there is no report \"mine\" in results; there is ", &name],
    );
}

/// A results folder can be moved, and read where it is.
#[test]
fn results_can_be_moved() {
    let folder = studied();
    let before = tree(&folder.join("results"));
    fs::rename(folder.join("results"), folder.join("elsewhere")).unwrap();
    folder.done(&["report", "--results", "elsewhere"]);
    assert_eq!(tree(&folder.join("elsewhere")), before);
}

/// A picture of an older report would show what the page beside it does not tell.
#[test]
fn a_report_leaves_nothing_of_an_older_one_beside_it() {
    let folder = Folder::small();
    let names = || tree(&folder.join("results/train-mine")).into_keys().collect::<Vec<_>>();
    folder.done(&["train", "--config", "small.toml", "--name", "mine", "--quiet"]);
    let right = names();
    for again in [&["train", "--config", "small.toml", "--name", "mine", "--quiet"][..], &["report"]] {
        // A name that a comparison's picture has, and one of the user's own.
        folder.write("results/train-mine/final.svg", "<svg/>");
        folder.write("results/train-mine/notes.svg", "mine");
        let told = folder.run(&["doctor"]);
        told.must_fail("a picture that should not be there", 1, &["1 file in need of repair"]);
        assert!(told.out.contains("final.svg"), "{}", told.out);
        folder.done(again);
        folder.done(&["doctor"]);
        fs::remove_file(folder.join("results/train-mine/notes.svg")).unwrap();
        assert_eq!(names(), right);
    }
}

/// Every file that a report has is among the names that the report crate tells.
#[test]
fn the_names_of_all_files_are_known() {
    let folder = studied();
    let others = ["study.json", "index-entry.json", "manifest.json"];
    for path in tree(&folder.join("results")).into_keys().filter(|path| path.components().count() == 2) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let known = lrscope_report::NAMES.contains(&name) || others.contains(&name) || path.starts_with("picks");
        assert!(known, "{}", path.display());
    }
}

#[test]
fn a_study_without_a_run_has_no_report_and_is_said() {
    let folder = studied();
    fs::remove_dir_all(folder.join("results/runs")).unwrap();
    let before = tree(&folder.join("results"));
    let told = folder.run(&["report"]);
    assert_eq!(tree(&folder.join("results")), before, "what is left of lost runs must stay");
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""));
    assert_eq!(told.err.matches("no run of it is done yet").count(), 3, "{}", told.err);
}

/// A comparison of which a part is missing still reports what is there, and says what is not.
#[test]
fn a_study_with_missing_runs_says_which() {
    let folder = Folder::small();
    let report =
        folder.json(&["compare", "--config", "small.toml", "--seeds", "3"])["report"].as_str().unwrap().to_owned();
    let study = fs::read_to_string(folder.join(&report).join("study.json")).unwrap();
    let study: serde_json::Value = serde_json::from_str(&study).unwrap();
    let lost = study["arms"][1]["runs"][2]["id"].as_str().unwrap();
    fs::remove_dir_all(folder.join("results/runs").join(lost)).unwrap();
    folder.done(&["report"]);
    let page = fs::read_to_string(folder.join(&report).join("README.md")).unwrap();
    assert!(page.contains("**Unfinished**: 5 of 6 runs done"), "{page}");
    assert!(page.contains("Still to do: second: seed 2"), "{page}");
}
