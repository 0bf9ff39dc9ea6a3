//! Picks that are kept for comparisons: which one counts, and that none is trusted unchecked.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use lrscope_runner::doctor::{Severity, examine};
use lrscope_runner::experiment::Experiment;
use lrscope_runner::picks::{PickKey, PickRecord, Picks, bounds, compare, find_picks, keep_pick, named_pick};
use lrscope_runner::record::Store;
use lrscope_runner::spec::{NUMERICS_VERSION, Normalization, RunId, RunSpec};
use lrscope_runner::study::Question;
use lrscope_schedule::SweepKind;
use proptest::prelude::*;

use super::swept::{loss, publish, study};
use super::texts::{TEXT, parse, setting};

fn runs_of(change: impl Fn(&mut Experiment)) -> Vec<RunSpec> {
    let mut experiment = parse(TEXT);
    change(&mut experiment);
    setting(experiment).range_test().unwrap()
}

fn runs() -> Vec<RunSpec> {
    runs_of(|_| ())
}

fn ids(runs: &[RunSpec]) -> Vec<RunId> {
    runs.iter().map(RunSpec::id).collect()
}

/// Publishes a range test and keeps its pick.
fn kept(results: &Path, report: &str, runs: &[RunSpec]) -> PickRecord {
    publish(results, runs, loss);
    study(results, report, Question::RangeTest, runs);
    keep_pick(&Store::open(results).unwrap(), &ids(runs), report).unwrap()
}

fn find(results: &Path, spec: &RunSpec) -> Picks {
    find_picks(&Store::open(results).unwrap(), spec).unwrap()
}

fn refused(results: &Path, spec: &RunSpec) -> String {
    find_picks(&Store::open(results).unwrap(), spec).unwrap_err().to_string()
}

fn only_file(results: &Path) -> PathBuf {
    let mut entries = fs::read_dir(results.join("picks")).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    path
}

#[test]
fn what_is_kept_is_found_with_its_sweep_and_its_seeds() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs();
    assert_eq!(find(folder.path(), &runs[0]), Picks::default(), "nothing is there yet");
    let record = kept(folder.path(), "first", &runs);
    assert_eq!(find(folder.path(), &runs[0]).usable, std::slice::from_ref(&record));
    assert_eq!((record.seeds.as_slice(), record.numerics), (&[0, 1, 2][..], NUMERICS_VERSION));
    let sweep = record.sweep;
    assert_eq!((sweep.kind, sweep.start_lr, sweep.end_lr, sweep.updates), (SweepKind::Exponential, 1e-5, 10.0, 200));
    // 199 steps over six decades: 33 in the one below the edge, or 34.
    assert!((33..=34).contains(&sweep.updates_below_edge) && (sweep.decades() - 6.0).abs() < 1e-12, "{sweep:?}");
    assert!(only_file(folder.path()).file_name().unwrap().to_string_lossy().starts_with("digits-"));
    // The same runs again, under another name: it takes the place of the first.
    kept(folder.path(), "second", &runs);
    assert_eq!(
        find(folder.path(), &runs[0]).usable.iter().map(|one| one.report.as_str()).collect::<Vec<_>>(),
        ["second"]
    );
    // Every seed of a range test asks for the same pick.
    assert!(runs.iter().all(|run| PickKey::of(run) == record.key));
}

#[test]
fn every_setting_asks_for_a_pick_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let spec = &runs()[0];
    kept(folder.path(), "mine", &runs());
    let changes: [fn(&mut RunSpec); 12] = [
        |spec| spec.data.name = "mnist".into(),
        |spec| spec.data.sha256 = "1".repeat(64),
        |spec| spec.data.train_limit = Some(100),
        |spec| spec.data.normalization = Normalization::Standard,
        |spec| spec.data.batch_size = 64,
        |spec| spec.data.accumulation_steps = 2,
        |spec| spec.model = serde_json::from_str("{\"lenet\":{}}").unwrap(),
        |spec| spec.optimizer = serde_json::from_str("{\"sgd\":{\"momentum\":0.8}}").unwrap(),
        |spec| spec.optimizer = serde_json::from_str("{\"sgd\":{\"momentum\":0.9,\"weight_decay\":1e-4}}").unwrap(),
        |spec| spec.groups[0].lr_mult = 3.0,
        // The second group, which holds everything, would take the first one's parameters.
        |spec| spec.groups.reverse(),
        |spec| spec.loss.label_smoothing = 0.1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut other = spec.clone();
        change(&mut other);
        assert_eq!(find(folder.path(), &other), Picks::default(), "change {index}");
        assert_eq!(PickKey::of(&other).differences(&PickKey::of(spec)).len(), 1, "change {index} is one setting");
    }
    let same: [fn(&mut RunSpec); 5] = [
        |spec| spec.seed.number = 9,
        |spec| spec.steps = 9,
        |spec| spec.isa = "avx2".into(),
        // As many examples in an update.
        |spec| (spec.data.batch_size, spec.data.accumulation_steps) = (16, 2),
        |spec| spec.groups[1].name = "another".into(),
    ];
    for change in same {
        let mut other = spec.clone();
        change(&mut other);
        assert_eq!(find(folder.path(), &other).usable.len(), 1);
    }
}

