//! A configuration file: read, checked, and resolved to runs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lrscope_runner::experiment::Source;
use lrscope_runner::resolve::{self, DataFacts, Setting};
use lrscope_runner::spec::DeviceClass;
use lrscope_schedule::Pick;

fuzz_target!(|text: &str| {
    let source = Source { origin: "fuzz".into(), text: text.into() };
    let Ok(experiment) = source.parse() else { return };
    let facts = DataFacts { sha256: "00".into(), train: 1437, validation: 100 };
    let Ok(setting) = Setting::new(experiment, facts, DeviceClass::Cpu, "portable".into()) else { return };
    if setting.range_test().is_ok_and(|runs| runs.len() > 1_000_000) {
        panic!("more runs than anybody can have meant");
    }
    let Some(schedule) = &setting.experiment().schedule else { return };
    let pick = Some(Pick { base_lr: 0.01, max_lr: 0.1 });
    let Ok(runs) = setting.training("schedule", schedule, pick) else { return };
    for run in runs.iter().take(2) {
        let plan = resolve::plan(run);
        for step in [0, 1, run.steps / 2, run.steps.saturating_sub(1)] {
            let _ = plan.as_ref().map(|plan| plan.at(step));
        }
    }
});
