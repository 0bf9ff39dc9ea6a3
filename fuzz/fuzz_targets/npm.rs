//! npm's archives, gzipped here so that the bytes are the tar's: whatever an archive says, nothing is written outside `made`.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| lrscope_fuzz::folder("npm"));

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, tar)) = bytes.split_first() else { return };
    let (archive, made) = (FOLDER.join("archive.tgz"), FOLDER.join("made"));
    let _ = std::fs::remove_dir_all(&made);
    std::fs::create_dir_all(&made).expect("a folder");
    let bytes = if kind & 2 == 0 { stored(tar) } else { tar.to_vec() };
    std::fs::write(&archive, bytes).expect("written");
    let unpack = if kind & 1 == 0 { lrscope_data::fuzzing::npm_idx } else { lrscope_data::fuzzing::npm_sheets };
    let _ = unpack(&archive, &made);
    let outside = std::fs::read_dir(&*FOLDER).expect("listed").count();
    assert_eq!(outside, 2, "an archive wrote outside its folder");
});

/// The bytes as gzip with one stored block for each 65,535 of them (RFC 1951, RFC 1952).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = bytes.chunks(65_535).peekable();
    if bytes.is_empty() {
        out.extend([1, 0, 0, 255, 255]);
    }
    while let Some(block) = blocks.next() {
        let length = (block.len() as u16).to_le_bytes();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length);
        out.extend(length.map(|byte| !byte));
        out.extend(block);
    }
    out.extend(crc32(bytes).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
