//! Turning what a configuration says into checked numbers.

use crate::error::{Problem, ScheduleError};
use crate::length::{Interval, Length, is_length};
use crate::metric::Evaluated;
use crate::rate::{PerGroup, Pick, PickRef, Rate};

/// What a schedule's lengths and references are resolved against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    /// Optimizer updates in one pass over the training examples.
    pub steps_per_epoch: u64,
    /// The bounds that a range test picked, where there is one.
    pub pick: Option<Pick>,
    /// Whether every parameter group has a momentum (SGD, even where it is 0) or beta1 (Adam, `AdamW`) that can be cycled.
    pub momentum: bool,
    /// What the run is evaluated on while it trains; absent where that is not known, and then any metric can be followed.
    pub evaluated: Option<Evaluated>,
}

/// A range that a setting must lie in.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    name: &'static str,
    holds: fn(f64) -> bool,
}

impl Range {
    /// A decay: it may stay, but neither grow nor vanish at once.
    pub(crate) const DECAY: Self = Self { name: "(0, 1]", holds: |x| x > 0.0 && x <= 1.0 };
    /// Strictly between 0 and 1.
    pub(crate) const OPEN_UNIT: Self = Self { name: "(0, 1)", holds: |x| x > 0.0 && x < 1.0 };
    /// A share.
    pub(crate) const UNIT: Self = Self { name: "[0, 1]", holds: |x| (0.0..=1.0).contains(&x) };
    /// A momentum, a beta1, a relative threshold.
    pub(crate) const BELOW_ONE: Self = Self { name: "[0, 1)", holds: |x| (0.0..1.0).contains(&x) };
    /// Finite and not negative.
    pub(crate) const NOT_NEGATIVE: Self = Self { name: "[0, ∞)", holds: |x| x >= 0.0 && x.is_finite() };
    /// Finite and above 0.
    pub(crate) const POSITIVE: Self = Self { name: "(0, ∞)", holds: |x| x > 0.0 && x.is_finite() };
    /// Finite and at least 1.
    pub(crate) const FROM_ONE: Self = Self { name: "[1, ∞)", holds: |x| x >= 1.0 && x.is_finite() };

    /// The value, if it lies in the range. Negative zero becomes zero: both are the same specification.
    pub(crate) fn check(self, value: f64) -> Result<f64, Problem> {
        if (self.holds)(value) {
            Ok(value + 0.0)
        } else {
            let range = self.name;
            Err(Problem::Range { value, range })
        }
    }
}

/// Resolves the settings of one schedule.
pub(crate) struct Resolver<'a> {
    context: &'a Context,
    /// What a schedule counts that does not say.
    interval: Interval,
    /// Path of the schedule, for errors.
    place: String,
}

impl<'a> Resolver<'a> {
    /// For the outermost schedule.
    pub(crate) fn new(context: &'a Context, kind: &str) -> Self {
        Self { context, interval: Interval::Update, place: kind.to_owned() }
    }

    /// For a schedule inside this one.
    pub(crate) fn inside(&self, interval: Interval, stage: usize, kind: &str) -> Self {
        Self { context: self.context, interval, place: format!("{}.stages[{stage}].schedule.{kind}", self.place) }
    }

    pub(crate) fn fault(&self, field: &str, problem: Problem) -> ScheduleError {
        let place = format!("{}.{field}", self.place);
        ScheduleError { place, problem }
    }

    /// What the schedule counts.
    pub(crate) fn interval(&self, own: Option<Interval>) -> Result<Interval, ScheduleError> {
        let interval = own.unwrap_or(self.interval);
        if interval == Interval::Epoch && self.context.steps_per_epoch == 0 {
            return Err(self.fault("interval", Problem::EmptyEpoch));
        }
        Ok(interval)
    }

    /// Updates in one count of an interval.
    pub(crate) fn updates_per(&self, interval: Interval) -> u64 {
        interval.updates(self.context.steps_per_epoch)
    }

    /// Updates in an epoch.
    pub(crate) fn steps_per_epoch(&self) -> u64 {
        self.context.steps_per_epoch
    }

    /// What the run is evaluated on while it trains, where that is known.
    pub(crate) fn evaluated(&self) -> Option<Evaluated> {
        self.context.evaluated
    }

