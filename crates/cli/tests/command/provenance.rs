//! What a pick carries along: its sweep, its seeds and its warnings; which of several counts; `--pick`; and that none is trusted
//! unchecked.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::support::{Folder, SMALL, Told, records};

/// [`SMALL`] with a range test of three seeds and arms on its pick.
fn folder() -> Folder {
    let folder = Folder::new();
    let text = SMALL
        .replace("seeds = 2", "seeds = 3")
        .replace("lr = 0.2", "lr = \"range-test.max_lr\"")
        .replace("lr = 0.05", "lr = \"range-test.base_lr\"")
        .replace("lr = 0.1\n", "lr = \"range-test.mean_lr\"\n");
    folder.write("small.toml", text);
    folder
}

fn range_test(folder: &Folder, flags: &[&str]) -> Told {
    let told = folder.run(&[&["range-test", "--config", "small.toml", "--quiet"], flags].concat());
    assert_eq!(told.code, Some(0), "{told:?}");
    told
}

fn compare(folder: &Folder, flags: &[&str]) -> Told {
    let told = folder.run(&[&["compare", "--config", "small.toml", "--quiet"], flags].concat());
    assert_eq!(told.code, Some(0), "{told:?}");
    told
}

fn page(folder: &Folder, told: &Told) -> String {
    let report = told.out.lines().find_map(|line| line.strip_prefix("report: ")).expect("a report");
    fs::read_to_string(folder.join(report)).unwrap()
}

