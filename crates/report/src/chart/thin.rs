//! Fewer points for the same picture, and the part of a line that lies inside a chart.

type Point = (f64, f64);

/// A rectangle in pixels; y grows downwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Keeps the first, last, lowest and highest point of every column of the given width, in their order, so that no spike is
/// lost; a line with few points is left alone.
pub(super) fn thin(points: &[Point], column: f64) -> Vec<Point> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let columns = ((last.0 - first.0).abs() / column).ceil();
    if points.len() as f64 <= 2.0 * columns + 2.0 {
        return points.to_vec();
    }
    let mut kept = vec![*first];
    let column_of = |point: &Point| ((point.0 - first.0) / column).floor() as i64;
    for group in points.chunk_by(|a, b| column_of(a) == column_of(b)) {
        keep_extremes(group, &mut kept);
    }
    kept.push(*last);
    without_flat_middles(kept)
}

fn keep_extremes(group: &[Point], kept: &mut Vec<Point>) {
    let (mut lowest, mut highest) = (0, 0);
    for (i, point) in group.iter().enumerate() {
        if point.1 < group[lowest].1 {
            lowest = i;
        }
        if point.1 > group[highest].1 {
            highest = i;
        }
    }
    kept.push(group[lowest.min(highest)]);
    if lowest != highest {
        kept.push(group[lowest.max(highest)]);
    }
}

/// Drops points whose neighbours on both sides are at their own height: they are on the line between them.
fn without_flat_middles(points: Vec<Point>) -> Vec<Point> {
    let keep: Vec<bool> = (0..points.len())
        .map(|i| {
            i == 0
                || i + 1 == points.len()
                || points[i - 1].1.to_bits() != points[i].1.to_bits()
                || points[i + 1].1.to_bits() != points[i].1.to_bits()
        })
        .collect();
    points.into_iter().zip(keep).filter_map(|(point, keep)| keep.then_some(point)).collect()
}

/// The pieces of a line inside `frame`.
pub(super) fn clip(points: &[Point], frame: Frame) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in points.windows(2) {
        let Some((from, to)) = clip_segment(pair[0], pair[1], frame) else {
            open = false;
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if open => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
        open = to == pair[1];
    }
    if let [only] = points
        && inside(*only, frame)
    {
        pieces.push(vec![*only]);
    }
    pieces
}

pub(super) fn inside(point: Point, frame: Frame) -> bool {
    (frame.left..=frame.right).contains(&point.0) && (frame.top..=frame.bottom).contains(&point.1)
}

/// The part of a segment inside `frame` (Liang and Barsky).
fn clip_segment(from: Point, to: Point, frame: Frame) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in
        [(-dx, from.0 - frame.left), (dx, frame.right - from.0), (-dy, from.1 - frame.top), (dy, frame.bottom - from.1)]
    {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    let start = if enter <= 0.0 { from } else { at(enter) };
    let end = if leave >= 1.0 { to } else { at(leave) };
    (enter <= leave).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_spike_of_one_point_survives_thinning() {
        let mut points: Vec<Point> = (0..100_000).map(|i| (f64::from(i) * 0.008, f64::from(i % 7))).collect();
        points[54_321].1 = 500.0;
        points[54_400].1 = -500.0;
        let thinned = thin(&points, 1.0);
        assert!(thinned.len() < 2000, "{}", thinned.len());
        assert!(thinned.contains(&points[54_321]) && thinned.contains(&points[54_400]));
        assert_eq!(thinned.first(), points.first());
        assert_eq!(thinned.last(), points.last());
        assert!(thinned.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn short_lines_are_left_alone_and_flat_ones_collapse() {
        let short = [(0.0, 1.0), (4.0, 2.0), (8.0, 1.0)];
        assert_eq!(thin(&short, 1.0), short);
        let flat: Vec<Point> = (0..10_000).map(|i| (f64::from(i) * 0.01, 3.0)).collect();
        assert_eq!(thin(&flat, 1.0), [flat[0], flat[9999]]);
    }

    #[test]
    fn a_line_that_leaves_and_returns_becomes_two_pieces() {
        let line = [(0.0, 5.0), (2.0, 5.0), (4.0, -5.0), (6.0, 5.0), (8.0, 5.0)];
        let pieces = clip(&line, FRAME);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0], [(0.0, 5.0), (2.0, 5.0), (3.0, 0.0)]);
        assert_eq!(pieces[1], [(5.0, 0.0), (6.0, 5.0), (8.0, 5.0)]);
    }

    #[test]
    fn what_lies_outside_is_not_drawn() {
        assert!(clip(&[(0.0, 11.0), (9.0, 12.0)], FRAME).is_empty());
        assert!(clip(&[(-5.0, 5.0)], FRAME).is_empty());
        assert_eq!(clip(&[(5.0, 5.0)], FRAME), [[(5.0, 5.0)]]);
    }
}
