//! One benchmark an operation, forward and back, at the shapes of the models that are trained here.
//!
//! Operations that multiply count their multiplications and additions (read `elem/s` as FLOP/s; a convolution's are those of the plain
//! sum, which minimal filtering can beat), the others the bytes that have to be read and written once. Beside every time stands its
//! share of the machine's peak, measured in the same moment: see [`peak`]. Threads by `RAYON_NUM_THREADS`, the path by the processor.
#![allow(missing_docs, reason = "criterion's macros write functions without documentation")]
#![allow(clippy::print_stdout, reason = "what it measures is what it is for")]

mod cases;
mod dense;
mod measure;
mod norms;
mod peak;
mod pointwise;
mod updates;
mod windows;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

/// As the program: large blocks stay between steps.
#[global_allocator]
static ALLOCATOR: lrscope_kernels::Recycling<std::alloc::System> = lrscope_kernels::Recycling::new(std::alloc::System);

fn operations(criterion: &mut Criterion) {
    for cases in [windows::convolutions(), windows::pools(), dense::products(), dense::losses()] {
        for case in cases {
            case.bench(criterion);
        }
    }
    for cases in [norms::batch(), norms::local_response(), pointwise::all()] {
        for case in cases {
            case.bench(criterion);
        }
    }
    updates::all(criterion);
    dense::twin(criterion);
}

fn configuration() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(measure::SAMPLES)
}

criterion_group! { name = kernels; config = configuration(); targets = operations }
criterion_main!(kernels);
