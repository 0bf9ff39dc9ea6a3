//! A schedule's table, with whatever expression stands in it: its rates at many steps are finite and not negative, or errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lrscope_runner::experiment::Source;
use lrscope_runner::resolve::{self, DataFacts, Setting};
use lrscope_runner::spec::DeviceClass;
use lrscope_schedule::Pick;

fuzz_target!(|text: &str| {
    // A text without line ends is an expression for `scale_fn`, else it is the schedule's table itself.
    let schedule = if text.contains('\n') {
        text.to_owned()
    } else {
        let text = toml::Value::String(text.into());
        format!("[schedule.cyclic]\nbase_lr = 0.1\nmax_lr = 1.0\nstep_size_up = 3\ncycle_momentum = false\nscale_fn = {text}\n")
    };
    let text = format!(
        "version = 1\n[data]\nname = \"digits\"\n[model.mlp]\nhidden = [8]\n[optimizer.sgd]\n[training]\nlength = 50\n{schedule}"
    );
    let Ok(experiment) = (Source { origin: "fuzz".into(), text }).parse() else { return };
    let facts = DataFacts { sha256: "00".into(), train: 1437, validation: 100 };
    let Ok(setting) = Setting::new(experiment, facts, DeviceClass::Cpu, "portable".into()) else { return };
    let Some(schedule) = &setting.experiment().schedule else { return };
    let pick = Some(Pick { base_lr: 0.01, max_lr: 0.1 });
    let Ok(runs) = setting.training("schedule", schedule, pick) else { return };
    let Some(plan) = runs.first().and_then(|run| resolve::plan(run).ok()) else { return };
    for step in 0..runs[0].steps.min(64) {
        if let Ok(rates) = plan.at(step) {
            let right = rates.0.iter().all(|point| point.lr.is_finite() && point.lr >= 0.0);
            assert!(right, "step {step}: {rates:?}");
        }
    }
});
