//! The configurations that come with the program, and the one in the README.

use std::fs;
use std::path::{Path, PathBuf};

use lrscope_data::Name;
use lrscope_runner::experiment::{Experiment, Source};
use lrscope_runner::resolve::{self, DataFacts, Setting};
use lrscope_runner::spec::DeviceClass;
use lrscope_schedule::Pick;

use super::support::{Folder, records, tree};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below `configs/`.
pub fn files() -> Vec<PathBuf> {
    let configs = project().join("configs");
    tree(&configs).into_keys().map(|path| configs.join(path)).collect()
}

/// Everything that the commands would make of an experiment, with a pick where they would look for one.
fn plan_all(experiment: &Experiment) {
    let name: Name = experiment.data.name.parse().unwrap();
    let facts = name.facts();
    let facts =
        DataFacts { sha256: facts.data_hash.into(), train: facts.train as u64, validation: facts.validation as u64 };
    let setting = Setting::new(experiment.clone(), facts, DeviceClass::Cpu, "portable".into()).unwrap();
    let sweeps = setting.range_test().unwrap();
    assert_eq!(sweeps.len() as u64, experiment.range_test.seeds);
    let pick = Pick { base_lr: 0.01, max_lr: 0.04 };
    let arms = experiment.arms.iter().enumerate().map(|(index, arm)| (format!("arm.{index}.schedule"), &arm.schedule));
    let own = experiment.schedule.iter().map(|schedule| ("schedule".to_owned(), schedule));
    for (key, schedule) in arms.chain(own) {
        setting.check_schedule(&key, schedule).unwrap();
        let runs = setting.training(&key, schedule, Some(pick)).unwrap();
        assert_eq!(runs.len() as u64, experiment.training.seeds);
        resolve::plan(&runs[0]).unwrap().check(runs[0].steps).unwrap();
        assert_eq!(setting.lint(schedule, &runs[0]).unwrap(), [""; 0], "{key}");
    }
}

#[test]
fn every_configuration_parses_resolves_and_plans_without_a_warning() {
    let files = files();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let experiment = Source::file(&file).unwrap().parse().unwrap();
        assert!(experiment.arms.len() >= 2 || experiment.schedule.is_some(), "{}: nothing to train", file.display());
        plan_all(&experiment);
        // What a study keeps of it reads back as the same.
        let text = toml::to_string(&experiment).unwrap();
        let again = Source { origin: "written".into(), text }.parse().unwrap();
        assert_eq!(again, experiment, "{}", file.display());
    }
}

#[test]
fn every_data_set_has_a_configuration_of_its_own() {
    for name in Name::ALL {
        let file = project().join(format!("configs/{name}.toml"));
        let experiment = Source::file(&file).unwrap().parse().unwrap();
        assert_eq!(experiment.data.name, name.as_str());
    }
}

/// The code blocks of a language in a Markdown text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("```{language}") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

#[test]
fn the_readme_s_configuration_is_one() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let configurations = blocks(&readme, "toml");
    assert!(!configurations.is_empty());
    for text in configurations {
        plan_all(&Source { origin: "README.md".into(), text }.parse().unwrap());
    }
}

/// What the README shows of `lrscope schedule` runs as it stands there.
#[test]
fn the_readme_s_schedule_command_runs() {
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    let scripts = blocks(&readme, "sh");
    let commands: Vec<&str> =
        scripts.iter().flat_map(|block| block.lines()).filter(|line| line.starts_with("lrscope schedule")).collect();
    assert!(!commands.is_empty());
    for command in commands {
        let mut parts = command.splitn(3, '\'');
        let (before, quoted, after) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let arguments: Vec<&str> =
            before.split_whitespace().skip(1).chain([quoted]).chain(after.split_whitespace()).collect();
        let folder = Folder::new();
        let told = folder.run(&arguments);
        told.must_be_fit(command);
        assert_eq!(told.code, Some(0), "{command}: {}", told.err);
    }
}

/// `AdamW` with `CyclicLR` and without momentum cycling, which PyTorch refuses by default.
#[test]
fn adamw_with_a_cyclic_rate_and_a_fixed_beta1() {
    let folder = Folder::new();
    let file = project().join("configs/adamw-cyclic.toml");
    let file = file.to_str().unwrap();
    let result = folder.json(&["compare", "--config", file, "--seeds", "2"]);
    let pick = result["pick"].as_str().unwrap();
    assert!(pick.contains("there was no range test for these settings"), "{pick}");
    let arms = result["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 3);
    for arm in arms {
        let accuracy = arm["test_accuracy"]["mean"].as_f64().unwrap();
        assert!(accuracy > 0.85, "{arm}");
    }
    assert!(arms[0]["schedule"].as_str().unwrap().starts_with("cyclic triangular2"), "{}", arms[0]);
    assert_eq!(records(&folder.join("results")).len(), 5 + 3 * 2);
    let rows = folder.json(&["schedule", "--config", file, "--arm", "cyclic", "--pick", "0.001", "0.01"]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 12 * 39);
    assert!(rows.iter().all(|row| row["momentum"] == 0.9), "beta1 must stay as it is");
    let rates: Vec<f64> = rows.iter().map(|row| row["lr"].as_f64().unwrap()).collect();
    // Foot and peak; the second cycle rises half as far.
    for (step, rate) in [(0, 0.001), (3 * 39, 0.01), (6 * 39, 0.001), (9 * 39, 0.0055)] {
        assert!((rates[step] - rate).abs() < 1e-12, "step {step}: {}", rates[step]);
    }
}
