//! Cyclical learning rates: `CyclicLR` with every parameter of PyTorch's, and the paper's own `exp_range`.

use libm::pow;
use serde::{Deserialize, Serialize};

use crate::curve::{Builder, Curve, Kind};
use crate::error::{Problem, ScheduleError};
use crate::length::{Interval, Length};
use crate::rate::{PerGroup, Rate};
use crate::rates::Point;
use crate::resolve::{Range, Resolver};
use crate::scale_fn::ScaleFn;
use crate::turns;

/// `torch.optim.lr_scheduler.CyclicLR` (arXiv 1506.01186).
///
/// With u = `step_size_up`, d = `step_size_down`, r = u / (u + d):
/// cycle = ⌊1 + t / (u + d)⌋, x = 1 + t / (u + d) − cycle, f = x / r where x ≤ r and (x − 1) / (r − 1) elsewhere;
/// **lr = `base_lr` + (`max_lr` − `base_lr`) · f · s**, **momentum = `max_momentum` − (`max_momentum` − `base_momentum`) · f · s**,
/// with the scale s that [`CyclicMode`] or `scale_fn` gives.
///
/// | step 0 | step u | step u + d | after it |
/// |---|---|---|---|
/// | `base_lr` | `max_lr` · (scaled) | `base_lr` | the next cycle, for ever |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cyclic {
    /// The lower bound.
    pub base_lr: PerGroup<Rate>,
    /// The upper bound, not below `base_lr`.
    pub max_lr: PerGroup<Rate>,
    /// Steps of the rise; fractions of a step are allowed.
    #[serde(default = "two_thousand")]
    pub step_size_up: Length,
    /// Steps of the fall; absent for as many as the rise has.
    #[serde(default)]
    pub step_size_down: Option<Length>,
    /// How the amplitude changes over time; not used where there is a `scale_fn`.
    #[serde(default)]
    pub mode: CyclicMode,
    /// Base of the exponential modes, in (0, 1]; not used by the others.
    #[serde(default = "one")]
    pub gamma: f64,
    /// An expression of `x` that scales the amplitude, in place of `mode`; see `docs/scale-fn.md` for how it is written.
    #[serde(default)]
    pub scale_fn: Option<String>,
    /// What `x` is in `scale_fn`; not used without one.
    #[serde(default)]
    pub scale_mode: ScaleMode,
    /// Whether momentum is cycled the other way; absent for yes where the optimizer has one.
    #[serde(default)]
    pub cycle_momentum: Option<bool>,
    /// Momentum at the peak of a cycle, in [0, 1).
    #[serde(default = "default_base_momentum")]
    pub base_momentum: PerGroup<f64>,
    /// Momentum at the foot of a cycle, in [0, 1) and not below `base_momentum`.
    #[serde(default = "default_max_momentum")]
    pub max_momentum: PerGroup<f64>,
    /// What is counted; absent for the enclosing schedule's interval, or updates.
    #[serde(default)]
    pub interval: Option<Interval>,
}

/// How a cyclic schedule's amplitude changes over time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CyclicMode {
    /// It stays: s = 1.
    #[default]
    Triangular,
    /// It halves with every cycle: s = 1 / 2^(cycle − 1).
    Triangular2,
    /// It decays with every step, and `base_lr` stays, as in PyTorch: s = `gamma`^t, t from the start of training.
    ExpRange,
    /// Both bounds decay with every step, as the CLR paper (section 3.1) has it: lr = `gamma`^t · (triangular lr).
    /// The paper has no rule for momentum: it is cycled with s = `gamma`^t, as in `exp_range`.
    ExpRangePaper,
}

/// What the `x` of a scale function is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleMode {
    /// The cycle, from 1.
    #[default]
    Cycle,
    /// The step, from 0.
    Iterations,
}

impl Cyclic {
    /// Cycles between two bounds, all else as PyTorch has it by default.
    pub fn new(base_lr: impl Into<PerGroup<Rate>>, max_lr: impl Into<PerGroup<Rate>>) -> Self {
        Self {
            base_lr: base_lr.into(),
            max_lr: max_lr.into(),
            step_size_up: two_thousand(),
            step_size_down: None,
            mode: CyclicMode::Triangular,
            gamma: one(),
            scale_fn: None,
            scale_mode: ScaleMode::Cycle,
            cycle_momentum: None,
            base_momentum: default_base_momentum(),
            max_momentum: default_max_momentum(),
            interval: None,
        }
    }
}

fn two_thousand() -> Length {
    Length::Count(2000.0)
}

fn one() -> f64 {
    1.0
}

fn default_base_momentum() -> PerGroup<f64> {
    0.8.into()
}

fn default_max_momentum() -> PerGroup<f64> {
    0.9.into()
}

/// What scales a cycle's amplitude.
#[derive(Clone)]
enum Scale {
    Stays,
    Halves,
    Decays(f64),
    BothBoundsDecay(f64),
    OfCycle(ScaleFn),
    OfStep(ScaleFn),
}

/// The triangle that a cyclic schedule follows.
#[derive(Clone)]
struct Wave {
    total: f64,
    ratio: f64,
    scale: Scale,
}

/// The state of a wave at one step.
struct Height {
    /// Height of the triangle, 0 at the foot and 1 at the peak.
    triangle: f64,
    /// Scale of the amplitude.
    scale: f64,
    /// Whether the scale is the whole rate's, not the amplitude's.
    both_bounds: bool,
}

