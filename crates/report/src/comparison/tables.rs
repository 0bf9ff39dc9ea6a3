//! The comparison's files for programs.

use lrscope_runner::analysis::ArmResult;

use crate::csv_file::csv_file;
use crate::error::RenderError;
use crate::fact::ReportFile;
use crate::series_stats::ending_fields;

type Run<'a> = (&'a str, &'a str, u64, &'static str, Option<u64>, Option<f64>, Option<f64>, Option<f64>, &'a str);

/// A row for each run, those that failed included.
pub(crate) fn runs(arms: &[ArmResult]) -> Result<ReportFile, RenderError> {
    let rows = arms.iter().flat_map(|arm| {
        let done = arm.seeds.iter().map(|seed| -> Run {
            let (ending, step) = ending_fields(seed.ending);
            (
                &arm.name,
                &arm.schedule,
                seed.seed,
                ending,
                step,
                seed.test_accuracy,
                seed.validation_accuracy,
                seed.test_loss,
                "",
            )
        });
        let failed = arm.failed.iter().map(|(seed, reason)| -> Run {
            (&arm.name, &arm.schedule, *seed, "failed", None, None, None, None, reason)
        });
        done.chain(failed)
    });
    let header = [
        "arm",
        "schedule",
        "seed",
        "ending",
        "ended_at_step",
        "test_accuracy",
        "validation_accuracy",
        "test_loss",
        "failure",
    ];
    csv_file("runs.csv", &header, rows)
}

/// Every update of every run.
pub(crate) fn curves(arms: &[ArmResult]) -> Result<ReportFile, RenderError> {
    let rows = arms.iter().flat_map(|arm| {
        arm.seeds.iter().flat_map(move |seed| {
            let losses = seed.loss.iter().enumerate();
            losses.map(move |(step, loss)| (&arm.name, seed.seed, step, arm.lr.get(step), loss))
        })
    });
    csv_file("curves.csv", &["arm", "seed", "step", "lr", "loss"], rows)
}

/// Every evaluation during every run.
pub(crate) fn validation(arms: &[ArmResult]) -> Result<ReportFile, RenderError> {
    let rows = arms.iter().flat_map(|arm| {
        arm.seeds.iter().flat_map(move |seed| {
            let evaluations = seed.validation_curve.iter();
            evaluations.map(move |(updates, accuracy)| (&arm.name, seed.seed, updates, accuracy))
        })
    });
    let header = ["arm", "seed", "updates", "validation_accuracy"];
    csv_file("validation.csv", &header, rows)
}
