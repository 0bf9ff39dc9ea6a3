//! Owners that die: their attempts are told from living ones, taken up or cleared away.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lrscope_runner::record::{AttemptState, Publication, Store};
use proptest::prelude::*;

use super::sample;

const CHILD: &str = "LRSCOPE_TEST_CRASH";
const STEPS: u64 = 60;

#[test]
fn dead_attempts_are_cleared_and_living_or_foreign_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let spec = sample::spec(0, STEPS);
    let mut living = store.begin(&spec).unwrap();
    let dead = store.begin(&spec).unwrap();
    let dead_folder = dead.folder().to_path_buf();
    drop(dead);
    let foreign = store.begin(&spec).unwrap();
    let foreign_folder = folder.path().join(format!("attempts/{}.another-host.17.00000000000000ff", spec.id()));
    fs::rename(foreign.folder(), &foreign_folder).unwrap();
    let owner = r#"{"host":"another-host","pid":17,"boot":"another boot"}"#;
    fs::write(foreign_folder.join("owner.json"), owner).unwrap();
    fs::create_dir(folder.path().join("attempts/not-an-attempt")).unwrap();

    let state = |path: &Path| store.attempts().unwrap().into_iter().find(|a| a.path == path).map(|a| a.state());
    assert_eq!(state(living.folder()), Some(AttemptState::Running));
    assert_eq!(state(&dead_folder), Some(AttemptState::Dead));
    // A lock that is held is held by someone, wherever.
    assert_eq!(state(&foreign_folder), Some(AttemptState::Running));
    assert_eq!(store.attempts().unwrap().len(), 3);
    assert_eq!(store.clear_stale_attempts().unwrap(), std::slice::from_ref(&dead_folder));
    assert!(!dead_folder.exists() && foreign_folder.exists());

    // The living one is none the worse for it.
    sample::train(&mut living, 7).unwrap();
    assert!(matches!(sample::publish(living).unwrap(), Publication::First(_)));
    // A folder without a lock, as a crash between the two leaves it, is dead.
    let bare = folder.path().join("attempts").join(dead_folder.file_name().unwrap());
    fs::create_dir(&bare).unwrap();
    assert_eq!(store.clear_stale_attempts().unwrap(), [bare]);
}

#[test]
fn giving_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let attempt = store.begin(&sample::spec(0, STEPS)).unwrap();
    attempt.abandon().unwrap();
    assert!(store.attempts().unwrap().is_empty());
    assert!(store.find(&sample::spec(0, STEPS).id()).unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever bytes the crash left of the journal, and whichever state the run goes on from: the same record.
    #[test]
    fn an_attempt_cut_off_anywhere_goes_on_to_the_same_record(
        kept in 0.0..1.0_f64,
        garbage in prop::collection::vec(any::<u8>(), 0..40),
        back in 0.0..1.0_f64,
        blocks in (1..40_u64, 1..40_u64),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let whole = Store::open(folder.path().join("whole")).unwrap();
        let store = Store::open(folder.path().join("crashed")).unwrap();
        let spec = sample::spec(0, STEPS);
        let expected = sample::repeatable(&sample::run(&whole, &spec, 11).record().path);

        let mut attempt = store.begin(&spec).unwrap();
        sample::train(&mut attempt, blocks.0).unwrap();
        attempt.flush().unwrap();
        let journal = attempt.folder().join("journal.bin");
        drop(attempt);
        let mut bytes = fs::read(&journal).unwrap();
        bytes.truncate((kept * bytes.len() as f64) as usize);
        bytes.extend(&garbage);
        fs::write(&journal, bytes).unwrap();

        // A head of garbage leaves nothing to take up: the run starts anew.
        let adopted = store.adopt(&spec).unwrap();
        let mut attempt = adopted.unwrap_or_else(|| store.begin(&spec).unwrap());
        let state_at = (back * attempt.steps() as f64) as u64;
        attempt.rewind(state_at).unwrap();
        prop_assert_eq!(attempt.steps(), state_at);
        sample::train(&mut attempt, blocks.1).unwrap();
        let record = sample::publish(attempt).unwrap().record().clone();
        prop_assert_eq!(sample::repeatable(&record.path), expected);
        prop_assert!(store.find(&spec.id()).unwrap().is_some());
    }
}

