//! `lrscope compare`: arms × seeds, paired, on the rates that a range test picked.

use anyhow::{Result, anyhow};
use lrscope_runner::analysis::{Comparison, compare, same_runs};
use lrscope_runner::record::Store;
use lrscope_runner::resolve::Setting;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::study::{Question, StudyArm, StudyRun};
use lrscope_schedule::ScheduleSpec;

use crate::args::CompareArgs;
use crate::commands::range_test::fail_without_runs;
use crate::configured::Configured;
use crate::earlier;
use crate::figures;
use crate::index_page;
use crate::perform::{Done, Plan, device, perform};
use crate::picking::{Picked, picked};
use crate::plain;
use crate::progress::note;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &CompareArgs) -> Result<()> {
    let mut configured = Configured::load(&args.experiment)?;
    configured.apply_training(args.length.as_deref(), args.seeds)?;
    configured.choose_arms(&args.arms)?;
    let choice = args.pick.choice()?;
    let (class, isa) = device(&args.machine)?;
    let setting = configured.setting(class, isa)?;
    let arms = setting.experiment().arms.iter().enumerate();
    let schedules: Vec<_> = arms.map(|(index, arm)| (schedule_key(index), &arm.schedule)).collect();
    earlier::refuse_another(Question::Comparison, setting.experiment(), &args.machine)?;
    let picked = picked(&configured, &setting, &schedules, &args.machine, choice.as_ref())?;
    let plan = plan(&configured, &setting, picked)?;
    introduce(&plan);
    note_what_is_not_compared(&plan);
    let done = perform(&plan, &args.machine)?;
    index_page::write_with_report(&args.machine.results, &done.folder)?;
    fail_without_runs(&done)?;
    let store = Store::open(&args.machine.results)?;
    let comparison = compare(done.study.results(&store)?)?;
    show(&done, &comparison, args.machine.output.json)?;
    failed_runs(&done)
}

/// Says what speaks against a study before anything is trained. It is not progress, so nothing hides it.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        note(&format!("warning: {warning}"));
    }
}

/// Says what speaks against a plan and where its rates come from.
pub fn introduce(plan: &Plan) {
    warn(&plan.warnings);
    if let Some(pick) = &plan.pick {
        note(pick);
    }
}

/// Says before anything is trained that there is one arm, or that arms are the same runs.
fn note_what_is_not_compared(plan: &Plan) {
    let arms = plan.study_arms();
    let same_as = |index: usize, arm: &StudyArm| {
        let before = arms[..index].iter().find(|before| before.has_runs_of(arm));
        before.map(|before| before.name.as_str())
    };
    let arms: Vec<_> = arms.iter().enumerate().map(|(index, arm)| (arm.name.as_str(), same_as(index, arm))).collect();
    warn(&not_compared(&arms));
}

/// Some runs failed, are still to do or are disputed: the report is there, but the exit code must say so.
pub fn failed_runs(done: &Done) -> Result<()> {
    if let Some(first) = done.disputes.first() {
        return Err(anyhow!("what the report says rests on a record that cannot be trusted: {first}"));
    }
    let runs: Vec<&StudyRun> = done.study.runs().map(|(_, run)| run).collect();
    let all = runs.len();
    let failed: Vec<&str> = runs.iter().filter_map(|run| run.failure()).collect();
    let advice = "the report says why, and the same command does them again";
    if let Some(first) = failed.first() {
        return Err(anyhow!("{} of {all} runs failed; {advice}; the first: {first}", failed.len()));
    }
    let unfinished: Vec<&str> = runs.iter().filter_map(|run| run.interruption()).collect();
    let Some(first) = unfinished.first() else { return Ok(()) };
    Err(anyhow!("{} of {all} runs did not finish; the same command goes on; the first: {first}", unfinished.len()))
}

/// Where an arm's schedule stands.
fn schedule_key(arm: usize) -> String {
    format!("arm.{arm}.schedule")
}

fn plan(configured: &Configured, setting: &Setting, picked: Option<Picked>) -> Result<Plan> {
    let mut arms = Vec::new();
    let mut warnings = setting.size_warnings();
    warnings.extend(picked.iter().flat_map(|picked| picked.warnings.iter().cloned()));
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
            "warnings": comparison.warnings.iter().chain(&done.study.warnings).collect::<Vec<_>>(),
            "report": done.folder,
        });
        return print(&serde_json::to_string_pretty(&result)?);
    }
    let names: Vec<_> = comparison.arms.iter().map(|arm| plain::word(&arm.name)).collect();
    let widest = names.iter().map(|name| plain::width(name)).max().unwrap_or(0).max(18);
    for (arm, name) in comparison.arms.iter().zip(&names) {
        let accuracy = arm.test_accuracy.as_ref().map_or_else(|| "no result".to_owned(), figures::percent);
        print(&format!("{} test accuracy {accuracy}", plain::padded(name, widest)))?;
    }
    for difference in &comparison.differences {
        print(&plain::word(&difference.verdict))?;
    }
    let arms: Vec<_> = comparison.arms.iter().map(|arm| (arm.name.as_str(), arm.same_as.as_deref())).collect();
    for sentence in not_compared(&arms) {
        print(&plain::word(&sentence))?;
    }
    print(&format!("report: {}", done.folder.join("README.md").display()))
}
