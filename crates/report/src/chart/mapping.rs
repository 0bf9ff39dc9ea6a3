//! From values to positions.

use super::model::{Axis, Scale};

/// Positions further out than this are drawn no differently; keeping them finite keeps the clipping's arithmetic exact.
const FAR: f64 = 1e7;

/// Maps an axis' values to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mapping {
    scale: Scale,
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Mapping {
    /// `axis.low` lands on `start`, `axis.high` on `end`.
    pub(super) fn new(axis: &Axis, start: f64, end: f64) -> Self {
        Self { scale: axis.scale, low: axis.low, high: axis.high, start, end }
    }

    /// The position of `value`; NaN has none, and neither has a number below 0 on a logarithmic axis.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => self.decades(value) / self.decades(self.high),
        };
        let position = self.start + share * (self.end - self.start);
        (!position.is_nan()).then(|| position.clamp(-FAR, FAR))
    }

    /// The logarithm of how many times the lower end `value` is.
    fn decades(&self, value: f64) -> f64 {
        let times = value / self.low;
        // What is that far apart has no ratio among the floats.
        if times.is_infinite() && value.is_finite() { value.ln() - self.low.ln() } else { times.ln() }
    }

    /// Whether `value` lies between the axis' ends.
    pub(super) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}