#[test]
fn the_attempt_that_came_furthest_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let spec = sample::spec(0, STEPS);
    for steps in [5, 30, 12] {
        let mut attempt = store.begin(&spec).unwrap();
        attempt.append(0, &sample::rows(0..steps)).unwrap();
        attempt.flush().unwrap();
    }
    sample::run(&store, &sample::spec(1, STEPS), 5);
    let attempt = store.adopt(&spec).unwrap().expect("three dead ones");
    assert_eq!(attempt.steps(), 30);
    // Nobody else can take up the same one.
    assert_eq!(store.adopt(&spec).unwrap().map(|other| other.steps()), Some(12));
    assert!(store.adopt(&sample::spec(2, STEPS)).unwrap().is_none());
}

#[test]
fn going_back_further_than_the_journal_reaches_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut attempt = Store::open(folder.path()).unwrap().begin(&sample::spec(0, STEPS)).unwrap();
    attempt.append(0, &sample::rows(0..5)).unwrap();
    let error = attempt.rewind(6).unwrap_err().to_string();
    assert!(error.contains("holds 5 steps, and 6 are needed"), "{error}");
}

/// A process that takes up or begins the run in `LRSCOPE_TEST_CRASH`, says where it is after every few steps, and publishes.
#[test]
#[ignore = "started by other tests as a process of its own"]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let store = Store::open(folder).unwrap();
    let spec = sample::spec(0, STEPS);
    let say = |what: &str| std::io::stdout().write_all(format!("{what}\n").as_bytes()).unwrap();
    let mut attempt = match store.adopt(&spec).unwrap() {
        Some(attempt) => attempt,
        None => store.begin(&spec).unwrap(),
    };
    say("begun");
    while attempt.steps() < STEPS {
        let first = attempt.steps();
        attempt.append(first, &sample::rows(first..(first + 4).min(STEPS))).unwrap();
        attempt.flush().unwrap();
        say("appended");
    }
    say("publishing");
    sample::publish(attempt).unwrap();
    say("published");
}

fn start(results: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--ignored", "--nocapture"])
        .env(CHILD, results)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Lets a process go until it has said this many things, and kills it some time after.
fn kill(results: &Path, after: usize, delay: Duration) {
    let mut child = start(results);
    // Kept until the end, so that the child is killed rather than stopped by a broken pipe.
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let is_event = |line: &String| ["begun", "appended", "publishing", "published"].iter().any(|e| line.ends_with(e));
    let _ = said.by_ref().filter(is_event).take(after).count();
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_process_killed_at_any_moment_leaves_a_run_that_finishes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let spec = sample::spec(0, STEPS);
    let whole = folder.path().join("whole");
    assert!(start(&whole).wait_with_output().unwrap().status.success());
    let name = spec.id().to_string();
    let expected = sample::repeatable(&whole.join("runs").join(&name));
    // It says that it has begun, that it has appended (15 times), that it publishes, and that it has published.
    let moments = (1..=18).map(|after| (after, 0)).chain((1..=10).map(|n| (17, 3 * n)));
    for (after, delay) in moments {
        let results = folder.path().join(format!("killed-{after}-{delay}"));
        kill(&results, after, Duration::from_millis(delay));
        let store = Store::open(&results).unwrap();
        if store.find(&spec.id()).unwrap().is_none() {
            assert!(start(&results).wait_with_output().unwrap().status.success(), "after {after} events");
        }
        assert_eq!(sample::repeatable(&results.join("runs").join(&name)), expected, "after {after} events");
        store.clear_stale_attempts().unwrap();
        assert!(store.attempts().unwrap().is_empty());
        assert_eq!(store.runs().unwrap().count(), 1);
    }
}
