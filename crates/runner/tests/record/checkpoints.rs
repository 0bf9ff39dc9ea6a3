//! Saved states: what is written comes back, damage is noticed and named, and the state before it takes its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lrscope_runner::doctor::{Severity, examine};
use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::record::{Attempt, Clocks, RecordError, Resumed, Store};
use lrscope_schedule::{Group, Rates};

use super::sample;

const STEPS: u64 = 60;

/// A learner that is nothing but its state.
struct Blobs(State, u64);

impl Learner for Blobs {
    fn groups(&self) -> &[Group] {
        &[]
    }
    fn steps_per_epoch(&self) -> u64 {
        10
    }
    fn steps_done(&self) -> u64 {
        self.1
    }
    fn block_len(&self) -> usize {
        1
    }
    fn advance(&mut self, _: &[Rates], _: Probes) -> Result<Vec<Row>, LearnerError> {
        Err(LearnerError::new("advancing", "nothing to advance"))
    }
    fn evaluate(&mut self, _: Subset) -> Result<Evaluation, LearnerError> {
        Err(LearnerError::new("evaluating", "nothing to evaluate"))
    }
    fn save(&mut self) -> Result<State, LearnerError> {
        Ok(self.0.clone())
    }
    fn load(&mut self, state: &State) -> Result<(), LearnerError> {
        if state.contains_key("unfit") {
            return Err(LearnerError::new("loading a state", "blob \"unfit\" does not fit"));
        }
        self.0.clone_from(state);
        Ok(())
    }
}

fn state(step: u64) -> State {
    let weights = (0..40).flat_map(|n| (step * 100 + n).to_le_bytes()).collect();
    State::from([
        ("empty.bin".into(), Vec::new()),
        ("progress.json".into(), format!("{{\"step\":{step}}}").into_bytes()),
        ("weights.safetensors".into(), weights),
    ])
}

fn clocks() -> Clocks {
    sample::measured().clocks
}

/// An attempt that died after 30 steps, with states after 10 and 20 of them (and after 5, which had to go).
fn dead(results: &Path) -> (Store, PathBuf) {
    let store = Store::open(results).unwrap();
    let mut attempt = store.begin(&sample::spec(0, STEPS)).unwrap();
    for end in [5, 10, 20, 30] {
        let first = attempt.steps();
        for step in first..end {
            if step > 0 && step.is_multiple_of(10) {
                attempt.evaluated(step, Subset::Validation, sample::evaluation(step)).unwrap();
            }
            attempt.append(step, &sample::rows(step..step + 1)).unwrap();
        }
        if end < 30 {
            attempt.save(&state(end), "time", clocks()).unwrap();
        }
    }
    attempt.flush().unwrap();
    let folder = attempt.folder().to_path_buf();
    (store, folder)
}

fn resume(store: &Store) -> (Attempt, Blobs, Resumed) {
    let mut attempt = store.adopt(&sample::spec(0, STEPS)).unwrap().expect("a dead one");
    let mut learner = Blobs(State::new(), 0);
    let resumed = attempt.resume(&mut learner).unwrap();
    (attempt, learner, resumed)
}

#[test]
fn what_was_saved_comes_back_with_everything_that_the_loop_must_know() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = dead(folder.path());
    let (attempt, learner, resumed) = resume(&store);
    assert_eq!((resumed.step, resumed.notes.len(), attempt.steps()), (20, 0, 20));
    assert_eq!(learner.0, state(20));
    assert_eq!(resumed.clocks, Some(clocks()));
    let losses: Vec<f64> = sample::rows(0..20).iter().map(|row| row.loss).collect();
    assert_eq!(resumed.past.losses, losses);
    // The evaluation after 20 updates came after the state was saved; it was kept, since it needs no more updates.
    let metrics: Vec<_> = resumed.past.metrics.iter().map(|metric| (metric.updates, metric.loss)).collect();
    assert_eq!(metrics, [10, 20].map(|step| (step, sample::evaluation(step).loss)));
}

