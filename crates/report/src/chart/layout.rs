//! Where everything stands, in pixels.

use super::arrange::spread;
use super::draw::WIDTH;
use super::labels::{Label, place};
use super::legend::{Entry, legend};
use super::mapping::Mapping;
use super::model::{Axis, Chart, Marker, Naming, Panel, Stroke};
use super::palette::Colour;
use super::text::{clean, fit, width, wrap};
use super::thin::Frame;
use super::ticks::{Direction, TICK_SIZE, TickSet, ticks};

/// Free pixels around everything.
pub(super) const EDGE: f64 = 20.0;
pub(super) const TITLE_SIZE: f64 = 18.0;
pub(super) const TEXT_SIZE: f64 = 13.0;
/// Height of a line of text.
pub(super) const LINE: f64 = 19.0;
/// Free pixels beyond the frame's right end at least, where a tick's label may stand out.
pub(super) const RIGHT_MARGIN: f64 = EDGE + 8.0;
/// The most pixels that a note beside the chart may take, and a legend's entry.
const LONGEST_NOTE: f64 = 250.0;
pub(super) const LONGEST_ENTRY: f64 = 330.0;
/// The most pixels of a series' name at its end; longer ones go to the legend.
const LONGEST_END: f64 = 170.0;
/// Length of a legend's line sample.
pub(super) const SAMPLE: f64 = 30.0;

/// The whole picture.
pub(super) struct Layout {
    pub(super) height: f64,
    pub(super) heading: Vec<Text>,
    pub(super) legend: Vec<Entry>,
    pub(super) markers: Vec<PlacedMarker>,
    pub(super) panels: Vec<PanelLayout>,
    pub(super) x_ticks: TickSet,
    pub(super) x_label: (f64, f64),
}

/// A line of the title or subtitle.
pub(super) struct Text {
    pub(super) line: String,
    pub(super) y: f64,
    pub(super) bold: bool,
}

/// A marker's line and label.
pub(super) struct PlacedMarker {
    pub(super) x: f64,
    pub(super) stroke: Stroke,
    pub(super) text: String,
    pub(super) left: f64,
    pub(super) y: f64,
}

/// Where a panel stands.
pub(super) struct PanelLayout {
    pub(super) frame: Frame,
    pub(super) x: Mapping,
    pub(super) y: Mapping,
    pub(super) ticks: TickSet,
    pub(super) label_y: f64,
    pub(super) notes: Vec<PlacedNote>,
}

/// Text beside a panel, with the height of what it speaks of.
pub(super) struct PlacedNote {
    pub(super) text: String,
    pub(super) colour: Colour,
    pub(super) y: f64,
    pub(super) from: f64,
    /// Whether it names a line, to whose end a thin line then leads.
    pub(super) names: bool,
}

struct RawNote {
    text: String,
    colour: Colour,
    value: f64,
    names: bool,
}

pub(super) fn layout(chart: &Chart) -> Layout {
    let y_ticks: Vec<_> = chart.panels.iter().map(|panel| ticks(&panel.y, panel.height, Direction::Vertical)).collect();
    let notes: Vec<_> = chart.panels.iter().map(|panel| raw_notes(&chart.x, panel)).collect();
    let left = EDGE
        + widest(y_ticks.iter().flat_map(|set| set.labelled.iter().map(|(_, label)| label.as_str()))).max(26.0)
        + 9.0;
    let beside = widest(notes.iter().flatten().map(|note| note.text.as_str()));
    let right = WIDTH - if beside > 0.0 { EDGE + beside + 16.0 } else { RIGHT_MARGIN };

    let (heading, y) = heading(chart);
    let (legend, y) = legend(chart, y);
    // Marker labels stand between the first panel and its axis label, so that no line crosses the label.
    let first_label = y;
    let y = y + chart.panels.first().map_or(0.0, label_height);
    let (markers, y) = markers(chart, left, right, y);
    let (panels, bottom) = panels(chart, y_ticks, notes, (left, right), (first_label, y));
    let labelled = if chart.x.label.is_empty() { 0.0 } else { LINE };
    Layout {
        height: (bottom + 24.0 + labelled + 12.0).ceil(),
        heading,
        legend,
        markers,
        panels,
        x_ticks: ticks(&chart.x, right - left, Direction::Horizontal),
        x_label: (f64::midpoint(left, right), bottom + 24.0 + LINE / 2.0),
    }
}

fn widest<'a>(labels: impl Iterator<Item = &'a str>) -> f64 {
    labels.map(|label| width(label, TICK_SIZE)).fold(0.0, f64::max)
}

fn heading(chart: &Chart) -> (Vec<Text>, f64) {
    let most = WIDTH - 2.0 * EDGE;
    // Bold letters are wider.
    let title = wrap(&clean(&chart.title), TITLE_SIZE * 1.07, most, 2);
    let subtitle = wrap(&clean(&chart.subtitle), TEXT_SIZE, most, 3);
    let mut y = 16.0;
    let mut texts = Vec::new();
    for (lines, height, bold) in [(title, 24.0, true), (subtitle, LINE, false)] {
        for line in lines {
            texts.push(Text { line, y: y + height / 2.0, bold });
            y += height;
        }
    }
    (texts, y + 8.0)
}

