//! Random streams: their exact output, and that it is random.

use lrscope_runner::random::{Family, Purpose, Seed, Stream};
use proptest::prelude::*;
use serde_json::Value;

const FAMILIES: [(&str, Family); 4] = [
    ("range_test", Family::RangeTest),
    ("training", Family::Training),
    ("data_set", Family::DataSet),
    ("statistics", Family::Statistics),
];
const PURPOSES: [(&str, Purpose); 6] = [
    ("weights", Purpose::Weights),
    ("order", Purpose::Order),
    ("dropout", Purpose::Dropout),
    ("augmentation", Purpose::Augmentation),
    ("split", Purpose::Split),
    ("resampling", Purpose::Resampling),
];

fn named<T: Copy>(table: &[(&str, T)], name: &Value) -> T {
    table.iter().find(|(known, _)| name == known).unwrap().1
}

fn stream_of(key: &Value) -> Stream {
    let number = |place: usize| key[place].as_u64().unwrap();
    let seed = Seed { family: named(&FAMILIES, &key[0]), number: number(1) };
    Stream::new(seed, named(&PURPOSES, &key[2]), number(3), number(4))
}

fn stream(number: u64) -> Stream {
    Stream::new(Seed { family: Family::Statistics, number }, Purpose::Resampling, 0, 0)
}

/// `streams.py` writes `ChaCha8` and everything on top of it out once more, from their specifications.
#[test]
fn streams_yield_what_an_independent_implementation_yields() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("streams.json")).unwrap();
    assert!(cases.len() >= 7);
    for case in cases {
        let key = &case["key"];
        let list = |name: &str| case[name].as_array().unwrap().clone();
        let mut all = stream_of(key);
        for bits in list("bits") {
            assert_eq!(all.bits(), bits.as_u64().unwrap(), "{key}");
        }
        let mut all = stream_of(key);
        for uniform in list("uniform") {
            assert_eq!(all.uniform().to_bits(), uniform.as_f64().unwrap().to_bits(), "{key}");
        }
        let mut all = stream_of(key);
        for pair in list("below") {
            assert_eq!(all.below(pair[0].as_u64().unwrap()), pair[1].as_u64().unwrap(), "{key}: {pair}");
        }
        let mut all = stream_of(key);
        for normal in list("normal") {
            // The system's cosine and logarithm may differ in the last bit.
            assert!((all.normal() - normal.as_f64().unwrap()).abs() < 1e-14, "{key}: {normal}");
        }
        let mut items: Vec<u64> = (0..20).collect();
        stream_of(key).shuffle(&mut items);
        assert_eq!(serde_json::json!(items), case["shuffled"], "{key}");
    }
}

#[test]
fn every_part_of_a_key_makes_another_stream() {
    let mut first = std::collections::BTreeMap::new();
    for (_, family) in FAMILIES {
        for (_, purpose) in PURPOSES {
            for number in [0, 1, 2, 1 << 32, u64::MAX] {
                for (epoch, index) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (1, 2), (1 << 32, 0), (0, u64::MAX)] {
                    let bits = Stream::new(Seed { family, number }, purpose, epoch, index).bits();
                    let key = (family, number, purpose as u8, epoch, index);
                    assert_eq!(first.insert(bits, key), None, "{key:?} repeats another stream");
                }
            }
        }
    }
    assert_eq!(first.len(), 4 * 6 * 5 * 8);
}

/// Pearson's statistic of counts that should all be the same.
fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum()
}

/// Counts how often each of `bins` values comes.
fn counts(bins: usize, draws: usize, mut draw: impl FnMut() -> usize) -> Vec<u64> {
    let mut counts = vec![0; bins];
    for _ in 0..draws {
        counts[draw()] += 1;
    }
    counts
}

