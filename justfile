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
    {{cli}} train --config configs/evidence/lenet-mnist.toml --results results/evidence --replace

# All tests. Tests on real data read HF_HOME and LRSCOPE_DATA_DIR.
test *flags:
    cargo test --release {{flags}}

# What CI runs beside the tests: format, lints, layers, docs, and whether the committed evidence is of today's numerics.
check:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings
    scripts/check-layers
    scripts/check-evidence
    RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --release --workspace --no-deps

# Benchmarks of every operation; close everything else first.
bench *flags:
    cargo bench --package lrscope-benches {{flags}}

# The checks, all tests, the policy on dependencies, a failing disk, and the benchmarks' code built (see CONTRIBUTING.md).
# Everything that is too long for every change.
ci-full: check test formulas deny io-errors
    cargo bench --package lrscope-benches --no-run

# The same training step in lrscope and PyTorch, in turn (needs uv, or PYTHON with torch==2.13.0 and numpy).
bench-pytorch *flags:
    ${PYTHON:-uv run} scripts/bench-pytorch {{flags}}

# Looks through a results folder, and checks every operation on a device.
doctor *flags:
    {{cli}} doctor {{flags}}

# So many random expressions of scale_fn against an evaluator of the test's own.
formulas count="100000":
    LRSCOPE_FORMULAS={{count}} cargo test --release --package lrscope-runner --test scale_fn random

# SIGKILL at so many random moments; whatever is killed must come to the bits of what was not.
crash-test kills="200":
    LRSCOPE_KILLS={{kills}} cargo test --release --test crash -- --nocapture

# Needs cargo-fuzz; the compiler's own flags for it need no other toolchain. What it finds on the way is kept in target/fuzz-corpus;
# fuzz/corpus holds the inputs to begin with.
# Every fuzz target for so many seconds.
fuzz seconds="30":
    #!/usr/bin/env bash
    set -euo pipefail
    export RUSTC_BOOTSTRAP=1
    for target in config schedule idx npz cifar parquet npm checkpoint record; do
        echo "== $target"
        mkdir -p target/fuzz-corpus/$target
        cargo fuzz run -s none $target target/fuzz-corpus/$target fuzz/corpus/$target -- \
            -max_total_time={{seconds}} -rss_limit_mb=1024 -timeout=10 -max_len=16384
    done

# Range tests and comparisons for so many seconds, with the parent's memory and handles sampled.
soak seconds="1800":
    cargo build --release
    scripts/soak {{seconds}}

# What a range test does on a disk that fails: at most so many moments of each system call (needs strace).
io-errors moments="6":
    cargo build --release
    scripts/io-errors {{moments}}

# Licences, sources and layering (needs cargo-deny). Advisories are not part of it: they need a database from the network.
deny:
    cargo deny check licenses bans sources

# Valgrind has no AVX-512, and is slow: fewer random shapes.
# The kernels' tests under Valgrind, on the portable and the AVX2 path.
memcheck:
    #!/usr/bin/env bash
    set -euo pipefail
    export PROPTEST_CASES=${PROPTEST_CASES:-8}
    tests=$({{just_executable()}} _kernel-tests --test pytorch --test shapes --test minimal_filtering --test updates)
    cd crates/kernels
    for test in $tests; do
        echo "== $test"
        valgrind --quiet --error-exitcode=1 "$test" --test-threads 1
    done

# RUSTC_BOOTSTRAP lets the stable compiler use the sanitizer that it comes with.
# The kernels' tests under AddressSanitizer, with checks of every index and sum, on every path that this processor has.
sanitize cases="100":
    #!/usr/bin/env bash
    set -euo pipefail
    export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions=on"
    export ASAN_OPTIONS=detect_leaks=0 PROPTEST_CASES={{cases}}
    host=$(rustc --version --verbose | sed -n 's/^host: //p')
    cargo test --release --target "$host" --target-dir target/sanitize --package lrscope-kernels --lib --tests

# Needs Bochs and the file of a Linux kernel, see scripts/emulated; takes more than an hour.
# The kernels' tests under AddressSanitizer on the AVX-512 path of an emulated processor.
sanitize-avx512 kernel cases="3":
    #!/usr/bin/env bash
    set -euo pipefail
    export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions=on"
    host=$(rustc --version --verbose | sed -n 's/^host: //p')
    tests=$({{just_executable()}} _kernel-tests --tests --target "$host" --target-dir target/sanitize)
    scripts/emulated --kernel {{kernel}} --env LRSCOPE_TEST_ISA=avx512 --env PROPTEST_CASES={{cases}} \
        --env ASAN_OPTIONS=detect_leaks=0 $tests

# Needs `rustup target add aarch64-unknown-linux-gnu`, qemu-user and gcc-aarch64-linux-gnu.
# The kernels' tests on an emulated Arm processor, the NEON path included.
neon cases="20":
    #!/usr/bin/env bash
    set -euo pipefail
    export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc PROPTEST_CASES={{cases}}
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    cargo test --release --target aarch64-unknown-linux-gnu --package lrscope-kernels --lib --tests

# Builds test programs of the kernels and prints where they are.
_kernel-tests *flags:
    @cargo test --release --no-run --message-format=json --package lrscope-kernels --lib {{flags}} \
        | python3 -c 'import json, sys; print("\n".join(m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")))'
