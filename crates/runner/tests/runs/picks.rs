//! Picks that are kept for comparisons.

use std::fs;
use std::path::{Path, PathBuf};

use lrscope_runner::analysis::{Curve, Ending, analyse};
use lrscope_runner::picks::{PICK_SCHEMA, PickKey, PickRecord, bounds, find_pick, keep_pick};
use lrscope_runner::spec::{Normalization, RunSpec};

use super::texts::{TEXT, parse, setting};

fn runs() -> Vec<RunSpec> {
    setting(parse(TEXT)).range_test().unwrap()
}

/// A record whose pick comes from a curve that falls and then rises.
fn record(key: PickKey, report: &str) -> PickRecord {
    let lr: Vec<f64> = (0..100).map(|step| 1e-5 * 1.15_f64.powi(step)).collect();
    let loss = lr.iter().map(|lr| if *lr < 0.5 { 2.3 / (1.0 + 100.0 * lr) } else { 40.0 * lr }).collect();
    let curve = Curve { seed: 0, lr, loss, ending: Ending::Completed };
    let pick = analyse(&[curve]).unwrap().pick.expect("a fall and an edge");
    PickRecord { schema: PICK_SCHEMA, key, pick, runs: runs().iter().map(RunSpec::id).collect(), report: report.into() }
}

fn only_file(results: &Path) -> PathBuf {
    let mut entries = fs::read_dir(results.join("picks")).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    path
}

#[test]
fn what_is_kept_is_found_and_the_latest_counts() {
    let folder = tempfile::tempdir().unwrap();
    let key = PickKey::of(&runs()[0]);
    assert_eq!(find_pick(folder.path(), &key).unwrap(), None, "nothing is there yet");
    let first = record(key.clone(), "first");
    keep_pick(folder.path(), &first).unwrap();
    assert_eq!(find_pick(folder.path(), &key).unwrap(), Some(first));
    let second = record(key.clone(), "second");
    keep_pick(folder.path(), &second).unwrap();
    assert_eq!(find_pick(folder.path(), &key).unwrap(), Some(second));
    assert!(only_file(folder.path()).file_name().unwrap().to_string_lossy().starts_with("digits-"));
    // Every seed of a range test asks for the same pick.
    assert!(runs().iter().all(|run| PickKey::of(run) == key));
}

#[test]
fn every_setting_asks_for_a_pick_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let spec = &runs()[0];
    keep_pick(folder.path(), &record(PickKey::of(spec), "mine")).unwrap();
    let changes: [fn(&mut RunSpec); 11] = [
        |spec| spec.data.name = "mnist".into(),
        |spec| spec.data.sha256 = "1".repeat(64),
        |spec| spec.data.train_limit = Some(100),
        |spec| spec.data.normalization = Normalization::Standard,
        |spec| spec.data.batch_size = 64,
        |spec| spec.data.accumulation_steps = 2,
        |spec| spec.model = serde_json::from_str("{\"lenet\":{}}").unwrap(),
        |spec| spec.optimizer = serde_json::from_str("{\"sgd\":{\"momentum\":0.8}}").unwrap(),
        |spec| spec.optimizer = serde_json::from_str("{\"sgd\":{\"momentum\":0.9,\"weight_decay\":1e-4}}").unwrap(),
        |spec| spec.groups[0].lr_mult = 3.0,
        |spec| spec.loss.label_smoothing = 0.1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut other = spec.clone();
        change(&mut other);
        assert_eq!(find_pick(folder.path(), &PickKey::of(&other)).unwrap(), None, "change {index}");
    }
    let same: [fn(&mut RunSpec); 4] = [
        |spec| spec.seed.number = 9,
        |spec| spec.steps = 9,
        |spec| spec.isa = "avx2".into(),
        // As many examples in an update.
        |spec| (spec.data.batch_size, spec.data.accumulation_steps) = (16, 2),
    ];
    for change in same {
        let mut other = spec.clone();
        change(&mut other);
        assert!(find_pick(folder.path(), &PickKey::of(&other)).unwrap().is_some());
    }
}

#[test]
fn a_damaged_pick_is_named_and_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let key = PickKey::of(&runs()[0]);
    keep_pick(folder.path(), &record(key.clone(), "mine")).unwrap();
    let path = only_file(folder.path());
    let whole = fs::read_to_string(&path).unwrap();
    let damages = [
        (whole[..whole.len() / 2].to_owned(), "line"),
        (String::new(), "line 1"),
        ("[]".into(), "line 1"),
        (whole.replacen("\"schema\": 1", "\"schema\": 2", 1), "its schema is 2; this program reads 1"),
        (whole.replacen("\"data\": \"digits\"", "\"data\": \"mnist\"", 1), "it was made for other settings"),
        (whole.replacen("\"report\"", "\"extra\": 1, \"report\"", 1), "unknown field `extra`"),
        (whole.replacen("\"report\": \"mine\"", "\"report\": 3", 1), "expected a string"),
    ];
    for (text, says) in damages {
        assert_ne!(text, whole);
        fs::write(&path, &text).unwrap();
        let error = find_pick(folder.path(), &key).unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(error.contains(says) && error.ends_with("delete it and run the range test again"), "{says}: {error}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = find_pick(folder.path(), &key).unwrap_err().to_string();
    assert!(error.contains("cannot read this pick"), "{error}");
    let error = keep_pick(folder.path(), &record(key, "mine")).unwrap_err().to_string();
    assert!(error.contains("cannot write this pick"), "{error}");
}

#[test]
fn bounds_have_the_digits_that_are_shown() {
    let mut pick = record(PickKey::of(&runs()[0]), "mine").pick;
    (pick.base_lr, pick.max_lr) = (0.012_345, 0.098_76);
    let bounds = bounds(&pick);
    assert_eq!((bounds.base_lr, bounds.max_lr), (0.0123, 0.0988));
}
