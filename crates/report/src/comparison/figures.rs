//! Pictures of what happened during the runs.

use lrscope_runner::analysis::{ArmResult, Ending, SeedResult};

use crate::chart::{Axis, Chart, Marks, Panel, Scale, Series, Shape, Stroke, Ticks, arm_stroke, loss_limits};
use crate::curves::{ArmCurves, lines_per_arm};
use crate::numbers::{count, counted, listed, rate, significant};
use crate::schedule_plot::{rate_label, rate_limits};
use crate::series_stats::{smoothed, smoothing_window};

/// Opacity of a lone thin line: raw losses fill areas, evaluations are single lines. More lines are fainter.
const FAINT_RAW: f64 = 0.42;
pub(super) const FAINT: f64 = 1.2;
/// A fall by this factor and more is shown on a logarithmic axis, on which arms that end close together stay apart.
pub(super) const LOG_FROM: f64 = 4.0;
/// Height of the plotting area in pixels.
pub(super) const HEIGHT: f64 = 340.0;

/// Training loss over updates: every seed's raw values, and each arm's mean, smoothed. Absent where no run has a loss.
pub(crate) fn loss_chart(arms: &[ArmResult], curves: &[ArmCurves]) -> Option<Chart> {
    let steps = longest(curves.iter().map(|curves| curves.steps as usize))?;
    let lines: Vec<Vec<(f64, f64)>> = curves.iter().map(|curves| smoothed(&curves.mean, steps)).collect();
    let raw = curves.iter().flat_map(|curves| curves.sample.iter().copied());
    let smooth: Vec<Vec<f64>> = lines.iter().map(|line| line.iter().map(|(_, loss)| *loss).collect()).collect();
    let (scale, low, high) = loss_limits(&smooth, raw, LOG_FROM);
    let ends = smooth.iter().zip(curves).map(|(line, curves)| (line.last().copied(), curves.mean.completed));
    let mut series = faint(curves.iter().map(|curves| curves.lines.clone()).collect(), FAINT_RAW);
    series.extend(bold(arms, lines.into_iter()));
    Some(Chart {
        title: title("Training loss", arms, ends.collect(), |loss| significant(loss, 3), false),
        subtitle: subtitle(arms, Some(smoothing_window(steps))),
        x: updates(steps),
        bands: Vec::new(),
        markers: Vec::new(),
        panels: vec![Panel {
            y: axis(&loss_label("training", scale), scale, low, high),
            height: HEIGHT,
            series,
            marks: stops(arms, |arm| curves.get(arm).map(|curves| curves.stops.clone()).unwrap_or_default()),
            notes: Vec::new(),
        }],
    })
}

/// Learning rate over updates, a line an arm; logarithmic where the rates span more than two decades. Absent where no arm
/// has a finite rate.
pub(crate) fn rates_chart(arms: &[ArmResult], curves: &[ArmCurves]) -> Option<Chart> {
    let steps = longest(curves.iter().map(|curves| curves.rates.steps as usize))?;
    let points = curves.iter().flat_map(|curves| &curves.rates.points);
    let rates: Vec<f64> = points.map(|(_, lr)| *lr).filter(|lr| lr.is_finite()).collect();
    let (scale, low, high) = rate_limits(&rates)?;
    let highest = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let title = if lowest >= highest {
        format!("The learning rate is {} throughout", rate(highest))
    } else {
        format!("Learning rates from {} to {} over {} updates", rate(lowest), rate(highest), count(steps as u64))
    };
    Some(Chart {
        title,
        subtitle: rates_subtitle(curves),
        x: updates(steps),
        bands: Vec::new(),
        markers: Vec::new(),
        panels: vec![Panel {
            y: axis(rate_label(scale), scale, low, high),
            height: 260.0,
            series: bold(arms, curves.iter().map(|curves| curves.rates.points.clone())).collect(),
            marks: Vec::new(),
            notes: Vec::new(),
        }],
    })
}

fn rates_subtitle(curves: &[ArmCurves]) -> String {
    let mut words = "The schedule's learning rate at each update, before any group's multiplier.".to_owned();
    if curves.iter().any(|curves| curves.rates.of_one_seed) {
        words.push_str(" Where it follows the evaluations: that of the arm's first seed.");
    }
    words
}

/// The label of an axis for losses; a reader must know that equal distances are equal ratios.
pub(crate) fn loss_label(of: &str, scale: Scale) -> String {
    match scale {
        Scale::Linear => format!("{of} loss (nats)"),
        Scale::Log => format!("{of} loss (nats, logarithmic)"),
    }
}

fn longest(lengths: impl Iterator<Item = usize>) -> Option<usize> {
    lengths.max().filter(|length| *length > 0)
}

pub(super) fn updates(steps: usize) -> Axis {
    Axis {
        label: "updates".into(),
        scale: Scale::Linear,
        low: 0.0,
        high: (steps as f64).max(1.0),
        ticks: Ticks::Counts,
    }
}