#[test]
fn the_newest_two_are_kept_and_other_tools_can_check_them() {
    let folder = tempfile::tempdir().unwrap();
    let (store, attempt) = dead(folder.path());
    let entry = store.attempts().unwrap().remove(0);
    assert_eq!(entry.checkpoints().unwrap(), [20, 10]);
    let read = entry.checkpoint(20).unwrap();
    assert_eq!((read.state, read.info.position.epoch, read.info.position.update), (state(20), 2, 0));
    let checkpoint = attempt.join("checkpoints/000000000020");
    let Ok(output) = Command::new("sha256sum").args(["-c", "--strict", "SHA256SUMS"]).current_dir(&checkpoint).output()
    else {
        return sample::skipped("there is no sha256sum: checksums are not checked by another program");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every byte of every file of the newest state, flipped in three ways: it is named, and the one before it is used.
#[test]
fn any_flipped_byte_of_a_checkpoint_is_named_and_the_one_before_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (store, attempt) = dead(folder.path());
    let newest = attempt.join("checkpoints/000000000020");
    let mut flips = 0;
    for path in files(&newest) {
        let good = fs::read(&path).unwrap();
        for place in 0..good.len() {
            for mask in [0x01, 0x20, 0xff] {
                let mut bad = good.clone();
                bad[place] ^= mask;
                fs::write(&path, &bad).unwrap();
                let entry = store.attempts().unwrap().remove(0);
                let error = entry.checkpoint(20).expect_err(&format!("{}, byte {place}", path.display()));
                assert!(matches!(error, RecordError::BadCheckpoint { .. }), "{error}");
                let name = path.file_name().unwrap().to_string_lossy();
                // A flip within SHA256SUMS may turn up as a mismatch of the file that its line names.
                assert!(name == "SHA256SUMS" || error.to_string().contains(&*name), "{error}");
                assert!(error.to_string().contains("an earlier one, or the run's start, takes its place"), "{error}");
                assert!(entry.checkpoint(10).is_ok());
                flips += 1;
            }
        }
        fs::write(&path, &good).unwrap();
    }
    assert!(flips > 2000, "{flips}");
    let path = newest.join("weights.safetensors");
    let mut bad = fs::read(&path).unwrap();
    bad[7] ^= 4;
    fs::write(&path, &bad).unwrap();
    let found = examine(folder.path()).unwrap();
    let broken: Vec<_> = found.findings.iter().filter(|one| one.severity == Severity::Broken).collect();
    assert!(broken.len() == 1 && broken[0].message.contains("weights.safetensors"), "{found:?}");
    let (attempt, learner, resumed) = resume(&store);
    assert_eq!((resumed.step, attempt.steps(), learner.0), (10, 10, state(10)));
    assert!(resumed.notes[0].contains("weights.safetensors"), "{:?}", resumed.notes);
    // What could not be used is gone, so that it is not named again.
    assert_eq!(attempt.checkpoints().unwrap(), [10]);
}

#[test]
fn files_cut_off_anywhere_or_missing_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, attempt) = dead(folder.path());
    let entry = store.attempts().unwrap().remove(0);
    for path in files(&attempt.join("checkpoints/000000000020")) {
        let good = fs::read(&path).unwrap();
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert!(entry.checkpoint(20).is_err(), "{} cut to {length}", path.display());
        }
        fs::remove_file(&path).unwrap();
        assert!(entry.checkpoint(20).is_err(), "{} is missing", path.display());
        // Larger than any memory, as a sparse file.
        fs::write(&path, &good).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(entry.checkpoint(20).is_err(), "{} is huge", path.display());
        fs::write(&path, &good).unwrap();
    }
    assert!(entry.checkpoint(20).is_ok());
}

/// Puts right checksums over a changed description, as someone does who means it.
fn sign(checkpoint: &Path) {
    let output = Command::new("sha256sum").arg("checkpoint.json").current_dir(checkpoint).output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    let sums = fs::read_to_string(checkpoint.join("SHA256SUMS")).unwrap();
    let others = sums.lines().filter(|line| !line.ends_with("checkpoint.json"));
    let mut lines: Vec<&str> = others.chain([line.trim_end()]).collect();
    lines.sort_by_key(|line| line.split_once("  ").unwrap().1);
    fs::write(checkpoint.join("SHA256SUMS"), lines.join("\n") + "\n").unwrap();
}

