//! Tests of whole reports and pictures, read back by parsers that had no part in writing them.

mod alike;
mod analysed;
mod charts;
mod comparison;
mod edge;
mod evaluations;
mod extremes;
mod markdown;
mod page;
mod range_test;
mod schedule_plot;
mod svg;
mod synthetic;
