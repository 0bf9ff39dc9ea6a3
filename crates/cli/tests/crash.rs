//! SIGKILL at random moments, to parents and children: what a command leaves behind, once it has come to its end, is to the bit
//! what it leaves without interruption.
//!
//! `LRSCOPE_KILLS=200 cargo test --release --test crash -- --nocapture` is the full form (`just crash-test`); without the variable
//! it is a short one. The moments come from a fixed seed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail right there")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lrscope_runner::record::{AttemptState, Store};

/// A range test, then two arms of two seeds on its pick: about a second in all, with a state saved after every update.
const CONFIG: &str = r#"version = 1
[data]
name = "digits"
batch_size = 32
[model.mlp]
hidden = [16]
[optimizer.sgd]
momentum = 0.9
[range_test]
start_lr = 1e-4
end_lr = 10.0
length = 80
seeds = 2
[training]
length = 120
seeds = 2
evaluate_every = "1ep"
[[arm]]
name = "cyclic"
[arm.schedule.cyclic]
base_lr = "range-test"
max_lr = "range-test"
step_size_up = "1ep"
[[arm]]
name = "fixed"
[arm.schedule.constant]
lr = "range-test.mean_lr"
"#;

const ARGUMENTS: [&str; 9] =
    ["compare", "--config", "crash.toml", "--name", "mine", "--quiet", "--jobs=2", "--checkpoint-every", "0"];

/// Files that must repeat to the bit, by their path below the results folder.
type Bits = BTreeMap<PathBuf, Vec<u8>>;

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lrscope"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env_remove("RAYON_NUM_THREADS").process_group(0);
    command
}

/// A folder in memory where there is one: a killed process loses nothing there that it would not lose on a disk, and 200 kills
/// take minutes.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.or_else(|_| tempfile::tempdir()).unwrap();
    fs::write(folder.path().join("crash.toml"), CONFIG).unwrap();
    folder
}

fn bits(results: &Path) -> Bits {
    let mut bits = Bits::new();
    for (folder, names) in [("runs", &["spec.json", "result.json", "steps.bin"][..]), ("picks", &[][..])] {
        for entry in fs::read_dir(results.join(folder)).into_iter().flatten() {
            let entry = entry.unwrap();
            let place = Path::new(folder).join(entry.file_name());
            if names.is_empty() && !entry.file_name().to_string_lossy().starts_with('.') {
                bits.insert(place.clone(), fs::read(entry.path()).unwrap());
            }
            for name in names {
                bits.insert(place.join(name), fs::read(entry.path().join(name)).unwrap());
            }
        }
    }
    bits
}

/// Numbers that are the same in every run of this test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// What the killed processes were doing, as the folder shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    BeforeTraining,
    TrainingOrEvaluating,
    SavingAState,
    Publishing,
    Reporting,
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    All,
    Parent,
    Child,
}

fn any(folder: &Path, test: impl Fn(&Path) -> bool) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| test(&entry.path()))
}

fn phase(results: &Path) -> Phase {
    let attempts = results.join("attempts");
    if any(&attempts, |path| path.join("record").exists()) {
        Phase::Publishing
    } else if any(&attempts, |path| path.join("checkpoints/.new").exists()) {
        Phase::SavingAState
    } else if any(&attempts, |path| path.join("journal.bin").exists()) {
        Phase::TrainingOrEvaluating
    } else if fs::read_dir(results.join("runs")).is_ok_and(|runs| runs.count() >= 2) {
        Phase::Reporting
    } else {
        Phase::BeforeTraining
    }
}

/// Waits for the moment of kill number `kill`: any time, or the next time that it saves a state, publishes or reports.
fn wait_for_moment(child: &mut Child, results: &Path, kill: u64, whole: Duration, dice: &mut Dice) -> bool {
    let wanted = match kill % 5 {
        0 => Some(Phase::SavingAState),
        1 => Some(Phase::Publishing),
        2 => Some(Phase::Reporting),
        _ => None,
    };
    let delay = Duration::from_micros(dice.below(whole.as_micros() as u64 / if wanted.is_some() { 3 } else { 1 }));
    let started = Instant::now();
    while started.elapsed() < delay || wanted.is_some_and(|wanted| phase(results) != wanted) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_micros(100));
    }
    // Not always at the phase's very beginning.
    thread::sleep(Duration::from_micros(dice.below(if wanted == Some(Phase::Reporting) { 40_000 } else { 1500 })));
    child.try_wait().unwrap().is_none()
}

