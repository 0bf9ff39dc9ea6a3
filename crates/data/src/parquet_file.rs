//! Parquet files as the hub has them: one row a picture, the PNG in a column of bytes and the label in a column of integers.
//!
//! Read column by column, so that a damaged page is an error: the row iterator of the parquet crate gives the same error for
//! ever, and candle-datasets skips errors, so its loaders never end on such a file.

use std::io::Read;

use candle_datasets::hub::FileReader;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, RowGroupReader, SerializedFileReader};

use crate::error::Problem;
use crate::expected::Expected;
use crate::guarded::guarded;
use crate::images::Images;
use crate::picture::decode_all;
use crate::thrift;

/// Rows decoded at a time, which bounds the memory for encoded pictures.
const BATCH: usize = 4096;
/// What the column of pictures is called: a structure that holds the PNG in `bytes`.
const PICTURES: [&str; 2] = ["image.bytes", "img.bytes"];
const LABELS: [&str; 2] = ["label", "labels"];

/// Opens a parquet file: reads what stands at its end, and looks through its pages' headers.
pub(crate) fn open<R: ChunkReader + 'static>(file: R) -> Result<SerializedFileReader<R>, ParquetError> {
    guarded(|| {
        check_footer(&file)?;
        let reader = ParquetMetaDataReader::new().parse_and_finish(&file)?;
        reader.row_groups().iter().try_for_each(|group| check_pages(&file, group))?;
        SerializedFileReader::new(file)
    })
}

/// A file ends with its footer, the footer's length (four bytes, the lowest first) and four letters. Any other end is told by
/// the parquet crate.
fn check_footer(file: &impl ChunkReader) -> Result<(), ParquetError> {
    const TAIL: u64 = 8;
    let Some(end) = file.len().checked_sub(TAIL) else { return Ok(()) };
    let tail = file.get_bytes(end, TAIL as usize)?;
    let len = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let Some(start) = end.checked_sub(len) else { return Ok(()) };
    thrift::check_footer(&file.get_bytes(start, len as usize)?)
}

/// Looks through the headers of a group's pages.
fn check_pages(file: &impl ChunkReader, group: &RowGroupMetaData) -> Result<(), ParquetError> {
    check_extent(group, file.len())?;
    for column in group.columns() {
        let mut start = column_start(column) as u64;
        let end = start + column.compressed_size() as u64;
        while start < end {
            let header = thrift::check_page_header(file.get_read(start)?.take(end - start))?;
            start = start.saturating_add(header.len).saturating_add(header.page_len);
        }
    }
    Ok(())
}

/// Where a column's first page begins.
fn column_start(column: &ColumnChunkMetaData) -> i64 {
    column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset())
}

/// The rows that a file announces.
pub(crate) fn rows(file: &dyn FileReader) -> usize {
    usize::try_from(file.metadata().file_metadata().num_rows()).unwrap_or(0)
}

const fn check_count(what: &'static str, found: usize, expected: usize) -> Result<(), Problem> {
    if found == expected { Ok(()) } else { Err(Problem::Count { what, found: found as u64, expected }) }
}

/// The parquet crate panics on an offset below 0 and believes any offset past the end.
fn check_extent(group: &RowGroupMetaData, length: u64) -> Result<(), ParquetError> {
    let inside = group.columns().iter().all(|column| {
        let start = column_start(column);
        let end = start.checked_add(column.compressed_size());
        start >= 0 && column.compressed_size() >= 0 && end.is_some_and(|end| end as u64 <= length)
    });
    let outside = || ParquetError::EOF("a column chunk lies outside the file".to_owned());
    if inside { Ok(()) } else { Err(outside()) }
}

/// The pictures and labels of one or several files, one after the other.
pub(crate) struct Pictures<'a> {
    expected: &'a Expected,
    /// The number of the next picture.
    first: usize,
    images: Images,
}

impl<'a> Pictures<'a> {
    pub fn new(expected: &'a Expected) -> Self {
        Self { expected, first: 0, images: Images::blank(expected) }
    }

