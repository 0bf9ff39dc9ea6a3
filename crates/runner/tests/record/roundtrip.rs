use lrscope_runner::analysis::Ending;
use lrscope_runner::learner::{Evaluation, Row, Subset};
use lrscope_runner::record::{News, Publication, Published, RecordError, Store, Tail};
use proptest::prelude::*;

use super::sample;

fn bits(row: &Row) -> (u64, Option<u64>, Option<u64>) {
    (row.loss.to_bits(), row.grad_norm.map(f64::to_bits), row.update_ratio.map(f64::to_bits))
}

/// A float of any bit pattern, often one that f32 holds.
fn any_bits() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits))),
        prop::sample::select(vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, 0.1]),
    ]
}

fn any_row() -> impl Strategy<Value = Row> {
    let probe = || prop::option::weighted(0.9, any_bits());
    (any_bits(), probe(), probe()).prop_map(|(loss, grad_norm, update_ratio)| Row { loss, grad_norm, update_ratio })
}

fn publish(store: &Store, rows: &[Row], block: usize, evaluations: &[f64]) -> Published {
    let mut attempt = store.begin(&sample::spec(0, rows.len() as u64)).unwrap();
    let subsets = [Subset::Train, Subset::Validation, Subset::Test];
    for chunk in rows.chunks(block) {
        attempt.append(attempt.steps(), chunk).unwrap();
        if block.is_multiple_of(2) {
            attempt.flush().unwrap();
        }
    }
    for (loss, subset) in evaluations.iter().zip(subsets) {
        let evaluation = Evaluation { loss: *loss, correct: 3, examples: u64::MAX };
        attempt.evaluated(rows.len() as u64, subset, evaluation).unwrap();
    }
    match sample::publish(attempt).unwrap() {
        Publication::First(record) => record,
        Publication::AlreadyThere(_) => panic!("nobody else publishes here"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rows_come_back_to_the_bit_however_they_came_in(
        rows in prop::collection::vec(any_row(), 0..300),
        repeat in 1..12_usize,
        block in 1..1500_usize,
        evaluations in prop::collection::vec(any_bits(), 0..=3),
    ) {
        let rows = rows.repeat(repeat);
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(one.path()).unwrap();
        let record = publish(&store, &rows, block, &evaluations);
        let found = store.find(&record.spec.id()).unwrap().expect("published");
        let back: Vec<Row> = found.rows().unwrap().map(Result::unwrap).collect();
        prop_assert!(back.iter().map(bits).eq(rows.iter().map(bits)));
        prop_assert_eq!(&found.measured, &record.measured);
        for (at, loss) in found.result.evaluations.iter().zip(&evaluations) {
            let same = at.evaluation.loss.to_bits() == loss.to_bits();
            prop_assert!(same || at.evaluation.loss.is_nan() && loss.is_nan());
            prop_assert_eq!((at.step, at.evaluation.correct, at.evaluation.examples), (rows.len() as u64, 3, u64::MAX));
        }
        prop_assert_eq!(found.result.evaluations.len(), evaluations.len());
        let again = publish(&Store::open(other.path()).unwrap(), &rows, 1024, &evaluations);
        prop_assert_eq!(sample::repeatable(&record.path), sample::repeatable(&again.path));
    }
}

#[test]
fn a_follower_sees_what_is_flushed_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut attempt = store.begin(&sample::spec(1, 3000)).unwrap();
    let mut follower = store.attempts().unwrap().remove(0).follow().unwrap();
    assert_eq!(follower.poll().unwrap(), None);
    attempt.append(0, &sample::rows(0..5)).unwrap();
    attempt.flush().unwrap();
    assert_eq!(follower.poll().unwrap(), Some(News::Rows { first_step: 0, rows: sample::rows(0..5) }));
    assert_eq!((follower.poll().unwrap(), follower.tail()), (None, Tail::Complete));
    attempt.evaluated(5, Subset::Test, sample::evaluation(5)).unwrap();
    let Some(News::Evaluated(at)) = follower.poll().unwrap() else { panic!("no evaluation") };
    assert_eq!((at.step, at.evaluation), (5, sample::evaluation(5)));
    // 1024 rows are due at once, without a flush.
    attempt.append(5, &sample::rows(5..1029)).unwrap();
    assert_eq!(follower.poll().unwrap(), Some(News::Rows { first_step: 5, rows: sample::rows(5..1029) }));
    assert_eq!(follower.steps(), 1029);
}

#[test]
fn steps_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut attempt = Store::open(folder.path()).unwrap().begin(&sample::spec(1, 30)).unwrap();
    attempt.append(0, &sample::rows(0..5)).unwrap();
    let gap = attempt.append(6, &sample::rows(6..7)).unwrap_err();
    assert!(matches!(gap, RecordError::OutOfOrder { found: 6, expected: 5, .. }), "{gap}");
    let twice = attempt.append(4, &sample::rows(4..5)).unwrap_err();
    assert!(matches!(twice, RecordError::OutOfOrder { found: 4, expected: 5, .. }), "{twice}");
    let early = attempt.evaluated(4, Subset::Test, sample::evaluation(4)).unwrap_err();
    assert!(matches!(early, RecordError::OutOfOrder { found: 4, expected: 5, .. }), "{early}");
    // The same evaluation again counts once; another result is an error.
    attempt.evaluated(5, Subset::Test, sample::evaluation(5)).unwrap();
    attempt.evaluated(5, Subset::Test, sample::evaluation(5)).unwrap();
    assert_eq!(attempt.evaluations().len(), 1);
    let differs = attempt.evaluated(5, Subset::Test, sample::evaluation(6)).unwrap_err();
    assert!(matches!(differs, RecordError::EvaluationDiffers { step: 5, .. }), "{differs}");
}

#[test]
fn the_ending_must_fit_the_number_of_steps() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let spec = sample::spec(1, 30);
    let cases = [
        (Ending::Completed, 29, false),
        (Ending::Diverged { step: 7 }, 30, false),
        (Ending::NonFinite { step: 7 }, 8, true),
    ];
    for (ending, steps, right) in cases {
        let mut attempt = store.begin(&spec).unwrap();
        attempt.append(0, &sample::rows(0..steps)).unwrap();
        let published = attempt.publish(ending, sample::state(), &sample::measured());
        assert_eq!(published.is_ok(), right, "{ending:?}: {published:?}");
    }
    let found = store.find(&spec.id()).unwrap().expect("published");
    assert_eq!((found.result.ending, found.result.steps), (Ending::NonFinite { step: 7 }, 8));
}

#[test]
fn an_empty_or_absent_folder_has_no_runs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("not/yet")).unwrap();
    assert_eq!(store.runs().unwrap().count(), 0);
    assert!(store.attempts().unwrap().is_empty());
    assert!(store.find(&sample::spec(0, 1).id()).unwrap().is_none());
    assert!(!store.path().exists(), "reading creates nothing");
}

#[test]
fn runs_lists_every_published_run_and_names_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut ids: Vec<_> =
        (0..5).map(|seed| sample::run(&store, &sample::spec(seed, 25), 7).record().spec.id()).collect();
    ids.sort();
    std::fs::write(folder.path().join("runs/.gitkeep"), "").unwrap();
    std::fs::write(folder.path().join("runs/zz-notes.txt"), "mine").unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = store.runs().unwrap().partition(Result::is_ok);
    assert_eq!(good.into_iter().map(|run| run.unwrap().spec.id()).collect::<Vec<_>>(), ids);
    let errors: Vec<String> = bad.into_iter().map(|run| run.unwrap_err().to_string()).collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("zz-notes.txt is not a published run"), "{errors:?}");
}
