//! What stands behind the data: shaded bands and grid lines.

use super::canvas::{Canvas, Ink};
use super::layout::PanelLayout;
use super::model::{Chart, ChartError};
use super::palette::colours;
use super::ticks::TickSet;

/// Opacity of a band.
const BAND: f64 = 0.13;

/// Bands, then the fine grid, then the grid of the labelled ticks.
pub(super) fn grid(
    canvas: &mut Canvas,
    chart: &Chart,
    x_ticks: &TickSet,
    place: &PanelLayout,
) -> Result<(), ChartError> {
    let frame = place.frame;
    for band in &chart.bands {
        let (Some(from), Some(to)) = (place.x.at(band.from), place.x.at(band.to)) else {
            continue;
        };
        let (from, to) = (from.min(to).max(frame.left), from.max(to).min(frame.right));
        if from < to {
            let ink = Ink { rgb: band.colour.mark, opacity: BAND };
            canvas.rectangle((from, frame.top), (to, frame.bottom), ink)?;
        }
    }
    let fine = Ink::opaque(colours::FINE_GRID.mark);
    lines(canvas, place, (&place.ticks.fine, &x_ticks.fine), fine)?;
    let labelled = (places(&place.ticks), places(x_ticks));
    lines(canvas, place, (&labelled.0, &labelled.1), Ink::opaque(colours::GRID.mark))
}

fn places(ticks: &TickSet) -> Vec<f64> {
    ticks.labelled.iter().map(|(at, _)| *at).collect()
}

fn lines(
    canvas: &mut Canvas,
    place: &PanelLayout,
    (rows, columns): (&[f64], &[f64]),
    ink: Ink,
) -> Result<(), ChartError> {
    let frame = place.frame;
    for y in rows.iter().filter_map(|value| place.y.at(*value)) {
        canvas.line(&[(frame.left, y), (frame.right, y)], ink, 1.0)?;
    }
    for x in columns.iter().filter_map(|value| place.x.at(*value)) {
        canvas.line(&[(x, frame.top), (x, frame.bottom)], ink, 1.0)?;
    }
    Ok(())
}
