//! Which range test a comparison takes its rates from, and that it says so.

use std::fs;

use super::support::{Folder, SMALL, records};

const FROM_PICK: &str = "constant = { lr = \"range-test.max_lr\" }";

fn with_references() -> Folder {
    let folder = Folder::new();
    let text = SMALL
        .replace("lr = 0.2", "lr = \"range-test.max_lr\"")
        .replace("lr = 0.05", "lr = \"range-test.base_lr\"")
        .replace("lr = 0.1\n", "lr = \"range-test.mean_lr\"\n");
    folder.write("small.toml", text);
    folder
}

fn pick(value: &serde_json::Value, bound: &str) -> f64 {
    value["pick"][bound].as_f64().unwrap_or_else(|| panic!("no {bound} in {value}"))
}

#[test]
fn a_comparison_uses_the_range_test_s_pick_and_says_so() {
    let folder = with_references();
    let test = folder.json(&["range-test", "--config", "small.toml", "--name", "mine"]);
    let told = folder.run(&["compare", "--config", "small.toml", "--json"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    assert!(told.err.contains("rates from the range test in range-test-mine: base_lr "), "{}", told.err);
    let comparison: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert!(comparison["pick"].as_str().unwrap().contains("range-test-mine"), "{comparison}");
    assert_eq!(records(&folder.join("results")).len(), 4, "two sweeps and two arms");
    // What was trained with is what was picked, to the three digits that are shown.
    for (arm, bound) in [("first", "max_lr"), ("second", "base_lr")] {
        let arms = comparison["arms"].as_array().unwrap();
        let schedule = arms.iter().find(|one| one["name"] == arm).unwrap()["schedule"].as_str().unwrap();
        let lr: f64 = schedule.rsplit(' ').next().unwrap().parse().unwrap();
        let picked = pick(&test, bound);
        assert!((lr / picked - 1.0).abs() < 0.005, "{schedule}: picked {picked}");
    }
}

#[test]
fn without_a_pick_the_range_test_is_run_first_and_said() {
    let folder = with_references();
    let told = folder.run(&["compare", "--config", "small.toml", "--name", "mine"]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    let said = "there was no range test for these settings, so one was run first, in range-test-mine: base_lr ";
    assert!(told.err.contains(said), "{}", told.err);
    for report in ["range-test-mine", "compare-mine"] {
        assert!(folder.join("results").join(report).join("README.md").is_file(), "{report}");
    }
    let page = fs::read_to_string(folder.join("results/compare-mine/README.md")).unwrap();
    assert!(page.contains("no range test for these settings"), "the report must say it too: {page}");
    // The second time the pick is there.
    let told = folder.run(&["train", "--config", "small.toml"]);
    assert!(told.err.contains("rates from the range test in range-test-mine"), "{}", told.err);
}

/// Every setting that a pick depends on, and some that it does not.
#[test]
fn a_pick_for_other_settings_is_not_used() {
    let folder = with_references();
    folder.done(&["range-test", "--config", "small.toml", "--name", "mine"]);
    let other: [&[&str]; 9] = [
        &["--batch-size", "16"],
        &["--accumulation-steps", "2"],
        &["--momentum", "0.5"],
        &["--weight-decay", "0.001"],
        &["--label-smoothing", "0.1"],
        &["--model", "mlp = { hidden = [17] }"],
        &["--optimizer", "adamw"],
        &["--normalization", "standard"],
        &["--train-limit", "500"],
    ];
    for flags in other {
        let told = folder.run(&[&["train", "--config", "small.toml"], flags].concat());
        assert!(told.err.contains("there was no range test for these settings"), "{flags:?}: {}", told.err);
        assert!(matches!(told.code, Some(0 | 3)), "{flags:?}: {}", told.err);
    }
    let same: [&[&str]; 4] = [
        &["--seeds", "2"],
        &["--length", "6"],
        &["--threads", "2"],
        // The same number of examples in an update.
        &["--batch-size", "16", "--accumulation-steps", "2"],
    ];
    for flags in same {
        let told = folder.run(&[&["train", "--config", "small.toml"], flags].concat());
        assert!(told.err.contains("rates from the range test in range-test-mine"), "{flags:?}: {}", told.err);
    }
}

#[test]
fn rates_that_refer_to_nothing_need_no_range_test() {
    let folder = Folder::small();
    folder.done(&["compare", "--config", "small.toml"]);
    assert_eq!(records(&folder.join("results")).len(), 2);
    assert!(!folder.join("results/picks").exists());
}

#[test]
fn a_range_test_without_a_pick_is_inconclusive() {
    let folder = Folder::small();
    let flat = ["--end-lr", "2e-4"];
    let told = folder.run(&[&["range-test", "--config", "small.toml", "--json"], &flat[..]].concat());
    told.must_fail("a sweep that never reaches a rate that trains", 3, &["lrscope: no pick: "]);
    let result: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert!(result["pick"].is_null(), "an absent pick is absent: {result}");
    folder.write("flat.toml", SMALL.replace("end_lr = 10.0", "end_lr = 2e-4"));
    let told = folder.run(&["train", "--config", "flat.toml", "--schedule", FROM_PICK]);
    told.must_fail("a training on it", 3, &["there was no range test for these settings", "no pick: "]);
}
