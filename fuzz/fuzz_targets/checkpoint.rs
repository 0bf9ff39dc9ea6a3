//! Checkpoints: the first byte says whether the others are its description (with right checksums), its checksums, or a blob.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use lrscope_runner::record::{Checksum, Store};
use lrscope_runner::spec::RunSpec;

const INFO: &[u8] = include_bytes!("../sample/checkpoint.json");
const SPEC_JSON: &[u8] = include_bytes!("../sample/spec.json");

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| lrscope_fuzz::folder("checkpoint"));
static SPEC: LazyLock<RunSpec> = LazyLock::new(|| serde_json::from_slice(SPEC_JSON).expect("a specification"));

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else { return };
    let attempt = FOLDER.join("attempts").join(format!("{}.elsewhere.1.0000000000000001", SPEC.id()));
    let checkpoint = attempt.join("checkpoints/000000000020");
    std::fs::create_dir_all(&checkpoint).expect("a folder");
    let info = if which % 3 == 0 { bytes } else { INFO };
    let blob: &[u8] = if which % 3 == 1 { bytes } else { b"state" };
    let sums = format!("{}  blob.bin\n{}  checkpoint.json\n", Checksum::of(blob), Checksum::of(info));
    let sums = if which % 3 == 2 { bytes } else { sums.as_bytes() };
    for (name, content) in [("checkpoint.json", info), ("blob.bin", blob), ("SHA256SUMS", sums)] {
        std::fs::write(checkpoint.join(name), content).expect("written");
    }
    let store = Store::open(&*FOLDER).expect("a folder");
    for entry in store.attempts().expect("listed") {
        if let Ok(read) = entry.checkpoint(20) {
            // Whatever is accepted is the five bytes that the description tells of.
            assert!(read.state.values().map(Vec::len).sum::<usize>() <= 5, "{:?}", read.info);
        }
    }
});