impl Wave {
    /// The height at step `t`, in the very order of PyTorch's operations.
    fn at(&self, t: f64) -> Height {
        let cycle = (1.0 + t / self.total).floor();
        let x = 1.0 + t / self.total - cycle;
        let triangle = if x <= self.ratio { x / self.ratio } else { (x - 1.0) / (self.ratio - 1.0) };
        let scale = match &self.scale {
            Scale::Stays => 1.0,
            Scale::Halves => 1.0 / pow(2.0, cycle - 1.0),
            Scale::Decays(gamma) | Scale::BothBoundsDecay(gamma) => pow(*gamma, t),
            Scale::OfCycle(function) => function.call(cycle),
            Scale::OfStep(function) => function.call(t),
        };
        let both_bounds = matches!(self.scale, Scale::BothBoundsDecay(_));
        Height { triangle, scale, both_bounds }
    }
}

impl Height {
    fn lr(&self, base: f64, max: f64) -> f64 {
        let height = (max - base) * self.triangle;
        if self.both_bounds { self.scale * (base + height) } else { base + height * self.scale }
    }

    fn momentum(&self, base: f64, max: f64) -> f64 {
        max - (max - base) * self.triangle * self.scale
    }
}

impl Cyclic {
    /// Steps of a rise and of a whole cycle; the schedule is resolved.
    pub(crate) fn sizes(&self) -> (f64, f64) {
        let up = self.step_size_up.count();
        (up, up + self.step_size_down.map_or(up, Length::count))
    }

    fn scale(&self, on: &Builder<'_>) -> Result<Scale, ScheduleError> {
        let Some(text) = &self.scale_fn else {
            return Ok(match self.mode {
                CyclicMode::Triangular => Scale::Stays,
                CyclicMode::Triangular2 => Scale::Halves,
                CyclicMode::ExpRange => Scale::Decays(self.gamma),
                CyclicMode::ExpRangePaper => Scale::BothBoundsDecay(self.gamma),
            });
        };
        let function = (on.compile)(text).map_err(|source| {
            let text = text.clone();
            on.fault("scale_fn", Problem::Compile { text, source })
        })?;
        Ok(match self.scale_mode {
            ScaleMode::Cycle => Scale::OfCycle(function),
            ScaleMode::Iterations => Scale::OfStep(function),
        })
    }
}

impl Kind for Cyclic {
    fn resolve(&self, to: &Resolver<'_>) -> Result<Self, ScheduleError> {
        let interval = to.interval(self.interval)?;
        let (base_lr, max_lr) = (to.rates("base_lr", &self.base_lr)?, to.rates("max_lr", &self.max_lr)?);
        to.ordered(("base_lr", &base_lr), ("max_lr", &max_lr))?;
        let cycle_momentum = to.cycle_momentum(self.cycle_momentum)?;
        let base_momentum = to.momentums("base_momentum", &self.base_momentum)?;
        let max_momentum = to.momentums("max_momentum", &self.max_momentum)?;
        to.ordered(("base_momentum", &base_momentum), ("max_momentum", &max_momentum))?;
        let step_size_up = to.fractional("step_size_up", self.step_size_up, interval)?;
        let down = self.step_size_down.unwrap_or(step_size_up);
        let gamma = to.number("gamma", self.gamma, Range::DECAY)?;
        let custom = self.scale_fn.is_some();
        let decays = matches!(self.mode, CyclicMode::ExpRange | CyclicMode::ExpRangePaper);
        Ok(Self {
            base_lr,
            max_lr,
            step_size_up,
            step_size_down: Some(to.fractional("step_size_down", down, interval)?),
            mode: if custom { CyclicMode::default() } else { self.mode },
            gamma: if decays && !custom { gamma } else { one() },
            scale_fn: self.scale_fn.clone(),
            scale_mode: if custom { self.scale_mode } else { ScaleMode::default() },
            cycle_momentum: Some(cycle_momentum),
            base_momentum: if cycle_momentum { base_momentum } else { default_base_momentum() },
            max_momentum: if cycle_momentum { max_momentum } else { default_max_momentum() },
            interval: Some(interval),
        })
    }

    fn rates(&self) -> Vec<&PerGroup<Rate>> {
        vec![&self.base_lr, &self.max_lr]
    }

    fn curve(&self, on: &Builder<'_>) -> Result<Curve, ScheduleError> {
        let (base, max) = (on.values("base_lr", &self.base_lr)?, on.values("max_lr", &self.max_lr)?);
        let low = on.values("base_momentum", &self.base_momentum)?;
        let high = on.values("max_momentum", &self.max_momentum)?;
        let (up, total) = self.sizes();
        let wave = Wave { total, ratio: up / total, scale: self.scale(on)? };
        let (per, cycled) = (on.per(self.interval), self.cycle_momentum == Some(true));
        Ok(Curve::of_moment(move |moment, group| {
            let height = wave.at(moment.count(per) as f64);
            Ok(Point {
                lr: height.lr(base[group], max[group]),
                momentum: cycled.then(|| height.momentum(low[group], high[group])),
            })
        }))
    }

    fn turns(&self, steps_per_epoch: u64, updates: u64) -> Vec<u64> {
        let per = self.interval.unwrap_or_default().updates(steps_per_epoch).max(1);
        turns::in_updates(turns::of_cycles(self, (updates - 1) / per), per, updates)
    }
}
