//! Run records in, Markdown, SVG and CSV out.
//!
//! Every `render_…` function is pure: the same input gives the same bytes, nothing here reads a clock or draws random
//! numbers, and only [`write_report`] touches the disk. Names come from configurations and are treated as hostile: they are
//! escaped for Markdown, SVG and CSV each in its own way.

pub mod chart;
mod comparison;
mod csv_file;
mod curves;
mod error;
mod fact;
mod files;
mod index;
mod markdown;
mod numbers;
mod range_test;
mod schedule_plot;
mod sections;
mod series_stats;
mod streamed;
mod study_facts;
mod training;

pub use comparison::{ComparisonReport, render_comparison};
pub use curves::{ArmCurves, CURVES, CurvesBuilder, CurvesTable, RateLine};
pub use error::RenderError;
pub use fact::{Fact, ReportFile};
pub use files::{NAMES, StreamedFile, WriteError, write_report};
pub use index::{IndexEntry, IndexLine, ReportKind, render_index};
pub use range_test::{RangeTestReport, render_range_test};
pub use schedule_plot::{ScheduleLine, render_schedule};
pub use study_facts::{StudyFacts, Unfinished};
pub use training::{TrainingReport, render_training};
