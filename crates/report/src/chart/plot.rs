//! Lines and points.

use super::canvas::{Canvas, Ink};
use super::dash::dashes;
use super::layout::PanelLayout;
use super::model::{ChartError, Marks, Naming, Panel, Series, Shape, Stroke};
use super::palette::{Colour, colours};
use super::thin::{Frame, clip, inside, thin};

/// Points that all unleading lines of a panel may have together, and all leading ones: what keeps a picture under 300 kB.
const PLAIN_POINTS: f64 = 15_000.0;
const LEADING_POINTS: f64 = 8_000.0;
/// A light edge around leading lines lifts them off those behind.
const EDGE: Ink = Ink { rgb: colours::PAPER.mark, opacity: 0.75 };

type Point = (f64, f64);

/// A panel's lines, and its points above them.
pub(super) fn data(canvas: &mut Canvas, panel: &Panel, place: &PanelLayout) -> Result<(), ChartError> {
    let columns = Columns::of(panel, place.frame);
    let mut exits = Vec::new();
    let mut leading = Vec::new();
    for series in &panel.series {
        let pieces = visible(series, place, columns.for_series(series), &mut exits);
        if leads(series) {
            leading.push((series, pieces));
        } else {
            pieces.iter().try_for_each(|piece| stroke_line(canvas, piece, &series.stroke))?;
        }
    }
    // All edges come before all lines, so that lines on top of each other show through each other's gaps.
    for (series, pieces) in &leading {
        let mut lines = pieces.iter().filter(|piece| piece.len() > 1);
        lines.try_for_each(|piece| canvas.line(piece, EDGE, series.stroke.width + 2.4))?;
    }
    for (series, pieces) in &leading {
        pieces.iter().try_for_each(|piece| stroke_line(canvas, piece, &series.stroke))?;
    }
    for (shape, at, colour) in exits {
        mark(canvas, shape, at, 5.0, Ink::opaque(colour.mark))?;
    }
    panel.marks.iter().try_for_each(|marks| points(canvas, marks, place))
}

/// Widths of the columns that lines are thinned to.
struct Columns {
    plain: f64,
    leading: f64,
}

impl Columns {
    fn of(panel: &Panel, frame: Frame) -> Self {
        let leading = panel.series.iter().filter(|series| leads(series)).count();
        let plain = panel.series.len() - leading;
        // Two points a column.
        let column = |lines: usize, points: f64| (2.0 * (frame.right - frame.left) * lines as f64 / points).max(1.0);
        Self { plain: column(plain, PLAIN_POINTS), leading: column(leading, LEADING_POINTS) }
    }

    fn for_series(&self, series: &Series) -> f64 {
        if leads(series) { self.leading } else { self.plain }
    }
}

/// Whether a line is one that the reader follows, rather than one of many behind.
fn leads(series: &Series) -> bool {
    series.mark_exits || series.naming != Naming::None
}

/// The pieces of a line inside the frame, few enough points for its size; adds where it leaves the frame to `exits`.
fn visible(
    series: &Series,
    place: &PanelLayout,
    column: f64,
    exits: &mut Vec<(Shape, Point, Colour)>,
) -> Vec<Vec<Point>> {
    let mut all = Vec::new();
    for segment in segments(&series.points, place) {
        let line = thin(&segment, column);
        let pieces = clip(&line, place.frame);
        if series.mark_exits {
            let found = exits_of(&line, &pieces, place.frame);
            exits.extend(found.into_iter().map(|(shape, at)| (shape, at, series.stroke.colour)));
        }
        all.extend(pieces);
    }
    all
}

