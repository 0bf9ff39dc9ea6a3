//! The legend above a chart: what no label at a line's end says.

use super::draw::WIDTH;
use super::layout::{EDGE, LINE, LONGEST_ENTRY, SAMPLE, TEXT_SIZE, named_at_end};
use super::model::{Axis, Chart, Naming, Shape, Stroke};
use super::palette::{Colour, colours};
use super::text::{clean, fit, width};

/// A line of the legend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) sample: Sample,
    pub(super) text: String,
    pub(super) at: (f64, f64),
}

/// What stands before a legend's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sample {
    Line(Stroke),
    Mark(Shape, Colour, f64),
}

/// Entries in rows from left to right; the height below them.
pub(super) fn legend(chart: &Chart, top: f64) -> (Vec<Entry>, f64) {
    let mut entries = entries(chart);
    let (mut x, mut y) = (EDGE, top + LINE / 2.0);
    for entry in &mut entries {
        entry.text = fit(&clean(&entry.text), TEXT_SIZE, LONGEST_ENTRY);
        let length = SAMPLE + 8.0 + width(&entry.text, TEXT_SIZE);
        if x > EDGE && x + length > WIDTH - EDGE {
            (x, y) = (EDGE, y + LINE + 2.0);
        }
        entry.at = (x, y);
        x += length + 14.0;
    }
    let below = if entries.is_empty() { top } else { y + LINE / 2.0 + 8.0 };
    (entries, below)
}

fn entries(chart: &Chart) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut add = |sample, text: &str| {
        let entry = Entry { sample, text: text.into(), at: (0.0, 0.0) };
        if !found.contains(&entry) {
            found.push(entry);
        }
    };
    for panel in &chart.panels {
        let ends = named_at_end(&chart.x, panel);
        for series in &panel.series {
            match &series.naming {
                Naming::Legend(name) => add(Sample::Line(series.stroke), name),
                Naming::End(name) if !ends => add(Sample::Line(series.stroke), name),
                _ => {}
            }
        }
        for marks in &panel.marks {
            if let (Some(name), false) = (&marks.name, marks.points.is_empty()) {
                add(Sample::Mark(marks.shape, marks.colour, marks.opacity), name);
            }
        }
        let exits = |beyond: fn(f64, &Axis) -> bool| {
            let mut lines = panel.series.iter().filter(|series| series.mark_exits);
            lines.any(|series| leaves(&series.points, |y| beyond(y, &panel.y)))
        };
        let grey = colours::GREY;
        if exits(|y, axis| y > axis.high) {
            add(Sample::Mark(Shape::Up, grey, 1.0), "off the chart");
        }
        if exits(|y, axis| y < axis.low) {
            add(Sample::Mark(Shape::Down, grey, 1.0), "below the chart");
        }
    }
    found
}

/// Whether a line goes beyond a limit somewhere, or is beyond it from the start to the end.
fn leaves(points: &[(f64, f64)], beyond: impl Fn(f64) -> bool) -> bool {
    let goes = points.windows(2).any(|pair| !beyond(pair[0].1) && beyond(pair[1].1));
    goes || (!points.is_empty() && points.iter().all(|(_, y)| beyond(*y)))
}
