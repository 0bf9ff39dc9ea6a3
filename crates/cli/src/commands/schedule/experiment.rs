//! The schedules of an experiment, made as `train` and `compare` make them.

use std::path::Path;

use anyhow::Result;
use lrscope_runner::experiment::Problem;
use lrscope_runner::record::Store;
use lrscope_runner::resolve::{self, Setting};
use lrscope_runner::spec::DeviceClass;
use lrscope_schedule::{Pick, ScheduleSpec};

use super::check_rows;
use super::preview::Preview;
use crate::args::ScheduleArgs;
use crate::commands::compare::lint;
use crate::configured::Configured;
use crate::picking::{self, Choice, introduce};
use crate::progress::note;

/// A schedule of the experiment: its arm's name, the key where it stands, and what it says.
type Chosen = (String, String, ScheduleSpec);

/// The schedules that the arguments choose: one, or for a plot several arms.
pub fn previews(args: &ScheduleArgs) -> Result<Vec<Preview>> {
    let mut configured = Configured::load(&args.experiment)?;
    configured.apply_training(args.length.as_deref(), None)?;
    configured.apply_schedule(&args.choice)?;
    // Neither changes a rate.
    let setting = configured.setting(DeviceClass::Cpu, "portable".into())?;
    let setting = with_steps_per_epoch(setting, args.steps_per_epoch);
    let chosen = chosen(&configured, args.plot.is_some())?;
    let pick = pick(args, &configured, &setting, &chosen)?;
    let steps = setting.training_steps().map_err(|problem| configured.explain(&problem))?;
    check_rows(args, steps, chosen.len() * setting.experiment().groups.len().max(1))?;
    chosen.into_iter().map(|one| preview(&configured, &setting, one, pick)).collect()
}

fn with_steps_per_epoch(setting: Setting, given: Option<u64>) -> Setting {
    let (Some(given), made) = (given, setting.steps_per_epoch()) else { return setting };
    if given != made {
        note(&format!("note: an epoch is shown as the {given} updates of --steps-per-epoch; training it has {made}"));
    }
    setting.with_steps_per_epoch(given)
}

fn chosen(configured: &Configured, plotted: bool) -> Result<Vec<Chosen>> {
    let experiment = &configured.experiment;
    if plotted && experiment.schedule.is_none() && !experiment.arms.is_empty() {
        let arms = experiment.arms.iter().enumerate();
        return Ok(arms
            .map(|(index, arm)| (arm.name.clone(), format!("arm.{index}.schedule"), arm.schedule.clone()))
            .collect());
    }
    Ok(vec![("train".into(), "schedule".into(), configured.schedule("to show")?.clone())])
}

/// The bounds that rates refer to, as a run would take them; none where no rate does.
fn pick(args: &ScheduleArgs, configured: &Configured, setting: &Setting, shown: &[Chosen]) -> Result<Option<Pick>> {
    let choice = args.pick.choice()?;
    let Some((_, key, _)) = shown.iter().find(|(.., schedule)| schedule.references_pick()) else { return Ok(None) };
    if let Some(Choice::Bounds(pick)) = choice {
        return Ok(Some(pick));
    }
    let runs = setting.range_test().map_err(|problem| configured.explain(&problem))?;
    let picked = match (choice, runs.first()) {
        (Some(choice), spec) => picking::chosen(&args.results, &choice, spec)?,
        (None, Some(spec)) => {
            let picks = picking::kept(&Store::open(&args.results)?, spec)?;
            let strongest = picks.usable.first().ok_or_else(|| none_kept(configured, key, &args.results))?;
            picking::found(strongest, picks.usable.len())
        }
        (None, None) => return Ok(None),
    };
    introduce(&picked);
    Ok(Some(picked.pick))
}

fn none_kept(configured: &Configured, key: &str, results: &Path) -> anyhow::Error {
    let results = results.display();
    configured.explain(&Problem::new(
        key,
        format!(
            "rates refer to a range test, and none has been kept for these settings in {results}; run `lrscope range-test` with \
             the same settings first, or give its bounds as --pick BASE_LR MAX_LR"
        ),
    ))
}

fn preview(
    configured: &Configured,
    setting: &Setting,
    (name, key, schedule): Chosen,
    pick: Option<Pick>,
) -> Result<Preview> {
    let explain = |problem| configured.explain(&problem);
    let runs = setting.training(&key, &schedule, pick).map_err(explain)?;
    let warnings = lint(setting, &schedule, &runs)?;
    let run = runs.first().ok_or_else(|| explain(Problem::new("training.seeds", "there is no run")))?;
    Ok(Preview { name, plan: resolve::plan(run)?, updates: run.steps, warnings })
}
