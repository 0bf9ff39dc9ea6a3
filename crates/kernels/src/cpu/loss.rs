//! Softmax cross-entropy, computed in f64 whatever the logits' type: there are few of them, and a loss is compared for days.
//!
//! Exponential and logarithm come from a library that is part of the program, so that bits do not depend on the machine's.

use super::element::Element;

/// What the logits are held against.
pub(crate) struct Targets {
    pub classes: usize,
    /// The right class of every row.
    pub labels: Vec<u32>,
    /// Share that is spread over all classes.
    pub smoothing: f64,
}

impl Targets {
    /// Probability that a row's target gives to a class.
    fn share(&self, class: usize, label: u32) -> f64 {
        let right = f64::from(u8::from(class == label as usize));
        if self.smoothing == 0.0 { right } else { (1.0 - self.smoothing) * right + self.uniform() }
    }

    fn uniform(&self) -> f64 {
        self.smoothing / self.classes as f64
    }

    /// Σ target · distance over a row. A class without a share is left out: its distance may be infinite.
    fn weighted(&self, distances: impl Iterator<Item = f64> + Clone, label: u32) -> f64 {
        let right = distances.clone().nth(label as usize).unwrap_or(f64::NAN);
        if self.smoothing == 0.0 {
            return right;
        }
        (1.0 - self.smoothing) * right + self.uniform() * distances.sum::<f64>()
    }
}

/// Mean loss, and every row's softmax for the gradient.
pub(crate) fn forward<T: Element>(targets: &Targets, logits: &[T]) -> (T, Vec<f64>) {
    let mut softmax = Vec::with_capacity(logits.len());
    let mut total = 0.0;
    for (row, &label) in logits.chunks_exact(targets.classes).zip(&targets.labels) {
        let largest = row.iter().fold(f64::NEG_INFINITY, |largest, &logit| largest.max(logit.to_f64()));
        let distances = row.iter().map(|&logit| logit.to_f64() - largest);
        let start = softmax.len();
        softmax.extend(distances.clone().map(libm::exp));
        let sum: f64 = softmax[start..].iter().sum();
        softmax[start..].iter_mut().for_each(|part| *part /= sum);
        total += libm::log(sum) - targets.weighted(distances, label);
    }
    (T::from_f64(total / targets.labels.len() as f64), softmax)
}

/// (softmax − target) · grad / n
pub(crate) fn backward<T: Element>(targets: &Targets, softmax: &[f64], grad: T) -> Vec<T> {
    let scale = grad.to_f64() / targets.labels.len() as f64;
    let rows = softmax.chunks_exact(targets.classes).zip(&targets.labels);
    let entries = rows
        .flat_map(|(row, &label)| row.iter().enumerate().map(move |(class, &part)| part - targets.share(class, label)));
    entries.map(|entry| T::from_f64(entry * scale)).collect()
}
