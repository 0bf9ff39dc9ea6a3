//! Reduce on plateau, as a pure function of the evaluations so far.

use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind};
use crate::error::{Problem, ScheduleError};
use crate::metric::{Evaluated, Measurement, Metric};
use crate::rate::{PerGroup, Rate};
use crate::rates::Point;
use crate::resolve::{Range, Resolver};
use crate::whole;

/// `torch.optim.lr_scheduler.ReduceLROnPlateau` as a pure function of the evaluations so far.
///
/// Each evaluation is better than the best so far or bad. After more than `patience` bad ones in a row the rate becomes
/// max(lr · `factor`, `min_lr`), unless that changes it by `eps` or less, and for `cooldown` evaluations none counts as bad.
/// Not-a-number counts as bad. What is evaluated is the `metric`: before its first value the rate stays, as in PyTorch.
///
/// An evaluation after u updates counts from update u on, and only if it was made during this schedule, that is after at
/// least one of its updates: inside a sequence, earlier stages' evaluations are not seen.
///
/// | before any evaluation | in the end | |
/// |---|---|---|
/// | `lr` | `min_lr` at the lowest | never rises |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReduceOnPlateau {
    /// The first rate.
    pub lr: PerGroup<Rate>,
    /// What it follows. Absent for `validation_accuracy` where `mode` is `max`, else for the loss of the examples that the run
    /// is evaluated on: `validation_loss`, or `train_loss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// Which way is better; absent for the metric's own way, and no other is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<PlateauMode>,
    /// Factor of each reduction, in (0, 1).
    #[serde(default = "tenth")]
    pub factor: f64,
    /// Bad evaluations in a row that are let pass.
    #[serde(default = "ten", deserialize_with = "whole::number")]
    pub patience: u64,
    /// How much better than the best an evaluation must be, at least 0.
    #[serde(default = "threshold")]
    pub threshold: f64,
    /// What the threshold is measured in.
    #[serde(default)]
    pub threshold_mode: ThresholdMode,
    /// Evaluations after a reduction during which none counts as bad.
    #[serde(default, deserialize_with = "whole::number")]
    pub cooldown: u64,
    /// The lowest rate, not above `lr`.
    #[serde(default = "zero")]
    pub min_lr: PerGroup<Rate>,
    /// Smallest change of the rate that is made, at least 0.
    #[serde(default = "eps")]
    pub eps: f64,
}

/// Which way an evaluation is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateauMode {
    /// Smaller is better, as for a loss.
    Min,
    /// Larger is better, as for an accuracy.
    Max,
}

impl PlateauMode {
    /// The name, as a configuration file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// What a plateau's threshold is measured in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdMode {
    /// Share of the best so far.
    #[default]
    Rel,
    /// The metric's own unit: nats, or shares (0.01 for a point of accuracy).
    Abs,
}

fn tenth() -> f64 {
    0.1
}

fn ten() -> u64 {
    10
}

fn threshold() -> f64 {
    1e-4
}

fn zero() -> PerGroup<Rate> {
    0.0.into()
}

fn eps() -> f64 {
    1e-8
}

impl ReduceOnPlateau {
    /// What is followed where the run is evaluated on these examples.
    fn followed(&self, evaluated: Option<Evaluated>) -> Metric {
        self.metric.unwrap_or(match (self.mode, evaluated) {
            (Some(PlateauMode::Max), _) => Metric::ValidationAccuracy,
            (_, Some(Evaluated::Train)) => Metric::TrainLoss,
            _ => Metric::ValidationLoss,
        })
    }

    /// The metric, checked against the mode and against what the run measures.
    fn resolve_metric(&self, to: &Resolver<'_>) -> Result<Metric, ScheduleError> {
        let metric = self.followed(to.evaluated());
        if let Some(mode) = self.mode.filter(|mode| *mode != metric.mode()) {
            let (right, better) = match metric.mode() {
                PlateauMode::Min => ("min", "smaller"),
                PlateauMode::Max => ("max", "larger"),
            };
            return Err(to.fault("mode", Problem::Mode { mode: mode.name(), metric, better, right }));
        }
        match to.evaluated() {
            Some(evaluated) if evaluated != metric.examples() => {
                let field = if self.metric.is_some() { "metric" } else { "mode" };
                Err(to.fault(field, Problem::NotMeasured { metric, evaluated }))
            }
            _ => Ok(metric),
        }
    }

