//! Dash patterns as geometry: the drawing library has none.

use super::model::Dash;

type Point = (f64, f64);

/// Lengths of dashes and gaps in turn, in pixels; round caps lengthen every dash by the line's width.
fn pattern(dash: Dash) -> &'static [f64] {
    match dash {
        Dash::Solid => &[],
        Dash::Dashed => &[8.0, 6.0],
        Dash::Dotted => &[0.6, 4.6],
        Dash::DashDot => &[9.0, 5.0, 0.6, 5.0],
        Dash::Long => &[18.0, 6.0],
    }
}

/// Cuts a line into its dashes.
pub(super) fn dashes(line: &[Point], dash: Dash) -> Vec<Vec<Point>> {
    let pattern = pattern(dash);
    let Some(&first) = line.first() else {
        return Vec::new();
    };
    if pattern.is_empty() {
        return vec![line.to_vec()];
    }
    let mut cutter = Cutter { pattern, place: 0, left: pattern[0], at: first, current: vec![first], done: Vec::new() };
    for &to in &line[1..] {
        cutter.go(to);
    }
    cutter.finish()
}

struct Cutter {
    pattern: &'static [f64],
    place: usize,
    left: f64,
    at: Point,
    current: Vec<Point>,
    done: Vec<Vec<Point>>,
}

impl Cutter {
    fn drawing(&self) -> bool {
        self.place.is_multiple_of(2)
    }

    fn go(&mut self, to: Point) {
        loop {
            let (dx, dy) = (to.0 - self.at.0, to.1 - self.at.1);
            let distance = dx.hypot(dy);
            if distance < self.left {
                self.left -= distance;
                self.reach(to);
                return;
            }
            let share = self.left / distance;
            self.reach((self.at.0 + share * dx, self.at.1 + share * dy));
            self.turn();
        }
    }

    fn reach(&mut self, point: Point) {
        self.at = point;
        if self.drawing() {
            self.current.push(point);
        }
    }

    fn turn(&mut self) {
        if self.drawing() {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.place = (self.place + 1) % self.pattern.len();
        self.left = self.pattern[self.place];
        if self.drawing() {
            self.current = vec![self.at];
        }
    }

    fn finish(mut self) -> Vec<Vec<Point>> {
        if self.current.len() > 1 {
            self.done.push(self.current);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(line: &[Point]) -> f64 {
        line.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1)).sum()
    }

    #[test]
    fn dashes_follow_the_line_round_a_corner() {
        // 8 on, 6 off along a line of 30 with a corner at 5: dashes at 0..8, 14..22, 28..30.
        let corner = [(0.0, 0.0), (5.0, 0.0), (5.0, 25.0)];
        let cut = dashes(&corner, Dash::Dashed);
        let lengths: Vec<_> = cut.iter().map(|dash| length(dash)).collect();
        assert_eq!(lengths.len(), 3);
        for (found, expected) in lengths.iter().zip([8.0, 8.0, 2.0]) {
            assert!((found - expected).abs() < 1e-9, "{lengths:?}");
        }
        assert_eq!(cut[0], [(0.0, 0.0), (5.0, 0.0), (5.0, 3.0)]);
        assert_eq!(cut[1][0], (5.0, 9.0));
    }

    #[test]
    fn the_pattern_does_not_depend_on_how_finely_the_line_is_cut() {
        let coarse = [(0.0, 0.0), (100.0, 0.0)];
        let fine: Vec<Point> = (0..=1000).map(|i| (f64::from(i) * 0.1, 0.0)).collect();
        let ends = |cut: &[Vec<Point>]| -> Vec<(f64, f64)> {
            cut.iter().map(|dash| (dash[0].0, dash[dash.len() - 1].0)).collect()
        };
        let (a, b) = (dashes(&coarse, Dash::DashDot), dashes(&fine, Dash::DashDot));
        assert_eq!(a.len(), b.len());
        for (a, b) in ends(&a).iter().zip(ends(&b)) {
            assert!((a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6);
        }
    }
}
