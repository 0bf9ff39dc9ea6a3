//! The published rules themselves, on a curve that is already smoothed and trimmed.
//!
//! Sources: fastai 2.8.12 `callback/schedule.py` (`valley`, `slide`, `minimum`, `steep`), Lightning 2.6
//! `tuner/lr_finder.py` (`suggestion`), pytorch-lr-finder 0.2.2 `lr_finder.py` (`plot`). The arithmetic is f64; fastai and
//! Lightning round to f32 on the way, which moves a suggestion only where two gradients agree to seven digits.

use super::{Rule, RuleError};

/// Rows between the two gradients that fastai's slide compares.
const SLIDE_DISTANCE: usize = 15;
/// Difference of gradients above which the loss slides.
const SLIDE_THRESHOLD: f64 = 0.005;

/// The rate that `rule` suggests for a curve fed as it stands: no smoothing, nothing dropped.
pub fn suggest(rule: Rule, lr: &[f64], loss: &[f64]) -> Result<f64, RuleError> {
    if lr.len() != loss.len() {
        return Err(RuleError::Lengths { rates: lr.len(), losses: loss.len() });
    }
    let too_few = RuleError::TooFewPoints { rule, needed: points_needed(rule), found: lr.len() };
    if lr.len() < points_needed(rule) {
        return Err(too_few);
    }
    let place = match rule {
        Rule::Valley => valley(loss),
        Rule::Slide => slide(loss),
        Rule::Minimum => argmin(loss),
        Rule::Steep => steep(lr, loss),
        Rule::Lightning => argmin(&gradient(lr, loss)),
        Rule::LrFinder => argmin(&index_gradient(loss)),
    };
    let rate = place.and_then(|place| lr.get(place).copied());
    let divisor = if rule == Rule::Minimum { 10.0 } else { 1.0 };
    rate.map(|rate| rate / divisor).ok_or(too_few)
}

/// Points below which the tools raise an error.
fn points_needed(rule: Rule) -> usize {
    match rule {
        Rule::Valley | Rule::Minimum => 1,
        Rule::Slide => SLIDE_DISTANCE + 1,
        Rule::Steep | Rule::Lightning | Rule::LrFinder => 2,
    }
}

/// First place of the smallest value; a NaN counts as smaller than anything, as in `numpy.argmin` and `torch.argmin`.
fn argmin(values: &[f64]) -> Option<usize> {
    if let Some(nan) = values.iter().position(|value| value.is_nan()) {
        return Some(nan);
    }
    let smaller = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1);
    // `min_by` returns the first of equal values; adding 0 makes the two zeros equal.
    let values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    values.iter().enumerate().min_by(smaller).map(|(at, _)| at)
}

/// Place two thirds into the longest strictly decreasing subsequence, taken as if it were contiguous.
///
/// fastai fills a quadratic table of lengths; the lengths are the same by patience sorting in n log n. The start may come
/// out as −1, and a negative place counts from the end, as it does in Python.
fn valley(loss: &[f64]) -> Option<usize> {
    let mut tails: Vec<f64> = Vec::new();
    let (mut start, mut end, mut longest) = (0_isize, 0_isize, 1);
    for (at, &value) in loss.iter().enumerate() {
        if value.is_nan() {
            continue;
        }
        let before = tails.partition_point(|&tail| tail > value);
        match tails.get_mut(before) {
            Some(tail) => *tail = value,
            None => tails.push(value),
        }
        if before + 1 > longest {
            longest = before + 1;
            end = at.cast_signed();
            start = end - longest.cast_signed();
        }
    }
    let third = (end - start) as f64 / 3.0;
    from_end(start + third as isize + (third / 2.0) as isize, loss.len())
}

/// The last place, walking left from the end, before two gradients [`SLIDE_DISTANCE`] rows apart agree.
fn slide(loss: &[f64]) -> Option<usize> {
    let slope = index_gradient(loss);
    let mut left = loss.len().checked_sub(SLIDE_DISTANCE + 1)?;
    let mut best = left;
    while (slope.get(left + SLIDE_DISTANCE)? - slope.get(left)?).abs() > SLIDE_THRESHOLD {
        best = left;
        match left.checked_sub(1) {
            Some(next) => left = next,
            None => break,
        }
    }
    Some(best)
}

/// Place of the steepest fall per log rate, by forward differences.
fn steep(lr: &[f64], loss: &[f64]) -> Option<usize> {
    let slopes: Vec<f64> = lr
        .windows(2)
        .zip(loss.windows(2))
        .map(|(lr, loss)| (loss[1] - loss[0]) / (libm::log(lr[1]) - libm::log(lr[0])))
        .collect();
    argmin(&slopes)
}

/// `numpy.gradient(loss)`: central differences, one-sided at both ends.
fn index_gradient(loss: &[f64]) -> Vec<f64> {
    let ends = |pair: Option<&[f64]>| pair.map(|pair| pair[1] - pair[0]);
    let inner = loss.windows(3).map(|three| (three[2] - three[0]) / 2.0);
    ends(loss.windows(2).next()).into_iter().chain(inner).chain(ends(loss.windows(2).next_back())).collect()
}

/// `torch.gradient(loss, spacing=[lr])`: second-order differences on an uneven axis, one-sided at both ends.
fn gradient(lr: &[f64], loss: &[f64]) -> Vec<f64> {
    let one_sided = |at: usize| {
        let (lr, loss) = (lr.get(at..at + 2)?, loss.get(at..at + 2)?);
        Some((loss[1] - loss[0]) / (lr[1] - lr[0]))
    };
    let inner = lr.windows(3).zip(loss.windows(3)).map(|(lr, loss)| {
        let (left, right) = (lr[1] - lr[0], lr[2] - lr[1]);
        let before = -right / (left * (left + right));
        let centre = (right - left) / (left * right);
        let after = left / (right * (left + right));
        before * loss[0] + centre * loss[1] + after * loss[2]
    });
    one_sided(0).into_iter().chain(inner).chain(loss.len().checked_sub(2).and_then(one_sided)).collect()
}

/// Python's indexing: a negative place counts from the end.
fn from_end(place: isize, len: usize) -> Option<usize> {
    if place < 0 { len.checked_sub(place.unsigned_abs()) } else { Some(place.unsigned_abs()) }
}

#[cfg(test)]
mod tests {
    use super::{argmin, gradient, index_gradient};

    /// The examples of numpy's documentation of `gradient`; `torch.gradient` gives the same.
    #[test]
    fn gradients_as_documented() {
        let loss = [1.0, 2.0, 4.0, 7.0, 11.0, 16.0];
        assert_eq!(index_gradient(&loss), [1.0, 1.5, 2.5, 3.5, 4.5, 5.0]);
        let uneven = gradient(&[0.0, 1.0, 1.5, 3.5, 4.0, 6.0], &loss);
        let expected = [1.0, 3.0, 3.5, 6.7, 6.9, 2.5];
        for (found, expected) in uneven.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{uneven:?}");
        }
    }

    #[test]
    fn argmin_takes_the_first_nan_then_the_first_smallest() {
        assert_eq!(argmin(&[]), None);
        assert_eq!(argmin(&[2.0, 1.0, 1.0]), Some(1));
        assert_eq!(argmin(&[0.0, -0.0]), Some(0));
        assert_eq!(argmin(&[2.0, f64::NAN, 1.0, f64::NAN]), Some(1));
        assert_eq!(argmin(&[f64::INFINITY, f64::INFINITY]), Some(0));
    }
}
