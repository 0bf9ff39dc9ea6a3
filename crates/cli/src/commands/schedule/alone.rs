//! A schedule on no data set: what a run would add has to be given.

use anyhow::{Context as _, Result, anyhow};
use lrscope_runner::resolve::{compile_scale_fn, whole_steps};
use lrscope_schedule::{Context, Group, Length, Pick, Plan, Problem, ScheduleError, ScheduleSpec};

use super::check_rows;
use super::preview::Preview;
use crate::args::{ExperimentArgs, ScheduleArgs};
use crate::configured::{length, table};
use crate::exit::bad_input;
use crate::picking::{Choice, chosen, introduce};
use crate::progress::note;

/// The argument's name in the help text.
const ARGUMENT: &str = "SCHEDULE";

/// The schedule that a text says.
pub fn preview(args: &ScheduleArgs, text: &str) -> Result<Preview> {
    refuse_an_experiment_s(args)?;
    let spec: ScheduleSpec = table(ARGUMENT, Some(text))?.context("there is no schedule to show")?;
    let momentum = momentum(args.experiment.momentum)?;
    // No run has 0 updates in an epoch, so a schedule that needs the number is refused.
    let steps_per_epoch = args.steps_per_epoch.unwrap_or(0);
    let context = Context { steps_per_epoch, pick: pick(args)?, momentum: momentum.is_some(), evaluated: None };
    let resolved = spec.resolve(&context).map_err(|error| explain(&error))?;
    let plan = plan(&resolved, momentum, steps_per_epoch).map_err(|error| explain(&error))?;
    let updates = updates(args)?;
    check_rows(args, updates, plan.groups().len())?;
    plan.check(updates).map_err(|error| explain(&error))?;
    let mut lints = spec.unused_settings();
    lints.extend(plan.lint(updates));
    say_how_many_groups(&plan);
    say_that_momentum_is_missing(&spec, &context);
    let warnings = lints.iter().map(ToString::to_string).collect();
    Ok(Preview { name: "all".into(), plan, updates, warnings })
}

/// The rates that `--pick` gives, said where they are a range test's.
fn pick(args: &ScheduleArgs) -> Result<Option<Pick>> {
    let Some(choice) = args.pick.choice()? else { return Ok(None) };
    let picked = chosen(&args.results, &choice, None)?;
    if matches!(choice, Choice::Named(_)) {
        introduce(&picked);
    }
    Ok(Some(picked.pick))
}

/// Flags that say something of an experiment say nothing of a schedule alone.
fn refuse_an_experiment_s(args: &ScheduleArgs) -> Result<()> {
    if args.choice.schedule.is_some() || args.choice.arm.is_some() {
        let flag = if args.choice.arm.is_some() { "--arm" } else { "--schedule" };
        return Err(bad_input(anyhow!("{flag}: {ARGUMENT} is a schedule already; give one of the two")));
    }
    let given = ExperimentArgs { dataset: None, momentum: None, ..args.experiment.clone() };
    if given == ExperimentArgs::default() {
        return Ok(());
    }
    Err(bad_input(anyhow!(
        "{ARGUMENT}: a schedule alone has no data set, model or optimizer, so flags such as --batch-size and --optimizer change \
         nothing; leave them out, or name a data set or --config FILE and give the schedule as --schedule"
    )))
}

/// What is wrong, with the flag that gives what is missing.
fn explain(error: &ScheduleError) -> anyhow::Error {
    let place = &error.place;
    let flag = match &error.problem {
        Problem::EmptyEpoch => {
            return bad_input(anyhow!(
                "{ARGUMENT}: {place}: counts epochs, and nothing says how many updates an epoch has; give --steps-per-epoch, or \
                 a data set with the schedule as --schedule"
            ));
        }
        Problem::NoPick { .. } => " (--pick BASE_LR MAX_LR gives both rates)",
        _ => "",
    };
    bad_input(anyhow!("{ARGUMENT}: {place}: {}{flag}", error.problem))
}

/// The schedule for one group or, where it has lists, for as many as these have values.
fn plan(spec: &ScheduleSpec, momentum: Option<f64>, steps_per_epoch: u64) -> Result<Plan, ScheduleError> {
    let group = |name: String| Group { name, lr_mult: 1.0, momentum };
    let bound = |groups: &[Group]| Plan::new(spec, groups, steps_per_epoch, &compile_scale_fn);
    match bound(&[group("all".into())]) {
        Err(ScheduleError { problem: Problem::Groups { given, .. }, .. }) => {
            bound(&(1..=given).map(|number| group(number.to_string())).collect::<Vec<_>>())
        }
        other => other,
    }
}

fn say_how_many_groups(plan: &Plan) {
    if plan.groups().len() > 1 {
        let groups = plan.groups().len();
        note(&format!("note: the lists have {groups} values, so {groups} parameter groups are shown"));
    }
}

/// Says that a momentum is not shown which the schedule would cycle, if only the optimizer's were known.
fn say_that_momentum_is_missing(spec: &ScheduleSpec, context: &Context) {
    let with_momentum = Context { momentum: true, ..*context };
    if !context.momentum && spec.resolve(&with_momentum).ok() != spec.resolve(context).ok() {
        note("note: this schedule cycles the momentum of an optimizer that has one; --momentum shows it");
    }
}

fn momentum(given: Option<f64>) -> Result<Option<f64>> {
    match given {
        Some(momentum) if !(0.0..1.0).contains(&momentum) => {
            Err(bad_input(anyhow!("--momentum: {momentum} is outside [0, 1)")))
        }
        other => Ok(other),
    }
}

fn updates(args: &ScheduleArgs) -> Result<u64> {
    let flag = |problem: String| bad_input(anyhow!("--length: {problem}"));
    let Some(length) = length("--length", args.length.as_deref())? else {
        return Err(flag(
            "how long is the run? Give its updates, as in --length 500, or its epochs, as in --length 5ep".into(),
        ));
    };
    match (length, args.steps_per_epoch) {
        (Length::Epochs(_), None) => Err(flag(format!(
            "{length}: nothing says how many updates an epoch has; give --steps-per-epoch, or updates instead"
        ))),
        (_, steps_per_epoch) => whole_steps(length, steps_per_epoch.unwrap_or(1)).map_err(flag),
    }
}
