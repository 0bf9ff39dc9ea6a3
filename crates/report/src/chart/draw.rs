//! From a chart to its SVG.

use super::canvas::{Anchor, Canvas, Ink, Lettering, picture};
use super::grid::grid;
use super::layout::{EDGE, Layout, PanelLayout, SAMPLE, TEXT_SIZE, TITLE_SIZE, layout};
use super::legend::{Entry, Sample};
use super::model::{Chart, ChartError, Panel, Stroke};
use super::palette::colours;
use super::plot::{data, mark, stroke_line};
use super::text::clean;
use super::ticks::TICK_SIZE;

/// Width of every picture in pixels: what a page on GitHub shows without scaling.
pub const WIDTH: f64 = 900.0;

/// Draws a chart. The same chart gives the same bytes.
pub fn draw(chart: &Chart) -> Result<String, ChartError> {
    chart.check()?;
    let layout = layout(chart);
    let (title, subtitle) = (clean(&chart.title), clean(&chart.subtitle));
    picture((WIDTH, layout.height), &title, &subtitle, |canvas| {
        background(canvas, layout.height)?;
        heading(canvas, &layout)?;
        for entry in &layout.legend {
            legend_entry(canvas, entry)?;
        }
        for place in &layout.panels {
            grid(canvas, chart, &layout.x_ticks, place)?;
        }
        marker_lines(canvas, &layout)?;
        for (panel, place) in chart.panels.iter().zip(&layout.panels) {
            data(canvas, panel, place)?;
            around(canvas, panel, place)?;
        }
        x_axis(canvas, chart, &layout)
    })
}

fn background(canvas: &mut Canvas, height: f64) -> Result<(), ChartError> {
    canvas.rectangle((0.0, 0.0), (WIDTH, height), Ink::opaque(colours::PAPER.mark))?;
    let corners = [(0.5, 0.5), (WIDTH - 0.5, 0.5), (WIDTH - 0.5, height - 0.5), (0.5, height - 0.5), (0.5, 0.5)];
    canvas.line(&corners, Ink::opaque(colours::GRID.mark), 1.0)
}

fn heading(canvas: &mut Canvas, layout: &Layout) -> Result<(), ChartError> {
    for line in &layout.heading {
        let how = Lettering {
            size: if line.bold { TITLE_SIZE } else { TEXT_SIZE },
            bold: line.bold,
            rgb: if line.bold { colours::INK.text } else { colours::GREY.text },
            anchor: Anchor::Start,
        };
        canvas.text(&line.line, (EDGE, line.y), how)?;
    }
    Ok(())
}

fn small(rgb: (u8, u8, u8), anchor: Anchor) -> Lettering {
    Lettering { size: TICK_SIZE, bold: false, rgb, anchor }
}

fn legend_entry(canvas: &mut Canvas, entry: &Entry) -> Result<(), ChartError> {
    let (x, y) = entry.at;
    match entry.sample {
        Sample::Line(stroke) => {
            let thick = Stroke { opacity: stroke.opacity.max(0.5), ..stroke };
            stroke_line(canvas, &[(x, y), (x + SAMPLE, y)], &thick)?;
        }
        Sample::Mark(shape, colour, opacity) => {
            let ink = Ink { rgb: colour.mark, opacity };
            mark(canvas, shape, (x + SAMPLE / 2.0, y), 4.5, ink)?;
        }
    }
    let how = small(colours::INK.text, Anchor::Start);
    canvas.text(&entry.text, (x + SAMPLE + 8.0, y), how)
}

fn marker_lines(canvas: &mut Canvas, layout: &Layout) -> Result<(), ChartError> {
    for marker in &layout.markers {
        for (i, panel) in layout.panels.iter().enumerate() {
            let top = if i == 0 { marker.y + 9.5 } else { panel.frame.top };
            let line = [(marker.x, top), (marker.x, panel.frame.bottom)];
            stroke_line(canvas, &line, &marker.stroke)?;
        }
        let how = Lettering { bold: true, ..small(marker.stroke.colour.text, Anchor::Start) };
        canvas.text(&marker.text, (marker.left, marker.y), how)?;
    }
    Ok(())
}

/// Axis line, tick labels, axis label and notes.
fn around(canvas: &mut Canvas, panel: &Panel, place: &PanelLayout) -> Result<(), ChartError> {
    let frame = place.frame;
    let axis = Ink::opaque(colours::GREY.mark);
    canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], axis, 1.0)?;
    for (at, label) in &place.ticks.labelled {
        if let Some(y) = place.y.at(*at) {
            canvas.text(label, (frame.left - 9.0, y), small(colours::GREY.text, Anchor::End))?;
        }
    }
    if !panel.y.label.is_empty() {
        let at = (EDGE, place.label_y);
        canvas.text(&clean(&panel.y.label), at, small(colours::GREY.text, Anchor::Start))?;
    }
    for note in &place.notes {
        if note.names && (note.y - note.from).abs() > 3.0 {
            let lead = [(frame.right + 2.0, note.from), (frame.right + 11.0, note.y)];
            canvas.line(&lead, Ink::opaque(note.colour.mark), 0.8)?;
        }
        canvas.text(&note.text, (frame.right + 14.0, note.y), small(note.colour.text, Anchor::Start))?;
    }
    Ok(())
}

fn x_axis(canvas: &mut Canvas, chart: &Chart, layout: &Layout) -> Result<(), ChartError> {
    let Some(last) = layout.panels.last() else {
        return Ok(());
    };
    for (at, label) in &layout.x_ticks.labelled {
        if let Some(x) = last.x.at(*at) {
            let at = (x, last.frame.bottom + 14.0);
            canvas.text(label, at, small(colours::GREY.text, Anchor::Middle))?;
        }
    }
    if chart.x.label.is_empty() {
        return Ok(());
    }
    let how = small(colours::GREY.text, Anchor::Middle);
    canvas.text(&clean(&chart.x.label), layout.x_label, how)
}
