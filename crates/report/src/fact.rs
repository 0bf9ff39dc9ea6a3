//! The small pieces that every report is made of.

use serde::{Deserialize, Serialize};

use crate::chart::{Chart, ChartError, draw};
use crate::error::RenderError;

/// One line of a recipe: a name and its value, both as a reader should see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is, for example `"batch size"`.
    pub name: String,
    /// Its value with its unit, for example `"128 examples"`.
    pub value: String,
}

impl Fact {
    /// A fact from its name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// A rendered file of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Name within the report's folder; no folders in it.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl ReportFile {
    pub(crate) fn text(name: &str, content: String) -> Self {
        Self { name: name.into(), bytes: content.into_bytes() }
    }

    pub(crate) fn svg(name: &str, chart: &Chart) -> Result<Self, ChartError> {
        Ok(Self::text(name, draw(chart)?))
    }

    pub(crate) fn json(name: &str, value: &impl Serialize) -> Result<Self, RenderError> {
        let mut text =
            serde_json::to_string_pretty(value).map_err(|source| RenderError::Json { file: name.into(), source })?;
        text.push('\n');
        Ok(Self::text(name, text))
    }
}

/// A report's pictures. One that cannot be drawn costs no other file: the page says why it is missing.
pub(crate) struct Pictures {
    /// Those that are drawn.
    pub(crate) files: Vec<ReportFile>,
    /// A sentence about each of the others.
    pub(crate) missing: Vec<String>,
}

impl Pictures {
    /// Draws the charts that there are values for.
    pub(crate) fn draw<'a>(charts: impl IntoIterator<Item = (&'a str, Option<Chart>)>) -> Self {
        let mut pictures = Self { files: Vec::new(), missing: Vec::new() };
        for (name, chart) in charts {
            match chart.map(|chart| ReportFile::svg(name, &chart)) {
                Some(Ok(file)) => pictures.files.push(file),
                Some(Err(error)) => pictures.missing.push(format!("{name} cannot be drawn: {error}")),
                None => {}
            }
        }
        pictures
    }
}
