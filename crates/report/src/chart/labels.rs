//! Labels of vertical markers, in rows above the chart: no label covers another one or another marker's line.

/// Free pixels between two labels of a row, and between a label and a passing line.
const GAP: f64 = 8.0;
/// Shares of its width that a label may stand to the left of its line: middle, left and right of it.
const SIDES: [f64; 3] = [0.5, 0.94, 0.06];
/// Arrangements tried before lines may cross labels.
const MOST_TRIES: usize = 20_000;

/// Where a marker's label stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Row, counted upwards from the chart.
    pub(super) row: usize,
    /// Left end of the text.
    pub(super) left: f64,
}

/// A marker: the place of its line, and the width of its label.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub(super) x: f64,
    pub(super) width: f64,
}

/// Places for all labels between `from` and `to`, in as few rows as possible.
pub(super) fn place(labels: &[Label], from: f64, to: f64) -> Vec<Place> {
    for rows in 1..=labels.len() {
        let mut search = Search { labels, rows, from, to, tries: 0, placed: Vec::new() };
        if search.go() {
            return search.placed;
        }
    }
    // Only markers on top of each other get here: a row for each.
    (0..labels.len()).map(|row| Place { row, left: left_end(labels[row], SIDES[0], from, to) }).collect()
}

fn left_end(label: Label, side: f64, from: f64, to: f64) -> f64 {
    (label.x - side * label.width).min(to - label.width).max(from)
}

struct Search<'a> {
    labels: &'a [Label],
    rows: usize,
    from: f64,
    to: f64,
    tries: usize,
    placed: Vec<Place>,
}

impl Search<'_> {
    fn go(&mut self) -> bool {
        let Some(&label) = self.labels.get(self.placed.len()) else {
            return true;
        };
        for row in 0..self.rows {
            for side in SIDES {
                self.tries += 1;
                let left = left_end(label, side, self.from, self.to);
                let place = Place { row, left };
                if self.tries > MOST_TRIES || !self.free(label, place) {
                    continue;
                }
                self.placed.push(place);
                if self.go() {
                    return true;
                }
                self.placed.pop();
            }
        }
        false
    }

    fn free(&self, label: Label, place: Place) -> bool {
        self.labels.iter().zip(&self.placed).all(|(other, at)| {
            let apart = place.left + label.width + GAP <= at.left || at.left + other.width + GAP <= place.left;
            let crossed = |line: f64, text: &Place, width: f64| {
                (text.left - GAP / 2.0..=text.left + width + GAP / 2.0).contains(&line)
            };
            match place.row.cmp(&at.row) {
                std::cmp::Ordering::Equal => apart,
                std::cmp::Ordering::Greater => !crossed(label.x, at, other.width),
                std::cmp::Ordering::Less => !crossed(other.x, &place, label.width),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_far_apart_share_a_row() {
        let labels = [100.0, 400.0, 700.0].map(|x| Label { x, width: 100.0 });
        let places = place(&labels, 50.0, 850.0);
        assert!(places.iter().all(|place| place.row == 0));
        assert!((places[0].left - 50.0).abs() < 1e-9);
    }

    #[test]
    fn close_markers_stand_on_both_sides_or_in_two_rows() {
        let labels = [300.0, 330.0, 345.0].map(|x| Label { x, width: 110.0 });
        let places = place(&labels, 50.0, 850.0);
        for (i, (a, at_a)) in labels.iter().zip(&places).enumerate() {
            for (b, at_b) in labels.iter().zip(&places).take(i) {
                if at_a.row == at_b.row {
                    assert!(at_a.left + a.width < at_b.left || at_b.left + b.width < at_a.left);
                }
            }
        }
        assert!(places.iter().map(|place| place.row).max() <= Some(1));
    }

    #[test]
    fn markers_on_one_spot_get_a_row_each() {
        let labels = [Label { x: 300.0, width: 90.0 }; 4];
        let mut rows: Vec<_> = place(&labels, 50.0, 850.0).iter().map(|place| place.row).collect();
        rows.sort_unstable();
        assert_eq!(rows, [0, 1, 2, 3]);
    }
}
