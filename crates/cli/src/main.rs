//! The lrscope command.
fn main() {}
