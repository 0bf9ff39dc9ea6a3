//! A schedule in one line, for reports.

use std::fmt::{self, Display, Write};

use crate::cyclic::{Cyclic, CyclicMode, ScaleMode};
use crate::length::Interval;
use crate::one_cycle::{AnnealStrategy, OneCycle};
use crate::plateau::{ReduceOnPlateau, ThresholdMode};
use crate::ramp::SweepKind;
use crate::rate::{PerGroup, Rate};
use crate::sequential::Sequential;
use crate::spec::ScheduleSpec;

/// Writes settings one after the other, each as its name and its value.
struct Line<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Line<'_, '_> {
    fn set(&mut self, name: &str, value: impl Display) -> Result<&mut Self, fmt::Error> {
        write!(self.0, ", {name} {value}")?;
        Ok(self)
    }

    fn set_if(&mut self, shown: bool, name: &str, value: impl Display) -> Result<&mut Self, fmt::Error> {
        if shown { self.set(name, value) } else { Ok(self) }
    }

    fn interval(&mut self, interval: Option<Interval>) -> fmt::Result {
        match interval {
            Some(Interval::Epoch) => self.0.write_str(", per epoch"),
            Some(Interval::Update) | None => Ok(()),
        }
    }

    fn momentum(&mut self, cycled: Option<bool>, base: &PerGroup<f64>, max: &PerGroup<f64>) -> fmt::Result {
        match cycled {
            Some(true) => self.set("momentum", format_args!("{max} to {base}")).map(drop),
            Some(false) | None => Ok(()),
        }
    }
}

/// In one line: the kind, then every setting that has a say and is not what it would be anyway.
///
/// ```
/// # use lrscope_schedule::{Cyclic, CyclicMode, ScheduleSpec};
/// let spec = ScheduleSpec::from(Cyclic { mode: CyclicMode::Triangular2, ..Cyclic::new(0.001, 0.006) });
/// assert_eq!(spec.to_string(), "cyclic triangular2, base_lr 0.001, max_lr 0.006, step_size_up 2000");
/// ```
impl Display for ScheduleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        let mut line = Line(f);
        match self {
            Self::Constant(it) => line.set("lr", &it.lr).map(drop),
            Self::Step(it) => {
                line.set("lr", &it.lr)?.set("step_size", it.step_size)?.set("gamma", it.gamma)?;
                line.interval(it.interval)
            }
            Self::MultiStep(it) => {
                let milestones: Vec<String> = it.milestones.iter().map(ToString::to_string).collect();
                let milestones = format!("[{}]", milestones.join(", "));
                line.set("lr", &it.lr)?.set("milestones", milestones)?.set("gamma", it.gamma)?;
                line.interval(it.interval)
            }
            Self::Exponential(it) => line.set("lr", &it.lr)?.set("gamma", it.gamma)?.interval(it.interval),
            Self::InverseDecay(it) => {
                line.set("lr", &it.lr)?.set("gamma", it.gamma)?.set("power", it.power)?;
                line.interval(it.interval)
            }
            Self::Linear(it) => {
                let factors = format!("{} to {}", it.start_factor, it.end_factor);
                line.set("lr", &it.lr)?.set("factor", factors)?.set("total", it.total)?;
                line.interval(it.interval)
            }
            Self::Polynomial(it) => {
                line.set("lr", &it.lr)?.set("total", it.total)?.set("power", it.power)?;
                line.interval(it.interval)
            }
            Self::PaperDecay(it) => {
                line.set("max_lr", &it.max_lr)?.set("base_lr", &it.base_lr)?.set("length", it.length)?;
                line.interval(it.interval)
            }
            Self::Cosine(it) => {
                line.set("lr", &it.lr)?.set("t_max", it.t_max)?;
                line.set_if(!is_zero(&it.eta_min), "eta_min", &it.eta_min)?.interval(it.interval)
            }
            Self::CosineWarmRestarts(it) => {
                line.set("lr", &it.lr)?.set("t_0", it.t_0)?.set("t_mult", it.t_mult)?;
                line.set_if(!is_zero(&it.eta_min), "eta_min", &it.eta_min)?.interval(it.interval)
            }
            Self::Sweep(it) => {
                let kind = match it.kind {
                    SweepKind::Exponential => "exponential",
                    SweepKind::Linear => "linear",
                };
                let ends = format!("{} to {}", it.start_lr, it.end_lr);
                line.set(kind, ends)?.set("steps", it.steps).map(drop)
            }
            Self::OneCycle(it) => one_cycle(&mut line, it),
            Self::Cyclic(it) => cyclic(&mut line, it),
            Self::ReduceOnPlateau(it) => plateau(&mut line, it),
            Self::Sequential(it) => sequential(line.0, it),
        }
    }
}

