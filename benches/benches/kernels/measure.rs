//! Timing one piece of work, and its share of the machine's peak.

use std::time::{Duration, Instant};

use candle_core::Result;
use criterion::{Criterion, SamplingMode, Throughput};

use crate::peak;

/// Samples of a time; its share of the peak is that of their median.
pub const SAMPLES: usize = 20;

/// What an operation has to do at least.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// So many multiplications, each with an addition.
    Multiplications(usize),
    /// So many f32 numbers read or written.
    Numbers(usize),
}

impl Work {
    fn throughput(self) -> Throughput {
        match self {
            Self::Multiplications(count) => Throughput::Elements(2 * count as u64),
            Self::Numbers(count) => Throughput::Bytes(4 * count as u64),
        }
    }

    fn share(self, seconds: f64) -> String {
        let (amount, peak, unit) = match self {
            Self::Multiplications(count) => (2.0 * count as f64, peak::operations(), "GFLOP/s"),
            Self::Numbers(count) => (4.0 * count as f64, peak::bytes(), "GB/s"),
        };
        let rate = amount / seconds;
        format!("{:.1} {unit}, {:.0} % of {:.0}", 1e-9 * rate, 100.0 * rate / peak, 1e-9 * peak)
    }
}

/// Times what `prepare` makes, which is made only if the benchmark is asked for.
pub fn bench<W: FnMut() -> Result<()>>(
    criterion: &mut Criterion,
    (operation, name): (&str, &str),
    work: Work,
    prepare: impl Fn() -> Result<W>,
) {
    let mut group = criterion.benchmark_group(operation);
    group.throughput(work.throughput()).sampling_mode(SamplingMode::Flat);
    let (mut prepared, mut times) = (None, Vec::new());
    group.bench_function(name, |bencher| {
        let prepared = prepared.get_or_insert_with(|| prepare().expect("the shapes fit"));
        bencher.iter_custom(|count| {
            let time = timed(count, prepared);
            times.push(time.as_secs_f64() / count as f64);
            time
        });
    });
    group.finish();
    // What came first was warming up.
    let samples = &mut times.split_off(times.len().saturating_sub(SAMPLES))[..];
    samples.sort_by(f64::total_cmp);
    if let Some(median) = samples.get(samples.len() / 2) {
        println!("{operation} | {name} | {:.3} ms | {}\n", 1e3 * median, work.share(*median));
    }
}

fn timed(count: u64, work: &mut impl FnMut() -> Result<()>) -> Duration {
    let began = Instant::now();
    for _ in 0..count {
        work().expect("the shapes fit");
    }
    began.elapsed()
}
