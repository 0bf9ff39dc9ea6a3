//! `lrscope range-test`: sweep, pick, report.

use anyhow::Result;
use lrscope_runner::analysis::RangeTest;
use lrscope_runner::experiment::Experiment;
use lrscope_runner::picks::{PickRecord, Picks, WHICH_RATE, compare, keep_pick};
use lrscope_runner::record::Store;
use lrscope_runner::resolve::Setting;
use lrscope_runner::spec::RunSpec;
use lrscope_runner::study::{Question, StudyRun};

use crate::args::{MachineArgs, RangeTestArgs};
use crate::commands::compare::{failed_runs, warn};
use crate::configured::Configured;
use crate::exit::Inconclusive;
use crate::index_page;
use crate::perform::{Done, Plan, device, perform};
use crate::picking::kept;
use crate::progress::note;
use crate::render;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &RangeTestArgs) -> Result<()> {
    let mut configured = Configured::load(&args.experiment)?;
    configured.apply_sweep(&args.sweep, args.seeds)?;
    let (class, isa) = device(&args.machine)?;
    let setting = configured.setting(class, isa)?;
    warn(&setting.size_warnings());
    let swept = sweep(&configured, &setting, &args.machine)?;
    if args.machine.output.json {
        print(&serde_json::to_string_pretty(&as_json(&swept))?)?;
    } else {
        show(&swept, setting.experiment())?;
    }
    match swept.analysis.pick {
        Some(_) => Ok(()),
        None => Err(Inconclusive(no_pick(&swept.analysis)).into()),
    }
}

/// Why there is no pick.
pub fn no_pick(analysis: &RangeTest) -> String {
    let reasons: Vec<&str> = analysis.refusal.iter().chain(&analysis.warnings).map(String::as_str).collect();
    format!("no pick: {}", reasons.join("; "))
}

/// A range test that is done.
pub struct Swept {
    /// The study.
    done: Done,
    /// What its curves say.
    pub analysis: RangeTest,
    /// Its pick among those for the same settings; none where it gave no pick.
    pub kept: Option<Kept>,
}

/// A pick that was kept.
pub struct Kept {
    /// The pick.
    pub record: PickRecord,
    /// All picks for the same settings, this one among them.
    picks: Picks,
}

/// Does a setting's range test, keeps its pick and writes its report.
pub fn sweep(configured: &Configured, setting: &Setting, machine: &MachineArgs) -> Result<Swept> {
    let runs = setting.range_test().map_err(|problem| configured.explain(&problem))?;
    let plan = Plan {
        question: Question::RangeTest,
        experiment: setting.experiment().clone(),
        arms: vec![("sweep".into(), runs.clone())],
        pick: None,
        warnings: setting.size_warnings(),
    };
    let done = perform(&plan, machine)?;
    let store = Store::open(&machine.results)?;
    index_page::write_with_report(&machine.results, &done.folder)?;
    fail_without_runs(&done)?;
    // A pick of the seeds that happened to come through would stay, and another one come of all of them.
    failed_runs(&done)?;
    let analysis = done.study.range_test(&store)?;
    let kept = match (&analysis.pick, runs.first()) {
        (Some(_), Some(first)) => {
            let ids: Vec<_> = runs.iter().map(RunSpec::id).collect();
            let record = keep_pick(&store, &ids, &done.name)?;
            // Another pick that is damaged is no reason to fail here; whoever would use it says so again.
            let picks = kept(&store, first).unwrap_or_else(|error| {
                note(&format!("warning: {error}"));
                Picks::default()
            });
            Some(Kept { record, picks })
        }
        _ => None,
    };
    Ok(Swept { done, analysis, kept })
}

impl Kept {
    /// Which pick `compare` and `train` take where there is more than one, why, and how to take another.
    fn which_counts(&self) -> Option<String> {
        const TAKE: &str = "for these settings compare and train take";
        let strongest = self.picks.usable.first()?;
        let this = &self.record;
        if strongest.runs != this.runs {
            let (_, because) = compare(strongest, this);
            let (theirs, ours) = (&strongest.report, &this.report);
            return Some(format!("{TAKE} the pick in {theirs} ({because}); `--pick {ours}` takes this one"));
        }
        let second = self.picks.usable.iter().find(|record| record.runs != this.runs)?;
        let (_, because) = compare(this, second);
        let theirs = &second.report;
        Some(format!("{TAKE} this pick, not that in {theirs} ({because}); `--pick {theirs}` takes that one"))
    }
}

/// An error where no run of a study succeeded.
pub fn fail_without_runs(done: &Done) -> Result<()> {
    let runs = || done.study.arms.iter().flat_map(|arm| &arm.runs);
    let failed = runs().filter_map(StudyRun::failure);
    match failed.clone().next() {
        Some(first) if failed.count() == runs().count() => Err(anyhow::anyhow!("every run failed: {first}")),
        _ => Ok(()),
    }
}

fn as_json(swept: &Swept) -> serde_json::Value {
    let Swept { done, analysis, kept } = swept;
    let warnings: Vec<&String> = done.study.warnings.iter().chain(&analysis.warnings).collect();
    serde_json::json!({
        "pick": analysis.pick,
        "rate": WHICH_RATE,
        "no_pick": analysis.refusal,
        "warnings": warnings,
        "which_counts": kept.as_ref().and_then(Kept::which_counts),
        "rules": analysis.rules,
        "rules_note": analysis.rules_note,
        "seeds": analysis.curves.len(),
        "report": done.folder,
    })
}

fn show(swept: &Swept, experiment: &Experiment) -> Result<()> {
    let Swept { done, analysis, kept } = swept;
    if let Some(pick) = &analysis.pick {
        print(&format!(
            "base_lr = {:.4e}  ({})\nmax_lr  = {:.4e}  ({})",
            pick.base_lr, pick.base_rule, pick.max_lr, pick.max_rule
        ))?;
    }
    if let Some(factors) = factors(experiment) {
        print(&format!("both are {WHICH_RATE}: {factors}"))?;
    }
    let which = kept.as_ref().and_then(Kept::which_counts);
    for note in analysis.warnings.iter().chain(&analysis.rules_note).chain(&which) {
        print(&format!("note: {note}"))?;
    }
    print(&format!("report: {}", done.folder.join("README.md").display()))
}

/// `biases × 0.1, weights × 1`; nothing where no group has a factor of its own.
fn factors(experiment: &Experiment) -> Option<String> {
    let words: Vec<String> =
        render::multipliers(experiment).iter().map(|(group, factor)| format!("{group} × {factor}")).collect();
    (!words.is_empty()).then(|| words.join(", "))
}
