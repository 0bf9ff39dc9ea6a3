//! Schedules that follow a metric, from the configuration to the files of the report.

use std::fmt::Debug;
use std::path::Path;
use std::str::FromStr;

use super::support::{Folder, place};

/// Ten epochs of digits whose rate falls where the validation accuracy stops rising.
const MAX: &str = r#"version = 1
[data]
name = "digits"
batch_size = 32
[model.mlp]
hidden = [16]
[optimizer.sgd]
momentum = 0.9
[training]
length = "12ep"
evaluate_every = "1ep"
seeds = 1
[schedule.reduce_on_plateau]
lr = 0.1
mode = "max"
factor = 0.1
patience = 1
"#;

fn column<T: FromStr<Err: Debug>>(path: &Path, name: &str) -> Vec<T> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let column = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[column].parse().unwrap()).collect()
}

/// Updates after which `ReduceLROnPlateau` of PyTorch 2.13 (factor 0.1, patience 1, threshold 1e-4, relative) reduces the
/// rate, fed these values.
fn reductions(updates: &[u64], values: &[f64], max: bool) -> Vec<u64> {
    let (mut best, mut bad, mut found) = (if max { f64::NEG_INFINITY } else { f64::INFINITY }, 0, Vec::new());
    for (updates, value) in updates.iter().zip(values) {
        let better = if max { *value > best * 1.0001 } else { *value < best * 0.9999 };
        (best, bad) = if better { (*value, 0) } else { (best, bad + 1) };
        if bad > 1 {
            found.push(*updates);
            bad = 0;
        }
    }
    found
}

/// Updates at which the trained rate is another than that of the update before.
fn falls(rates: &[f64]) -> Vec<u64> {
    rates.windows(2).zip(1..).filter(|(pair, _)| pair[1] < pair[0]).map(|(_, step)| step).collect()
}

#[test]
fn the_rate_falls_where_pytorch_lets_it_fall() {
    let named = MAX.replace("mode = \"max\"", "metric = \"validation_accuracy\"");
    let loss = MAX.replace("mode = \"max\"", "metric = \"validation_loss\"");
    for (text, max) in [(MAX, true), (named.as_str(), true), (loss.as_str(), false)] {
        let folder = Folder::new();
        folder.write("plateau.toml", text);
        let told = folder.json(&["train", "-c", "plateau.toml"]);
        let report = folder.join(told["report"].as_str().unwrap());
        let (validation, curves) = (report.join("validation.csv"), report.join("curves.csv"));
        let followed: Vec<f64> = column(&validation, if max { "validation_accuracy" } else { "validation_loss" });
        let expected = reductions(&column(&validation, "updates"), &followed, max);
        let mut found = falls(&column(&curves, "lr"));
        // What is reduced after the last update shows in no rate.
        found.extend(expected.iter().filter(|updates| **updates >= 12 * 39));
        assert_eq!(found, expected, "{text}");
        assert!(!found.is_empty(), "the case has a reduction");
        let page = std::fs::read_to_string(report.join("README.md")).unwrap();
        let metric = if max { "metric validation_accuracy, mode max" } else { "metric validation_loss, mode min" };
        assert!(page.contains(metric), "{page}");
    }
}

