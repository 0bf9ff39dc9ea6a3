//! `study.json`: any flipped byte is noticed; files of the version without a checksum are still read.

use std::fs;

use lrscope_runner::spec::hex;
use lrscope_runner::study::{Question, STUDY_SCHEMA, Study};
use sha2::{Digest as _, Sha256};

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
        assert!(error.contains("schema is 97; this program reads 1 and 2"), "{error}");
    }
    let stripped = OLD.replace("\"schema\": 1", "\"schema\": 2");
    let error = Study::read(place(stripped).path()).expect_err("a file without its sum").to_string();
    assert!(error.contains("version 2 has a SHA-256 in its last line"), "{error}");
}