fn picks(folder: &Folder) -> Vec<PathBuf> {
    fs::read_dir(folder.join("results/picks")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The explorations of a first day, before and after the sweep that the configuration asks for: what is compared on is the
/// latter's pick, the exploration's own page stands, and the user is told which one counts and how to take the other.
#[test]
fn an_exploratory_sweep_poisons_no_comparison() {
    let weaker: [&[&str]; 5] = [
        &["--end-lr", "0.05"],
        &["--seeds", "1"],
        &["--sweep", "linear", "--end-lr", "5"],
        &["--length", "50"],
        &["--start-lr", "0.001"],
    ];
    for flags in weaker {
        for weak_first in [false, true] {
            let folder = folder();
            let weak = [flags, &["--name", "weak"]].concat();
            let (first, second): (&[&str], &[&str]) =
                if weak_first { (&weak, &["--name", "whole"]) } else { (&["--name", "whole"], &weak) };
            range_test(&folder, first);
            let told = range_test(&folder, second);
            let says = if weak_first {
                "compare and train take this pick, not that in range-test-weak ("
            } else {
                "compare and train take the pick in range-test-whole ("
            };
            assert!(
                told.out.contains(says) && told.out.contains("`--pick range-test-weak`"),
                "{flags:?}: {}",
                told.out
            );
            assert!(page(&folder, &told).contains("base_lr"), "its own page shows its result");
            let told = compare(&folder, &[]);
            assert!(
                told.err.contains("the range test in range-test-whole, the strongest of 2"),
                "{flags:?}: {}",
                told.err
            );
            let told = compare(&folder, &["--pick", "weak", "--name", "chosen"]);
            assert!(told.err.contains("range-test-weak, given by --pick: base_lr "), "{flags:?}: {}", told.err);
            assert!(page(&folder, &told).contains("range-test-weak, given by --pick: base_lr"), "{flags:?}");
            // A preview takes the same ones.
            let told = folder.run(&["schedule", "-c", "small.toml", "--pick", "weak"]);
            assert!(
                told.code == Some(0) && told.err.contains("range-test-weak, given by --pick: base_lr "),
                "{told:?}"
            );
            let told = folder.run(&["schedule", "-c", "small.toml"]);
            assert!(told.err.contains("the range test in range-test-whole, the strongest of 2"), "{told:?}");
        }
    }
}

/// Nothing but the weak one is there: it is used, and says on the screen, under `-q` too, on the page and in the JSON what it is.
#[test]
fn warnings_sweep_and_seeds_go_with_the_pick() {
    let folder = folder();
    let told = range_test(&folder, &["--end-lr", "0.05", "--seeds", "1", "--name", "weak"]);
    assert!(told.out.contains("max_lr may be too low"), "{}", told.out);
    for command in ["compare", "train"] {
        let told = folder.run(&[command, "--config", "small.toml", "--quiet"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        let says = [
            "warning: the range test in range-test-weak: the loss does not leave its floor before the sweep ends",
            "max_lr may be too low",
            "warning: the range test in range-test-weak: one seed alone",
            "(exponential sweep from 0.0001 to 0.05, 80 updates of 32 examples, 1 seed)",
        ];
        let page = page(&folder, &told);
        for words in says {
            assert!(told.err.contains(words), "{command}, {words}: {}", told.err);
            let words = words.trim_start_matches("warning: ");
            assert!(page.contains(words), "{command}, {words}: {page}");
        }
        let json = folder.json(&[command, "--config", "small.toml", "--quiet"]);
        let warnings = json["warnings"].as_array().unwrap().iter().filter_map(Value::as_str);
        assert!(warnings.into_iter().any(|one| one.contains("max_lr may be too low")), "{json}");
        assert!(json["pick"].as_str().unwrap().contains("1 seed)"), "{json}");
    }
}

#[test]
fn rates_given_by_hand_are_used_and_said() {
    let folder = folder();
    for command in ["compare", "train"] {
        let told = folder.run(&[command, "--config", "small.toml", "--pick", "0.0123", "0.34"]);
        assert_eq!(told.code, Some(0), "{told:?}");
        let words = "rates given by --pick: base_lr 0.0123, max_lr 0.34";
        assert!(told.err.contains(words) && page(&folder, &told).contains(words), "{}", told.err);
        assert!(!folder.join("results/picks").exists(), "no range test was needed");
    }
    let schedules: Vec<String> = records(&folder.join("results"))
        .into_values()
        .map(|[spec, ..]| serde_json::from_slice::<Value>(&spec).unwrap()["schedule"].to_string())
        .collect();
    for lr in ["0.0123", "0.34", "0.17615"] {
        assert!(schedules.iter().any(|schedule| schedule.contains(&format!("\"lr\":{lr}}}"))), "{lr}: {schedules:?}");
    }
}

/// A pick of other settings can be taken by name, and what differs is said.
#[test]
fn a_pick_of_other_settings_says_what_differs() {
    let folder = folder();
    range_test(&folder, &["--name", "mine"]);
    let told = compare(&folder, &["--pick", "range-test-mine", "--batch-size", "64", "--momentum", "0.5"]);
    let words = "was made for other settings (examples per update, optimizer)";
    assert!(told.err.contains(words) && page(&folder, &told).contains(words), "{}", told.err);
}

#[test]
fn a_pick_that_cannot_be_chosen_is_refused_before_anything_is_trained() {
    let folder = folder();
    folder.write("plain.toml", SMALL);
    let rows: [(&[&str], &str); 8] = [
        (
            &["--pick", "mine"],
            "--pick \"mine\": there is no such range test in results; there is none; run `lrscope range-test` first",
        ),
        (&["--pick", "0.1"], "--pick: 0.1 is one rate; give two"),
        (&["--pick", "0.2", "0.1"], "--pick: 0.2 to 0.1 is not a range of learning rates"),
        (&["--pick", "-0.2", "0.1"], "--pick: -0.2 to 0.1 is not a range of learning rates"),
        (&["--pick", "nan", "1"], "--pick: NaN to 1 is not a range of learning rates"),
        (&["--pick", "mine", "digits"], "write the name of a data set before --pick"),
        (&["--pick", "../mine"], "not the name of a report"),
        (&["--pick"], "--pick"),
    ];
    for command in ["compare", "train"] {
        for (flags, says) in rows {
            let told = folder.run(&[&[command, "--config", "small.toml"], flags].concat());
            told.must_fail(&format!("{command} {flags:?}"), 2, &[says]);
        }
        let told = folder.run(&[command, "--config", "plain.toml", "--pick", "0.1", "0.2"]);
        told.must_fail("a pick that nothing refers to", 2, &["--pick: no rate here is \"range-test\""]);
    }
    assert!(!folder.join("results").exists());
}

#[test]
fn a_pick_edited_by_hand_is_refused_by_name() {
    let folder = folder();
    range_test(&folder, &["--name", "mine"]);
    let [file] = picks(&folder).try_into().unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    let found: Value = serde_json::from_str(&whole).unwrap();
    let max = found["pick"]["max_lr"].to_string();
    fs::write(&file, whole.replacen(&max, "0.987", 1)).unwrap();
    let before = records(&folder.join("results"));
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    for command in ["compare", "train"] {
        let told = folder.run(&[command, "--config", "small.toml"]);
        told.must_fail(command, 2, &[name.as_str(), "max_lr 0.987", "delete it and run the range test again"]);
    }
    assert_eq!(records(&folder.join("results")), before, "nothing was trained on it");
    let told = folder.run(&["doctor", "results"]);
    assert!(told.code == Some(1) && told.out.contains("max_lr 0.987"), "{told:?}");
    // What the message says works, and trains nothing again.
    fs::remove_file(&file).unwrap();
    range_test(&folder, &["--name", "mine"]);
    assert_eq!(records(&folder.join("results")), before);
    assert_eq!(fs::read_to_string(&file).unwrap(), whole);
    compare(&folder, &[]);
}

#[test]
fn a_batch_larger_than_the_data_is_said() {
    let folder = folder();
    let words = "batch_size 100000 is more than the 1237 training examples: every update takes the whole set";
    for (command, more) in
        [("range-test", &[][..]), ("compare", &["--pick", "0.1", "0.2"]), ("train", &["--pick", "0.1", "0.2"])]
    {
        let flags = [command, "--config", "small.toml", "--batch-size", "100000", "--quiet"];
        let told = folder.run(&[&flags[..], more].concat());
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(
            told.err.contains(words) && page(&folder, &told).contains("every update takes the whole set"),
            "{told:?}"
        );
    }
    let told = folder.run(&["train", "--config", "small.toml", "--pick", "0.1", "0.2", "--accumulation-steps", "40"]);
    assert!(told.err.contains("batch_size 32 × accumulation_steps 40 = 1280 is more than the 1237"), "{}", told.err);
    let told = folder.run(&["train", "--config", "small.toml", "--pick", "0.1", "0.2", "--batch-size", "1237"]);
    assert!(!told.err.contains("more than the"), "the whole set in one batch can be meant: {}", told.err);
}

/// Each flag of the sweep, by its own name and before anything is trained.
#[test]
fn a_sweep_that_cannot_be_analysed_is_refused_by_the_flag_that_says_so() {
    let folder = folder();
    let rows: [(&[&str], &[&str]); 8] = [
        (&["--length", "1"], &["--length: 1 updates are too few", "sweep at least 10"]),
        (&["--length", "2"], &["--length: 2 updates", "sweep at least 10"]),
        (&["--length", "9"], &["--length: 9 updates"]),
        (&["--length", "0.2ep"], &["--length: 8 updates"]),
        (&["--start-lr", "0"], &["--start-lr: 0 is not a rate for an exponential sweep", "sweep linearly"]),
        (&["--start-lr", "1", "--end-lr", "1"], &["--end-lr: 1 is not above start_lr"]),
        (&["--start-lr", "-0.1", "--sweep", "linear"], &["--start-lr: -0.1"]),
        (&["--sweep", "linear", "--start-lr", "20"], &["range_test.end_lr"]),
    ];
    for (flags, says) in rows {
        let told = folder.run(&[&["range-test", "--config", "small.toml"], flags].concat());
        told.must_fail(&format!("{flags:?}"), 2, says);
        assert!(!told.err.contains("sweep.steps") && !folder.join("results").exists(), "{flags:?}: {}", told.err);
    }
    // Where the file says it, its line is named, and `compare`'s own --length is not blamed for it.
    folder.write(
        "short.toml",
        fs::read_to_string(folder.join("small.toml")).unwrap().replace("length = 80", "length = 3"),
    );
    for command in [&["range-test"][..], &["compare", "--length", "50"]] {
        let told = folder.run(&[command, &["--config", "short.toml"]].concat());
        told.must_fail(&format!("{command:?}"), 2, &["short.toml:16", "range_test.length: 3 updates are too few"]);
    }
    assert!(!folder.join("results").exists());
    // The least length and a linear sweep from 0 run and are analysed.
    let told = folder.run(&["range-test", "--config", "small.toml", "--length", "10"]);
    assert!(matches!(told.code, Some(0 | 3)), "{told:?}");
    let told = range_test(&folder, &["--sweep", "linear", "--start-lr", "0", "--end-lr", "2"]);
    assert!(page(&folder, &told).contains("base_lr"), "{told:?}");
}

/// "no pick" is said once, on the screen and on the page.
#[test]
fn no_pick_is_said_once() {
    let folder = folder();
    let told = folder.run(&["range-test", "--config", "small.toml", "--end-lr", "2e-4", "--name", "flat"]);
    told.must_fail("a sweep that never trains", 3, &["lrscope: no pick: the loss never falls"]);
    let page = fs::read_to_string(folder.join("results/range-test-flat/README.md")).unwrap();
    for text in [told.err, page] {
        assert_eq!(text.to_lowercase().matches("no pick").count(), 1, "{text}");
    }
}
