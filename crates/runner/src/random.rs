//! Counter-based random streams: what a stream yields depends on its key alone, never on what was drawn before.
//!
//! A key is (family, seed, purpose, epoch, index), laid out in the 32 bytes of a `ChaCha8` key. Two different keys give
//! independent streams, so range tests and comparisons can never share one: their family differs. `rand_chacha` promises that
//! its output stays the same over versions; everything built on top (uniform, normal, shuffle) is written out here for the
//! same reason, with `libm` for the functions whose last bit differs between systems.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// What kind of run a seed belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Range tests.
    RangeTest,
    /// Training runs, alone or as a seed of a comparison's arm.
    Training,
    /// Constants of a data set (its validation split): the same for every run.
    DataSet,
    /// Resampling in statistics.
    Statistics,
}

/// The seed of a run: a number within a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// The kind of run.
    pub family: Family,
    /// The number the user sees: 0, 1, 2, …
    pub number: u64,
}

/// What random numbers are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Initial weights; index = the parameter's place.
    Weights,
    /// Order of the training examples; epoch = the epoch.
    Order,
    /// Dropout masks; index = the layer.
    Dropout,
    /// Augmentation; index = the example.
    Augmentation,
    /// Split into training and validation examples.
    Split,
    /// Bootstrap and permutation draws.
    Resampling,
}

/// An endless stream of random numbers that its key determines.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a key.
    pub fn new(seed: Seed, purpose: Purpose, epoch: u64, index: u64) -> Self {
        let family = match seed.family {
            Family::RangeTest => 1_u64,
            Family::Training => 2,
            Family::DataSet => 3,
            Family::Statistics => 4,
        };
        let purpose = match purpose {
            Purpose::Weights => 1_u64,
            Purpose::Order => 2,
            Purpose::Dropout => 3,
            Purpose::Augmentation => 4,
            Purpose::Split => 5,
            Purpose::Resampling => 6,
        };
        let mut key = [0_u8; 32];
        let words = [family << 32 | purpose, seed.number, epoch, index];
        for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform number in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A uniform whole number below `bound`, without bias (Lemire, arXiv 1805.10941).
    ///
    /// `bound` must not be 0; 0 is answered with 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let threshold = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// A standard normal number (Box and Muller's cosine branch; two uniforms a draw, so that draws never pair up).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
