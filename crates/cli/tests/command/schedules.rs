//! `lrscope schedule` against PyTorch's numbers, and its warnings.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Folder, SMALL};

fn conformance() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    std::env::var_os("LRSCOPE_CONFORMANCE_DIR").map_or(default, PathBuf::from)
}

/// A case's parameters as a TOML table; what PyTorch calls `None` is left out.
fn toml(case: &Value) -> String {
    let settings = case["params"].as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
    let settings: Vec<String> = settings.map(|(name, value)| format!("{name} = {value}")).collect();
    format!("{} = {{ {} }}", case["kind"].as_str().unwrap(), settings.join(", "))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn close(ours: &[f64], theirs: &[f64], scale: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (step, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let tolerance = 1e-12 * theirs.abs().max(scale);
        assert!((ours - theirs).abs() <= tolerance, "{what}, step {step}: {ours:?}, PyTorch has {theirs:?}");
    }
}

/// The printed table as numbers: rates, and momentums where there are any.
fn table(text: &str) -> (Vec<f64>, Vec<f64>) {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("step,lr,momentum"));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    for (step, row) in rows.iter().enumerate() {
        assert_eq!((row.len(), row[0]), (3, step.to_string().as_str()));
    }
    let momentum = rows.iter().filter(|row| !row[2].is_empty()).map(|row| row[2].parse().unwrap());
    (rows.iter().map(|row| row[1].parse().unwrap()).collect(), momentum.collect())
}