/// Groups that share no parameter are the same groups in any order.
#[test]
fn the_order_of_groups_that_share_nothing_asks_for_no_other_pick() {
    let folder = tempfile::tempdir().unwrap();
    let weights_first = |first: bool| {
        runs_of(|experiment| {
            experiment.groups[1].parameters = vec!["*.weight".into()];
            if first {
                experiment.groups.reverse();
            }
        })
    };
    let record = kept(folder.path(), "mine", &weights_first(false));
    assert_eq!(find(folder.path(), &weights_first(true)[0]).usable, [record]);
}

/// What makes another experiment of one.
type Change = fn(&mut Experiment);

/// A default sweep, and each of the ways in which a sweep can be weaker than it.
#[test]
fn a_weaker_sweep_never_takes_the_place_of_a_stronger_one() {
    let weaker: [(&str, Change); 9] = [
        ("ended before the edge", |e| e.range_test.end_lr = 0.05),
        ("1 seed", |e| e.range_test.seeds = 1),
        ("2 seeds", |e| e.range_test.seeds = 2),
        ("decades", |e| e.range_test.start_lr = 1e-4),
        ("decades", |e| e.range_test.end_lr = 2.0),
        ("decade below the edge", |e| e.range_test.length = 100_u64.into()),
        ("decade below the edge", |e| e.range_test.length = 40_u64.into()),
        ("decade below the edge", |e| e.range_test.sweep = SweepKind::Linear),
        ("decades", |e| {
            let test = &mut e.range_test;
            (test.sweep, test.start_lr, test.end_lr, test.seeds) = (SweepKind::Linear, 0.0, 1.0, 8);
        }),
    ];
    for (says, change) in weaker {
        for weak_first in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (strong, weak) = (runs(), runs_of(change));
            let order = if weak_first {
                [(&weak, "weak"), (&strong, "strong")]
            } else {
                [(&strong, "strong"), (&weak, "weak")]
            };
            for (runs, report) in order {
                kept(folder.path(), report, runs);
            }
            let usable = find(folder.path(), &strong[0]).usable;
            let reports: Vec<&str> = usable.iter().map(|record| record.report.as_str()).collect();
            assert_eq!(reports, ["strong", "weak"], "{says}, whatever came first: both stay");
            let (ordering, because) = compare(&usable[0], &usable[1]);
            assert!(ordering == Ordering::Greater && because.contains(says), "{says}: {because}");
        }
    }
}

