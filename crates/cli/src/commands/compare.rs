//! `lrscope compare`: arms × seeds, paired, on the rates that a range test picked.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use lrscope_runner::analysis::{Comparison, compare, same_runs};
use lrscope_runner::picks::{PickKey, bounds, find_pick};
use lrscope_runner::record::Store;
use lrscope_runner::resolve::Setting;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::study::{Question, StudyArm};
use lrscope_schedule::{Pick, ScheduleSpec};

use crate::args::{CompareArgs, MachineArgs};
use crate::commands::range_test::{fail_without_runs, no_pick, sweep};
use crate::configured::Configured;
use crate::exit::Inconclusive;
use crate::figures;
use crate::perform::{Done, Plan, device, perform};
use crate::progress::Display;
use crate::render;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &CompareArgs) -> Result<()> {
    let mut configured = Configured::load(&args.experiment)?;
    configured.apply_training(args.length.as_deref(), args.seeds)?;
    configured.choose_arms(&args.arms)?;
    let (class, isa) = device(&args.machine)?;
    let setting = configured.setting(class, isa)?;
    let arms = setting.experiment().arms.iter().enumerate();
    let schedules: Vec<_> = arms.map(|(index, arm)| (schedule_key(index), &arm.schedule)).collect();
    let picked = picked(&configured, &setting, &schedules, &args.machine)?;
    let plan = plan(&configured, &setting, picked)?;
    warn(&plan, &args.machine);
    note_what_is_not_compared(&plan, &args.machine);
    let done = perform(&plan, &args.machine)?;
    render::report(&args.machine.results, &done.folder)?;
    render::index(&args.machine.results)?;
    fail_without_runs(&done)?;
    let store = Store::open(&args.machine.results)?;
    let comparison = compare(done.study.results(&store)?)?;
    show(&done, &comparison, args.machine.output.json)?;
    failed_runs(&done)
}

/// Says the lint's warnings before anything is trained.
pub fn warn(plan: &Plan, machine: &MachineArgs) {
    let display = Display::new(machine.output, "", 0);
    for warning in &plan.warnings {
        display.say(&format!("warning: {warning}"));
    }
    if let Some(pick) = &plan.pick {
        display.say(pick);
    }
}

/// Says before anything is trained that there is one arm, or that arms are the same runs.
fn note_what_is_not_compared(plan: &Plan, machine: &MachineArgs) {
    let arms = plan.study_arms();
    let same_as = |index: usize, arm: &StudyArm| {
        let before = arms[..index].iter().find(|before| before.has_runs_of(arm));
        before.map(|before| before.name.as_str())
    };
    let arms: Vec<_> = arms.iter().enumerate().map(|(index, arm)| (arm.name.as_str(), same_as(index, arm))).collect();
    let display = Display::new(machine.output, "", 0);
    for sentence in not_compared(&arms) {
        display.say(&format!("warning: {sentence}"));
    }
}

/// Some runs failed: the report is there, but the exit code must say so.
pub fn failed_runs(done: &Done) -> Result<()> {
    // A run that is in several arms is one run.
    let runs: BTreeMap<_, _> = done.study.arms.iter().flat_map(|arm| &arm.runs).map(|run| (&run.id, run)).collect();
    let first = done.study.arms.iter().flat_map(|arm| &arm.runs).find_map(|run| run.failed.as_ref());
    let Some(first) = first else { return Ok(()) };
    let (failed, all) = (runs.values().filter(|run| run.failed.is_some()).count(), runs.len());
    let advice = "the report says why, and the same command does them again";
    Err(anyhow!("{failed} of {all} runs failed; {advice}; the first: {first}"))
}

/// Where an arm's schedule stands.
fn schedule_key(arm: usize) -> String {
    format!("arm.{arm}.schedule")
}

/// A range test's bounds, and where they came from in words.
pub struct Picked {
    /// The bounds.
    pub pick: Pick,
    /// Where they came from.
    pub words: String,
}

