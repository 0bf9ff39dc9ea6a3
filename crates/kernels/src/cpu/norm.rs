//! Batch normalisation of \[n, c, h, w\], followed by relu where asked for.
//!
//! A group of channels is small enough to stay in a core's cache, and is done as a whole by one thread: read once for its sums
//! and once more, from the cache, for its result. Sums run in f64 over lanes whose number is the same on every path.

mod backward;
mod forward;
mod groups;

pub(crate) use backward::backward;
pub(crate) use forward::{Settings, forward};

use super::element::Element;

/// Running sums side by side; a constant, so that every path adds in the same order.
const LANES: usize = 16;

/// Numbers of one picture that are worked on together at least: channels of small pictures go in groups.
const TOGETHER: usize = 1024;

/// Pictures, channels and pixels of a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub n: usize,
    pub c: usize,
    pub plane: usize,
}

impl Sizes {
    /// Numbers that a channel's moments are taken over.
    pub fn count(self) -> usize {
        self.n * self.plane
    }

    fn numbers(self) -> usize {
        self.count() * self.c
    }

    /// Channels in a group.
    fn together(self) -> usize {
        TOGETHER.div_ceil(self.plane.max(1)).clamp(1, self.c.max(1))
    }

    /// Where the channels from `first` on begin in a picture's numbers.
    fn start(self, picture: usize, first: usize) -> usize {
        (picture * self.c + first) * self.plane
    }
}

/// Mean and biased variance of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Moments {
    pub mean: f64,
    pub var: f64,
}

/// A channel's y = (x − centre) · slope + offset. The centre is a mean rounded to `T`; the offset makes up for the rounding.
#[derive(Debug, Clone, Copy, Default)]
struct Line<T> {
    centre: T,
    slope: T,
    offset: T,
}

impl<T: Element> Line<T> {
    fn new(moments: Moments, eps: f64, weight: T, bias: T) -> Self {
        let centre = T::narrow(moments.mean);
        let slope = weight.wide() / (moments.var + eps).sqrt();
        let offset = bias.wide() + (centre.wide() - moments.mean) * slope;
        Self { centre, slope: T::narrow(slope), offset: T::narrow(offset) }
    }

    #[inline(always)]
    fn at(self, x: T) -> T {
        (x - self.centre) * self.slope + self.offset
    }
}

/// What relu cuts off: everything up to the floor becomes 0. Nothing is up to NaN.
fn floor<T: Element>(relu: bool) -> T {
    T::narrow(if relu { 0.0 } else { f64::NAN })
}

/// Two running sums of a channel.
#[derive(Clone, Copy)]
struct Sums {
    first: [f64; LANES],
    second: [f64; LANES],
}

impl Sums {
    const ZERO: Self = Self { first: [0.0; LANES], second: [0.0; LANES] };

    /// The totals, halving the number of lanes again and again.
    fn totals(&self) -> (f64, f64) {
        let total = |mut lanes: [f64; LANES]| {
            let mut half = LANES / 2;
            while half > 0 {
                for lane in 0..half {
                    lanes[lane] += lanes[lane + half];
                }
                half /= 2;
            }
            lanes[0]
        };
        (total(self.first), total(self.second))
    }
}
