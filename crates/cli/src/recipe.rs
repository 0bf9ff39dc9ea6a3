//! A study's recipe and surroundings as facts for its report.

use anyhow::{Context, Result};
use lrscope_report::Fact;
use lrscope_runner::spec::{DeviceClass, FloatType, LossSpec, ModelSpec, Normalization, OptimizerSpec, RunSpec};
use lrscope_runner::study::{Collected, Study};

use crate::perform::{model_name, optimizer_name};
use crate::provenance;

/// A day as `2026-01-31` and its time as `14:05:09` (UTC), from seconds since 1970.
pub fn day_and_time(unix: u64) -> Result<(String, String)> {
    let seconds = i64::try_from(unix).context("a date beyond the calendar")?;
    let moment = time::OffsetDateTime::from_unix_timestamp(seconds).context("a date beyond the calendar")?;
    let (hour, minute, second) = moment.to_hms();
    Ok((moment.date().to_string(), format!("{hour:02}:{minute:02}:{second:02}")))
}

/// What tells a study from others of the same title: its schedules and the number of its seeds.
pub fn details(study: &Study) -> String {
    let seeds = study.arms.iter().map(|arm| arm.runs.len()).max().unwrap_or(0);
    let seeds = format!("{seeds} seed{}", if seeds == 1 { "" } else { "s" });
    let what = match study.arms.as_slice() {
        [only] => only.schedule.clone(),
        several => several.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>().join(" / "),
    };
    format!("{what}; {seeds}")
}

/// Everything that can change a number, in the order in which it is read.
pub fn recipe(spec: &RunSpec, collected: &Collected) -> Vec<Fact> {
    let data = &spec.data;
    let per_update = data.batch_size * data.accumulation_steps;
    let epochs = spec.steps as f64 / spec.steps_per_epoch as f64;
    let seeds: Vec<u64> =
        collected.study.arms.first().map_or_else(Vec::new, |arm| arm.runs.iter().map(|run| run.seed).collect());
    let mut facts = vec![
        Fact::new("data", format!("{} (data hash {})", data.name, data.sha256)),
        Fact::new("validation", format!("{} of the training examples", data.validation)),
        Fact::new(
            "training examples",
            data.train_limit.map_or_else(|| "all others".into(), |limit| format!("the first {limit} of the others")),
        ),
        Fact::new("pixels", normalization(data.normalization)),
        Fact::new("model", model(&spec.model)),
        Fact::new("optimizer", optimizer(&spec.optimizer)),
    ];
    facts.extend((!spec.loss.is_plain()).then(|| Fact::new("loss", loss(spec.loss))));
    facts.extend([
        Fact::new("parameter groups", groups(spec)),
        Fact::new("examples per update", batch(data.batch_size, data.accumulation_steps, per_update)),
        Fact::new("updates", format!("{} ({epochs:.2} epochs of {})", spec.steps, spec.steps_per_epoch)),
        Fact::new("seeds", provenance::seeds(&seeds)),
    ]);
    facts.extend(provenance::made_with(collected));
    facts
}

fn loss(loss: LossSpec) -> String {
    let smoothing = loss.label_smoothing;
    format!("cross-entropy, in updates with label smoothing {smoothing}, in evaluations without")
}

fn normalization(normalization: Normalization) -> &'static str {
    match normalization {
        Normalization::Unit => "divided by 255",
        Normalization::Standard => "divided by 255, less each channel's mean, by its standard deviation",
        Normalization::MeanImage => "0 to 255, less the mean picture",
    }
}

fn model(model: &ModelSpec) -> String {
    match model {
        ModelSpec::Mlp { hidden, dropout } if *dropout > 0.0 => {
            format!("mlp, hidden layers {hidden:?}, dropout {dropout}")
        }
        ModelSpec::Mlp { hidden, .. } => format!("mlp, hidden layers {hidden:?}"),
        ModelSpec::Resnet9 { width } => format!("resnet9, width {width}"),
        other => model_name(other).to_owned(),
    }
}

fn optimizer(optimizer: &OptimizerSpec) -> String {
    match optimizer {
        OptimizerSpec::Sgd(sgd) => format!(
            "SGD, momentum {}, dampening {}, weight decay {}{}",
            sgd.momentum,
            sgd.dampening,
            sgd.weight_decay,
            if sgd.nesterov { ", Nesterov" } else { "" }
        ),
        OptimizerSpec::Adam(adam) | OptimizerSpec::Adamw(adam) => format!(
            "{}, betas {} and {}, eps {:e}, weight decay {}{}",
            optimizer_name(optimizer),
            adam.betas.0,
            adam.betas.1,
            adam.eps,
            adam.weight_decay,
            if adam.amsgrad { ", amsgrad" } else { "" }
        ),
    }
}

fn groups(spec: &RunSpec) -> String {
    let words = |group: &lrscope_runner::spec::GroupSpec| {
        let (name, patterns) = (&group.name, group.parameters.join(" "));
        format!("{name} ({patterns}): rate × {}, weight decay × {}", group.lr_mult, group.weight_decay_mult)
    };
    spec.groups.iter().map(words).collect::<Vec<_>>().join("; ")
}

fn batch(size: u64, accumulation: u64, per_update: u64) -> String {
    if accumulation == 1 { size.to_string() } else { format!("{per_update} ({accumulation} × {size})") }
}

/// Type and device that a run computes with.
pub fn arithmetic(spec: &RunSpec) -> String {
    let dtype = match spec.dtype {
        FloatType::F32 => "f32",
        FloatType::F64 => "f64",
    };
    match spec.device {
        DeviceClass::Cpu => format!("{dtype} on the CPU, instruction set path {}", spec.isa),
        DeviceClass::Cuda => format!("{dtype} on CUDA"),
        DeviceClass::Metal => format!("{dtype} on Metal"),
    }
}