/// The pick that schedules refer to: the latest one for these settings, else that of a range test which is run now. None
/// where no schedule refers to any. Schedules come with the keys where they stand.
pub fn picked(
    configured: &Configured,
    setting: &Setting,
    schedules: &[(String, &ScheduleSpec)],
    machine: &MachineArgs,
) -> Result<Option<Picked>> {
    if !schedules.iter().any(|(_, schedule)| schedule.references_pick()) {
        return Ok(None);
    }
    for (key, schedule) in schedules {
        setting.check_schedule(key, schedule).map_err(|problem| configured.explain(&problem))?;
    }
    let runs = setting.range_test().map_err(|problem| configured.explain(&problem))?;
    let kept = runs.first().map(PickKey::of).map(|key| find_pick(&machine.results, &key)).transpose()?.flatten();
    if let Some(record) = kept {
        let pick = bounds(&record.pick);
        let words = format!("rates from the range test in {}: {}", record.report, in_words(pick));
        return Ok(Some(Picked { pick, words }));
    }
    let (done, analysis) = sweep(configured, setting, machine)?;
    let pick = analysis.pick.as_ref().ok_or_else(|| {
        Inconclusive(format!(
            "there was no range test for these settings, and the one run now gave {}",
            no_pick(&analysis)
        ))
    })?;
    let pick = bounds(pick);
    let words = format!(
        "there was no range test for these settings, so one was run first, in {}: {}",
        done.name,
        in_words(pick)
    );
    Ok(Some(Picked { pick, words }))
}

fn in_words(pick: Pick) -> String {
    format!("base_lr {:?}, max_lr {:?}", pick.base_lr, pick.max_lr)
}

fn plan(configured: &Configured, setting: &Setting, picked: Option<Picked>) -> Result<Plan> {
    let mut arms = Vec::new();
    let mut warnings = Vec::new();
    for (index, arm) in setting.experiment().arms.iter().enumerate() {
        let runs = runs(configured, setting, &schedule_key(index), &arm.schedule, picked.as_ref())?;
        warnings
            .extend(lint(setting, &arm.schedule, &runs)?.into_iter().map(|lint| format!("arm {:?}: {lint}", arm.name)));
        arms.push((arm.name.clone(), runs));
    }
    let pick = picked.map(|picked| picked.words);
    Ok(Plan { question: Question::Comparison, experiment: setting.experiment().clone(), arms, pick, warnings })
}

/// The runs of a schedule, one for each seed.
pub fn runs(
    configured: &Configured,
    setting: &Setting,
    key: &str,
    schedule: &ScheduleSpec,
    picked: Option<&Picked>,
) -> Result<Vec<RunSpec>> {
    let runs = setting.training(key, schedule, picked.map(|picked| picked.pick));
    runs.map_err(|problem| configured.explain(&problem))
}

/// What a reader should know of the runs' schedule.
pub fn lint(setting: &Setting, schedule: &ScheduleSpec, runs: &[RunSpec]) -> Result<Vec<String>> {
    Ok(runs.first().map(|run| setting.lint(schedule, run)).transpose()?.unwrap_or_default())
}

/// What is not compared, given each arm's name and that of the arm before it whose runs it has.
fn not_compared(arms: &[(&str, Option<&str>)]) -> Vec<String> {
    match arms {
        [_] => vec!["one arm: nothing to compare with".into()],
        _ => same_runs(arms),
    }
}

fn show(done: &Done, comparison: &Comparison, json: bool) -> Result<()> {
    if json {
        let arms: Vec<_> = comparison.arms.iter().map(figures::arm).collect();
        let result = serde_json::json!({
            "arms": arms,
            "differences": comparison.differences,
            "same_runs": comparison.same_runs(),
            "pick": done.study.pick,
            "warnings": comparison.warnings,
            "report": done.folder,
        });
        return print(&serde_json::to_string_pretty(&result)?);
    }
    for arm in &comparison.arms {
        let accuracy = arm.test_accuracy.as_ref().map_or_else(|| "no result".to_owned(), figures::percent);
        print(&format!("{:<18} test accuracy {accuracy}", arm.name))?;
    }
    for difference in &comparison.differences {
        print(&difference.verdict)?;
    }
    let arms: Vec<_> = comparison.arms.iter().map(|arm| (arm.name.as_str(), arm.same_as.as_deref())).collect();
    for sentence in not_compared(&arms) {
        print(&sentence)?;
    }
    print(&format!("report: {}", done.folder.join("README.md").display()))
}
