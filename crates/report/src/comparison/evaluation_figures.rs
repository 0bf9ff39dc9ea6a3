//! Pictures of the evaluations during the runs.

use lrscope_runner::analysis::{ArmResult, SeedResult};
use lrscope_runner::learner::Evaluation;

use super::evaluated::{evaluated_on, words};
use super::figures::{
    FAINT, HEIGHT, LOG_FROM, axis, bold, faint, loss_label, stopped, stops, subtitle, title, updates,
};
use crate::chart::{Axis, Chart, Panel, Scale, loss_limits, outlier_limits};
use crate::curves::lines_per_arm;
use crate::numbers::{capitalised, percent, significant};
use crate::series_stats::{MeanLine, mean_line};

/// A figure of an evaluation, as it is drawn.
type Figure = fn(&Evaluation) -> Option<f64>;

/// Accuracy in the evaluations over updates: every seed thin, each arm's mean bold. Absent where no run was evaluated on
/// the way.
pub(crate) fn accuracy_chart(arms: &[ArmResult]) -> Option<Chart> {
    let figure: Figure = |at| at.accuracy().map(|share| share * 100.0);
    let values: Vec<f64> = points_of_all(arms, figure).map(|(_, accuracy)| accuracy).collect();
    let (low, high) = outlier_limits(&values, 4.0)?;
    let of = words(evaluated_on(arms));
    let y = axis(&format!("{of} accuracy (%)"), Scale::Linear, low, high.min(100.0 + (high - low) * 0.02));
    chart(arms, &format!("{of} accuracy"), figure, y, (|p| format!("{} %", percent(p / 100.0)), true))
}

/// Mean loss in the evaluations over updates, likewise.
pub(crate) fn evaluation_loss_chart(arms: &[ArmResult]) -> Option<Chart> {
    let figure: Figure = |at| Some(at.loss);
    let raw = points_of_all(arms, figure).map(|(_, loss)| loss);
    let means: Vec<Vec<f64>> = means(arms, figure).into_iter().map(|mean| mean.values).collect();
    let (scale, low, high) = loss_limits(&means, raw, LOG_FROM);
    let of = words(evaluated_on(arms));
    let y = axis(&loss_label(of, scale), scale, low, high);
    chart(arms, &format!("{of} loss"), figure, y, (|loss| significant(loss, 3), false))
}

fn points(seed: &SeedResult, figure: Figure) -> Vec<(f64, f64)> {
    let point = |(updates, at): &(u64, Evaluation)| Some((*updates as f64, figure(at)?));
    seed.evaluations.iter().filter_map(point).collect()
}

fn points_of_all(arms: &[ArmResult], figure: Figure) -> impl Iterator<Item = (f64, f64)> {
    arms.iter().flat_map(|arm| &arm.seeds).flat_map(move |seed| points(seed, figure))
}

fn means(arms: &[ArmResult], figure: Figure) -> Vec<MeanLine> {
    let values = |seed: &SeedResult| points(seed, figure).into_iter().map(|(_, value)| value).collect();
    arms.iter().map(|arm| mean_line(&arm.seeds, values)).collect()
}

fn chart(
    arms: &[ArmResult],
    what: &str,
    figure: Figure,
    y: Axis,
    (show, high_is_good): (fn(f64) -> String, bool),
) -> Option<Chart> {
    let last = points_of_all(arms, figure).map(|(updates, _)| updates).reduce(f64::max)?;
    let means = means(arms, figure);
    let lines = arms.iter().zip(&means).map(|(arm, mean)| {
        let longest = arm.seeds.iter().map(|seed| points(seed, figure)).max_by_key(Vec::len);
        longest.unwrap_or_default().into_iter().zip(&mean.values).map(|((x, _), y)| (x, *y)).collect()
    });
    let thin = |arm: &ArmResult| {
        let seeds = arm.seeds.iter().take(lines_per_arm(arms.len()));
        seeds.map(|seed| points(seed, figure)).collect()
    };
    let mut series = faint(arms.iter().map(thin).collect(), FAINT);
    series.extend(bold(arms, lines));
    let ends = means.iter().map(|mean| (mean.values.last().copied(), mean.completed));
    let last_of = |seed: &SeedResult| points(seed, figure).into_iter().rfind(|(_, value)| value.is_finite());
    let places = |arm: usize| arms.get(arm).into_iter().flat_map(stopped).filter_map(last_of).collect();
    Some(Chart {
        title: title(&capitalised(what), arms, ends.collect(), show, high_is_good),
        subtitle: subtitle(arms, None),
        x: updates((last as usize).max(1)),
        bands: Vec::new(),
        markers: Vec::new(),
        panels: vec![Panel { y, height: HEIGHT, series, marks: stops(arms, places), notes: Vec::new() }],
    })
}
