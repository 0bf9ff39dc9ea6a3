//! Any damage is noticed and named.

use std::fs;
use std::path::{Path, PathBuf};

use lrscope_runner::learner::{Row, Subset};
use lrscope_runner::record::{Checksum, Follower, News, Published, RecordError, Store, Tail};
use lrscope_runner::spec::RunId;

use super::sample;

const FILES: [&str; 5] = ["spec.json", "steps.bin", "result.json", "measured.json", "SHA256SUMS"];

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    id: RunId,
    record: PathBuf,
}

fn published() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let record = sample::run(&store, &sample::spec(3, 12), 5).record().clone();
    Bench { _folder: folder, store, id: record.spec.id(), record: record.path }
}

/// Everything that a reader gets of a published run.
fn read(bench: &Bench) -> Result<(Published, Vec<Row>), RecordError> {
    let published = bench.store.find(&bench.id)?.expect("the folder is there");
    let rows = published.rows()?.collect::<Result<_, _>>()?;
    Ok((published, rows))
}

#[test]
fn any_flipped_byte_of_a_published_record_is_noticed() {
    let bench = published();
    read(&bench).expect("an undamaged record reads");
    for name in FILES {
        let path = bench.record.join(name);
        let good = fs::read(&path).unwrap();
        for place in 0..good.len() {
            for mask in [0x01, 0x20, 0xff] {
                let mut bad = good.clone();
                bad[place] ^= mask;
                fs::write(&path, &bad).unwrap();
                let error = read(&bench).expect_err(&format!("{name}, byte {place}, mask {mask:#x}")).to_string();
                // A flip within SHA256SUMS may turn up as a mismatch of the file that its line names.
                assert!(name == "SHA256SUMS" || error.contains(name), "{name}, byte {place}: {error}");
            }
        }
        fs::write(&path, &good).unwrap();
    }
    read(&bench).expect("the undamaged record reads again");
}

#[test]
fn a_record_cut_off_anywhere_is_noticed() {
    let bench = published();
    for name in FILES {
        let path = bench.record.join(name);
        let good = fs::read(&path).unwrap();
        for length in 0..good.len() {
            fs::write(&path, &good[..length]).unwrap();
            assert!(read(&bench).is_err(), "{name} cut to {length} bytes");
        }
        fs::remove_file(&path).unwrap();
        let error = read(&bench).unwrap_err();
        assert!(matches!(&error, RecordError::Missing { path: p, .. } if *p == path), "{error}");
        fs::write(&path, &good).unwrap();
    }
}

/// A journal of three blocks and an evaluation, and the rows up to each of its frames' ends.
fn journal() -> (tempfile::TempDir, PathBuf, Vec<u64>) {
    let folder = tempfile::tempdir().unwrap();
    let mut attempt = Store::open(folder.path()).unwrap().begin(&sample::spec(3, 12)).unwrap();
    let path = attempt.folder().join("journal.bin");
    let mut ends = vec![fs::metadata(&path).unwrap().len()];
    for steps in [0..4, 4..9, 9..12] {
        attempt.append(steps.start, &sample::rows(steps)).unwrap();
        attempt.flush().unwrap();
        ends.push(fs::metadata(&path).unwrap().len());
    }
    attempt.evaluated(12, Subset::Test, sample::evaluation(12)).unwrap();
    ends.push(fs::metadata(&path).unwrap().len());
    (folder, path, ends)
}

/// Reads a journal to its end or first error.
fn follow(store: &Store) -> (Vec<Row>, Result<Tail, RecordError>) {
    let mut follower: Follower = store.attempts().unwrap().remove(0).follow().unwrap();
    let mut rows = Vec::new();
    loop {
        match follower.poll() {
            Ok(Some(News::Rows { rows: more, .. })) => rows.extend(more),
            Ok(Some(News::Evaluated(_))) => {}
            Ok(None) => return (rows, Ok(follower.tail())),
            Err(error) => return (rows, Err(error)),
        }
    }
}

#[test]
fn any_changed_byte_of_a_journal_is_named_by_block_and_offset() {
    let (folder, path, ends) = journal();
    let store = Store::open(folder.path()).unwrap();
    let good = fs::read(&path).unwrap();
    for place in 0..good.len() {
        // The head, or the frame whose start is the last one at or before the place.
        let block = ends.iter().filter(|end| **end <= place as u64).count();
        let start = if block == 0 { 0 } else { ends[block - 1] };
        let whole = [0, 0, 4, 9, 12][block];
        for mask in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x55, 0xff] {
            let mut bad = good.clone();
            bad[place] ^= mask;
            fs::write(&path, &bad).unwrap();
            let (rows, end) = follow(&store);
            assert_eq!(rows, sample::rows(0..whole), "byte {place} ^ {mask:#x}: the blocks before the damage stand");
            let error = end.expect_err(&format!("byte {place} ^ {mask:#x}"));
            let RecordError::Corrupt { path: named, block: b, offset, .. } = &error else { panic!("{error}") };
            assert_eq!((named, *b + u64::from(block > 0), *offset), (&path, block as u64, start), "{error}");
        }
    }
}

