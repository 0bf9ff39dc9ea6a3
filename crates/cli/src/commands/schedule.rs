//! `lrscope schedule`: any schedule as a table or a plot, without training.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, anyhow};
use lrscope_report::ScheduleLine;
use lrscope_runner::experiment::Source;
use lrscope_runner::resolve::{compile_scale_fn, setting_key, whole_steps};
use lrscope_schedule::{Context, Group, Pick, Plan, Point, ScheduleError, ScheduleSpec};

use crate::args::ScheduleArgs;
use crate::configured::{length, table};
use crate::exit::bad_input;
use crate::progress::note;
use crate::tell::print;

/// The argument's name in the help text.
const ARGUMENT: &str = "SCHEDULE";

/// More rows than anyone reads or plots.
const MOST_STEPS: u64 = 10_000_000;

/// Runs the command.
pub fn run(args: &ScheduleArgs) -> Result<()> {
    let (origin, spec) = schedule(args)?;
    let explain = |error: ScheduleError| bad_input(anyhow!("{}: {}", origin.place(&error.place), error.problem));
    let steps = steps(args)?;
    let context = Context {
        steps_per_epoch: args.steps_per_epoch,
        pick: pick(args)?,
        momentum: momentum(args)?.is_some(),
        evaluated: None,
    };
    let mut lints = spec.unused_settings();
    let spec = spec.resolve(&context).map_err(explain)?;
    let group = Group { name: "all".into(), lr_mult: 1.0, momentum: args.momentum };
    let plan = Plan::new(&spec, &[group], args.steps_per_epoch, &compile_scale_fn).map_err(explain)?;
    lints.extend(plan.lint(steps));
    for lint in lints {
        note(&format!("warning: {lint}"));
    }
    let points = (0..steps).map(|step| Ok(plan.at(step)?.0.first().copied())).collect::<Result<Vec<_>, _>>();
    let points: Vec<Point> = points.map_err(explain)?.into_iter().flatten().collect();
    show(args, &spec, &points)
}

fn show(args: &ScheduleArgs, spec: &ScheduleSpec, points: &[Point]) -> Result<()> {
    match &args.plot {
        Some(path) => {
            let points = (0..).zip(points.iter().copied()).collect();
            let line = ScheduleLine { name: "all".into(), points };
            let svg = lrscope_report::render_schedule(&spec.to_string(), &[line])?;
            std::fs::write(path, svg).with_context(|| format!("cannot write the plot to {}", path.display()))
        }
        None if args.json => print(&serde_json::to_string_pretty(&rows(args, points))?),
        None => print(csv(args, points).trim_end()),
    }
}

/// Where a schedule was written, for errors.
enum Origin {
    Argument,
    File(Source, String),
}

impl Origin {
    /// The place of a setting, given as the schedule's own path (`sequential.stages[0].length`).
    fn place(&self, path: &str) -> String {
        match self {
            Self::Argument => format!("{ARGUMENT}: {path}"),
            Self::File(source, key) => source.place(&setting_key(key, path)).0,
        }
    }
}

/// The schedule and where it stands.
fn schedule(args: &ScheduleArgs) -> Result<(Origin, ScheduleSpec)> {
    let Some(path) = &args.config else {
        let spec = table(ARGUMENT, args.schedule.as_deref())?;
        return Ok((Origin::Argument, spec.context("there is no schedule to show")?));
    };
    let source = Source::file(path).map_err(bad_input)?;
    let experiment = source.parse().map_err(bad_input)?;
    let known = || experiment.arms.iter().map(|arm| format!("{:?}", arm.name)).collect::<Vec<_>>().join(", ");
    let Some(name) = &args.arm else {
        let Some(spec) = experiment.schedule.clone() else {
            let origin = &source.origin;
            let arms = known();
            return Err(bad_input(anyhow!(
                "{origin}: there is no [schedule]; choose one of the arms with --arm: {arms}"
            )));
        };
        return Ok((Origin::File(source, "schedule".into()), spec));
    };
    let index = experiment.arms.iter().position(|arm| arm.name == *name);
    let index = index.ok_or_else(|| bad_input(anyhow!("--arm: there is no arm {name:?}; there are {}", known())))?;
    Ok((Origin::File(source, format!("arm.{index}.schedule")), experiment.arms[index].schedule.clone()))
}

fn momentum(args: &ScheduleArgs) -> Result<Option<f64>> {
    match args.momentum {
        Some(momentum) if !(0.0..1.0).contains(&momentum) => {
            Err(bad_input(anyhow!("--momentum: {momentum} is outside [0, 1)")))
        }
        other => Ok(other),
    }
}

fn steps(args: &ScheduleArgs) -> Result<u64> {
    let flag = |problem: String| bad_input(anyhow!("--length: {problem}"));
    let length = length("--length", Some(&args.length))?.context("there is no length")?;
    let steps = whole_steps(length, args.steps_per_epoch).map_err(flag)?;
    if steps > MOST_STEPS {
        return Err(flag(format!("{steps} steps are more than {MOST_STEPS}")));
    }
    Ok(steps)
}

fn pick(args: &ScheduleArgs) -> Result<Option<Pick>> {
    match args.pick.as_slice() {
        [base_lr, max_lr] if base_lr.is_finite() && *base_lr >= 0.0 && base_lr <= max_lr && max_lr.is_finite() => {
            Ok(Some(Pick { base_lr: *base_lr, max_lr: *max_lr }))
        }
        [base_lr, max_lr] => Err(bad_input(anyhow!("--pick: {base_lr} to {max_lr} is no range of learning rates"))),
        _ => Ok(None),
    }
}

fn shown<'a>(args: &ScheduleArgs, points: &'a [Point]) -> impl Iterator<Item = (usize, &'a Point)> {
    points.iter().enumerate().step_by(args.every as usize)
}

fn rows(args: &ScheduleArgs, points: &[Point]) -> Vec<serde_json::Value> {
    let row =
        |(step, point): (usize, &Point)| serde_json::json!({"step": step, "lr": point.lr, "momentum": point.momentum});
    shown(args, points).map(row).collect()
}

/// `step,lr,momentum`, each number with all its digits; no momentum is an empty cell.
fn csv(args: &ScheduleArgs, points: &[Point]) -> String {
    let mut text = String::from("step,lr,momentum\n");
    for (step, point) in shown(args, points) {
        let momentum = point.momentum.map_or_else(String::new, |momentum| momentum.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{step},{:?},{momentum}", point.lr);
    }
    text
}
