//! Where ticks stand: the finest choice of round numbers whose labels leave room between them.

use super::layout::RIGHT_MARGIN;
use super::mapping::Mapping;
use super::model::{Axis, Scale, Ticks};
use super::text::{clean, fit, width};
use super::tick_labels;

/// Font size of tick labels in pixels.
pub(super) const TICK_SIZE: f64 = 13.0;
/// The most pixels that a named tick may take.
const LONGEST_NAME: f64 = 230.0;

/// Pixels by which a label may stand out beyond either end of a horizontal axis: what the layout leaves free there at least.
const OVERHANG: f64 = RIGHT_MARGIN - 1.0;

/// The ticks of an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TickSet {
    /// Places with a label.
    pub(super) labelled: Vec<(f64, String)>,
    /// Places between them, for the fine grid.
    pub(super) fine: Vec<f64>,
}

/// In which direction an axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Horizontal,
    Vertical,
}

impl Direction {
    fn most_labels(self) -> usize {
        match self {
            Self::Horizontal => 11,
            Self::Vertical => 8,
        }
    }

    /// Pixels along the axis that a label needs, the gap to the next one included.
    fn extent(self, label: &str) -> f64 {
        match self {
            Self::Horizontal => width(label, TICK_SIZE) + 22.0,
            Self::Vertical => 30.0,
        }
    }
}

/// The ticks of `axis` when it is `pixels` long.
pub(super) fn ticks(axis: &Axis, pixels: f64, direction: Direction) -> TickSet {
    if let Ticks::Names(names) = &axis.ticks {
        let short = |name: &String| fit(&clean(name), TICK_SIZE, LONGEST_NAME);
        return TickSet { labelled: names.iter().map(|(at, name)| (*at, short(name))).collect(), fine: Vec::new() };
    }
    let mapping = Mapping::new(axis, 0.0, pixels);
    let good = |set: &TickSet| set.labelled.len() <= direction.most_labels() && leave_room(set, mapping, direction);
    let found = |least: usize, choices: Vec<TickSet>| {
        let mut shown = choices.into_iter().map(|set| within(set, mapping, pixels, direction));
        shown.find(|set| set.labelled.len() >= least && good(set))
    };
    let linear = |least| found(least, linear_choices(axis).collect());
    if axis.scale == Scale::Linear {
        return linear(1).unwrap_or_default();
    }
    // On a logarithmic axis of less than a decade and a half, round numbers may fit better than powers of ten.
    let narrow = axis.high / axis.low < 30.0;
    let powers = |least| found(least, log_choices(axis));
    let first = if narrow { powers(3).or_else(|| linear(3)) } else { None };
    first.or_else(|| powers(2)).or_else(|| linear(1)).unwrap_or_default()
}

/// The set without the labels that would be cut off at the picture's side.
fn within(mut set: TickSet, mapping: Mapping, pixels: f64, direction: Direction) -> TickSet {
    if direction == Direction::Horizontal {
        set.labelled.retain(|(at, label)| {
            let half = width(label, TICK_SIZE) / 2.0;
            mapping.at(*at).is_some_and(|x| x - half >= -OVERHANG && x + half <= pixels + OVERHANG)
        });
    }
    set
}

fn leave_room(set: &TickSet, mapping: Mapping, direction: Direction) -> bool {
    set.labelled.windows(2).all(|pair| {
        let places = (mapping.at(pair[0].0), mapping.at(pair[1].0));
        let (Some(a), Some(b)) = places else {
            return false;
        };
        let needed = f64::midpoint(direction.extent(&pair[0].1), direction.extent(&pair[1].1));
        (b - a).abs() >= needed
    })
}

/// Multiples of 1, 2 and 5 × 10ⁿ, from fine to coarse.
fn linear_choices(axis: &Axis) -> impl Iterator<Item = TickSet> + '_ {
    // The smallest number above 0 is 5·10⁻³²⁴.
    let finest = ((axis.high - axis.low) / 20.0).log10().floor().max(-324.0) as i32;
    let smallest = if axis.ticks == Ticks::Counts { 0 } else { i32::MIN };
    (finest..finest + 4)
        .filter(move |exponent| *exponent >= smallest)
        .chain((finest < smallest).then_some(smallest))
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|mantissa| (mantissa, exponent)))
        .map(|(mantissa, exponent)| linear_set(axis, mantissa, exponent))
}

fn linear_set(axis: &Axis, mantissa: f64, exponent: i32) -> TickSet {
    // 10^-5 is not a float: dividing by 10^5 gives the nearest one to every multiple. 10^309 is none at all.
    let value = |multiple: f64| match exponent {
        ..-300 => multiple * mantissa / 1e300 / 10_f64.powi(-300 - exponent),
        -300..0 => multiple * mantissa / 10_f64.powi(-exponent),
        0.. => multiple * mantissa * 10_f64.powi(exponent),
    };
    let step = value(1.0);
    let first = (axis.low / step - 1e-9).ceil();
    let labelled = (0..64)
        .map(|i| first + f64::from(i))
        .take_while(|multiple| value(*multiple) <= axis.high + step * 1e-9)
        .map(|multiple| {
            let at = value(multiple).clamp(axis.low, axis.high);
            (at, tick_labels::linear(multiple, mantissa, exponent))
        });
    TickSet { labelled: labelled.collect(), fine: Vec::new() }
}

