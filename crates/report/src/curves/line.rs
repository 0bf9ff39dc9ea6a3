//! A thin line: every loss of a short run; of a long one the lowest and the highest of each stretch, so that no spike is lost.

/// A line under construction.
#[derive(Debug)]
pub(super) struct Line {
    stretch: u64,
    points: Vec<(f64, f64)>,
    /// The lowest and the highest point of the stretch that is being read.
    open: Option<((u64, f64), (u64, f64))>,
}

impl Line {
    /// For a run of `steps` updates; it keeps `most` points, or a few more.
    pub(super) fn new(steps: u64, most: usize) -> Self {
        let most = most.max(2) as u64;
        // Each stretch gives two points.
        let stretch = if steps <= most { 1 } else { (2 * steps).div_ceil(most) };
        Self { stretch, points: Vec::new(), open: None }
    }

    pub(super) fn push(&mut self, step: u64, loss: f64) {
        if self.stretch == 1 {
            self.points.push((step as f64, loss));
            return;
        }
        if step.is_multiple_of(self.stretch) {
            self.close();
        }
        let point = (step, loss);
        // Not-a-number is a gap in the line: it is kept only where a stretch has nothing else.
        let (mut low, mut high) = self.open.unwrap_or((point, point));
        if loss < low.1 || low.1.is_nan() {
            low = point;
        }
        if loss > high.1 || high.1.is_nan() {
            high = point;
        }
        self.open = Some((low, high));
    }

    fn close(&mut self) {
        let Some((low, high)) = self.open.take() else { return };
        let (first, second) = if low.0 <= high.0 { (low, high) } else { (high, low) };
        self.points.push((first.0 as f64, first.1));
        if second.0 != first.0 {
            self.points.push((second.0 as f64, second.1));
        }
    }

    pub(super) fn finish(mut self) -> Vec<(f64, f64)> {
        self.close();
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(losses: &[f64], most: usize) -> Vec<(f64, f64)> {
        let mut line = Line::new(losses.len() as u64, most);
        losses.iter().zip(0..).for_each(|(loss, step)| line.push(step, *loss));
        line.finish()
    }

    #[test]
    fn a_short_run_is_drawn_whole() {
        assert_eq!(drawn(&[3.0, f64::NAN, 1.0], 3).len(), 3);
        assert_eq!(drawn(&[], 8), []);
    }

    #[test]
    fn a_long_run_keeps_its_spikes_in_their_order() {
        let mut losses: Vec<f64> = (0..10_000).map(|step| f64::from(step % 7)).collect();
        (losses[4321], losses[4400], losses[9999]) = (500.0, -500.0, f64::NAN);
        let line = drawn(&losses, 100);
        assert!(line.len() <= 102, "{}", line.len());
        assert!(line.contains(&(4321.0, 500.0)) && line.contains(&(4400.0, -500.0)), "{line:?}");
        assert!(line.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
