//! Why a report cannot be rendered.

use crate::chart::ChartError;

/// Why a report cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A chart cannot be drawn.
    #[error("cannot draw {file}: {source}")]
    Chart {
        /// The file it was for.
        file: String,
        /// The cause.
        source: ChartError,
    },
    /// A table cannot be written as CSV.
    #[error("cannot write {file} as CSV: {source}")]
    Csv {
        /// The file it was for.
        file: String,
        /// The cause.
        source: csv::Error,
    },
    /// A value cannot be written as JSON.
    #[error("cannot write {file} as JSON: {source}")]
    Json {
        /// The file it was for.
        file: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// There is nothing to report on.
    #[error("there is nothing to report on: {0}")]
    Empty(String),
}