#[test]
fn a_journal_cut_off_anywhere_ends_with_its_last_whole_block() {
    let (folder, path, ends) = journal();
    let store = Store::open(folder.path()).unwrap();
    let good = fs::read(&path).unwrap();
    for length in 0..=good.len() {
        let whole_frames = ends.iter().filter(|end| **end <= length as u64).count();
        let offset = if whole_frames == 0 { 0 } else { ends[whole_frames - 1] };
        let steps = [0, 0, 4, 9, 12, 12][whole_frames];
        let complete = ends.contains(&(length as u64));
        // The same with the lost bytes as zeros, as a file system may leave them after a power failure.
        for zeros in [0, good.len() - length] {
            let mut cut = good[..length].to_vec();
            cut.resize(length + zeros, 0);
            fs::write(&path, &cut).unwrap();
            let (rows, tail) = follow(&store);
            if cut == good {
                continue;
            }
            assert_eq!(rows, sample::rows(0..steps), "{length} bytes and {zeros} zeros");
            match tail {
                Ok(Tail::Complete) => assert!(zeros == 0 && complete, "{length} bytes"),
                Ok(tail) => assert_eq!(tail, Tail::Incomplete { steps, offset }, "{length} bytes and {zeros} zeros"),
                Err(RecordError::Corrupt { offset: at, .. }) => {
                    assert!(zeros > 0 && at == offset, "{length} bytes and {zeros} zeros");
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Puts right checksums over changed files, as someone does who means it.
fn sign(record: &Path) {
    let line = |name: &&str| format!("{}  {name}\n", Checksum::of(&fs::read(record.join(name)).unwrap()));
    fs::write(record.join("SHA256SUMS"), FILES[..4].iter().map(line).collect::<String>()).unwrap();
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from:?} in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// (file, what is replaced, by what, what the message must contain).
const FORGED: [(&str, &str, &str, &[&str]); 8] = [
    (
        "result.json",
        "\"schema\": 1",
        "\"schema\": 7",
        &["result.json has schema version 7", "reads versions 1 to 1", "newer lrscope"],
    ),
    ("result.json", "\"steps\": 12", "\"steps\": 11", &["result.json: steps is 11 and must be 12"]),
    ("result.json", "\"steps\": 12", "\"steps\": -1", &["result.json:5:", "invalid value"]),
    ("result.json", "\"ending\"", "\"endin\"", &["result.json:4:", "unknown field `endin`"]),
    ("result.json", "{", "[", &["result.json:"]),
    ("spec.json", "\"steps\": 12", "\"steps\": 13", &["spec.json", "run id"]),
    ("spec.json", "\"digits\"", "\"digits", &["spec.json:"]),
    ("measured.json", "\"threads\": 2", "\"threads\": \"two\"", &["measured.json:", "invalid type"]),
];

#[test]
fn forged_records_are_refused_with_file_and_place() {
    for (name, from, to, expected) in FORGED {
        let bench = published();
        replace(&bench.record.join(name), from, to);
        sign(&bench.record);
        let error = read(&bench).expect_err(to).to_string();
        for part in expected {
            assert!(error.contains(part), "{name} with {to}: {error}");
        }
    }
}

#[test]
fn another_runs_folder_or_steps_are_refused() {
    let bench = published();
    let other = sample::run(&bench.store, &sample::spec(4, 12), 5).record().clone();
    // The other run's folder under this run's name.
    let aside = bench.record.with_extension("aside");
    fs::rename(&bench.record, &aside).unwrap();
    fs::rename(&other.path, &bench.record).unwrap();
    let error = read(&bench).unwrap_err();
    assert!(matches!(&error, RecordError::Mismatch { key: "run_id", .. }), "{error}");
    assert!(error.to_string().contains(bench.id.as_str()), "{error}");
    // A steps file from elsewhere with right checksums in SHA256SUMS alone.
    fs::rename(&bench.record, &other.path).unwrap();
    fs::rename(&aside, &bench.record).unwrap();
    let longer = sample::run(&bench.store, &sample::spec(4, 13), 5).record().clone();
    fs::copy(longer.path.join("steps.bin"), bench.record.join("steps.bin")).unwrap();
    sign(&bench.record);
    let error = read(&bench).unwrap_err();
    assert!(matches!(&error, RecordError::Checksum { said_by: "result.json", .. }), "{error}");
}

#[test]
fn what_is_no_file_or_too_large_is_refused_before_it_is_read() {
    let bench = published();
    for name in FILES {
        let path = bench.record.join(name);
        let good = fs::read(&path).unwrap();
        let sparse = fs::OpenOptions::new().write(true).open(&path).unwrap();
        sparse.set_len(1 << 40).unwrap();
        let error = read(&bench).unwrap_err();
        assert!(matches!(&error, RecordError::TooLarge { bytes, .. } if *bytes == 1 << 40), "{error}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let error = read(&bench).unwrap_err();
        assert!(matches!(&error, RecordError::WrongKind { wanted: "regular file", .. }), "{error}");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, good).unwrap();
    }
    // A journal that claims to go on for a terabyte of zeros is not read through.
    let (folder, path, _) = journal();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let (rows, end) = follow(&Store::open(folder.path()).unwrap());
    assert_eq!(rows, sample::rows(0..12));
    assert!(matches!(end, Err(RecordError::Corrupt { .. })));
}

#[test]
fn a_record_may_do_without_its_clocks() {
    let bench = published();
    fs::remove_file(bench.record.join("measured.json")).unwrap();
    let sums = fs::read_to_string(bench.record.join("SHA256SUMS")).unwrap();
    let kept: String = sums.split_inclusive('\n').take(3).collect();
    fs::write(bench.record.join("SHA256SUMS"), kept).unwrap();
    let (published, rows) = read(&bench).unwrap();
    assert_eq!((published.measured, rows), (None, sample::rows(0..12)));
}
