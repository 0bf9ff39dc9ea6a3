//! Run records in, Markdown, SVG and CSV out.