    /// Whether an evaluation is better than the best before it.
    fn better(&self, mode: PlateauMode, value: f64, best: f64) -> bool {
        match (mode, self.threshold_mode) {
            (PlateauMode::Min, ThresholdMode::Rel) => value < best * (1.0 - self.threshold),
            (PlateauMode::Min, ThresholdMode::Abs) => value < best - self.threshold,
            (PlateauMode::Max, ThresholdMode::Rel) => value > best * (1.0 + self.threshold),
            (PlateauMode::Max, ThresholdMode::Abs) => value > best + self.threshold,
        }
    }

    /// How often the rate has been reduced after these evaluations.
    fn reductions(&self, mode: PlateauMode, history: impl Iterator<Item = f64>) -> u64 {
        let mut best = match mode {
            PlateauMode::Min => f64::INFINITY,
            PlateauMode::Max => f64::NEG_INFINITY,
        };
        let (mut reductions, mut bad, mut cooling) = (0, 0_u64, 0_u64);
        for value in history {
            if self.better(mode, value, best) {
                best = value;
                bad = 0;
            } else {
                bad += 1;
            }
            if cooling > 0 {
                cooling -= 1;
                bad = 0;
            }
            if bad > self.patience {
                reductions += 1;
                cooling = self.cooldown;
                bad = 0;
            }
        }
        reductions
    }

    /// The rate after so many reductions.
    fn reduced(&self, lr: f64, min_lr: f64, reductions: u64) -> f64 {
        let mut lr = lr;
        for _ in 0..reductions {
            let lower = (lr * self.factor).max(min_lr);
            if lr - lower <= self.eps {
                // Nothing changes any more: the next reduction would be this one again.
                break;
            }
            lr = lower;
        }
        lr
    }
}

impl Kind for ReduceOnPlateau {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let (lr, min_lr) = (to.rates("lr", &self.lr)?, to.rates("min_lr", &self.min_lr)?);
        to.ordered(("min_lr", &min_lr), ("lr", &lr))?;
        let metric = self.resolve_metric(to)?;
        let mode = metric.mode();
        let relative_min = (mode, self.threshold_mode) == (PlateauMode::Min, ThresholdMode::Rel);
        // From 1 on no positive loss would ever count as better.
        let threshold = if relative_min { Range::BELOW_ONE } else { Range::NOT_NEGATIVE };
        Ok(Self {
            lr,
            metric: Some(metric),
            mode: Some(mode),
            factor: to.number("factor", self.factor, Range::OPEN_UNIT)?,
            threshold: to.number("threshold", self.threshold, threshold)?,
            min_lr,
            eps: to.number("eps", self.eps, Range::NOT_NEGATIVE)?,
            ..self.clone()
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.lr, &self.min_lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let (lr, min_lr) = (on.values("lr", &self.lr)?, on.values("min_lr", &self.min_lr)?);
        let metric = self.followed(None);
        let (rule, place) = (self.clone(), format!("{}.metric", on.place));
        let value = move |at: &Measurement| {
            let updates = at.updates;
            let missing = || ScheduleError { place: place.clone(), problem: Problem::NoAccuracy { updates } };
            at.value(metric).ok_or_else(missing)
        };
        Ok(Curve::of_moment(move |moment, group| {
            let seen = moment.start + 1..=moment.step;
            let history = moment.history.iter().filter(|at| seen.contains(&at.updates));
            let values: Vec<f64> = history.map(&value).collect::<Result<_, _>>()?;
            let reductions = rule.reductions(metric.mode(), values.into_iter());
            let lr = rule.reduced(lr[group], min_lr[group], reductions);
            Ok(Point { lr, momentum: None })
        }))
    }
}
