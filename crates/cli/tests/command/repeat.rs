//! The same seed gives the same bits, with any number of threads; another seed does not.

use std::collections::BTreeMap;

use lrscope_trainer::Isa;

use super::support::{Folder, records, rows};

/// Wide enough that several threads have something to share.
const WIDE: &str = r#"version = 1
[data]
name = "digits"
batch_size = 256
[model.mlp]
hidden = [512, 256]
[optimizer.adamw]
[training]
length = 12
seeds = 2
evaluate_every = "1ep"
[training.probes]
grad_norm = true
update_ratio = true
[schedule.cyclic]
base_lr = 1e-4
max_lr = 1e-2
step_size_up = 5
"#;

fn train(arguments: &[&str]) -> BTreeMap<String, [Vec<u8>; 3]> {
    let folder = Folder::new();
    folder.write("wide.toml", WIDE);
    folder.done(&[&["train", "--config", "wide.toml"], arguments].concat());
    records(&folder.join("results"))
}

#[test]
fn the_same_seed_gives_the_same_bits_with_any_number_of_threads() {
    let first = train(&["--threads", "1"]);
    assert_eq!(first.len(), 2);
    assert!(first == train(&["--threads", "1", "--jobs", "1"]), "the same command gave other bits");
    assert!(first == train(&["--threads", "2"]), "two threads gave other bits than one");
    assert!(first == train(&["--threads", "5", "--jobs", "2"]), "five threads gave other bits than one");
}

#[test]
fn another_seed_gives_another_run() {
    let runs = train(&[]);
    let steps: Vec<_> = runs.values().map(|files| &files[2]).collect();
    assert_ne!(steps[0], steps[1], "two seeds measured the same losses");
}

/// Bits are promised within a path only: runs of two paths must never pass for each other.
#[test]
fn paths_are_runs_of_their_own() {
    let portable = train(&["--isa", "portable"]);
    let fastest = train(&["--isa", "auto"]);
    if Isa::detect() == Isa::Portable {
        assert_eq!(portable, fastest);
        return;
    }
    assert_eq!((portable.len(), fastest.len()), (2, 2));
    assert!(portable.keys().all(|run| !fastest.contains_key(run)), "two paths share a run's identity");
    let named = train(&["--isa", &Isa::detect().to_string()]);
    assert!(named == fastest, "auto is the path that is detected");
}

/// Seed 0 of a range test and seed 0 of a training have nothing to do with each other: not even their initial weights.
#[test]
fn a_range_test_shares_no_seed_with_a_training() {
    let folder = Folder::small();
    folder.done(&["range-test", "--config", "small.toml", "--seeds", "3"]);
    folder.done(&["train", "--config", "small.toml", "--seeds", "3"]);
    let initial: Vec<(String, u64)> =
        rows(&folder.join("results")).into_iter().map(|(seed, rows)| (seed, rows[0].loss.to_bits())).collect();
    assert_eq!(initial.len(), 6);
    let family = |name: &str| initial.iter().filter(|(seed, _)| seed.contains(name)).count();
    assert_eq!((family("range_test"), family("training")), (3, 3));
    for (index, (seed, loss)) in initial.iter().enumerate() {
        for (other_seed, other) in &initial[..index] {
            assert_ne!(loss, other, "{seed} and {other_seed} begin with the same loss");
        }
    }
}

/// The arms of a comparison do share their seeds: before the first update they cannot differ.
#[test]
fn arms_share_weights_and_batches() {
    let folder = Folder::small();
    folder.done(&["compare", "--config", "small.toml", "--seeds", "2"]);
    let initial: Vec<(String, u64)> =
        rows(&folder.join("results")).into_iter().map(|(seed, rows)| (seed, rows[0].loss.to_bits())).collect();
    assert_eq!(initial.len(), 4);
    for (seed, loss) in &initial {
        let same = initial.iter().filter(|(other, other_loss)| other == seed && other_loss == loss).count();
        assert_eq!(same, 2, "{seed}: {initial:?}");
    }
}