/// The points in pixels, cut where one has no position.
fn segments(points: &[Point], place: &PanelLayout) -> Vec<Vec<Point>> {
    let mut segments = vec![Vec::new()];
    for (x, y) in points {
        match (place.x.at(*x), place.y.at(*y)) {
            (Some(x), Some(y)) => {
                if let Some(current) = segments.last_mut() {
                    current.push((x, y));
                }
            }
            _ => segments.push(Vec::new()),
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments
}

/// Where a line leaves its frame upwards or downwards; a line wholly outside is marked at its end.
fn exits_of(line: &[Point], pieces: &[Vec<Point>], frame: Frame) -> Vec<(Shape, Point)> {
    let Some(&last) = line.last() else {
        return Vec::new();
    };
    let ends = pieces.iter().filter_map(|piece| piece.last()).copied();
    let mut leaving: Vec<Point> = ends.filter(|end| *end != last).collect();
    if pieces.is_empty() {
        leaving.push(last);
    }
    let mut found: Vec<(Shape, Point)> = Vec::new();
    for (x, y) in leaving {
        let x = x.clamp(frame.left, frame.right);
        let (shape, y) =
            if y <= frame.top + 1e-6 { (Shape::Up, frame.top + 5.0) } else { (Shape::Down, frame.bottom - 5.0) };
        if found.iter().all(|(_, (other, _))| (other - x).abs() > 14.0) {
            found.push((shape, (x, y)));
        }
    }
    found
}

pub(super) fn stroke_line(canvas: &mut Canvas, line: &[Point], stroke: &Stroke) -> Result<(), ChartError> {
    let ink = Ink { rgb: stroke.colour.mark, opacity: stroke.opacity };
    if let [alone] = line {
        return canvas.disc(*alone, stroke.width.max(1.2), ink);
    }
    dashes(line, stroke.dash).iter().try_for_each(|dash| canvas.line(dash, ink, stroke.width))
}

fn points(canvas: &mut Canvas, marks: &Marks, place: &PanelLayout) -> Result<(), ChartError> {
    let ink = Ink { rgb: marks.colour.mark, opacity: marks.opacity };
    for (x, y) in &marks.points {
        let (Some(x), Some(y)) = (place.x.at(*x), place.y.at(*y)) else {
            continue;
        };
        let (shape, at) = at_edge(marks.shape, (x, y), place.frame);
        mark(canvas, shape, at, marks.radius, ink)?;
    }
    Ok(())
}

/// A point beyond the frame becomes a triangle at its edge; a cross stays one, since what it says is no place.
fn at_edge(shape: Shape, at: Point, frame: Frame) -> (Shape, Point) {
    if inside(at, frame) {
        return (shape, at);
    }
    let held = (at.0.clamp(frame.left + 6.0, frame.right - 6.0), at.1.clamp(frame.top + 6.0, frame.bottom - 6.0));
    let outwards = if at.0 < frame.left {
        Shape::Left
    } else if at.0 > frame.right {
        Shape::Right
    } else if at.1 < frame.top {
        Shape::Up
    } else {
        Shape::Down
    };
    (if shape == Shape::Cross { shape } else { outwards }, held)
}

pub(super) fn mark(canvas: &mut Canvas, shape: Shape, (x, y): Point, r: f64, ink: Ink) -> Result<(), ChartError> {
    let corners: &[Point] = match shape {
        Shape::Disc => return canvas.disc((x, y), r, ink),
        Shape::Bar => return canvas.line(&[(x, y - 1.6 * r), (x, y + 1.6 * r)], ink, 2.6),
        Shape::Cross => {
            canvas.line(&[(x - r, y - r), (x + r, y + r)], ink, 2.0)?;
            return canvas.line(&[(x - r, y + r), (x + r, y - r)], ink, 2.0);
        }
        Shape::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        Shape::Up => &[(0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)],
        Shape::Down => &[(0.0, 1.0), (1.0, -0.8), (-1.0, -0.8)],
        Shape::Left => &[(-1.0, 0.0), (0.8, 1.0), (0.8, -1.0)],
        Shape::Right => &[(1.0, 0.0), (-0.8, 1.0), (-0.8, -1.0)],
    };
    let placed: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
    canvas.area(&placed, ink)
}
