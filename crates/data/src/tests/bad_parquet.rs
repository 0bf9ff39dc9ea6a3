//! Bad parquet files.

use std::sync::Arc;

use bytes::Bytes;
use image::ExtendedColorType;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::made::{COLOUR, GREY, pictures, png, pngs};
use crate::error::Problem;
use crate::expected::Expected;
use crate::images::Images;
use crate::parquet_file::{self, Pictures};

/// One row: a picture and its label, either of them missing.
#[derive(Clone)]
pub(super) struct Column {
    pub picture: Option<Vec<u8>>,
    pub label: Option<i64>,
}

impl Column {
    pub fn pictures(pngs: &[Vec<u8>], labels: &[u8]) -> Vec<Self> {
        let rows = pngs.iter().zip(labels);
        rows.map(|(png, &label)| Self { picture: Some(png.clone()), label: Some(i64::from(label)) }).collect()
    }
}

/// A parquet file as the hub has it.
pub(super) fn parquet(
    column: &str,
    rows: &[Column],
    group_rows: usize,
    compression: Compression,
    dictionary: bool,
) -> Bytes {
    let schema = format!(
        "message m {{ optional group {column} {{ optional binary bytes; optional binary path (UTF8); }} optional int64 label; }}"
    );
    let properties =
        WriterProperties::builder().set_compression(compression).set_dictionary_enabled(dictionary).build();
    let mut out = Vec::new();
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties)).unwrap();
    for rows in rows.chunks(group_rows) {
        let mut group = writer.next_row_group().unwrap();
        let pictures: Vec<ByteArray> = rows.iter().filter_map(|row| row.picture.clone()).map(ByteArray::from).collect();
        let levels: Vec<i16> = rows.iter().map(|row| if row.picture.is_some() { 2 } else { 1 }).collect();
        let mut leaf = group.next_column().unwrap().unwrap();
        leaf.typed::<ByteArrayType>().write_batch(&pictures, Some(&levels), None).unwrap();
        leaf.close().unwrap();
        let mut leaf = group.next_column().unwrap().unwrap();
        leaf.typed::<ByteArrayType>().write_batch(&[], Some(&vec![1; rows.len()]), None).unwrap();
        leaf.close().unwrap();
        let labels: Vec<i64> = rows.iter().filter_map(|row| row.label).collect();
        let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.label.is_some())).collect();
        let mut leaf = group.next_column().unwrap().unwrap();
        leaf.typed::<Int64Type>().write_batch(&labels, Some(&levels), None).unwrap();
        leaf.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    out.into()
}

pub(super) fn read_parquet(bytes: Bytes, expected: &Expected) -> Result<Images, Problem> {
    let reader = parquet_file::open(bytes)?;
    let mut pictures = Pictures::new(expected);
    pictures.take_file(&reader, &mut |_| ())?;
    pictures.finish()
}

fn rows() -> Vec<Column> {
    let images = pictures(&GREY, 0);
    Column::pictures(&pngs(&images), &images.labels)
}

fn plain(rows: &[Column]) -> Bytes {
    parquet("image", rows, 4, Compression::UNCOMPRESSED, false)
}

