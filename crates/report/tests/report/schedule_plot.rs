//! The plot of a schedule without any training.

use lrscope_report::{RenderError, ScheduleLine, render_schedule};
use lrscope_schedule::Point;

use crate::svg::{self, elements, label_value, number, parse, points, words};

fn line(name: &str, points: impl IntoIterator<Item = (f64, Option<f64>)>) -> ScheduleLine {
    let points = points.into_iter().enumerate();
    ScheduleLine {
        name: name.into(),
        points: points.map(|(step, (lr, momentum))| (step as u64, Point { lr, momentum })).collect(),
    }
}

fn drawn(lines: &[ScheduleLine]) -> String {
    let drawn = render_schedule("a <schedule>", lines).expect("drawn");
    svg::check(&drawn);
    drawn
}

/// Lines of data, by their stroke's width.
fn data_lines(svg: &str) -> usize {
    elements(&parse(svg), "polyline").filter(|node| node.attribute("stroke-width") == Some("22")).count()
}

#[test]
fn it_has_a_line_for_the_rate_and_one_for_the_momentum() {
    for (momentum, panels) in [(None, 1), (Some(0.9), 2)] {
        let one = line("all", (0..200_u32).map(|k| (0.1 + 0.01 * f64::from(k % 50), momentum)));
        assert_eq!(data_lines(&drawn(&[one])), panels);
    }
    assert!(matches!(render_schedule("none", &[]), Err(RenderError::Empty(_))));
    drawn(&[line("one step at rate 0", [(0.0, None)])]);
    let falling = line("falling", (0..1000).map(|k| (10_f64.powi(-(k / 100)), None)));
    assert!(drawn(&[falling]).contains("10⁻⁴"));
}

#[test]
fn every_group_is_drawn_and_named_and_a_momentum_that_all_share_once() {
    let group = |factor: f64, momentum: f64| (0..50_u32).map(move |k| (factor * f64::from(k + 1), Some(momentum)));
    let shared = drawn(&[line("weights", group(0.01, 0.9)), line("biases", group(0.02, 0.9))]);
    let apart = drawn(&[line("weights", group(0.01, 0.9)), line("biases", group(0.02, 0.8))]);
    let names = |svg: &str| {
        let words = words(&parse(svg));
        ["weights", "biases"].map(|name| words.iter().filter(|word| word.text == name).count())
    };
    assert_eq!(names(&shared), [1, 1]);
    assert_eq!(names(&apart), [2, 2]);
}

/// A rate that never changes would be a line across an axis of a few per cent, on which it looks like anything.
#[test]
fn a_constant_is_seen_against_zero() {
    for lr in [0.12, 1e-12, 3e7, 1e-310, 5e-324, 1e300, f64::MAX] {
        let svg = drawn(&[line("all", [(lr, Some(0.9)); 100])]);
        let document = parse(&svg);
        let labels: Vec<f64> = words(&document).iter().filter_map(|word| label_value(&word.text)).collect();
        assert!(labels.contains(&0.0), "{lr:e}: {labels:?}");
        // The momentum's axis is that of all momentums.
        assert!(labels.contains(&1.0), "{lr:e}: {labels:?}");
    }
    // The line stands at 0.12 of the axis that its labels make.
    let svg = drawn(&[line("all", [(0.12, None); 100])]);
    let document = parse(&svg);
    let line = elements(&document, "polyline").find(|node| node.attribute("stroke-width") == Some("22"));
    let y = points(line.expect("a line"))[0].1;
    let at = |label: &str| {
        let mut texts = elements(&document, "text").filter(|node| node.attribute("text-anchor") == Some("end"));
        number(texts.find(|node| node.text().is_some_and(|text| text.trim() == label)).expect(label), "y")
    };
    let (zero, tenth) = (at("0"), at("0.10"));
    let value = 0.1 * (zero - y) / (zero - tenth);
    assert!((value - 0.12).abs() < 0.002, "{value}");
}

#[test]
fn thinned_points_stand_at_their_updates() {
    let points = (0..=10_u64).map(|k| (100 * k, Point { lr: 0.1 * k as f64, momentum: None })).collect();
    let svg = drawn(&[ScheduleLine { name: "all".into(), points }]);
    assert!(words(&parse(&svg)).iter().any(|word| word.text == "1,000"), "{svg}");
}
