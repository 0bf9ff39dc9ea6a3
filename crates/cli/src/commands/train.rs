//! `lrscope train`: one schedule over one or several seeds.

use anyhow::Result;
use lrscope_runner::analysis::compare;
use lrscope_runner::numbers::percent;
use lrscope_runner::record::Store;
use lrscope_runner::study::Question;

use crate::args::TrainArgs;
use crate::commands::compare::{failed_runs, introduce, lint, runs};
use crate::commands::range_test::fail_without_runs;
use crate::configured::Configured;
use crate::earlier;
use crate::figures;
use crate::index_page;
use crate::perform::{Done, Plan, device, perform};
use crate::picking::picked;
use crate::tell::print;

/// Runs the command.
pub fn run(args: &TrainArgs) -> Result<()> {
    let mut configured = Configured::load(&args.experiment)?;
    configured.apply_training(args.length.as_deref(), args.seeds)?;
    configured.apply_schedule(&args.choice)?;
    let choice = args.pick.choice()?;
    let (class, isa) = device(&args.machine)?;
    let setting = configured.setting(class, isa)?;
    let schedule = configured.schedule("to train with")?;
    earlier::refuse_another(Question::Training, setting.experiment(), &args.machine)?;
    let picked = picked(&configured, &setting, &[("schedule".into(), schedule)], &args.machine, choice.as_ref())?;
    let runs = runs(&configured, &setting, "schedule", schedule, picked.as_ref())?;
    let mut warnings = setting.size_warnings();
    warnings.extend(picked.iter().flat_map(|picked| picked.warnings.iter().cloned()));
    warnings.extend(lint(&setting, schedule, &runs)?);
    let plan = Plan {
        question: Question::Training,
        experiment: setting.experiment().clone(),
        warnings,
        arms: vec![("train".into(), runs)],
        pick: picked.map(|picked| picked.words),
    };
    introduce(&plan);
    let done = perform(&plan, &args.machine)?;
    index_page::write_with_report(&args.machine.results, &done.folder)?;
    fail_without_runs(&done)?;
    show(&done, &Store::open(&args.machine.results)?, args.machine.output.json)?;
    failed_runs(&done)
}

fn show(done: &Done, store: &Store, json: bool) -> Result<()> {
    let arms = compare(done.study.results(store)?)?.arms;
    let seeds = arms.iter().flat_map(|arm| &arm.seeds);
    let accuracy = arms.first().and_then(|arm| arm.test_accuracy);
    if json {
        let result = serde_json::json!({
            "schedule": arms.first().map(|arm| &arm.schedule),
            "test_accuracy": accuracy,
            "validation_accuracy": arms.first().and_then(|arm| arm.validation_accuracy),
            "evaluated_on": arms.first().map(|arm| arm.evaluated_on),
            "seeds": seeds.map(figures::seed).collect::<Vec<_>>(),
            "pick": done.study.pick,
            "warnings": done.study.warnings,
            "report": done.folder,
        });
        return print(&serde_json::to_string_pretty(&result)?);
    }
    for seed in seeds {
        let accuracy = seed.test_accuracy.map_or_else(|| "none".into(), |share| format!("{} %", percent(share)));
        print(&format!("seed {}: test accuracy {accuracy}", seed.seed))?;
    }
    if let Some(mean) = accuracy.filter(|estimate| estimate.n > 1) {
        print(&format!("mean test accuracy {}", figures::percent(&mean)))?;
    }
    print(&format!("report: {}", done.folder.join("README.md").display()))
}