/// Each limit is exceeded by chance once in 10⁵ seeds (chi-square with one degree of freedom less than bins).
#[test]
fn whole_numbers_below_a_bound_are_all_as_likely() {
    let mut all = stream(1);
    assert!(chi_square(&counts(6, 60_000, || all.below(6) as usize)) < 30.86);
    assert!(chi_square(&counts(10, 100_000, || all.below(10) as usize)) < 39.34);
    // Where the bound is 3/4 of all 64-bit numbers, a remainder would make the lowest third twice as likely.
    let bound = 3_u64 << 62;
    assert!(chi_square(&counts(3, 30_000, || (all.below(bound) >> 62) as usize)) < 23.03);
    assert_eq!((all.below(1), all.below(0)), (0, 0));
}

#[test]
fn shuffles_are_all_as_likely() {
    let mut all = stream(2);
    let mut order = || {
        let mut items = [0, 1, 2, 3];
        all.shuffle(&mut items);
        items
    };
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..48_000 {
        *seen.entry(order()).or_insert(0_u64) += 1;
    }
    let counts: Vec<u64> = seen.into_values().collect();
    assert_eq!(counts.len(), 24);
    assert!(chi_square(&counts) < 63.2, "{}", chi_square(&counts));
}

/// Moments of the standard normal distribution within five standard errors, and the shares beyond three quantiles.
#[test]
fn normal_numbers_have_normal_moments() {
    let n = 200_000;
    let mut all = stream(3);
    let draws: Vec<f64> = (0..n).map(|_| all.normal()).collect();
    let count = f64::from(n);
    let moment = |power| draws.iter().map(|x: &f64| x.powi(power)).sum::<f64>() / count;
    // Moments 1 to 4 are 0, 1, 0, 3, with variances 1, 2, 15 and 96.
    for (power, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0_f64)] {
        let error = (moment(power) - expected).abs();
        assert!(error < 5.0 * (variance / count).sqrt(), "moment {power} is off by {error}");
    }
    for (quantile, share) in [(1.0, 0.317_310_5), (1.959_964, 0.05), (3.0, 0.002_699_8)] {
        let beyond = draws.iter().filter(|x| x.abs() > quantile).count() as f64 / count;
        let error: f64 = share * (1.0 - share) / count;
        assert!((beyond - share).abs() < 5.0 * error.sqrt(), "beyond {quantile}: {beyond}");
    }
}

#[test]
fn uniform_numbers_fill_the_interval() {
    let mut all = stream(4);
    let counts = counts(64, 128_000, || {
        let x = all.uniform();
        assert!((0.0..1.0).contains(&x));
        (x * 64.0) as usize
    });
    assert!(chi_square(&counts) < 121.0, "{}", chi_square(&counts));
}

proptest! {
    /// What one stream yields does not depend on what others are drawn from in between.
    #[test]
    fn streams_do_not_disturb_each_other(order in proptest::collection::vec(0..3_usize, 1..200), seed in any::<u64>()) {
        let fresh = || [0, 1, 2].map(|index| Stream::new(Seed { family: Family::Training, number: seed }, Purpose::Order, 0, index));
        let mut together = fresh();
        let drawn: Vec<(usize, u64)> = order.iter().map(|which| (*which, together[*which].bits())).collect();
        for (which, mut alone) in fresh().into_iter().enumerate() {
            for (_, bits) in drawn.iter().filter(|(from, _)| *from == which) {
                prop_assert_eq!(*bits, alone.bits());
            }
        }
    }

    #[test]
    fn a_shuffle_is_a_permutation(items in proptest::collection::vec(any::<u16>(), 0..200), seed in any::<u64>()) {
        let mut shuffled = items.clone();
        stream(seed).shuffle(&mut shuffled);
        let sorted = |mut items: Vec<u16>| { items.sort_unstable(); items };
        prop_assert_eq!(sorted(shuffled), sorted(items));
    }

    #[test]
    fn below_is_below(bound in 1_u64.., seed in any::<u64>()) {
        prop_assert!(stream(seed).below(bound) < bound);
    }
}
