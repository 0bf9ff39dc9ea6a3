//! The comparison's files for programs.

use lrscope_runner::analysis::ArmResult;

use super::evaluated::{evaluated_on, evaluations_file, words};
use crate::csv_file::csv_file;
use crate::error::RenderError;
use crate::fact::ReportFile;
use crate::series_stats::ending_fields;

type Run<'a> =
    (&'a str, &'a str, u64, &'static str, Option<u64>, Option<f64>, Option<f64>, Option<f64>, Option<f64>, &'a str);

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
                seed.validation_loss,
                "",
            )
        });
        let failed = arm.failed.iter().map(|(seed, reason)| -> Run {
            (&arm.name, &arm.schedule, *seed, "failed", None, None, None, None, None, reason)
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
        "validation_loss",
        "failure",
    ];
    csv_file("runs.csv", &header, rows)
}

/// Every evaluation during every run.
pub(crate) fn evaluations(arms: &[ArmResult]) -> Result<ReportFile, RenderError> {
    let rows = arms.iter().flat_map(|arm| {
        arm.seeds.iter().flat_map(move |seed| {
            let evaluations = seed.evaluations.iter();
            evaluations.map(move |(updates, at)| (&arm.name, seed.seed, updates, at.accuracy(), at.loss))
        })
    });
    let on = evaluated_on(arms);
    let [accuracy, loss] = ["accuracy", "loss"].map(|what| format!("{}_{what}", words(on)));
    csv_file(evaluations_file(on), &["arm", "seed", "updates", &accuracy, &loss], rows)
}