/// On a logarithmic axis, from fine to coarse: 1, 2, 3, 5 of each decade; 1, 2, 5; 1, 3; decades; every second, fifth …
/// decade.
fn log_choices(axis: &Axis) -> Vec<TickSet> {
    let within: [&[u32]; 3] = [&[1, 2, 3, 5], &[1, 2, 5], &[1, 3]];
    let strides = [1, 2, 5, 10, 20, 50, 100].map(|stride| log_set(axis, &[1], stride));
    within.into_iter().map(|mantissas| log_set(axis, mantissas, 1)).chain(strides).collect()
}

fn log_set(axis: &Axis, mantissas: &[u32], stride: i32) -> TickSet {
    let (from, to) = (axis.low.log10().floor() as i32, axis.high.log10().ceil() as i32);
    let plain = axis.low >= 0.9e-4 && axis.high <= 1.1e5;
    let mut set = TickSet::default();
    for exponent in from..=to {
        for mantissa in 1..10 {
            let at = at_power(mantissa, exponent);
            if !inside(axis, at) {
                continue;
            }
            if mantissas.contains(&mantissa) && exponent.rem_euclid(stride) == 0 {
                let label = tick_labels::logarithmic(mantissa, exponent, plain);
                set.labelled.push((at, label));
            } else if to - from <= 9 || (mantissa == 1 && to - from <= 60) {
                set.fine.push(at);
            }
        }
    }
    set
}

fn inside(axis: &Axis, at: f64) -> bool {
    at.is_finite() && at >= axis.low * (1.0 - 1e-9) && at <= axis.high * (1.0 + 1e-9)
}

fn at_power(mantissa: u32, exponent: i32) -> f64 {
    // Parsing gives the float nearest to the decimal number, which powers and products do not.
    format!("{mantissa}e{exponent}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Scale;

    fn axis(scale: Scale, low: f64, high: f64) -> Axis {
        Axis { label: "x".into(), scale, low, high, ticks: Ticks::Numbers }
    }

    fn labels(axis: &Axis, pixels: f64) -> Vec<String> {
        let set = ticks(axis, pixels, Direction::Horizontal);
        set.labelled.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn a_range_tests_axis_shows_powers_of_ten() {
        let found = labels(&axis(Scale::Log, 1e-5, 10.0), 780.0);
        assert_eq!(found, ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]);
        let found = labels(&axis(Scale::Log, 1e-3, 1.0), 780.0);
        assert_eq!(found[..4], ["0.001", "0.002", "0.005", "0.01"]);
        assert_eq!(found.last().map(String::as_str), Some("1"));
    }

    #[test]
    fn narrow_logarithmic_axes_fall_back_to_round_numbers() {
        let found = labels(&axis(Scale::Log, 0.31, 0.38), 780.0);
        assert!(found.len() >= 4, "{found:?}");
        assert!(found.iter().all(|label| label.starts_with("0.3")));
    }

    #[test]
    fn counts_never_show_fractions() {
        let mut steps = axis(Scale::Linear, 0.0, 3.0);
        steps.ticks = Ticks::Counts;
        assert_eq!(labels(&steps, 780.0), ["0", "1", "2", "3"]);
        steps.high = 70_000.0;
        assert_eq!(labels(&steps, 780.0).last().map(String::as_str), Some("70,000"));
    }

    #[test]
    fn long_labels_stay_inside_the_picture() {
        let narrow = axis(Scale::Linear, -0.173_452_1, -0.173_451_99);
        for (at, label) in ticks(&narrow, 780.0, Direction::Horizontal).labelled {
            let x = (at - narrow.low) / (narrow.high - narrow.low) * 780.0;
            let half = label.chars().count() as f64 * TICK_SIZE / 4.0;
            assert!(x - half > -28.0 && x + half < 808.0, "{label} at {x}");
        }
    }

    #[test]
    fn labels_never_touch_and_stay_within_the_axis() {
        let spans = [1e-12, 1e-5, 0.003, 0.5, 1.0, 7.0, 123.0, 9.9e4, 1e9, 1e300];
        for pixels in [60.0, 200.0, 780.0] {
            for low in [-3.0, 0.0, 1e-7, 0.2, 98.7] {
                for span in spans {
                    check(&axis(Scale::Linear, low, low + span), pixels);
                    check(&axis(Scale::Log, low.abs() + 1e-9, low.abs() + 1e-9 + span), pixels);
                }
            }
        }
    }

    fn check(axis: &Axis, pixels: f64) {
        let share = |at: f64| match axis.scale {
            Scale::Linear => (at - axis.low) / (axis.high - axis.low),
            Scale::Log => (at.ln() - axis.low.ln()) / (axis.high.ln() - axis.low.ln()),
        };
        let set = ticks(axis, pixels, Direction::Horizontal);
        assert!(set.labelled.len() <= 11, "{axis:?}");
        for pair in set.labelled.windows(2) {
            let distance = (share(pair[1].0) - share(pair[0].0)) * pixels;
            let widths = f64::midpoint(width(&pair[0].1, TICK_SIZE), width(&pair[1].1, TICK_SIZE));
            assert!(distance > widths + 8.0, "{axis:?} {pair:?}");
        }
        for (at, _) in &set.labelled {
            assert!((-1e-6..=1.0 + 1e-6).contains(&share(*at)), "{axis:?} {at}");
        }
    }
}
