//! A damaged file in the hub's cache: a parquet crate's row iterator would give its error for ever.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::support::Folder;

const COMMIT: &str = "0123456789012345678901234567890123456789";
const SCHEMA: &str = "message schema { optional group image { optional binary bytes; } optional int64 label; }";

/// As many rows as MNIST has, all with the same few bytes for a picture.
fn parquet(rows: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut pictures = group.next_column().unwrap().unwrap();
    let picture = ByteArray::from(
        b"a picture that is no PNG, but is long enough to be compressed, compressed, compressed".to_vec(),
    );
    pictures.typed::<ByteArrayType>().write_batch(&vec![picture; rows], Some(&vec![2; rows]), None).unwrap();
    pictures.close().unwrap();
    let mut labels = group.next_column().unwrap().unwrap();
    labels.typed::<Int64Type>().write_batch(&vec![3; rows], Some(&vec![1; rows]), None).unwrap();
    labels.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    file
}

/// The hub's cache with these training pictures.
fn cache(train: &[u8]) -> Folder {
    let folder = Folder::new();
    let repository = "hub/hub/datasets--ylecun--mnist";
    folder.write(&format!("{repository}/refs/refs/convert/parquet"), COMMIT);
    let file = |part: &str| format!("{repository}/snapshots/{COMMIT}/mnist/{part}/0000.parquet");
    folder.write(&file("train"), train);
    folder.write(&file("test"), parquet(10_000));
    folder
}

fn refused(train: &[u8], says: &[&str]) {
    let told = cache(train).run(&["range-test", "mnist"]);
    told.must_fail(says[0], 2, &[&["mnist/train/0000.parquet"], says].concat());
}

#[test]
fn a_damaged_file_in_the_hub_s_cache_is_refused_and_ends() {
    let whole = parquet(60_000);
    refused(&whole, &["picture 0 cannot be decoded", "replace it by the official file"]);
    refused(&whole[..whole.len() / 2], &["the parquet file is damaged"]);
    refused(b"", &["the parquet file is damaged"]);
    refused(&parquet(59_999), &["announces 59999 rows, expected 60000"]);
    // The first page starts behind the four bytes of magic; a changed byte may be in its head or in its body.
    for place in [4, 8, 20, 30, 40] {
        let mut damaged = whole.clone();
        for byte in &mut damaged[place..place + 8] {
            *byte ^= 0xa5;
        }
        refused(&damaged, &["; replace it by the official file or remove it"]);
    }
}
