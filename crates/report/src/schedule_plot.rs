//! A schedule's plot, without any training.

use lrscope_schedule::Point;

use crate::chart::{Axis, Chart, Panel, Scale, Series, Stroke, Ticks, arm_stroke, colours, covering, draw, quantile};
use crate::error::RenderError;

/// What one line of a schedule's plot shows: a parameter group, an arm, or a group of an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleLine {
    /// Its name; not shown where there is one line alone.
    pub name: String,
    /// Updates by ascending number, each with what it uses.
    pub points: Vec<(u64, Point)>,
}

/// Learning rate and, where there is one, momentum over the updates, as SVG.
pub fn render_schedule(title: &str, lines: &[ScheduleLine]) -> Result<String, RenderError> {
    let chart = schedule_chart(title, lines)
        .ok_or_else(|| RenderError::Empty(format!("the schedule {title:?} has no finite learning rate")))?;
    draw(&chart).map_err(|source| RenderError::Chart { file: "the schedule's plot".into(), source })
}

fn schedule_chart(title: &str, lines: &[ScheduleLine]) -> Option<Chart> {
    let last = lines.iter().filter_map(|line| line.points.last()).map(|(step, _)| *step).max()?;
    let mut panels = vec![lr_panel(lines)?];
    panels.extend(momentum_panel(lines));
    Some(Chart {
        title: title.into(),
        subtitle: String::new(),
        x: Axis {
            label: "updates".into(),
            scale: Scale::Linear,
            low: 0.0,
            high: last as f64 + 1.0,
            ticks: Ticks::Counts,
        },
        bands: Vec::new(),
        markers: Vec::new(),
        panels,
    })
}

fn lr_panel(lines: &[ScheduleLine]) -> Option<Panel> {
    let rates: Vec<f64> = lines.iter().flat_map(|line| &line.points).map(|(_, point)| point.lr).collect();
    let (scale, low, high) = rate_limits(&rates)?;
    let series = match lines {
        [only] => vec![alone(points(only, |point| point.lr), Stroke::solid(colours::BLUE, 2.2))],
        several => named(several, |point| point.lr),
    };
    Some(panel(rate_label(scale), (scale, low, high), 260.0, series))
}

/// Scale and limits for learning rates; absent where none is finite.
///
/// Logarithmic where more than a twentieth of the updates have rates two decades or more below the highest. A schedule that ends
/// near 0 would fill such an axis with decades of which a few updates make use; so it reaches one decade below the smallest
/// hundredth of the rates, and the line leaves it there. A rate that never changes is seen against 0.
pub(crate) fn rate_limits(lr: &[f64]) -> Option<(Scale, f64, f64)> {
    let mut sorted: Vec<f64> = lr.iter().copied().filter(|lr| lr.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (lowest, highest) = (*sorted.first()?, *sorted.last()?);
    if lowest >= 0.0 && highest - lowest <= SAME * highest {
        let (_, high) = covering([0.0, (1.2 * highest).min(f64::MAX)], Scale::Linear)?;
        return Some((Scale::Linear, 0.0, high));
    }
    let twentieth = quantile(&sorted, 0.05)?;
    if twentieth > 0.0 && highest / twentieth > 100.0 {
        let floor = quantile(&sorted, 0.01)? / 10.0;
        let shown = sorted.iter().copied().filter(|lr| *lr >= floor);
        if let Some((low, high)) = covering(shown, Scale::Log) {
            return Some((Scale::Log, low, high));
        }
    }
    let (low, high) = covering(sorted.iter().copied(), Scale::Linear)?;
    let from_zero = twentieth >= 0.0 && low < 0.3 * highest;
    Some((Scale::Linear, if from_zero { 0.0 } else { low }, high))
}

/// Share by which two values differ that are the same but for rounding.
const SAME: f64 = 1e-9;

/// The label of an axis for learning rates.
pub(crate) fn rate_label(scale: Scale) -> &'static str {
    match scale {
        Scale::Linear => "learning rate",
        Scale::Log => "learning rate (logarithmic)",
    }
}

/// One line where all lines have the same momentum, else all of them; nothing where there is none.
fn momentum_panel(lines: &[ScheduleLine]) -> Option<Panel> {
    let value = |point: &Point| point.momentum.unwrap_or(f64::NAN);
    let values: Vec<f64> = lines.iter().flat_map(|line| &line.points).map(|(_, point)| value(point)).collect();
    let (low, high) = covering(values.iter().copied(), Scale::Linear)?;
    let known = || values.iter().filter(|value| !value.is_nan());
    let constant = known().zip(known().skip(1)).all(|(a, b)| (a - b).abs() <= SAME);
    let (low, high) = if constant { (0.0, 1.0) } else { (low, high) };
    let first = lines.first()?;
    let same = |line: &ScheduleLine| {
        line.points.len() == first.points.len()
            && line.points.iter().zip(&first.points).all(|(a, b)| a.1.momentum == b.1.momentum)
    };
    let series = if lines.iter().all(same) {
        vec![alone(points(first, value), Stroke::solid(colours::PURPLE, 2.2))]
    } else {
        named(lines, value)
    };
    Some(panel("momentum", (Scale::Linear, low, high), 130.0, series))
}

fn points(line: &ScheduleLine, value: impl Fn(&Point) -> f64) -> Vec<(f64, f64)> {
    line.points.iter().map(|(step, point)| (*step as f64, value(point))).collect()
}

fn alone(points: Vec<(f64, f64)>, stroke: Stroke) -> Series {
    Series { mark_exits: true, ..Series::plain(points, stroke) }
}

fn named(lines: &[ScheduleLine], value: impl Fn(&Point) -> f64) -> Vec<Series> {
    let lines = lines.iter().enumerate();
    lines.map(|(i, line)| Series::named(line.name.clone(), points(line, &value), arm_stroke(i))).collect()
}

fn panel(label: &str, (scale, low, high): (Scale, f64, f64), height: f64, series: Vec<Series>) -> Panel {
    Panel {
        y: Axis { label: label.into(), scale, low, high, ticks: Ticks::Numbers },
        height,
        series,
        marks: Vec::new(),
        notes: Vec::new(),
    }
}
