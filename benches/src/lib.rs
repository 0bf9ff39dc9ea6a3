//! Holds the benchmarks; has no code of its own.