fn sweeps() -> impl Strategy<Value = Vec<RunSpec>> {
    let length = prop::sample::select(&[30_u64, 100, 200][..]);
    (
        prop::sample::select(&[1e-5, 1e-4][..]),
        prop::sample::select(&[0.05, 1.0, 10.0][..]),
        length,
        1..5_u64,
        any::<bool>(),
    )
        .prop_map(|(start, end, length, seeds, linear)| {
            runs_of(|experiment| {
                let test = &mut experiment.range_test;
                (test.start_lr, test.end_lr, test.length, test.seeds) = (start, end, length.into(), seeds);
                test.sweep = if linear { SweepKind::Linear } else { SweepKind::Exponential };
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    /// Which pick counts does not depend on when each was made, and no other one is past the edge where it is not.
    #[test]
    fn the_pick_that_counts_does_not_depend_on_the_order_of_range_tests(sweeps in prop::collection::vec(sweeps(), 1..4)) {
        let counts = |sweeps: &mut dyn Iterator<Item = &Vec<RunSpec>>| {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            for runs in sweeps {
                publish(folder.path(), runs, loss);
                // A sweep may be too coarse to give a pick at all.
                let _ = keep_pick(&store, &ids(runs), "any");
            }
            find(folder.path(), &runs()[0]).usable
        };
        let there = counts(&mut sweeps.iter());
        let back = counts(&mut sweeps.iter().rev());
        prop_assert_eq!(&there, &back);
        if let Some((first, others)) = there.split_first() {
            prop_assert!(first.pick.edge_reached || others.iter().all(|other| !other.pick.edge_reached));
        }
    }
}

/// Every number of the file that a use would rest on, changed by hand; and runs that are not what the file says.
#[test]
fn a_pick_edited_by_hand_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs();
    let record = kept(folder.path(), "mine", &runs);
    let path = only_file(folder.path());
    let whole: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let edits: [(&str, serde_json::Value, &str); 9] = [
        ("/pick/base_lr", 0.5.into(), "and its runs give"),
        ("/pick/max_lr", 0.5.into(), "it says base_lr"),
        ("/pick/max_lr", (record.pick.max_lr * (1.0 + 1e-15)).into(), "and its runs give"),
        ("/pick/edge_lr", 0.5.into(), "and its runs give"),
        ("/pick/edge_reached", false.into(), "and its runs give"),
        ("/sweep/start_lr", 1e-7.into(), "its sweep or its seeds"),
        ("/seeds", serde_json::json!([0, 1, 2, 3]), "its sweep or its seeds"),
        ("/numerics", 2.into(), "its sweep or its seeds"),
        ("/key/examples_per_update", 64.into(), "other settings"),
    ];
    for (place, value, says) in edits {
        let mut edited = whole.clone();
        *edited.pointer_mut(place).unwrap() = value;
        assert_ne!(edited, whole, "{place}");
        fs::write(&path, serde_json::to_string_pretty(&edited).unwrap()).unwrap();
        let error = refused(folder.path(), &runs[0]);
        assert!(error.starts_with(&path.display().to_string()), "{place}: {error}");
        assert!(error.contains(says) && error.ends_with("delete it and run the range test again"), "{place}: {error}");
        let found = examine(folder.path()).unwrap().findings;
        assert!(found.iter().any(|one| one.severity == Severity::Broken && one.path == path), "{place}: {found:?}");
    }
    // Words are not believed either: what is used is what the runs say.
    let mut edited = whole.clone();
    edited["warnings"] = serde_json::json!(["all is well"]);
    edited["pick"]["max_rule"] = "because I say so".into();
    fs::write(&path, edited.to_string()).unwrap();
    assert_eq!(find(folder.path(), &runs[0]).usable, [record]);
}

/// The file's name goes by its runs, so other runs in it are noticed; and runs that are gone, or no range test's.
#[test]
fn a_pick_without_its_runs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs();
    kept(folder.path(), "mine", &runs);
    let path = only_file(folder.path());
    let whole = fs::read_to_string(&path).unwrap();
    let first = runs[0].id();
    fs::write(&path, whole.replace(first.as_str(), "00000000000000000000")).unwrap();
    assert!(refused(folder.path(), &runs[0]).contains("other runs than its name says"));
    fs::write(&path, &whole).unwrap();
    fs::rename(folder.path().join("runs").join(first.as_str()), folder.path().join("away")).unwrap();
    let error = refused(folder.path(), &runs[0]);
    assert!(
        error.contains(&format!("its run {first} has no record")) && error.ends_with("run the range test again"),
        "{error}"
    );
    let store = Store::open(folder.path()).unwrap();
    let trained =
        setting(parse(TEXT)).training("schedule", &serde_json::from_str("{\"constant\":{\"lr\":0.1}}").unwrap(), None);
    let trained = trained.unwrap();
    publish(folder.path(), &trained, |_| 1.0);
    let error = keep_pick(&store, &ids(&trained), "mine").unwrap_err().to_string();
    assert!(error.contains("is not part of a range test"), "{error}");
}

#[test]
fn a_damaged_pick_is_named_and_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs();
    kept(folder.path(), "mine", &runs);
    let path = only_file(folder.path());
    let whole = fs::read_to_string(&path).unwrap();
    let damages = [
        (whole[..whole.len() / 2].to_owned(), "line"),
        (String::new(), "line 1"),
        ("[]".into(), "line 1"),
        (whole.replacen("\"schema\": 2", "\"schema\": 97", 1), "its schema is 97; this program reads 1 and 2"),
        (whole.replacen("\"data\": \"digits\"", "\"data\": \"mnist\"", 1), "it was made for other settings"),
        (whole.replacen("\"report\"", "\"extra\": 1, \"report\"", 1), "unknown field `extra`"),
        (whole.replacen("\"report\": \"mine\"", "\"report\": 3", 1), "expected a string"),
    ];
    for (text, says) in damages {
        assert_ne!(text, whole);
        fs::write(&path, &text).unwrap();
        let error = refused(folder.path(), &runs[0]);
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(error.contains(says) && error.ends_with("delete it and run the range test again"), "{says}: {error}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = refused(folder.path(), &runs[0]);
    assert!(error.contains("cannot read this pick"), "{error}");
    let error = keep_pick(&Store::open(folder.path()).unwrap(), &ids(&runs), "mine").unwrap_err().to_string();
    assert!(error.contains("cannot write this pick"), "{error}");
}

/// What an older version of the numerics made is there and named, counts only where it is asked for, and can be checked.
#[test]
fn a_pick_of_older_numerics_counts_only_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let now = runs();
    let old: Vec<RunSpec> = now.iter().map(|run| RunSpec { numerics: NUMERICS_VERSION - 1, ..run.clone() }).collect();
    let record = kept(folder.path(), "range-test-old", &old);
    assert_eq!(record.numerics, NUMERICS_VERSION - 1);
    let found = find(folder.path(), &now[0]);
    assert_eq!((found.usable.len(), found.outdated.as_slice()), (0, &["range-test-old".to_owned()][..]));
    let store = Store::open(folder.path()).unwrap();
    for name in ["range-test-old", "old", "range-test-old/"] {
        assert_eq!(named_pick(&store, name).unwrap(), record, "{name}");
    }
    kept(folder.path(), "new", &now);
    assert_eq!(find(folder.path(), &now[0]).usable.len(), 1);
}

/// As version 1 wrote it: found by the doctor, checked against its runs, and told of rather than used.
#[test]
fn a_pick_of_schema_1_is_read_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs();
    let record = kept(folder.path(), "mine", &runs);
    let path = only_file(folder.path());
    let mut old: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    fs::remove_file(&path).unwrap();
    for field in ["rate", "sweep", "seeds", "warnings", "numerics"] {
        old.as_object_mut().unwrap().remove(field);
    }
    old["schema"] = 1.into();
    old["key"]["groups"] = serde_json::to_value(&runs[0].groups).unwrap();
    // Its name is the hash of its key, whose fields stand in this order.
    let mut key = PickKey::of(&runs[0]);
    key.groups.clone_from(&runs[0].groups);
    let digest = <sha2::Sha256 as sha2::Digest>::digest(serde_json::to_vec(&key).unwrap());
    let name = format!("digits-{}.json", lrscope_runner::spec::hex(&digest[..8]));
    let path = folder.path().join("picks").join(name);
    fs::write(&path, old.to_string()).unwrap();
    let found = find(folder.path(), &runs[0]);
    assert_eq!((found.usable.len(), found.outdated.as_slice()), (0, &["mine".to_owned()][..]));
    assert!(!examine(folder.path()).unwrap().is_broken());
    old["pick"]["max_lr"] = (record.pick.max_lr * 2.0).into();
    fs::write(&path, old.to_string()).unwrap();
    assert!(examine(folder.path()).unwrap().is_broken());
}

#[test]
fn a_name_that_gives_no_pick_is_refused_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let message = |name: &str| named_pick(&store, name).unwrap_err().to_string();
    assert!(message("mine").contains("there is none; run `lrscope range-test` first"));
    let runs = runs();
    kept(folder.path(), "range-test-mine", &runs);
    study(folder.path(), "compare-mine", Question::Comparison, &runs);
    let flat = runs_of(|experiment| experiment.range_test.end_lr = 1e-4);
    publish(folder.path(), &flat, |_| 2.3);
    study(folder.path(), "range-test-flat", Question::RangeTest, &flat);
    study(folder.path(), "range-test-undone", Question::RangeTest, &runs_of(|e| e.range_test.end_lr = 3.0));
    for (name, says) in [
        ("other", "there is no such range test"),
        ("other", "range-test-flat, range-test-mine"),
        ("compare-mine", "this is not a range test"),
        ("flat", "its runs support no pick: the loss never falls"),
        ("undone", "has no record"),
        ("../mine", "not the name of a report"),
        ("/etc", "not the name of a report"),
        ("", "not the name of a report"),
    ] {
        assert!(message(name).contains(says), "{name}: {}", message(name));
    }
}

#[test]
fn bounds_have_the_digits_that_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut pick = kept(folder.path(), "mine", &runs()).pick;
    (pick.base_lr, pick.max_lr) = (0.012_345, 0.098_76);
    let bounds = bounds(&pick);
    assert_eq!((bounds.base_lr, bounds.max_lr), (0.0123, 0.0988));
}