pub(super) fn axis(label: &str, scale: Scale, low: f64, high: f64) -> Axis {
    Axis { label: label.into(), scale, low, high, ticks: Ticks::Numbers }
}

/// Each arm's thin lines, fainter the more there are.
pub(super) fn faint(arms: Vec<Vec<Vec<(f64, f64)>>>, ink: f64) -> Vec<Series> {
    let lines: usize = arms.iter().map(Vec::len).sum();
    let opacity = (ink / (lines as f64).sqrt()).min(0.45);
    arms.into_iter()
        .enumerate()
        .flat_map(|(i, lines)| {
            let stroke = Stroke::solid(arm_stroke(i).colour, 0.8).opacity(opacity);
            lines.into_iter().map(move |line| Series::plain(line, stroke))
        })
        .collect()
}

/// Each arm's bold line, named.
pub(super) fn bold<'a>(
    arms: &'a [ArmResult],
    lines: impl Iterator<Item = Vec<(f64, f64)>> + 'a,
) -> impl Iterator<Item = Series> + 'a {
    let named = arms.iter().enumerate().zip(lines);
    named
        .filter(|(_, line)| !line.is_empty())
        .map(|((i, arm), line)| Series::named(arm.name.clone(), line, arm_stroke(i)))
}

/// Seeds that did not come to their end.
pub(super) fn stopped(arm: &ArmResult) -> impl Iterator<Item = &SeedResult> {
    arm.seeds.iter().filter(|seed| seed.ending != Ending::Completed)
}

/// A cross at the place where each run of an arm, given by its number, stopped early.
pub(super) fn stops(arms: &[ArmResult], places: impl Fn(usize) -> Vec<(f64, f64)>) -> Vec<Marks> {
    let marks = arms.iter().enumerate().map(|(i, arm)| Marks {
        name: Some(format!("{}: a seed diverged", arm.name)),
        points: places(i),
        shape: Shape::Cross,
        radius: 4.5,
        colour: arm_stroke(i).colour,
        opacity: 1.0,
    });
    marks.filter(|marks| !marks.points.is_empty()).collect()
}

/// What each arm ends at: up to four arms by name, else the extremes.
pub(super) fn title(
    what: &str,
    arms: &[ArmResult],
    ends: Vec<(Option<f64>, bool)>,
    show: fn(f64) -> String,
    high_is_good: bool,
) -> String {
    let mut reached: Vec<(f64, &str)> = Vec::new();
    let mut stopped: Vec<String> = Vec::new();
    for (arm, (end, completed)) in arms.iter().zip(ends) {
        match end {
            Some(end) if completed => reached.push((end, &arm.name)),
            _ => stopped.push(arm.name.clone()),
        }
    }
    reached.sort_by(|a, b| if high_is_good { b.0.total_cmp(&a.0) } else { a.0.total_cmp(&b.0) });
    let name = |(end, name): &(f64, &str)| format!("{} ({name})", show(*end));
    let mut parts = match reached.as_slice() {
        [] => Vec::new(),
        [first, .., last] if reached.len() > 4 => {
            vec![format!("{what} ends between {} and {}", name(first), name(last))]
        }
        few => vec![format!("{what} ends at {}", listed(&few.iter().map(name).collect::<Vec<_>>()))],
    };
    if !stopped.is_empty() {
        parts.push(format!("no seed of {} came to its end", listed(&stopped)));
    }
    let joined = parts.join("; ");
    if reached.is_empty() { format!("{what}: {joined}") } else { joined }
}

pub(super) fn subtitle(arms: &[ArmResult], window: Option<usize>) -> String {
    let most = arms.iter().map(|arm| arm.seeds.len()).max().unwrap_or(0);
    let unfinished = arms.iter().flat_map(|arm| &arm.seeds).any(|seed| seed.ending != Ending::Completed);
    let lines = lines_per_arm(arms.len());
    let thin = match (window, most > lines) {
        (Some(_), false) => "Thin: each seed's raw loss.".to_owned(),
        (None, false) => "Thin: each seed.".to_owned(),
        (Some(_), true) => format!("Thin: the raw loss of the first {}.", counted(lines, "seed", "seeds")),
        (None, true) => format!("Thin: the first {}.", counted(lines, "seed", "seeds")),
    };
    let smoothing = window
        .filter(|window| *window > 1)
        .map(|window| format!(", smoothed over {}", counted(window, "update", "updates")))
        .unwrap_or_default();
    let seeds = match most {
        0 | 1 => "the only seed".to_owned(),
        _ if unfinished => "mean of the seeds that came to the end".to_owned(),
        n => format!("mean of {n} seeds"),
    };
    format!("{thin} Bold: {seeds}{smoothing}.")
}
