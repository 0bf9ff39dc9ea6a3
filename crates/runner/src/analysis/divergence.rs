//! The stop rule of a run, evaluated as the losses come.

use std::collections::VecDeque;

use super::Ending;
use crate::spec::StopRule;

/// Watches a run's raw losses and says when it has to stop.
///
/// It is a pure function of the losses pushed so far: a resumed run pushes the old ones again and goes on as if it had
/// never been interrupted.
///
/// [`StopRule::Divergence`] compares medians with the best median, so fewer than half a window of spikes, however high,
/// stop nothing, and the first `window` − 1 losses stop nothing unless they are not finite. The rule is relative: a loss
/// that has come down to 10⁻⁶ and goes up to 10⁻⁵ has grown tenfold. That is right for a sweep, whose loss cannot come back once
/// its rate is past the edge, and it is why a run whose loss may touch 0 should use [`StopRule::NonFinite`]. A best median
/// of exactly 0 counts as the smallest normal number, 2.2·10⁻³⁰⁸; below 0 ratios mean nothing and the rule is silent.
#[derive(Debug, Clone)]
pub struct DivergenceMonitor {
    rule: StopRule,
    /// The last losses in the order they came.
    recent: VecDeque<f64>,
    /// The same ones in ascending order.
    sorted: Vec<f64>,
    /// The smallest median so far.
    best: f64,
    /// Row of the next loss.
    step: u64,
}

impl DivergenceMonitor {
    /// A monitor that has seen nothing yet. A `window` of 0 is taken as 1.
    pub fn new(rule: StopRule) -> Self {
        Self { rule, recent: VecDeque::new(), sorted: Vec::new(), best: f64::INFINITY, step: 0 }
    }

    /// Takes the loss of the next row, and says how the run ends there, if it does.
    pub fn push(&mut self, loss: f64) -> Option<Ending> {
        let step = self.step;
        self.step += 1;
        if !loss.is_finite() {
            return Some(Ending::NonFinite { step });
        }
        let StopRule::Divergence { factor, window } = self.rule else {
            return None;
        };
        let median = self.median_after(loss, window.max(1))?;
        self.best = self.best.min(median);
        let limit = factor * self.best.max(f64::MIN_POSITIVE);
        (self.best >= 0.0 && median > limit).then_some(Ending::Diverged { step })
    }

    /// Median of the last `window` losses, `loss` being the newest; absent until there are as many.
    fn median_after(&mut self, loss: f64, window: u64) -> Option<f64> {
        self.recent.push_back(loss);
        self.sorted.insert(self.place(loss), loss);
        if self.recent.len() as u64 > window
            && let Some(oldest) = self.recent.pop_front()
        {
            self.sorted.remove(self.place(oldest));
        }
        let full = self.recent.len() as u64 == window;
        let len = self.sorted.len();
        let middle = self.sorted.get((len - 1) / 2).zip(self.sorted.get(len / 2));
        middle.filter(|_| full).map(|(low, high)| f64::midpoint(*low, *high))
    }

    /// Where `loss` stands, or would be put, in the sorted losses.
    fn place(&self, loss: f64) -> usize {
        self.sorted.partition_point(|other| other.total_cmp(&loss).is_lt())
    }
}
