# Recipes of lrscope. `just` without a name lists them.

cli := "cargo run --quiet --release --"

_default:
    @just --list

# Sweep the learning rate on a data set and pick base_lr and max_lr.
range-test dataset="digits" *flags:
    {{cli}} range-test {{dataset}} {{flags}}

# Train the cyclical schedule against the plain ones.
compare dataset="digits" *flags:
    {{cli}} compare {{dataset}} {{flags}}

# Write all reports again from the records.
report *names:
    {{cli}} report {{names}}

# The long runs whose records are committed under results/evidence; what is done already is not done again.
evidence:
    {{cli}} train --config configs/evidence/lenet-mnist.toml --results results/evidence

# All tests. Tests on real data read HF_HOME and LRSCOPE_DATA_DIR.
test *flags:
    cargo test --release {{flags}}

# What CI runs beside the tests: format, lints, layers, docs.
check:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    scripts/check-layers
    RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --release --workspace --no-deps

# Benchmarks of every operation; close everything else first.
bench *flags:
    cargo bench --package lrscope-benches {{flags}}

# Everything that is too long for every change: the checks, all tests, and the benchmarks' code built.
ci-full: check test
    cargo bench --package lrscope-benches --no-run

# The same training step in lrscope and PyTorch, in turn (needs uv, or PYTHON with torch==2.13.0 and numpy).
bench-pytorch *flags:
    ${PYTHON:-uv run} scripts/bench-pytorch {{flags}}
