//! Limits of axes: wide enough for what matters, whatever a diverging run does.

use super::model::Scale;

/// Share of the axis left free beyond the outermost value.
const PAD: f64 = 0.05;

/// No linear axis reaches beyond this: the difference of two limits must stay finite.
const FARTHEST: f64 = 5e307;

/// Limits that hold all finite values with some room; a lone value gets room on both sides. Absent where there is no such
/// value.
///
/// A linear axis ends at ±5·10³⁰⁷. A logarithmic one holds the positive values, down to the smallest number that has all its
/// digits (2.2·10⁻³⁰⁸).
pub fn covering(values: impl IntoIterator<Item = f64>, scale: Scale) -> Option<(f64, f64)> {
    let held = values.into_iter().filter_map(|value| match scale {
        Scale::Linear => value.is_finite().then_some(value.clamp(-FARTHEST, FARTHEST)),
        Scale::Log => (value.is_finite() && value >= f64::MIN_POSITIVE).then_some(value),
    });
    let (low, high) = extremes(held)?;
    Some(padded(low, high, scale))
}

/// Whether a loss or an accuracy may have a say in the limits: what is larger has diverged.
fn usable(value: f64) -> bool {
    value.abs() < 1e300
}

fn extremes(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |found: Option<(f64, f64)>, v| {
        let (low, high) = found.unwrap_or((v, v));
        Some((low.min(v), high.max(v)))
    })
}

fn padded(low: f64, high: f64, scale: Scale) -> (f64, f64) {
    if scale == Scale::Log {
        let span = (high / low).ln();
        let room = if span > 0.0 { span * PAD } else { 1.0 };
        let within = |ln: f64| ln.exp().clamp(f64::MIN_POSITIVE, f64::MAX);
        return (within(low.ln() - room), within(high.ln() + room));
    }
    let span = high - low;
    // A span of rounding errors is no span.
    let largest = high.abs().max(low.abs());
    let room = if largest == 0.0 {
        1.0
    } else if span <= largest * 1e-9 {
        (largest * PAD).max(f64::MIN_POSITIVE)
    } else {
        span * PAD
    };
    (low - room, high + room)
}

/// Scale and limits for losses. `smooth` are the smoothed lines, each from its first step on; `raw` every raw value.
///
/// A loss starts near what guessing gives, falls, and may diverge without bound. So the axis reaches from the lowest values
/// to a third above the highest start; what goes further is cut. Where the start is more than `log_from` times the lowest the
/// axis is logarithmic. Where nothing falls, the middle 96 % of the raw values decide.
pub fn loss_limits<L: AsRef<[f64]>>(
    smooth: &[L],
    raw: impl IntoIterator<Item = f64>,
    log_from: f64,
) -> (Scale, f64, f64) {
    let mut raw: Vec<f64> = raw.into_iter().filter(|v| usable(*v)).collect();
    raw.sort_by(f64::total_cmp);
    let start = smooth.iter().filter_map(|line| first_value(line.as_ref()));
    let start = extremes(start).map(|(_, highest)| highest);
    let lowest = smooth.iter().flat_map(|line| line.as_ref().iter().copied());
    let lowest = extremes(lowest.filter(|v| usable(*v))).map(|(lowest, _)| lowest);
    match (lowest, start) {
        (Some(low), Some(start)) if start >= LEAST_LOSS && start - low > 0.05 * start => {
            falling(low, start, &raw, log_from)
        }
        _ => middle(&raw),
    }
}

/// Losses below this are as good as none, and their axis is not logarithmic.
const LEAST_LOSS: f64 = 1e-300;

fn first_value(line: &[f64]) -> Option<f64> {
    line.iter().copied().find(|v| usable(*v))
}

fn falling(low: f64, start: f64, raw: &[f64], log_from: f64) -> (Scale, f64, f64) {
    let foot = quantile(raw, 0.002).unwrap_or(low).min(low);
    if low > 0.0 && start / low > log_from {
        let foot = if foot > low / 4.0 { foot } else { low / 4.0 };
        return (Scale::Log, (foot / 1.15).max(f64::MIN_POSITIVE), start * 1.6);
    }
    let span = start - low;
    let bottom = foot.max(low - 0.35 * span) - 0.04 * span;
    let zero_is_near = bottom < 0.1 * start && low >= 0.0;
    let bottom = if zero_is_near { 0.0 } else { bottom };
    (Scale::Linear, bottom, start + 0.3 * span)
}

fn middle(raw: &[f64]) -> (Scale, f64, f64) {
    let ends = quantile(raw, 0.02).zip(quantile(raw, 0.98));
    let (low, high) = ends.map_or((0.0, 1.0), |(low, high)| padded(low, high, Scale::Linear));
    (Scale::Linear, low, high)
}

/// Limits for values among which a few may lie far below the others, as a diverged run's accuracy does: the axis holds what
/// is at most `reach` times as far below the highest as the lower quartile is.
pub fn outlier_limits(values: &[f64], reach: f64) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| usable(*v)).collect();
    sorted.sort_by(f64::total_cmp);
    let high = *sorted.last()?;
    let quartile = quantile(&sorted, 0.25)?;
    let spread = (high - quartile).max(1e-3 * high.abs());
    let kept = sorted.iter().copied().filter(|v| *v >= high - reach * spread);
    covering(kept, Scale::Linear)
}

/// The value below which a share of the sorted values lies (nearest rank).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(place.round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_all_values_and_ignore_what_is_not_finite() {
        let values = [3.0, f64::NAN, -1.0, f64::INFINITY, 2.0];
        let (low, high) = covering(values, Scale::Linear).expect("finite values");
        assert!(low < -1.0 && low > -1.5 && high > 3.0 && high < 3.5);
        let (low, high) = covering(values, Scale::Log).expect("positive values");
        assert!(low < 2.0 && low > 1.0 && high > 3.0 && high < 4.0);
        assert_eq!(covering([f64::NAN], Scale::Linear), None);
        let (low, high) = covering([0.0], Scale::Linear).expect("a value");
        assert!(low < 0.0 && high > 0.0);
    }

    #[test]
    fn a_diverging_loss_does_not_set_the_axis() {
        let smooth: Vec<f64> =
            (0..100).map(|i| if i < 95 { 2.3 - 0.02 * f64::from(i) } else { 10_f64.powi(i - 90) }).collect();
        let (scale, low, high) = loss_limits(&[&smooth], smooth.iter().copied(), 30.0);
        assert_eq!(scale, Scale::Linear);
        assert!(low < 0.42 && (0.0..0.42).contains(&low), "{low}");
        assert!(high > 2.3 && high < 3.2, "{high}");
    }

    #[test]
    fn a_fall_over_decades_is_logarithmic() {
        let smooth: Vec<f64> = (0..100).map(|i| 2.3 * (-0.07 * f64::from(i)).exp()).collect();
        let (scale, low, high) = loss_limits(&[&smooth], smooth.iter().copied(), 30.0);
        assert_eq!(scale, Scale::Log);
        assert!(low > 0.0 && low < smooth[99] && high > 2.3);
    }

    #[test]
    fn one_diverged_accuracy_does_not_hide_the_others() {
        let values = [98.9, 98.7, 98.8, 98.95, 98.6, 9.8];
        let (low, high) = outlier_limits(&values, 6.0).expect("values");
        assert!(low > 98.0 && low < 98.6 && high > 98.95 && high < 99.5);
        assert_eq!(outlier_limits(&[], 6.0), None);
        let (low, high) = outlier_limits(&[50.0], 6.0).expect("a value");
        assert!(low < 50.0 && high > 50.0);
    }
}