fn is_zero(rates: &PerGroup<Rate>) -> bool {
    *rates == PerGroup::from(0.0)
}

fn one_cycle(line: &mut Line<'_, '_>, it: &OneCycle) -> fmt::Result {
    let strategy = match it.anneal_strategy {
        AnnealStrategy::Cos => "cos",
        AnnealStrategy::Linear => "linear",
    };
    line.set("max_lr", &it.max_lr)?
        .set("total_steps", it.total_steps)?
        .set("pct_start", it.pct_start)?
        .set("anneal_strategy", strategy)?
        .set("div_factor", it.div_factor)?
        .set("final_div_factor", it.final_div_factor)?
        .set_if(it.three_phase, "phases", 3)?;
    line.momentum(it.cycle_momentum, &it.base_momentum, &it.max_momentum)?;
    line.interval(it.interval)
}

fn cyclic(line: &mut Line<'_, '_>, it: &Cyclic) -> fmt::Result {
    let mode = match (&it.scale_fn, it.mode) {
        (Some(_), _) => "scale_fn",
        (None, CyclicMode::Triangular) => "triangular",
        (None, CyclicMode::Triangular2) => "triangular2",
        (None, CyclicMode::ExpRange) => "exp_range",
        (None, CyclicMode::ExpRangePaper) => "exp_range_paper",
    };
    write!(line.0, " {mode}")?;
    if let Some(text) = &it.scale_fn {
        let of = match it.scale_mode {
            ScaleMode::Cycle => "cycle",
            ScaleMode::Iterations => "iterations",
        };
        write!(line.0, " {text:?} of {of}")?;
    }
    let decays = it.scale_fn.is_none() && mode.starts_with("exp_range");
    let down = it.step_size_down.unwrap_or(it.step_size_up);
    line.set("base_lr", &it.base_lr)?
        .set("max_lr", &it.max_lr)?
        .set("step_size_up", it.step_size_up)?
        .set_if(down != it.step_size_up, "step_size_down", down)?
        .set_if(decays, "gamma", it.gamma)?;
    line.momentum(it.cycle_momentum, &it.base_momentum, &it.max_momentum)?;
    line.interval(it.interval)
}

fn plateau(line: &mut Line<'_, '_>, it: &ReduceOnPlateau) -> fmt::Result {
    let unit = match it.threshold_mode {
        ThresholdMode::Rel => "rel",
        ThresholdMode::Abs => "abs",
    };
    line.set("lr", &it.lr)?;
    if let Some(metric) = it.metric {
        line.set("metric", metric)?;
    }
    if let Some(mode) = it.mode {
        line.set("mode", mode.name())?;
    }
    line.set("factor", it.factor)?
        .set("patience", it.patience)?
        .set("threshold", format_args!("{:?} {unit}", it.threshold))?
        .set_if(it.cooldown > 0, "cooldown", it.cooldown)?
        .set_if(!is_zero(&it.min_lr), "min_lr", &it.min_lr)
        .map(drop)
}

fn sequential(f: &mut fmt::Formatter<'_>, it: &Sequential) -> fmt::Result {
    let unit = match it.interval {
        Some(Interval::Epoch) => " epochs",
        Some(Interval::Update) | None => "",
    };
    for (index, stage) in it.stages.iter().enumerate() {
        f.write_str(if index == 0 { ": " } else { "; then " })?;
        f.write_char('(')?;
        stage.schedule.fmt(f)?;
        f.write_char(')')?;
        if let Some(length) = stage.length {
            write!(f, " for {length}{unit}")?;
        }
    }
    Ok(())
}
