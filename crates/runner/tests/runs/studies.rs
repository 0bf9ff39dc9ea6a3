//! `study.json`: any flipped byte is noticed; files of the version without a checksum are still read.

use std::fs;

use lrscope_runner::learner::Subset;
use lrscope_runner::record::Store;
use lrscope_runner::spec::hex;
use lrscope_runner::study::{Question, STUDY_SCHEMA, Study, StudyArm};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::keeping::go_on;
use super::quadratic::spec;

/// As version 1 wrote it.
const OLD: &str = r#"{
  "schema": 1,
  "question": "range_test",
  "title": "Range test: mlp on digits, sgd",
  "command": "lrscope range-test",
  "configuration": "version = 1\n",
  "started_unix": 1795456800,
  "pick": null,
  "warnings": [
    "one, \"quoted\",\n  \"sha256\": \"as free text\""
  ],
  "arms": [
    {
      "name": "sweep",
      "schedule": "exponential",
      "runs": [
        {
          "seed": 0,
          "id": "37dbfad140f90ac32392",
          "failed": null
        }
      ]
    }
  ]
}
"#;

fn place(text: impl AsRef<[u8]>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("study.json"), text).unwrap();
    folder
}

fn new() -> (Study, String) {
    let mut study = Study::read(place(OLD).path()).unwrap();
    study.schema = STUDY_SCHEMA;
    let folder = tempfile::tempdir().unwrap();
    study.write(folder.path()).unwrap();
    let text = fs::read_to_string(folder.path().join("study.json")).unwrap();
    assert_eq!(Study::read(folder.path()).unwrap(), study);
    (study, text)
}

#[test]
fn the_old_version_is_read_and_written_as_it_was() {
    let folder = place(OLD);
    let study = Study::read(folder.path()).unwrap();
    assert_eq!((study.schema, study.question, study.arms[0].runs[0].seed), (1, Question::RangeTest, 0));
    study.write(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("study.json")).unwrap(), OLD);
}

#[test]
fn the_last_line_is_the_checksum_of_the_file_without_it() {
    let (_, text) = new();
    let without = OLD.replace("\"schema\": 1", &format!("\"schema\": {STUDY_SCHEMA}"));
    let sum = hex(&Sha256::digest(&without));
    assert_eq!(text, without.replace("  ]\n}\n", &format!("  ],\n  \"sha256\": \"{sum}\"\n}}\n")));
}

#[test]
fn any_flipped_byte_is_noticed_and_the_file_named() {
    let (_, text) = new();
    let folder = place(&text);
    let path = folder.path().join("study.json");
    for place in 0..text.len() {
        for mask in [1, 0x20, 0x80] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= mask;
            fs::write(&path, &bytes).unwrap();
            let error = Study::read(folder.path()).expect_err(&format!("byte {place} ^ {mask}"));
            assert!(error.to_string().contains("study.json"), "{error}");
        }
    }
}

#[test]
fn a_version_of_the_future_is_refused_by_its_number() {
    for text in [OLD.to_owned(), new().1] {
        let version = if text == OLD { 1 } else { STUDY_SCHEMA };
        let text = text.replace(&format!("\"schema\": {version}"), "\"schema\": 97");
        let error = Study::read(place(text).path()).expect_err("a version that nobody knows").to_string();
        assert!(error.contains("schema is 97; this program reads 1 to 3"), "{error}");
    }
    let stripped = OLD.replace("\"schema\": 1", "\"schema\": 2");
    let error = Study::read(place(stripped).path()).expect_err("a file without its sum").to_string();
    assert!(error.contains("all later ones have one"), "{error}");
}

fn arm(name: &str, seeds: u64, lr: f64) -> StudyArm {
    let run = |number| {
        let mut run = spec(10, &json!({"constant": {"lr": lr}}), &Value::Null, None);
        run.seed.number = number;
        run
    };
    StudyArm::new(name, &(0..seeds).map(run).collect::<Vec<_>>())
}

/// Arms are the same runs where they specify the same ones, whatever they are called, done or not.
#[test]
fn arms_of_the_same_runs_are_known_as_such() {
    let (mut study, _) = new();
    study.arms = vec![arm("a", 3, 0.1), arm("b", 3, 0.1), arm("c", 3, 0.2), arm("d", 2, 0.1), arm("e", 3, 0.2)];
    let folder = tempfile::tempdir().unwrap();
    let results = study.results(&Store::open(folder.path()).unwrap()).unwrap();
    let same: Vec<_> = results.iter().map(|arm| arm.same_as.as_deref()).collect();
    assert_eq!(same, [None, Some("a"), None, None, Some("c")], "fewer seeds are other runs");
}

/// After its last update a run may be evaluated on the same examples twice. It counts once.
#[test]
fn every_evaluation_on_the_way_stands_once() {
    for (steps, expected) in [(20, vec![10, 20]), (25, vec![10, 20, 25]), (5, vec![5])] {
        let mut run = spec(steps, &json!({"constant": {"lr": 0.1}}), &Value::Null, Some(10));
        run.evaluation.after = vec![Subset::Validation, Subset::Test];
        let folder = tempfile::tempdir().unwrap();
        assert!(go_on(folder.path(), &run, 7, (3, usize::MAX, false)));
        let (mut study, _) = new();
        study.question = Question::Training;
        study.arms = vec![StudyArm::new("a", &[run])];
        let result = study.results(&Store::open(folder.path()).unwrap()).unwrap().remove(0);
        let seed = &result.seeds[0];
        assert_eq!(seed.evaluations.iter().map(|(updates, _)| *updates).collect::<Vec<_>>(), expected);
        let last = seed.evaluations.last().unwrap().1;
        assert_eq!((seed.validation_loss, seed.validation_accuracy), (Some(last.loss), last.accuracy()));
        assert_eq!(result.evaluated_on, Subset::Validation);
    }
}
