//! Reports of studies with very many updates: memory goes by what is drawn.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lrscope_runner::analysis::Ending;
use lrscope_runner::experiment::Source;
use lrscope_runner::learner::{Evaluation, Row, Subset};
use lrscope_runner::record::{Checksum, Clocks, Machine, Measured, Store};
use lrscope_runner::resolve::{DataFacts, Setting};
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_runner::study::{Question, STUDY_SCHEMA, Study, StudyArm};

use super::support::{Folder, told};

/// The most memory that a report may take, in KiB.
const MOST: u64 = 300 << 10;

fn runs(configuration: &str) -> Vec<RunSpec> {
    let source = Source { origin: "large.toml".into(), text: configuration.into() };
    let facts = DataFacts { sha256: "00".into(), train: 1_437, validation: 200 };
    let setting = Setting::new(source.parse().unwrap(), facts, DeviceClass::Cpu, "portable".into()).unwrap();
    let schedule = setting.experiment().schedule.clone().unwrap();
    setting.training("schedule", &schedule, None).unwrap()
}

/// A made-up loss that falls, with a spike now and then.
fn row(step: u64, seed: u64) -> Row {
    let noise = ((step * 7919 + seed * 104_729) % 1009) as f64 / 1009.0;
    let spike = if step % 9973 == 77 { 3.0 } else { 0.0 };
    let loss = f64::from((2.3 / (1.0 + step as f64 / 300.0) + 0.1 * noise + spike) as f32);
    Row { loss, grad_norm: None, update_ratio: None }
}

/// Publishes a run that has done so many updates.
fn publish(store: &Store, spec: &RunSpec, steps: u64, ending: Ending) {
    let mut attempt = store.begin(spec).unwrap();
    let last = |step| if ending != Ending::Completed && step + 1 == steps { f64::NAN } else { 0.0 };
    for first in (0..steps).step_by(1024) {
        let block = first..(first + 1024).min(steps);
        let rows: Vec<Row> =
            block.map(|step| Row { loss: row(step, spec.seed.number).loss + last(step), ..row(0, 0) }).collect();
        attempt.append(first, &rows).unwrap();
    }
    let evaluation = Evaluation { loss: 0.3, correct: 900 + spec.seed.number % 50, examples: 1000 };
    attempt.evaluated(steps, Subset::Test, evaluation).unwrap();
    let clocks = Clocks {
        started_unix: 1.7e9,
        ended_unix: 1.7e9,
        data_seconds: 0.0,
        training_seconds: 1.0,
        evaluation_seconds: 0.0,
        saving_seconds: 0.0,
    };
    let program = concat!("lrscope ", env!("CARGO_PKG_VERSION")).into();
    let measured =
        Measured { program, machine: Machine::here(), device: None, isa: "portable".into(), threads: 1, clocks };
    attempt.publish(ending, Checksum::of(b"state"), &measured).unwrap();
}

/// A training of `seeds` runs, planned for `length` updates.
fn configuration(length: u64, seeds: u64) -> String {
    format!(
        "version = 1\n[data]\nname = \"digits\"\nbatch_size = 32\n[model.mlp]\nhidden = [16]\n[optimizer.sgd]\n[training]\n\
         length = {length}\nseeds = {seeds}\nevaluate_every = {length}\n[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\n\
         step_size_up = 500\nmode = \"triangular2\"\n"
    )
}

fn studied(results: &Path, configuration: &str, runs: &[RunSpec]) -> PathBuf {
    let study = Study {
        schema: STUDY_SCHEMA,
        question: Question::Training,
        title: "Training: mlp on digits, sgd".into(),
        command: "lrscope train".into(),
        configuration: configuration.into(),
        started_unix: 1_795_456_800,
        pick: None,
        warnings: Vec::new(),
        arms: vec![StudyArm::new("train", runs)],
    };
    let folder = results.join("train-large");
    study.write(&folder).unwrap();
    folder
}

/// Makes all reports; the most memory that took, in KiB.
fn report(folder: &Folder, results: &Path) -> u64 {
    let mut child = folder.command(&["report", "--quiet", "--results", results.to_str().unwrap()]).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    let told = told(child);
    assert_eq!(told.code, Some(0), "{told:?}");
    peak
}

/// What was planned costs nothing: the run ended after 3,000 of 50 million updates.
#[test]
fn a_report_s_memory_does_not_go_by_what_was_planned() {
    let folder = Folder::new();
    let results = folder.join("results");
    let configuration = configuration(50_000_000, 1);
    let specs = runs(&configuration);
    let store = Store::open(&results).unwrap();
    publish(&store, &specs[0], 3_000, Ending::NonFinite { step: 2_999 });
    let report_folder = studied(&results, &configuration, &specs);
    let peak = report(&folder, &results);
    assert!((1..MOST).contains(&peak), "{peak} KiB");
    let table = fs::read_to_string(report_folder.join("curves.csv")).unwrap();
    assert_eq!(table.lines().count(), 3_001);
    // A triangle's peak is at update 500, and each later one is half as far up: the highest rate is seen, whatever the grid.
    let drawn = fs::read_to_string(report_folder.join("schedule.svg")).unwrap();
    assert!(drawn.contains("Learning rates from 0.01 to 0.1 over 50,000,000 updates"), "{drawn}");
}

/// `LRSCOPE_LARGE=RUNSxUPDATES`, 1000x10000 where nothing is said: every update is in the table, few are in memory.
#[test]
#[ignore = "writes ten million updates; run with --ignored"]
fn a_report_of_ten_million_updates_stays_small() {
    let wanted = std::env::var("LRSCOPE_LARGE").unwrap_or_else(|_| "1000x10000".into());
    let (seeds, length) = wanted.split_once('x').unwrap();
    let (seeds, length): (u64, u64) = (seeds.parse().unwrap(), length.parse().unwrap());
    let folder = Folder::new();
    let place = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).unwrap();
    let results = place.path().join("results");
    let configuration = configuration(length, seeds);
    let specs = runs(&configuration);
    let store = Store::open(&results).unwrap();
    for spec in &specs {
        publish(&store, spec, length, Ending::Completed);
    }
    let report_folder = studied(&results, &configuration, &specs);
    if let Ok(keep) = std::env::var("LRSCOPE_KEEP") {
        // For a look with other tools, another version among them.
        assert!(
            std::process::Command::new("cp").args(["-r", results.to_str().unwrap(), &keep]).status().unwrap().success()
        );
    }
    let started = std::time::Instant::now();
    let peak = report(&folder, &results);
    let table = fs::metadata(report_folder.join("curves.csv")).unwrap().len();
    let told = format!(
        "{seeds} runs of {length}: {peak} KiB, {:.1} s, curves.csv {table} bytes\n",
        started.elapsed().as_secs_f64()
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes());
    assert!((1..MOST).contains(&peak), "{peak} KiB");
}
