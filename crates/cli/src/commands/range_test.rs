//! `lrscope range-test`: sweep, pick, report.

use anyhow::Result;
use lrscope_runner::analysis::RangeTest;
use lrscope_runner::picks::{PICK_SCHEMA, PickKey, PickRecord, keep_pick};
use lrscope_runner::record::Store;
use lrscope_runner::resolve::Setting;
use lrscope_runner::study::Question;

use crate::args::{MachineArgs, RangeTestArgs};
use crate::commands::compare::failed_runs;
use crate::configured::Configured;
use crate::exit::Inconclusive;
use crate::perform::{Done, Plan, device, perform};
use crate::render;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &RangeTestArgs) -> Result<()> {
    let mut configured = Configured::load(&args.experiment)?;
    configured.apply_sweep(&args.sweep, args.seeds)?;
    let (class, isa) = device(&args.machine)?;
    let setting = configured.setting(class, isa)?;
    let (done, analysis) = sweep(&configured, &setting, &args.machine)?;
    show(&done, &analysis, args.machine.output.json)?;
    match analysis.pick {
        Some(_) => Ok(()),
        None => Err(Inconclusive(no_pick(&analysis)).into()),
    }
}

/// Why there is no pick.
pub fn no_pick(analysis: &RangeTest) -> String {
    let reasons = analysis.warnings.join("; ");
    if reasons.starts_with("no pick") { reasons } else { format!("no pick: {reasons}") }
}

/// Does a setting's range test, keeps its pick and writes its report.
pub fn sweep(configured: &Configured, setting: &Setting, machine: &MachineArgs) -> Result<(Done, RangeTest)> {
    let runs = setting.range_test().map_err(|problem| configured.explain(&problem))?;
    let key = runs.first().map(PickKey::of);
    let ids = runs.iter().map(lrscope_runner::spec::RunSpec::id).collect();
    let plan = Plan {
        question: Question::RangeTest,
        experiment: setting.experiment().clone(),
        arms: vec![("sweep".into(), runs)],
        pick: None,
        warnings: Vec::new(),
    };
    let done = perform(&plan, machine)?;
    let store = Store::open(&machine.results)?;
    render::report(&machine.results, &done.folder)?;
    render::index(&machine.results)?;
    fail_without_runs(&done)?;
    // A pick of the seeds that happened to come through would stay, and another one come of all of them.
    failed_runs(&done)?;
    let analysis = done.study.range_test(&store)?;
    if let (Some(pick), Some(key)) = (&analysis.pick, key) {
        let record = PickRecord { schema: PICK_SCHEMA, key, pick: pick.clone(), runs: ids, report: done.name.clone() };
        keep_pick(&machine.results, &record)?;
    }
    Ok((done, analysis))
}

/// An error where no run of a study succeeded.
pub fn fail_without_runs(done: &Done) -> Result<()> {
    let runs = || done.study.arms.iter().flat_map(|arm| &arm.runs);
    let failed = runs().filter_map(|run| run.failed.as_ref());
    match failed.clone().next() {
        Some(first) if failed.count() == runs().count() => Err(anyhow::anyhow!("every run failed: {first}")),
        _ => Ok(()),
    }
}

fn show(done: &Done, analysis: &RangeTest, json: bool) -> Result<()> {
    if json {
        let result = serde_json::json!({
            "pick": analysis.pick,
            "warnings": analysis.warnings,
            "rules": analysis.rules,
            "seeds": analysis.curves.len(),
            "report": done.folder,
        });
        return print(&serde_json::to_string_pretty(&result)?);
    }
    if let Some(pick) = &analysis.pick {
        print(&format!(
            "base_lr = {:.4e}  ({})\nmax_lr  = {:.4e}  ({})",
            pick.base_lr, pick.base_rule, pick.max_lr, pick.max_rule
        ))?;
    }
    for warning in &analysis.warnings {
        print(&format!("note: {warning}"))?;
    }
    print(&format!("report: {}", done.folder.join("README.md").display()))
}
