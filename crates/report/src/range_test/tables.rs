//! The range test's files for programs.

use lrscope_runner::analysis::{Pick, RangeTest};
use lrscope_runner::picks::WHICH_RATE;
use serde::Serialize;

use crate::csv_file::csv_file;
use crate::error::RenderError;
use crate::fact::ReportFile;

/// Every raw value: row, rate, loss.
pub(super) fn curves(test: &RangeTest) -> Result<ReportFile, RenderError> {
    let rows = test.curves.iter().flat_map(|curve| {
        let rows = curve.lr.len().max(curve.loss.len());
        (0..rows).map(|step| {
            let lr = curve.lr.get(step).copied();
            (curve.seed, step, lr, curve.loss.get(step).copied())
        })
    });
    csv_file("curves.csv", &["seed", "step", "lr", "loss"], rows)
}

/// The mean over the seeds, raw and smoothed.
pub(super) fn mean_curve(test: &RangeTest) -> Result<ReportFile, RenderError> {
    let rows = test.lr.iter().enumerate().map(|(step, lr)| {
        let mean = test.mean_loss.get(step).copied();
        (step, *lr, mean, test.smoothed_loss.get(step).copied())
    });
    let header = ["step", "lr", "mean_loss", "smoothed_loss"];
    csv_file("mean_curve.csv", &header, rows)
}

/// What each published rule says about each seed's curve.
pub(super) fn rules(test: &RangeTest) -> Result<ReportFile, RenderError> {
    let rows = test.rules.iter().map(|outcome| (outcome.rule, outcome.seed, outcome.lr, &outcome.reason));
    csv_file("rules.csv", &["rule", "seed", "lr", "reason"], rows)
}

#[derive(Serialize)]
struct PickFile<'a> {
    rate: &'static str,
    pick: &'a Option<Pick>,
    no_pick: &'a Option<String>,
    seed_picks: Vec<SeedPick<'a>>,
    seeds: Vec<u64>,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct SeedPick<'a> {
    seed: u64,
    pick: &'a Pick,
}

/// The pick with every digit.
pub(super) fn pick(test: &RangeTest) -> Result<ReportFile, RenderError> {
    let file = PickFile {
        rate: WHICH_RATE,
        pick: &test.pick,
        no_pick: &test.refusal,
        seed_picks: test.seed_picks.iter().map(|(seed, pick)| SeedPick { seed: *seed, pick }).collect(),
        seeds: test.curves.iter().map(|curve| curve.seed).collect(),
        warnings: &test.warnings,
    };
    ReportFile::json("pick.json", &file)
}