fn kill(child: &mut Child, results: &Path, victim: Victim) -> Option<ExitStatus> {
    let store = Store::open(results).unwrap();
    let target = match victim {
        Victim::All => format!("-{}", child.id()),
        Victim::Parent => child.id().to_string(),
        Victim::Child => {
            let attempts = store.attempts().unwrap();
            attempts.iter().find(|attempt| attempt.state() == AttemptState::Running)?.pid.to_string()
        }
    };
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -9 {target}")]).stderr(Stdio::null()).status();
    // A child that has just ended by itself cannot be killed.
    if !sent.unwrap().success() {
        return None;
    }
    let status = child.wait().unwrap();
    // Orphans end with the next thing that they tell.
    while store.attempts().unwrap().iter().any(|attempt| attempt.state() == AttemptState::Running) {
        thread::sleep(Duration::from_millis(2));
    }
    Some(status)
}

/// After a kill nothing that counts is broken, and what is published is right.
fn must_be_sound(folder: &Path, expected: &Bits) {
    let doctor = command(folder, &["doctor", "--json"]).stdout(Stdio::piped()).output().unwrap();
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&doctor.stdout) {
        for finding in value["results"]["findings"].as_array().unwrap() {
            let path = finding["path"].as_str().unwrap();
            let counts = ["/runs/", "/attempts/", "/picks/", "study.json"].iter().any(|part| path.contains(part));
            assert!(!counts || finding["severity"] != "broken", "{finding}");
        }
    }
    for (path, found) in bits(&folder.join("results")) {
        assert!(expected.get(&path) == Some(&found), "{} is not what it must be", path.display());
    }
}

#[test]
fn killed_at_any_moment_it_comes_to_the_same_bits() {
    let kills: u64 = std::env::var("LRSCOPE_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let whole = folder();
    let started = Instant::now();
    assert!(command(whole.path(), &ARGUMENTS).status().unwrap().success());
    let length = started.elapsed();
    let expected = bits(&whole.path().join("results"));
    assert_eq!(expected.len(), 6 * 3 + 1, "six runs and a pick");
    let mut dice = Dice(20_150_604);
    let (mut done, mut finished) = (0, 0);
    let mut counts: BTreeMap<(Phase, Victim), u64> = BTreeMap::new();
    while done < kills {
        let folder = folder();
        let results = folder.path().join("results");
        // A folder is killed in again and again until its command is quicker than the next kill.
        for _ in 0..8 {
            let mut child = command(folder.path(), &ARGUMENTS).spawn().unwrap();
            if done < kills && wait_for_moment(&mut child, &results, done, length, &mut dice) {
                let victim = [Victim::All, Victim::Parent, Victim::Child][dice.below(3) as usize];
                let phase = phase(&results);
                // A parent that has just ended by itself is not killed any more.
                let killed = |status: &ExitStatus| status.signal() == Some(9) || victim == Victim::Child;
                if kill(&mut child, &results, victim).is_some_and(|status| killed(&status)) {
                    *counts.entry((phase, victim)).or_default() += 1;
                    done += 1;
                    must_be_sound(folder.path(), &expected);
                    continue;
                }
            }
            child.wait().unwrap();
            break;
        }
        assert!(command(folder.path(), &ARGUMENTS).status().unwrap().success());
        assert!(bits(&results) == expected, "after {done} kills");
        assert_eq!(fs::read_dir(results.join("attempts")).unwrap().count(), 0);
        let doctor = command(folder.path(), &["doctor"]).stdout(Stdio::piped()).output().unwrap();
        assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
        finished += 1;
    }
    let say = |line: String| drop(std::io::stderr().write_all(line.as_bytes()));
    say(format!(
        "{done} kills over {finished} folders: every record and pick equal to the uninterrupted ones, to the bit\n"
    ));
    for ((phase, victim), count) in counts {
        say(format!("  {count:4} {phase:?}, {victim:?}\n"));
    }
}
