//! Tables as CSV: floats in the shortest form that reads back to the same bits, absent values as empty fields.

use std::io::Write;

use serde::Serialize;

use crate::error::RenderError;
use crate::fact::ReportFile;

/// A CSV file with a header row; each row serializes to as many fields as `header` has.
pub(crate) fn csv_file<R: Serialize>(
    name: &str,
    header: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> Result<ReportFile, RenderError> {
    let failed = |source| failed(name, source);
    let mut writer = writer(Vec::new());
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(csv::Error::from(error.into_error())))?;
    Ok(ReportFile { name: name.into(), bytes })
}

/// Writes rows whose header has been written, or is going to be.
pub(crate) fn writer<W: Write>(to: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().has_headers(false).from_writer(to)
}

pub(crate) fn failed(name: &str, source: csv::Error) -> RenderError {
    RenderError::Csv { file: name.into(), source }
}