    /// Takes in a file's pictures and labels. `tick` is told the number of pictures decoded so far.
    pub fn take_file(&mut self, file: &dyn FileReader, tick: &mut dyn FnMut(u64)) -> Result<(), Problem> {
        let room = self.expected.count - self.first;
        let groups = file.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).fold(0, i64::saturating_add);
        let groups = usize::try_from(groups).unwrap_or(0);
        if rows(file) > room {
            return check_count("rows", self.first.saturating_add(rows(file)), self.expected.count);
        }
        check_count("rows", groups, rows(file))?;
        let end = self.first + groups;
        for group in 0..file.num_row_groups() {
            self.read_group(&*guarded(|| file.get_row_group(group))?, tick)?;
        }
        check_count("pictures", self.first, end)
    }

    /// The pictures, if they are all there.
    pub fn finish(self) -> Result<Images, Problem> {
        check_count("rows", self.first, self.expected.count)?;
        Ok(self.images)
    }

    fn read_group(&mut self, group: &dyn RowGroupReader, tick: &mut dyn FnMut(u64)) -> Result<(), Problem> {
        let (mut pictures, pictures_column) = bytes_reader(group)?;
        let (mut labels, labels_column) = label_reader(group)?;
        loop {
            let limit = BATCH.min(self.expected.count - self.first);
            let pngs: Vec<ByteArray> = self.read_column(&mut pictures, limit, pictures_column)?;
            let numbers: Vec<i64> = match &mut labels {
                Labels::Long(labels) => self.read_column(labels, limit, labels_column)?,
                Labels::Short(labels) => {
                    self.read_column(labels, limit, labels_column)?.into_iter().map(i64::from).collect()
                }
            };
            check_count("labels", numbers.len(), pngs.len())?;
            if pngs.is_empty() {
                return Ok(());
            }
            self.take(&pngs, &numbers)?;
            tick(self.first as u64);
        }
    }

    /// Up to `limit` values, none of them missing.
    fn read_column<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        limit: usize,
        column: &str,
    ) -> Result<Vec<T::T>, Problem> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (rows, found, _) = guarded(|| reader.read_records(limit, Some(&mut levels), None, &mut values))?;
        if rows != found {
            let most = levels.iter().copied().max().unwrap_or(0);
            let row = self.first + levels.iter().position(|&level| level < most).unwrap_or(0);
            return Err(Problem::Null { column: column.to_owned(), row });
        }
        Ok(values)
    }

    fn take(&mut self, pngs: &[ByteArray], numbers: &[i64]) -> Result<(), Problem> {
        let rows = self.first..self.first + pngs.len();
        for (row, (&number, label)) in rows.clone().zip(numbers.iter().zip(&mut self.images.labels[rows.clone()])) {
            let known = usize::try_from(number).is_ok_and(|number| number < self.expected.classes);
            *label = if known { number as u8 } else { return Err(self.expected.label_problem(row, number)) };
        }
        let picture = self.expected.picture();
        let planes = &mut self.images.pixels[rows.start * picture..rows.end * picture];
        let pngs: Vec<&[u8]> = pngs.iter().map(ByteArray::data).collect();
        decode_all(&pngs, self.first, self.expected, planes)?;
        self.first = rows.end;
        Ok(())
    }
}

/// The first of the columns with these names that a group has.
fn find(
    group: &dyn RowGroupReader,
    names: &[&'static str],
    expected: &'static str,
) -> Result<(ColumnReader, &'static str), Problem> {
    let place = |name: &str| group.metadata().columns().iter().position(|chunk| chunk.column_path().string() == name);
    let found = names.iter().find_map(|name| Some((place(name)?, *name)));
    let (place, name) = found.ok_or_else(|| Problem::Column { column: names.join("` or `"), expected })?;
    Ok((guarded(|| Ok::<_, Problem>(group.get_column_reader(place)?))?, name))
}

type Found<T> = Result<(T, &'static str), Problem>;

fn bytes_reader(group: &dyn RowGroupReader) -> Found<ColumnReaderImpl<ByteArrayType>> {
    match find(group, &PICTURES, "bytes")? {
        (ColumnReader::ByteArrayColumnReader(reader), name) => Ok((reader, name)),
        (_, name) => Err(Problem::Column { column: name.to_owned(), expected: "bytes" }),
    }
}

/// Labels as the hub keeps them, or in the smaller integers that other writers take.
enum Labels {
    Long(ColumnReaderImpl<Int64Type>),
    Short(ColumnReaderImpl<Int32Type>),
}

fn label_reader(group: &dyn RowGroupReader) -> Found<Labels> {
    match find(group, &LABELS, "integers")? {
        (ColumnReader::Int64ColumnReader(reader), name) => Ok((Labels::Long(reader), name)),
        (ColumnReader::Int32ColumnReader(reader), name) => Ok((Labels::Short(reader), name)),
        (_, name) => Err(Problem::Column { column: name.to_owned(), expected: "integers" }),
    }
}
