//! Records: the first byte says which file the others stand for. Published files get right checksums, so that what is behind
//! them is reached; the journal is followed and taken up.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lrscope_runner::record::{Checksum, Store};
use lrscope_runner::spec::RunSpec;

const FILES: [&str; 4] = ["spec.json", "steps.bin", "result.json", "measured.json"];
const RECORD: [&[u8]; 4] = [
    include_bytes!("../sample/spec.json"),
    include_bytes!("../sample/steps.bin"),
    include_bytes!("../sample/result.json"),
    include_bytes!("../sample/measured.json"),
];

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| lrscope_fuzz::folder("record"));
static SPEC: LazyLock<RunSpec> = LazyLock::new(|| serde_json::from_slice(RECORD[0]).expect("a specification"));

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let store = Store::open(&*FOLDER).expect("a folder");
    match which % 8 {
        which @ 0..4 => published(&store, which.into(), bytes),
        4 => sums(&store, bytes),
        _ => journal(&store, bytes),
    }
});

fn published(store: &Store, which: usize, bytes: &[u8]) {
    let run = FOLDER.join("runs").join(SPEC.id().as_str());
    std::fs::create_dir_all(&run).expect("a folder");
    let mut sums = String::new();
    for (place, (name, good)) in FILES.iter().zip(RECORD).enumerate() {
        let content = if place == which { bytes } else { good };
        std::fs::write(run.join(name), content).expect("written");
        sums += &format!("{}  {name}\n", Checksum::of(content));
    }
    std::fs::write(run.join("SHA256SUMS"), sums).expect("written");
    if let Ok(Some(record)) = store.find(&SPEC.id()) {
        assert!(record.rows().expect("opened").all(|row| row.is_ok()), "a checked record cannot be read");
    }
}

fn sums(store: &Store, bytes: &[u8]) {
    published(store, 9, bytes);
    std::fs::write(FOLDER.join("runs").join(SPEC.id().as_str()).join("SHA256SUMS"), bytes).expect("written");
    let _ = store.find(&SPEC.id());
}

fn journal(store: &Store, bytes: &[u8]) {
    let attempt = FOLDER.join("attempts").join(format!("{}.{}.1.0000000000000001", SPEC.id(), host()));
    std::fs::create_dir_all(&attempt).expect("a folder");
    std::fs::write(attempt.join("spec.json"), RECORD[0]).expect("written");
    std::fs::write(attempt.join("journal.bin"), bytes).expect("written");
    for entry in store.attempts().expect("listed") {
        if let Ok(mut follower) = entry.follow() {
            while let Ok(Some(_)) = follower.poll() {}
        }
    }
    if let Some(mut attempt) = store.adopt(&SPEC).expect("looked for") {
        let half = attempt.steps() / 2;
        attempt.rewind(half).expect("what was read can be gone back over");
        attempt.flush().expect("written");
    }
}

/// This machine's name as it stands in an attempt's.
fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    host.trim().chars().take(63).map(safe).collect()
}
