//! Softmax cross-entropy, computed in f64 whatever the logits' type: there are few of them, and a loss is compared for days.
//!
//! Exponential and logarithm come from a library that is part of the program, so that bits do not depend on the machine's.

use super::element::Element;

/// Mean loss, and every row's softmax for the gradient.
pub(crate) fn forward<T: Element>(classes: usize, labels: &[u32], logits: &[T]) -> (T, Vec<f64>) {
    let mut softmax = Vec::with_capacity(logits.len());
    let mut total = 0.0;
    for (row, &label) in logits.chunks_exact(classes).zip(labels) {
        let largest = row.iter().fold(f64::NEG_INFINITY, |largest, &logit| largest.max(logit.to_f64()));
        let start = softmax.len();
        softmax.extend(row.iter().map(|&logit| libm::exp(logit.to_f64() - largest)));
        let sum: f64 = softmax[start..].iter().sum();
        softmax[start..].iter_mut().for_each(|part| *part /= sum);
        total += libm::log(sum) - (row[label as usize].to_f64() - largest);
    }
    (T::from_f64(total / labels.len() as f64), softmax)
}

/// (softmax − one-hot) · grad / n
pub(crate) fn backward<T: Element>(classes: usize, labels: &[u32], softmax: &[f64], grad: T) -> Vec<T> {
    let scale = grad.to_f64() / labels.len() as f64;
    let rows = softmax.chunks_exact(classes).zip(labels);
    let entries = rows.flat_map(|(row, &label)| {
        row.iter().enumerate().map(move |(class, &part)| part - f64::from(u8::from(class == label as usize)))
    });
    entries.map(|entry| T::from_f64(entry * scale)).collect()
}