/// Whether all names that would like to stand at a line's end can: every line reaches the right side, and there is room.
pub(super) fn named_at_end(x: &Axis, panel: &Panel) -> bool {
    let mapping = Mapping::new(x, 0.0, 1.0);
    let ends: Vec<_> = panel
        .series
        .iter()
        .filter_map(|series| match &series.naming {
            Naming::End(name) => Some((name, last_shown(series.points.as_slice(), panel))),
            _ => None,
        })
        .collect();
    let fits = ends.len() as f64 * LINE <= panel.height;
    fits && ends.iter().all(|(name, last)| {
        let near = last.and_then(|(x, _)| mapping.at(x)).is_some_and(|share| share > 0.96);
        near && width(name, TICK_SIZE) <= LONGEST_END
    })
}

fn last_shown(points: &[(f64, f64)], panel: &Panel) -> Option<(f64, f64)> {
    let last = points.iter().rev().find(|(_, y)| !y.is_nan()).copied()?;
    (last.1 >= panel.y.low && last.1 <= panel.y.high).then_some(last)
}

fn raw_notes(x: &Axis, panel: &Panel) -> Vec<RawNote> {
    let given = panel.notes.iter().map(|note| RawNote {
        text: fit(&clean(&note.text), TICK_SIZE, LONGEST_NOTE),
        colour: note.colour,
        value: note.y,
        names: false,
    });
    let mut notes: Vec<_> = given.collect();
    if named_at_end(x, panel) {
        notes.extend(panel.series.iter().filter_map(|series| {
            let Naming::End(name) = &series.naming else {
                return None;
            };
            Some(RawNote {
                text: clean(name),
                colour: series.stroke.colour,
                value: last_shown(&series.points, panel)?.1,
                names: true,
            })
        }));
    }
    notes
}

fn markers(chart: &Chart, left: f64, right: f64, top: f64) -> (Vec<PlacedMarker>, f64) {
    let mapping = Mapping::new(&chart.x, left, right);
    let shown: Vec<(&Marker, f64, String)> = chart
        .markers
        .iter()
        .filter(|marker| mapping.contains(marker.x))
        .filter_map(|marker| {
            let text = fit(&clean(&marker.label), TEXT_SIZE, LONGEST_ENTRY);
            Some((marker, mapping.at(marker.x)?, text))
        })
        .collect();
    let labels: Vec<_> = shown
        .iter()
        // Bold letters are wider.
        .map(|(_, x, text)| Label { x: *x, width: width(text, TEXT_SIZE * 1.07) })
        .collect();
    let places = place(&labels, left, WIDTH - EDGE);
    let rows = places.iter().map(|place| place.row + 1).max().unwrap_or(0);
    let bottom = top + rows as f64 * LINE;
    let placed = shown.into_iter().zip(&places).map(|((marker, x, text), place)| PlacedMarker {
        x,
        stroke: marker.stroke,
        text,
        left: place.left,
        y: bottom - (place.row as f64 + 0.5) * LINE,
    });
    (placed.collect(), bottom)
}

fn panels(
    chart: &Chart,
    y_ticks: Vec<TickSet>,
    notes: Vec<Vec<RawNote>>,
    (left, right): (f64, f64),
    (first_label, top): (f64, f64),
) -> (Vec<PanelLayout>, f64) {
    let (mut label_top, mut top) = (first_label, top);
    let mut placed = Vec::new();
    for ((panel, ticks), notes) in chart.panels.iter().zip(y_ticks).zip(notes) {
        let frame = Frame { left, top, right, bottom: top + panel.height };
        let mapping = Mapping::new(&panel.y, frame.bottom, frame.top);
        placed.push(PanelLayout {
            frame,
            x: Mapping::new(&chart.x, left, right),
            y: mapping,
            ticks,
            label_y: label_top + LINE / 2.0,
            notes: place_notes(notes, mapping, frame),
        });
        label_top = frame.bottom + 10.0;
        let next = chart.panels.get(placed.len());
        top = label_top + next.map_or(0.0, label_height);
    }
    let bottom = placed.last().map_or(top, |panel| panel.frame.bottom);
    (placed, bottom)
}

fn label_height(panel: &Panel) -> f64 {
    if panel.y.label.is_empty() { 6.0 } else { LINE + 4.0 }
}

fn place_notes(notes: Vec<RawNote>, mapping: Mapping, frame: Frame) -> Vec<PlacedNote> {
    let from: Vec<f64> = notes.iter().map(|note| mapping.at(note.value).unwrap_or(frame.top)).collect();
    let heights = spread(&from, LINE - 2.0, frame.top, frame.bottom);
    notes
        .into_iter()
        .zip(from)
        .zip(heights)
        .map(|((note, from), y)| PlacedNote { text: note.text, colour: note.colour, y, from, names: note.names })
        .collect()
}
