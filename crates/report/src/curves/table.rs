//! Every update of every run as CSV, written as the records are read.

use std::io::Write;

use crate::csv_file::{failed, writer};
use crate::error::RenderError;

/// Name of the table's file.
pub const CURVES: &str = "curves.csv";

/// The table under construction.
pub struct CurvesTable<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CurvesTable<W> {
    /// Begins the table with its header.
    ///
    /// # Errors
    /// Where `to` cannot be written to.
    pub fn new(to: W) -> Result<Self, RenderError> {
        let mut writer = writer(to);
        writer.write_record(["arm", "seed", "step", "lr", "loss"]).map_err(|source| failed(CURVES, source))?;
        Ok(Self { writer })
    }

    /// Adds an update: its learning rate and the loss before it.
    ///
    /// # Errors
    /// Where the row cannot be written.
    pub fn update(&mut self, arm: &str, seed: u64, step: u64, lr: f64, loss: f64) -> Result<(), RenderError> {
        self.writer.serialize((arm, seed, step, lr, loss)).map_err(|source| failed(CURVES, source))
    }

    /// What the table was written to.
    ///
    /// # Errors
    /// Where the last rows cannot be written.
    pub fn finish(self) -> Result<W, RenderError> {
        self.writer.into_inner().map_err(|error| failed(CURVES, csv::Error::from(error.into_error())))
    }
}
