//! Several finishers of one run: the first one's record stands.

use std::process::{Child, Command, Stdio};
use std::sync::Barrier;

use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::Row;
use lrscope_runner::record::{AttemptState, Checksum, Publication, RecordError, Store};

use super::sample;

const CHILD: &str = "LRSCOPE_TEST_RACE";

#[test]
fn one_of_eight_threads_wins_and_the_others_agree() {
    for round in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let spec = sample::spec(round, 40);
        let start = Barrier::new(8);
        let finish = |block: u64| {
            let mut attempt = store.begin(&spec).unwrap();
            sample::train(&mut attempt, block).unwrap();
            start.wait();
            sample::publish(attempt).unwrap()
        };
        let publications: Vec<Publication> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=8).map(|block| scope.spawn(move || finish(block))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let first = publications.iter().filter(|p| matches!(p, Publication::First(_))).count();
        assert_eq!(first, 1);
        assert!(store.find(&spec.id()).unwrap().is_some());
        assert!(store.attempts().unwrap().is_empty(), "nothing is left of the losers");
    }
}

/// A process that makes the run in `LRSCOPE_TEST_RACE`, says "ready", waits for its standard input to end, and publishes.
#[test]
#[ignore = "started by other tests as a process of its own"]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let mut attempt = Store::open(folder).unwrap().begin(&sample::spec(7, 40)).unwrap();
    sample::train(&mut attempt, 3).unwrap();
    let _ = std::io::read_to_string(std::io::stdin());
    let who = match sample::publish(attempt).unwrap() {
        Publication::First(_) => "first",
        Publication::AlreadyThere(_) => "already there",
    };
    std::fs::write(std::env::var("LRSCOPE_TEST_ANSWER").unwrap(), who).unwrap();
}

#[test]
fn one_of_six_processes_wins() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    let answer = |n: usize| folder.path().join(n.to_string());
    let spawn = |n: usize| -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "race::child", "--ignored"])
            .env(CHILD, &results)
            .env("LRSCOPE_TEST_ANSWER", answer(n))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut children: Vec<Child> = (0..6).map(spawn).collect();
    // All wait at the line; closing their inputs lets them go.
    let inputs: Vec<_> = children.iter_mut().map(|child| child.stdin.take()).collect();
    drop(inputs);
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    let mut answers: Vec<String> = (0..6).map(|n| std::fs::read_to_string(answer(n)).unwrap()).collect();
    answers.sort();
    assert_eq!(answers, [&["already there"; 5][..], &["first"]].concat());
    let store = Store::open(&results).unwrap();
    let record = store.find(&sample::spec(7, 40).id()).unwrap().expect("published");
    assert!(record.rows().unwrap().map(Result::unwrap).eq(sample::rows(0..40)));
    assert!(store.attempts().unwrap().is_empty());
}

#[test]
fn another_result_is_an_error_that_keeps_both() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let spec = sample::spec(1, 12);
    let good = sample::run(&store, &spec, 4).record().clone();
    let before = sample::repeatable(&good.path);
    let mut attempt = store.begin(&spec).unwrap();
    let mut rows = sample::rows(0..12);
    rows[5] = Row { loss: f64::from_bits(rows[5].loss.to_bits() ^ 1), ..rows[5] };
    attempt.append(0, &rows).unwrap();
    let own = attempt.folder().to_path_buf();
    let error = sample::publish(attempt).unwrap_err();
    let RecordError::NotReproducible { published, attempt, difference } = &error else { panic!("{error}") };
    assert_eq!((published, attempt), (&good.path, &own));
    assert!(difference.contains("from step 5"), "{error}");
    assert_eq!(sample::repeatable(&good.path), before, "the published run is untouched");
    // The evidence is neither cleared away nor taken up again.
    assert_eq!(store.attempts().unwrap()[0].state(), AttemptState::Disputed);
    assert!(store.clear_stale_attempts().unwrap().is_empty());
    assert!(store.adopt(&spec).unwrap().is_none());
    assert!(own.join("record/steps.bin").exists());

    let differing = [
        (Ending::NonFinite { step: 11 }, sample::state(), "ended Completed and NonFinite"),
        (Ending::Completed, Checksum::of(b"other"), "the final states differ"),
        (Ending::Completed, sample::state(), "the evaluations differ"),
    ];
    for (ending, state, expected) in differing {
        let mut attempt = store.begin(&spec).unwrap();
        attempt.append(0, &sample::rows(0..12)).unwrap();
        let error = attempt.publish(ending, state, &sample::measured()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_broken_published_record_keeps_the_finished_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let spec = sample::spec(1, 12);
    let record = sample::run(&store, &spec, 4).record().clone();
    let good = sample::repeatable(&record.path);
    std::fs::write(record.path.join("result.json"), "{}").unwrap();
    let mut attempt = store.begin(&spec).unwrap();
    sample::train(&mut attempt, 4).unwrap();
    let error = sample::publish(attempt).unwrap_err();
    assert!(matches!(&error, RecordError::PublishedBroken { .. }), "{error}");
    // Doing what the message says publishes the attempt without a single step more.
    std::fs::remove_dir_all(&record.path).unwrap();
    let attempt = store.adopt(&spec).unwrap().expect("the finished attempt");
    assert_eq!(attempt.steps(), 12);
    assert!(matches!(sample::publish(attempt).unwrap(), Publication::First(_)));
    assert_eq!(sample::repeatable(&record.path), good);
}
