//! What this machine can do at most, on all threads at once.

use std::hint::black_box;
use std::time::Instant;

/// Of this many tries the best counts: a peak is what other work on the machine does not take from.
const TRIES: usize = 3;

/// Multiplications and additions a second of the innermost loop, on operands that stay in the first-level cache: twelve and more
/// independent sums of fused multiply-adds, as many as a core's units can work on.
pub fn operations() -> f64 {
    best(|| {
        let began = Instant::now();
        2.0 * lrscope_kernels::inner_product(2000) as f64 / began.elapsed().as_secs_f64()
    })
}

/// Bytes a second, read and written, of copying more than any cache holds.
pub fn bytes() -> f64 {
    const NUMBERS: usize = 16 << 20;
    best(|| {
        let (from, mut to) = (vec![1.0_f32; NUMBERS], vec![2.0_f32; NUMBERS]);
        let began = Instant::now();
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
        2.0 * size_of_val(&from[..]) as f64 / began.elapsed().as_secs_f64()
    })
}

fn best(rate: impl Fn() -> f64 + Sync) -> f64 {
    let all_threads = || rayon::broadcast(|_| rate()).into_iter().sum::<f64>();
    (0..TRIES).map(|_| all_threads()).fold(0.0, f64::max)
}