#[test]
fn conformance_of_the_printed_rates_and_momentums() {
    let text = fs::read_to_string(conformance().join("schedules.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    // One rate for all groups, and everything in the parameters: those are the kinds that need no optimizer beside them.
    let cases: Vec<&Value> = cases
        .filter(|case| case["lr"][0].is_number() && ["cyclic", "one_cycle"].contains(&case["kind"].as_str().unwrap()))
        .collect();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    let folder = Folder::new();
    for case in cases {
        let (name, schedule) = (case["name"].as_str().unwrap(), toml(case));
        let (lr, scale) = (numbers(&case["lr"]), case["initial_lr"].as_f64().unwrap());
        let length = lr.len().to_string();
        let arguments = ["schedule", &schedule, "--length", &length, "--momentum", "0.9"];
        let (rates, momentums) = table(&folder.done(&arguments));
        close(&rates, &lr, scale, name);
        match case.get("momentum") {
            Some(momentum) => close(&momentums, &numbers(momentum), 0.9, name),
            None => assert!(momentums.iter().all(|momentum| momentum.to_bits() == 0.9_f64.to_bits()), "{name}"),
        }
        // JSON holds the same numbers.
        let rows = folder.json(&arguments);
        let json: Vec<f64> = rows.as_array().unwrap().iter().map(|row| row["lr"].as_f64().unwrap()).collect();
        assert_eq!(json, rates, "{name}");
    }
}

/// A well-known tutorial steps a ramp of 2,000 steps once an epoch for 20 epochs: its rate never leaves the foot.
#[test]
fn a_ramp_that_is_stepped_by_the_epoch_is_warned_of() {
    let folder = Folder::new();
    let by_epoch = "cyclic = { base_lr = 0.001, max_lr = 0.006, step_size_up = 2000, interval = \"epoch\", cycle_momentum = false }";
    let arguments = ["schedule", by_epoch, "--length", "20ep", "--steps-per-epoch", "500"];
    let told = folder.run(&arguments);
    assert_eq!(told.code, Some(0));
    for part in ["warning: cyclic: max_lr 0.006 is never reached", "2000", "20 epochs", "interval = \"update\""] {
        assert!(told.err.contains(part), "{part}: {}", told.err);
    }
    let (rates, _) = table(&told.out);
    assert_eq!(rates.len(), 10_000);
    // 19 whole epochs up a ramp of 2000: 0.001 + 0.005 · 19 / 2000.
    let highest = rates.iter().copied().fold(0.0, f64::max);
    assert!((highest - 0.001_047_5).abs() < 1e-12, "{highest}");
    let told =
        folder.run(&["schedule", &by_epoch.replace("epoch", "update"), "--length", "20ep", "--steps-per-epoch", "500"]);
    assert!(!told.err.contains("never reached"), "{}", told.err);
    let highest = table(&told.out).0.into_iter().fold(0.0, f64::max);
    assert!((highest - 0.006).abs() < 1e-15, "{highest}");
}

#[test]
fn the_same_warning_comes_before_training() {
    let folder = Folder::small();
    let long = "cyclic = { base_lr = 0.001, max_lr = 0.1, step_size_up = 2000, cycle_momentum = false }";
    let told = folder.run(&["train", "--config", "small.toml", "--schedule", long]);
    assert_eq!(told.code, Some(0), "{}", told.err);
    let (warned, trained) = (told.err.find("max_lr 0.1 is never reached"), told.err.find("seed 0: done"));
    assert!(warned.is_some() && trained.is_some() && warned < trained, "{}", told.err);
}

/// Odd steps are peaks: 0.1 + 0.1 · √3 at step 3, the last of four.
#[test]
fn a_scale_function_beyond_1_is_warned_of_by_every_command() {
    let folder = Folder::small();
    let cyclic = "cyclic = { base_lr = 0.1, max_lr = 0.2, step_size_up = 1, cycle_momentum = false, scale_mode = \"iterations\", \
                  scale_fn = \"sqrt(x*0.5*2)\" }";
    let schedule = SMALL.replace("[schedule.constant]\nlr = 0.1", &format!("[schedule]\n{cyclic}"));
    folder.write(
        "small.toml",
        schedule.replace("[arm.schedule.constant]\nlr = 0.2", &format!("[arm.schedule]\n{cyclic}")),
    );
    for command in ["schedule", "train", "compare"] {
        let length: &[&str] = if command == "schedule" { &["--length", "4"] } else { &[] };
        let told = folder.run(&[&[command, "--config", "small.toml"], length].concat());
        assert_eq!(told.code, Some(0), "{command}: {}", told.err);
        let said = "cyclic: scale_fn leaves [0, 1]: it is 1.73205 at x = 3, and the rates of the run go from 0.1 to 0.273205 (at step 3)";
        assert!(told.err.contains(said), "{command}: {}", told.err);
    }
}

#[test]
fn schedules_of_files_and_of_arms() {
    let folder = Folder::small();
    let rates = |arguments: &[&str]| {
        table(&folder.done(&[&["schedule", "--config", "small.toml", "--length", "3"], arguments].concat())).0
    };
    assert_eq!(rates(&[]), [0.1; 3]);
    assert_eq!(rates(&["--arm", "first"]), [0.2; 3]);
    folder.write("small.toml", SMALL.replace("lr = 0.05", "lr = \"range-test.mean_lr\""));
    assert_eq!(rates(&["--arm", "second", "--pick", "0.1", "0.3"]), [0.2; 3]);
    // [schedule] goes before the arms; without it an only arm is meant.
    let own = "[schedule.constant]\nlr = 0.1\n";
    let arm = &SMALL[SMALL.find("[[arm]]\nname = \"second\"").unwrap()..];
    folder.write("small.toml", SMALL.replace(own, "").replace(arm, ""));
    assert_eq!(rates(&[]), [0.2; 3]);
}

#[test]
fn every_shows_only_some_steps() {
    let text = Folder::new().done(&[
        "schedule",
        "linear = { lr = 1, start_factor = 0.5, total = 10 }",
        "--length",
        "11",
        "--every",
        "5",
    ]);
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows, ["0,0.5,", "5,0.75,", "10,1.0,"]);
}

#[test]
fn a_plot_is_an_svg_and_no_table_is_printed() {
    let folder = Folder::new();
    let cyclic = "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = 20 }";
    let told = folder.run(&["schedule", cyclic, "--length", "100", "--plot", "plot.svg"]);
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""));
    assert!(told.err.contains("plot: plot.svg"), "{}", told.err);
    let svg = fs::read_to_string(folder.join("plot.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{}", &svg[..80.min(svg.len())]);
}