#[test]
fn what_cannot_be_followed_is_refused_with_its_place_before_anything_is_trained() {
    let cases = [
        (
            "mode = \"max\"",
            "mode = \"max\"\nmetric = \"validation_loss\"",
            "mode = ^\"max\"",
            "schedule.reduce_on_plateau.mode",
        ),
        (
            "mode = \"max\"",
            "mode = \"min\"\nmetric = \"validation_accuracy\"",
            "mode = ^\"min\"",
            "schedule.reduce_on_plateau.mode",
        ),
        ("mode = \"max\"", "metric = \"train_loss\"", "metric = ^\"train", "schedule.reduce_on_plateau.metric"),
        ("seeds = 1", "seeds = 1\nevaluate_on = \"train\"", "mode = ^\"max\"", "schedule.reduce_on_plateau.mode"),
        ("seeds = 1", "seeds = 1\nevaluate_on = \"test\"", "evaluate_on = ^\"test", "training.evaluate_on"),
        ("evaluate_every = \"1ep\"", "evaluate_every = 469", "evaluate_every = ^469", "training.evaluate_every"),
        ("batch_size = 32", "batch_size = 32\nvalidation = 0", "validation = ^0", "data.validation"),
    ];
    for (from, to, marked, key) in cases {
        let folder = Folder::new();
        let text = MAX.replace(from, to);
        folder.write("plateau.toml", &text);
        let place = format!("plateau.toml:{}: {key}: ", place(&text, marked));
        folder.run(&["train", "-c", "plateau.toml"]).must_fail(to, 2, &[place]);
        assert!(!folder.join("results/attempts").exists(), "{to}: nothing was begun");
    }
    let folder = Folder::new();
    folder.write("plateau.toml", MAX);
    let flag = "reduce_on_plateau = { lr = 0.1, mode = 'max', metric = 'train_loss' }";
    folder.run(&["train", "-c", "plateau.toml", "--schedule", flag]).must_fail(
        flag,
        2,
        &["--schedule: reduce_on_plateau"],
    );
}

/// The loss over the training examples, with every word about it.
#[test]
fn a_train_loss_is_followed_and_never_called_validation() {
    let folder = Folder::new();
    let text =
        MAX.replace("mode = \"max\"\n", "threshold = 0.2\n").replace("seeds = 1", "seeds = 1\nevaluate_on = \"train\"");
    folder.write("plateau.toml", text);
    let told = folder.json(&["train", "-c", "plateau.toml"]);
    assert_eq!(told["evaluated_on"], "train");
    assert!(told["schedule"].as_str().unwrap().contains("metric train_loss, mode min"), "{told}");
    let report = folder.join(told["report"].as_str().unwrap());
    let table = report.join("evaluations.csv");
    assert!(!report.join("validation.csv").exists());
    let losses: Vec<f64> = column(&table, "train_loss");
    let updates = column(&table, "updates");
    let (mut best, mut bad, mut expected) = (f64::INFINITY, 0, Vec::new());
    for (updates, loss) in updates.into_iter().zip(losses) {
        (best, bad) = if loss < best * (1.0 - 0.2) { (loss, 0) } else { (best, bad + 1) };
        if bad > 1 {
            expected.push(updates);
            bad = 0;
        }
    }
    let mut found = falls(&column(&report.join("curves.csv"), "lr"));
    found.extend(expected.iter().filter(|updates: &&u64| **updates >= 12 * 39));
    assert!(!expected.is_empty());
    assert_eq!(found, expected);
    let drawn = std::fs::read_to_string(report.join("evaluation-loss.svg")).unwrap();
    assert!(drawn.contains("train loss") && !drawn.to_lowercase().contains("validation"), "{drawn}");
}

/// Seeds are measured each for itself, so each has its own rates in the table.
#[test]
fn every_seed_s_rates_follow_its_own_values() {
    let folder = Folder::new();
    folder.write("plateau.toml", MAX.replace("seeds = 1", "seeds = 3"));
    let told = folder.json(&["train", "-c", "plateau.toml"]);
    let report = folder.join(told["report"].as_str().unwrap());
    let (validation, curves) = (report.join("validation.csv"), report.join("curves.csv"));
    let of_seed = |path: &Path, name: &str, seed: u64| -> Vec<f64> {
        let seeds: Vec<u64> = column(path, "seed");
        let values: Vec<f64> = column(path, name);
        seeds.into_iter().zip(values).filter(|(of, _)| *of == seed).map(|(_, value)| value).collect()
    };
    let mut all = std::collections::BTreeSet::new();
    for seed in 0..3 {
        let updates: Vec<u64> = (1..=12).map(|epoch| 39 * epoch).collect();
        let mut expected = reductions(&updates, &of_seed(&validation, "validation_accuracy", seed), true);
        expected.retain(|updates| *updates < 12 * 39);
        assert_eq!(falls(&of_seed(&curves, "lr", seed)), expected, "seed {seed}");
        all.insert(expected);
    }
    assert!(all.len() > 1, "the seeds differ");
}