/// A change to the rows, and what the message must hold.
type Case = (fn(&mut Vec<Column>), &'static str);

const CASES: [Case; 11] = [
    (|rows| rows.truncate(9), "announces 9 rows, expected 10"),
    (|rows| rows.push(rows[0].clone()), "announces 11 rows, expected 10"),
    (|rows| rows[5].label = Some(10), "label 10 of picture 5 is not below 10"),
    (|rows| rows[5].label = Some(-1), "label -1 of picture 5 is not below 10"),
    (|rows| rows[5].label = Some(256), "label 256 of picture 5 is not below 10"),
    (|rows| rows[5].label = None, "row 5 has no value in column `label`"),
    (|rows| rows[6].picture = None, "row 6 has no value in column `image.bytes`"),
    (|rows| rows[7].picture = Some(Vec::new()), "picture 7 cannot be decoded"),
    (|rows| rows[7].picture.as_mut().unwrap()[50] ^= 1, "picture 7 cannot be decoded"),
    (|rows| rows[7].picture = Some(png(&[0; 20], 4, 5, ExtendedColorType::L8)), "picture 7 is 4×5 L8, expected 5×4 L8"),
    (
        |rows| rows[7].picture = Some(png(&[0; 60], 5, 4, ExtendedColorType::Rgb8)),
        "picture 7 is 5×4 Rgb8, expected 5×4 L8",
    ),
];

#[test]
fn bad_rows() {
    for (change, message) in CASES {
        let mut rows = rows();
        change(&mut rows);
        let found = read_parquet(plain(&rows), &GREY).expect_err(message);
        assert!(found.to_string().contains(message), "expected {message:?}: {found}");
    }
}

#[test]
fn other_columns() {
    let bytes = parquet("picture", &rows(), 4, Compression::UNCOMPRESSED, false);
    let found = read_parquet(bytes, &GREY).expect_err("no such column");
    assert_eq!(found.to_string(), "has no parquet column `image.bytes` or `img.bytes` of type bytes");
    let schema = Arc::new(parse_message_type("message m { required group image { required int64 bytes; } }").unwrap());
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut leaf = group.next_column().unwrap().unwrap();
    leaf.typed::<Int64Type>().write_batch(&[7; 10], None, None).unwrap();
    leaf.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let found = read_parquet(out.into(), &GREY).expect_err("another type");
    assert_eq!(found.to_string(), "has no parquet column `image.bytes` of type bytes");
}

#[test]
fn truncated_files() {
    let bytes = plain(&rows());
    for length in [0, 4, 100, bytes.len() / 2, bytes.len() - 1] {
        let found = read_parquet(bytes.slice(..length), &GREY).expect_err("truncated");
        assert!(matches!(found, Problem::Parquet(_)), "{length}: {found}");
    }
}

/// A damaged page is an error, and never an endless loop (which the row iterator of the parquet crate becomes) or a panic.
#[test]
fn a_file_with_any_byte_changed_gives_no_panic_and_ends() {
    change_every_byte(&[0x01, 0x10, 0x80, 0xff]);
}

#[test]
#[ignore = "takes minutes; to be run after an update of the parquet crate"]
fn a_file_with_any_byte_changed_to_any_other_gives_no_panic_and_ends() {
    change_every_byte(&(1..=255).collect::<Vec<u8>>());
}

fn change_every_byte(changes: &[u8]) {
    let colour = pictures(&COLOUR.with_count(3), 0);
    let three = Column::pictures(&pngs(&colour), &colour.labels);
    for (compression, dictionary) in [
        (Compression::UNCOMPRESSED, true),
        (Compression::SNAPPY, false),
        (Compression::ZSTD(ZstdLevel::default()), true),
    ] {
        let whole = parquet("img", &three, 2, compression, dictionary);
        let mut errors = 0;
        for (place, &change) in (0..whole.len()).flat_map(|place| changes.iter().map(move |change| (place, change))) {
            let mut bytes = whole.to_vec();
            bytes[place] ^= change;
            match read_parquet(bytes.into(), &COLOUR.with_count(3)) {
                Ok(images) => assert_eq!(images.count, 3),
                Err(_) => errors += 1,
            }
        }
        // About half of such a file is names and statistics that nothing depends on.
        assert!(errors > whole.len() * changes.len() / 4, "only {errors} changes were noticed");
    }
}

/// Found by fuzzing: lists of booleans in pages' headers kept the parquet crate busy for 9 s.
#[test]
fn a_header_that_takes_for_ever_is_refused() {
    let bytes = Bytes::from_static(include_bytes!("../../../../fuzz/corpus/parquet/lists-of-booleans"));
    let found = read_parquet(bytes, &GREY).expect_err("damaged");
    assert!(found.to_string().contains("of a page's header"), "{found}");
}