    /// A number in a range.
    pub(crate) fn number(&self, field: &str, value: f64, range: Range) -> Result<f64, ScheduleError> {
        range.check(value).map_err(|problem| self.fault(field, problem))
    }

    /// Rates as finite numbers that are not negative.
    pub(crate) fn rates(&self, field: &str, rates: &PerGroup<Rate>) -> Result<PerGroup<Rate>, ScheduleError> {
        rates.try_map(|rate| {
            let value = self.rate(field, *rate)?;
            if value.is_finite() && value >= 0.0 {
                Ok(Rate::Value(value + 0.0))
            } else {
                Err(self.fault(field, Problem::Rate { value }))
            }
        })
    }

    fn rate(&self, field: &str, rate: Rate) -> Result<f64, ScheduleError> {
        let reference = match rate {
            Rate::Value(value) => return Ok(value),
            Rate::Pick(reference) => reference,
        };
        let of = match (reference, field) {
            (PickRef::Own, "base_lr") => PickRef::BaseLr,
            (PickRef::Own, "max_lr") => PickRef::MaxLr,
            (PickRef::Own, _) => return Err(self.fault(field, Problem::OwnBound)),
            (named, _) => named,
        };
        let Some(Pick { base_lr, max_lr }) = self.context.pick else {
            let reference = reference.as_str();
            return Err(self.fault(field, Problem::NoPick { reference }));
        };
        Ok(match of {
            PickRef::BaseLr => base_lr,
            PickRef::MeanLr => f64::midpoint(base_lr, max_lr),
            PickRef::Own | PickRef::MaxLr => max_lr,
        })
    }

    /// Momentums in [0, 1).
    pub(crate) fn momentums(&self, field: &str, values: &PerGroup<f64>) -> Result<PerGroup<f64>, ScheduleError> {
        values.try_map(|value| self.number(field, *value, Range::BELOW_ONE))
    }

    /// Whether momentum is cycled.
    pub(crate) fn cycle_momentum(&self, asked: Option<bool>) -> Result<bool, ScheduleError> {
        match asked {
            Some(true) if !self.context.momentum => Err(self.fault("cycle_momentum", Problem::NoMomentum)),
            Some(answer) => Ok(answer),
            None => Ok(self.context.momentum),
        }
    }

    /// That no value of `low` is above its counterpart of `high`; both are resolved.
    pub(crate) fn ordered<T: Copy + Into<Rate>>(
        &self,
        (field, low): (&str, &PerGroup<T>),
        (upper, high): (&'static str, &PerGroup<T>),
    ) -> Result<(), ScheduleError> {
        for (low, high) in low.pairs(high) {
            if let (Rate::Value(low), Rate::Value(high)) = (low.into(), high.into())
                && low > high
            {
                return Err(self.fault(field, Problem::Above { low, upper, high }));
            }
        }
        Ok(())
    }

    /// A length in counts of an interval, fractions and all.
    pub(crate) fn fractional(&self, field: &str, length: Length, interval: Interval) -> Result<Length, ScheduleError> {
        let count = match (length, interval) {
            (Length::Epochs(_), Interval::Update) if self.context.steps_per_epoch == 0 => {
                return Err(self.fault(field, Problem::EmptyEpoch));
            }
            (Length::Epochs(epochs), Interval::Update) => epochs.updates(self.context.steps_per_epoch),
            _ => length.count(),
        };
        if is_length(count) {
            Ok(Length::Count(count))
        } else {
            Err(self.fault(field, Problem::Length { value: count }))
        }
    }

    /// A length in whole counts of an interval. Epochs are rounded as [`Epochs::whole_updates`](crate::Epochs::whole_updates)
    /// has it; steps must be whole as they are.
    pub(crate) fn whole(&self, field: &str, length: Length, interval: Interval) -> Result<Length, ScheduleError> {
        let value = self.fractional(field, length, interval)?.count();
        let steps_per_epoch = self.context.steps_per_epoch;
        match (length, interval) {
            (Length::Epochs(epochs), Interval::Update) => match epochs.whole_updates(steps_per_epoch) {
                0 => Err(self.fault(field, Problem::ShortEpochs { epochs, steps_per_epoch })),
                updates => Ok(Length::from(updates)),
            },
            _ if value.fract() == 0.0 => Ok(Length::Count(value)),
            _ => Err(self.fault(field, Problem::Fraction { value })),
        }
    }
}
