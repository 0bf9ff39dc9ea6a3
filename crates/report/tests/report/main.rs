//! Tests of whole reports and pictures, read back by parsers that had no part in writing them.

mod charts;
mod comparison;
mod page;
mod range_test;
mod svg;
mod synthetic;
