use lrscope_runner::learner::{Evaluation, Subset};

use super::reading::numbers;
use super::{CandleLearner, UpdateError};
use crate::model::Pass;

/// Examples per forward pass: on the CPU few enough that activations stay in the cache, elsewhere enough to fill the device.
const CPU_BATCH: usize = 128;
const GPU_BATCH: usize = 1024;

impl CandleLearner {
    /// Mean cross-entropy and correct answers over a subset; NaN where it is empty. Losses are computed and summed in f64 from
    /// the logits.
    pub(super) fn measure(&mut self, subset: Subset) -> Result<Evaluation, UpdateError> {
        let examples = self.feed.len(subset);
        let mut tally = Tally::default();
        let batch = if self.deferred { GPU_BATCH } else { CPU_BATCH };
        for first in (0..examples).step_by(batch) {
            let range = first..(first + batch).min(examples);
            let labels: Vec<u8> = self.feed.labels(subset, range.clone()).collect();
            let input = self.feed.in_order(subset, range)?.input;
            let logits = numbers(&self.logits(&input, Pass::evaluation())?)?;
            for (logits, label) in logits.chunks_exact(self.problem.classes).zip(labels) {
                tally.add(logits, usize::from(label));
            }
        }
        Ok(Evaluation { loss: tally.loss / examples as f64, correct: tally.correct, examples: examples as u64 })
    }
}

#[derive(Default)]
struct Tally {
    loss: f64,
    correct: u64,
}

impl Tally {
    /// Adds one example: −ln softmax(logits)\[label\], and whether the first of the largest logits is at the label.
    fn add(&mut self, logits: &[f64], label: usize) {
        let mut best = 0;
        for (place, logit) in logits.iter().enumerate() {
            if *logit > logits[best] {
                best = place;
            }
        }
        let highest = logits[best];
        let sum: f64 = logits.iter().map(|logit| libm::exp(logit - highest)).sum();
        self.loss += highest - logits[label] + libm::log(sum);
        // NaN compares false with everything, so a network that answers NaN would seem to choose class 0.
        let answered = logits.iter().all(|logit| !logit.is_nan());
        self.correct += u64::from(answered && best == label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(logits: &[f64], label: usize) -> (f64, u64) {
        let mut tally = Tally::default();
        tally.add(logits, label);
        (tally.loss, tally.correct)
    }

    #[test]
    fn the_loss_is_the_negative_log_probability() {
        let (loss, correct) = tally(&[0.0, 3.0_f64.ln(), 0.0], 1);
        assert!((loss - (5.0_f64 / 3.0).ln()).abs() < 1e-15, "{loss}");
        assert_eq!(correct, 1);
        let (loss, correct) = tally(&[1000.0, 0.0], 1);
        assert!((loss - 1000.0).abs() < 1e-12 && correct == 0, "{loss}");
    }

    #[test]
    fn a_tie_goes_to_the_first_and_nan_to_nobody() {
        assert_eq!(tally(&[1.0, 1.0], 0).1, 1);
        assert_eq!(tally(&[1.0, 1.0], 1).1, 0);
        for logits in [[f64::NAN, f64::NAN], [f64::NAN, 1.0], [1.0, f64::NAN]] {
            for label in [0, 1] {
                let (loss, correct) = tally(&logits, label);
                assert!(loss.is_nan() && correct == 0);
            }
        }
        assert!(tally(&[f64::INFINITY, 0.0], 0).0.is_nan());
    }
}