#[test]
fn another_versions_or_runs_states_are_refused_by_name() {
    let cases = [
        ("\"schema\": 1", "\"schema\": 9", "its schema version is 9, and this program reads 1"),
        ("\"step\": 20", "\"step\": 21", "it is of run"),
        ("\"empty.bin\": 0", "\"../../x\": 0", "its files are not those that checkpoint.json names"),
        ("\"empty.bin\": 0", "\"empty.bin\": 7", "it has 0 bytes instead of 7"),
        ("\"reason\"", "\"because\"", "unknown field `because`"),
    ];
    for (from, to, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (store, attempt) = dead(folder.path());
        let checkpoint = attempt.join("checkpoints/000000000020");
        let text = fs::read_to_string(checkpoint.join("checkpoint.json")).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(checkpoint.join("checkpoint.json"), text.replacen(from, to, 1)).unwrap();
        sign(&checkpoint);
        let error = store.attempts().unwrap()[0].checkpoint(20).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("000000000020"), "{to}: {error}");
    }
}

#[test]
fn a_state_that_the_learner_refuses_or_the_journal_does_not_reach_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let (store, path) = dead(folder.path());
    let mut attempt = store.adopt(&sample::spec(0, STEPS)).unwrap().unwrap();
    let unfit = State::from([("unfit".to_owned(), vec![1])]);
    attempt.save(&unfit, "time", clocks()).unwrap();
    drop(attempt);
    let (attempt, _, resumed) = resume(&store);
    assert_eq!(resumed.step, 20);
    assert!(
        resumed.notes[0].contains("after 30 updates is not used") && resumed.notes[0].contains("unfit"),
        "{resumed:?}"
    );
    drop(attempt);
    // The journal loses all but its head: no state can be gone on from, and the run starts anew.
    fs::OpenOptions::new().write(true).open(path.join("journal.bin")).unwrap().set_len(16).unwrap();
    let (attempt, learner, resumed) = resume(&store);
    assert_eq!((resumed.step, attempt.steps(), learner.0.len()), (0, 0, 0));
    assert!(resumed.notes.iter().all(|note| note.contains("the journal holds 0 of them")), "{resumed:?}");
    assert_eq!(attempt.checkpoints().unwrap(), [0_u64; 0]);
}

/// A child that is being started has copies of all handles until its program begins; they must not hold an attempt's lock.
#[test]
fn an_attempt_can_be_taken_up_at_once_while_children_are_started() {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    Command::new("true").status().unwrap();
                }
            });
        }
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = dead(folder.path());
        let missed = (0..200).filter(|_| store.adopt(&sample::spec(0, STEPS)).unwrap().is_none()).count();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(missed, 0);
    });
}

#[test]
fn names_that_are_no_file_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut attempt = store.begin(&sample::spec(0, STEPS)).unwrap();
    attempt.append(0, &sample::rows(0..3)).unwrap();
    for name in
        ["", ".", "..", "../x", "a/b", "/x", "a\\b", "nul\0", ".new", "SHA256SUMS", "checkpoint.json", "é", "a b"]
    {
        let state = State::from([(name.to_owned(), vec![1])]);
        assert!(attempt.save(&state, "time", clocks()).is_err(), "{name:?}");
        assert!(attempt.checkpoints().unwrap().is_empty());
    }
}

#[test]
fn attempts_with_a_state_are_kept_until_their_run_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let (store, attempt) = dead(folder.path());
    drop(store.begin(&sample::spec(0, STEPS)).unwrap());
    assert_eq!(store.clear_useless_attempts().unwrap().len(), 1);
    assert!(attempt.exists());
    // The one that can be gone on from is taken up, not the one whose journal is longer.
    let mut longer = store.begin(&sample::spec(0, STEPS)).unwrap();
    longer.append(0, &sample::rows(0..50)).unwrap();
    longer.flush().unwrap();
    drop(longer);
    assert_eq!(resume(&store).0.folder(), attempt);
    sample::run(&store, &sample::spec(0, STEPS), 7);
    assert_eq!(store.clear_useless_attempts().unwrap().len(), 2);
    assert!(store.attempts().unwrap().is_empty());
}

#[test]
fn one_process_at_a_time_has_the_turn_at_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (id, other) = (sample::spec(0, STEPS).id(), sample::spec(1, STEPS).id());
    let turn = store.turn(&id).unwrap().expect("nobody else has it");
    assert!(store.turn(&id).unwrap().is_none());
    let theirs = store.turn(&other).unwrap().expect("another run");
    drop(turn);
    store.turn(&id).unwrap().expect("free again").done();
    theirs.done();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of them");
}
