//! A schedule's plot, without any training.

use lrscope_schedule::Point;

use crate::chart::{Axis, Chart, Panel, Scale, Series, Stroke, Ticks, colours, covering, draw, quantile};
use crate::error::RenderError;
use crate::series_stats::by_step;

/// Learning rate and, where there is one, momentum over the steps, as SVG. Entry k of `points` is what update k uses.
pub fn render_schedule(title: &str, points: &[Point]) -> Result<String, RenderError> {
    let chart = schedule_chart(points, title)
        .ok_or_else(|| RenderError::Empty(format!("the schedule {title:?} has no finite learning rate")))?;
    draw(&chart).map_err(|source| RenderError::Chart { file: "the schedule's plot".into(), source })
}

fn schedule_chart(points: &[Point], title: &str) -> Option<Chart> {
    let lr: Vec<f64> = points.iter().map(|point| point.lr).collect();
    let mut panels = vec![lr_panel(&lr)?];
    let momentum: Vec<f64> = points.iter().map(|point| point.momentum.unwrap_or(f64::NAN)).collect();
    panels.extend(momentum_panel(&momentum));
    Some(Chart {
        title: title.into(),
        subtitle: String::new(),
        x: Axis {
            label: "updates".into(),
            scale: Scale::Linear,
            low: 0.0,
            high: points.len().max(1) as f64,
            ticks: Ticks::Counts,
        },
        bands: Vec::new(),
        markers: Vec::new(),
        panels,
    })
}

fn lr_panel(lr: &[f64]) -> Option<Panel> {
    let (scale, low, high) = rate_limits(lr)?;
    Some(panel(rate_label(scale), lr, (scale, low, high), colours::BLUE, 260.0))
}

/// Scale and limits for learning rates; absent where none is finite.
///
/// Logarithmic where more than a twentieth of the updates have rates two decades or more below the highest. A schedule that ends
/// near 0 would fill such an axis with decades of which a few updates make use; so it reaches one decade below the smallest
/// hundredth of the rates, and the line leaves it there.
pub(crate) fn rate_limits(lr: &[f64]) -> Option<(Scale, f64, f64)> {
    let mut sorted: Vec<f64> = lr.iter().copied().filter(|lr| lr.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let highest = *sorted.last()?;
    let twentieth = quantile(&sorted, 0.05)?;
    if twentieth > 0.0 && highest / twentieth > 100.0 {
        let floor = quantile(&sorted, 0.01)? / 10.0;
        let shown = sorted.iter().copied().filter(|lr| *lr > 0.0 && *lr >= floor);
        let (low, high) = covering(shown, Scale::Log)?;
        return Some((Scale::Log, low, high));
    }
    let (low, high) = covering(sorted.iter().copied(), Scale::Linear)?;
    let from_zero = twentieth >= 0.0 && low < 0.3 * highest;
    Some((Scale::Linear, if from_zero { 0.0 } else { low }, high))
}

/// The label of an axis for learning rates.
pub(crate) fn rate_label(scale: Scale) -> &'static str {
    match scale {
        Scale::Linear => "learning rate",
        Scale::Log => "learning rate (logarithmic)",
    }
}

fn momentum_panel(momentum: &[f64]) -> Option<Panel> {
    let (low, high) = covering(momentum.iter().copied(), Scale::Linear)?;
    Some(panel("momentum", momentum, (Scale::Linear, low, high), colours::PURPLE, 130.0))
}

fn panel(
    label: &str,
    values: &[f64],
    (scale, low, high): (Scale, f64, f64),
    colour: crate::chart::Colour,
    height: f64,
) -> Panel {
    Panel {
        y: Axis { label: label.into(), scale, low, high, ticks: Ticks::Numbers },
        height,
        series: vec![Series { mark_exits: true, ..Series::plain(by_step(values), Stroke::solid(colour, 2.2)) }],
        marks: Vec::new(),
        notes: Vec::new(),
    }
}
