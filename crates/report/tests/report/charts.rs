//! Pictures: well-formed, everything in its place, nothing in another's.

use lrscope_report::chart::{
    Axis, Band, Chart, ChartError, Dash, Marker, Marks, Naming, Note, Panel, Scale, Series, Shape, Stroke, Ticks,
    arm_stroke, colours, draw,
};
use proptest::prelude::*;

use crate::svg::{check, elements, label_value, number, parse, points, words};

fn axis(label: &str, scale: Scale, low: f64, high: f64) -> Axis {
    Axis { label: label.into(), scale, low, high, ticks: Ticks::Numbers }
}

fn chart(x: Axis, y: Axis) -> Chart {
    let panel = Panel { y, height: 300.0, series: Vec::new(), marks: Vec::new(), notes: Vec::new() };
    Chart {
        title: "A title".into(),
        subtitle: "How to read it.".into(),
        x,
        bands: Vec::new(),
        markers: Vec::new(),
        panels: vec![panel],
    }
}

fn discs(at: Vec<(f64, f64)>) -> Marks {
    Marks { name: None, points: at, shape: Shape::Disc, radius: 3.0, colour: colours::BLUE, opacity: 1.0 }
}

/// Share of the way from `low` to `high`, by the definitions of the two scales.
fn share(scale: Scale, low: f64, high: f64, value: f64) -> f64 {
    match scale {
        Scale::Linear => (value - low) / (high - low),
        Scale::Log => (value.log2() - low.log2()) / (high.log2() - low.log2()),
    }
}

#[test]
fn marks_lie_where_the_scales_say() {
    for (x_scale, y_scale) in [(Scale::Linear, Scale::Linear), (Scale::Log, Scale::Linear), (Scale::Log, Scale::Log)] {
        let (x, y) = ((1e-5, 10.0), (0.02, 7.0));
        let inner = [(1e-3, 0.3), (0.5, 2.0), (9.0, 6.9)];
        let mut chart = chart(axis("x", x_scale, x.0, x.1), axis("y", y_scale, y.0, y.1));
        let mut all = vec![(x.0, y.0), (x.1, y.1)];
        all.extend(inner);
        chart.panels[0].marks.push(discs(all));
        let drawn = draw(&chart).expect("drawn");
        let document = parse(&drawn);
        let at: Vec<(f64, f64)> = elements(&document, "circle").map(|c| (number(c, "cx"), number(c, "cy"))).collect();
        assert_eq!(at.len(), 5);
        let ((left, bottom), (right, top)) = (at[0], at[1]);
        assert!(right - left > 5000.0 && bottom - top > 2900.0);
        for ((vx, vy), (px, py)) in inner.iter().zip(&at[2..]) {
            let expected = left + share(x_scale, x.0, x.1, *vx) * (right - left);
            assert!((px - expected).abs() <= 1.0, "{vx} at {px}, not {expected}");
            let expected = bottom + share(y_scale, y.0, y.1, *vy) * (top - bottom);
            assert!((py - expected).abs() <= 1.0, "{vy} at {py}, not {expected}");
        }
    }
}

#[test]
fn tick_labels_stand_at_the_values_they_show() {
    let axes = [
        axis("", Scale::Log, 1e-5, 10.0),
        axis("", Scale::Log, 3e-8, 2e-6),
        axis("", Scale::Log, 0.2, 0.9),
        axis("", Scale::Linear, -0.37, 1.21),
        axis("", Scale::Linear, 0.0, 70_000.0),
        axis("", Scale::Linear, 98.31, 98.97),
        axis("", Scale::Linear, 0.0, 3e-7),
    ];
    for x in axes {
        let (low, high, scale) = (x.low, x.high, x.scale);
        let mut chart = chart(x, axis("", Scale::Linear, 0.0, 1.0));
        chart.panels[0].marks.push(discs(vec![(low, 0.0), (high, 1.0)]));
        let drawn = draw(&chart).expect("drawn");
        let document = parse(&drawn);
        let ends: Vec<f64> = elements(&document, "circle").map(|c| number(c, "cx")).collect();
        let bottom = elements(&document, "circle").map(|c| number(c, "cy")).fold(0.0, f64::max);
        let labels: Vec<_> = words(&document).into_iter().filter(|w| w.y > bottom + 50.0).collect();
        assert!(labels.len() >= 3, "{low} to {high}: {labels:?}");
        for label in labels {
            let value = label_value(&label.text).unwrap_or_else(|| panic!("{} is not a number", label.text));
            let expected = ends[0] + share(scale, low, high, value) * (ends[1] - ends[0]);
            assert!((label.x - expected).abs() <= 1.5, "{} at {}, not {expected}", label.text, label.x);
        }
    }
}

#[test]
fn each_line_is_drawn_once_and_gaps_cut_it() {
    let mut chart = chart(axis("x", Scale::Linear, 0.0, 10.0), axis("y", Scale::Linear, 0.0, 10.0));
    let line = |points: &[(f64, f64)]| Series::plain(points.to_vec(), Stroke::solid(colours::BLUE, 1.0));
    chart.panels[0].series = vec![
        line(&[(0.0, 1.0), (5.0, 2.0), (10.0, 3.0)]),
        line(&[(0.0, 4.0), (3.0, 5.0), (4.0, f64::NAN), (5.0, 5.0), (10.0, 6.0)]),
        line(&[]),
        line(&[(0.0, f64::NAN), (1.0, f64::NAN)]),
        line(&[(5.0, 5.0)]),
    ];
    let drawn = draw(&chart).expect("drawn");
    check(&drawn);
    let document = parse(&drawn);
    let blue = |node: &roxmltree::Node| node.attribute("stroke") == Some("#0072B2");
    let lengths: Vec<_> = elements(&document, "polyline").filter(blue).map(|node| points(node).len()).collect();
    assert_eq!(lengths, [3, 2, 2]);
    assert_eq!(elements(&document, "circle").count(), 1, "a lone point is a dot");
}

#[test]
fn a_diverging_line_leaves_with_a_mark_and_never_stretches_the_chart() {
    for last in [1e9, 1e308, f64::INFINITY] {
        let mut chart = chart(axis("x", Scale::Linear, 0.0, 10.0), axis("y", Scale::Linear, 0.0, 3.0));
        let line = vec![(0.0, 2.0), (4.0, 1.0), (8.0, last), (9.0, f64::NAN)];
        let stroke = Stroke::solid(colours::BLUE, 2.0);
        chart.panels[0].series = vec![Series { mark_exits: true, ..Series::plain(line, stroke) }];
        let drawn = draw(&chart).expect("drawn");
        check(&drawn);
        let document = parse(&drawn);
        let triangles: Vec<_> =
            elements(&document, "polygon").filter(|n| n.attribute("fill") == Some("#0072B2")).collect();
        assert_eq!(triangles.len(), 1);
        assert!(words(&document).iter().any(|w| w.text == "off the chart"));
    }
}

#[test]
fn dashed_lines_cover_the_same_ground_as_solid_ones() {
    let mut chart = chart(axis("x", Scale::Linear, 0.0, 1.0), axis("y", Scale::Linear, 0.0, 1.0));
    let stroke = Stroke::solid(colours::BLUE, 2.0).dash(Dash::Dashed);
    chart.panels[0].series = vec![Series::plain(vec![(0.0, 0.5), (1.0, 0.5)], stroke)];
    let drawn = draw(&chart).expect("drawn");
    let document = parse(&drawn);
    let dashes: Vec<_> = elements(&document, "polyline").filter(|n| n.attribute("stroke") == Some("#0072B2")).collect();
    // About 840 pixels of 8 on and 6 off.
    assert!((50..=64).contains(&dashes.len()), "{}", dashes.len());
}

#[test]
fn names_of_lines_stand_at_their_ends_or_in_the_legend() {
    let named = |name: &str, last: f64, i: usize| {
        Series::named(name, vec![(0.0, 0.9), (last, 0.2 + 0.01 * i as f64)], arm_stroke(i))
    };
    let mut whole = chart(axis("x", Scale::Linear, 0.0, 10.0), axis("y", Scale::Linear, 0.0, 1.0));
    whole.panels[0].series = (0..6).map(|i| named(&format!("arm {i}"), 10.0, i)).collect();
    let mut cut = whole.clone();
    cut.panels[0].series[2] = named("arm 2", 4.0, 2);
    for (chart, beside) in [(whole, true), (cut, false)] {
        let drawn = draw(&chart).expect("drawn");
        check(&drawn);
        let document = parse(&drawn);
        let arms: Vec<_> = words(&document).into_iter().filter(|w| w.text.starts_with("arm")).collect();
        assert_eq!(arms.len(), 6);
        let ends = elements(&document, "polyline").flat_map(points).map(|(x, _)| x).filter(|x| *x < 8990.0);
        let right = ends.fold(0.0, f64::max);
        for arm in arms {
            assert_eq!(arm.left > right - 140.0, beside, "{arm:?} {right}");
        }
    }
}

#[test]
fn markers_bands_notes_and_many_panels_fit() {
    let mut chart = chart(axis("learning rate", Scale::Log, 1e-5, 10.0), axis("loss", Scale::Linear, 0.0, 3.0));
    let marker = |x: f64, label: &str| Marker { x, label: label.into(), stroke: Stroke::solid(colours::GREEN, 1.5) };
    chart.bands =
        vec![Band { from: 1e-3, to: 0.3, colour: colours::GREEN }, Band { from: 1.0, to: 100.0, colour: colours::SKY }];
    chart.markers = vec![
        marker(1e-3, "base_lr 0.001"),
        marker(0.3, "max_lr 0.3"),
        marker(0.31, "edge 0.31"),
        marker(0.32, "somewhere near by 0.32"),
        marker(50.0, "outside"),
        marker(f64::NAN, "nowhere"),
    ];
    let mut second = chart.panels[0].clone();
    second.y.ticks =
        Ticks::Names(vec![(0.5, "one".into()), (1.5, "a name that is much too long to stand beside a chart".into())]);
    second.notes = (0..5)
        .map(|i| Note { y: 1.0 + 0.01 * f64::from(i), text: format!("note {i}"), colour: colours::INK })
        .collect();
    chart.panels.push(second);
    let drawn = draw(&chart).expect("drawn");
    check(&drawn);
    let all = words(&parse(&drawn));
    assert!(
        all.iter().any(|w| w.text.starts_with("edge"))
            && all.iter().all(|w| w.text != "outside" && w.text != "nowhere")
    );
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "</text><script>alert(1)</script> & \"quotes\" 'n' \u{0}\u{1b}[31m ]]> \u{202e}evil\u{202c} \n\tline";
    let mut chart = chart(axis(hostile, Scale::Linear, 0.0, 1.0), axis(hostile, Scale::Linear, 0.0, 1.0));
    chart.title = hostile.into();
    chart.subtitle = hostile.into();
    chart.markers = vec![Marker { x: 0.5, label: hostile.into(), stroke: Stroke::solid(colours::BLUE, 1.0) }];
    chart.panels[0].series = vec![Series {
        naming: Naming::Legend(hostile.into()),
        ..Series::plain(vec![(0.0, 0.0), (1.0, 1.0)], Stroke::solid(colours::BLUE, 1.0))
    }];
    let drawn = draw(&chart).expect("drawn");
    check(&drawn);
    let document = parse(&drawn);
    assert_eq!(elements(&document, "script").count(), 0);
    let title = elements(&document, "title").next().and_then(|node| node.text()).expect("a title");
    assert!(title.starts_with("</text><script>alert(1)</script> & \"quotes\" 'n'"), "{title}");
    assert!(!drawn.contains(['\u{0}', '\u{1b}', '\u{202e}']));
}

#[test]
fn what_is_no_chart_is_refused_by_name() {
    let good = chart(axis("x", Scale::Linear, 0.0, 1.0), axis("y", Scale::Linear, 0.0, 1.0));
    for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e308, 1e308)] {
        let mut bad = good.clone();
        (bad.x.low, bad.x.high) = (low, high);
        let error = draw(&bad).expect_err("no interval");
        assert!(matches!(&error, ChartError::Limits { axis, .. } if axis == "x"), "{error}");
    }
    let mut bad = good.clone();
    bad.panels[0].y.scale = Scale::Log;
    assert!(matches!(draw(&bad), Err(ChartError::Limits { .. })));
    for height in [0.0, -5.0, f64::NAN, 1e9] {
        let mut bad = good.clone();
        bad.panels[0].height = height;
        assert!(matches!(draw(&bad), Err(ChartError::Height { .. })), "{height}");
    }
    let mut bad = good;
    bad.panels.clear();
    assert!(matches!(draw(&bad), Err(ChartError::Height { .. })));
}

#[test]
fn a_long_comparison_stays_small() {
    let mut chart = chart(axis("updates", Scale::Linear, 0.0, 70_000.0), axis("loss", Scale::Linear, 0.0, 3.0));
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    for i in 0..25 {
        let points = (0..70_000).map(|k| (f64::from(k), 1.0 + noise())).collect();
        chart.panels[0].series.push(Series::plain(points, arm_stroke(i / 5).width(0.8).opacity(0.2).dash(Dash::Solid)));
    }
    for i in 0..5 {
        let points = (0..70_000).map(|k| (f64::from(k), 1.5 + 0.1 * (f64::from(k) / 900.0).sin())).collect();
        chart.panels[0].series.push(Series::named(format!("arm {i}"), points, arm_stroke(i)));
    }
    let drawn = draw(&chart).expect("drawn");
    check(&drawn);
    assert!(drawn.len() < 300_000, "{} bytes", drawn.len());
    assert_eq!(drawn, draw(&chart).expect("drawn again"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the values and names, a picture is well-formed, inside its box, and its texts are apart.
    #[test]
    fn any_chart_can_be_drawn(
        low in -5.0..5.0_f64,
        span in prop_oneof![1e-9..1e-3_f64, 1e-3..1e3, 1e3..1e12],
        log in any::<bool>(),
        values in prop::collection::vec(prop_oneof![-2.0..8.0_f64, Just(f64::NAN), Just(f64::INFINITY), Just(-1e300)], 0..60),
        names in prop::collection::vec(".{0,40}", 0..7),
        markers in prop::collection::vec((0.0..1.0_f64, ".{0,24}"), 0..5),
    ) {
        let (scale, low) = if log { (Scale::Log, low.abs() + 1e-6) } else { (Scale::Linear, low) };
        let mut chart = chart(axis("x", scale, low, low + span), axis("y", Scale::Linear, 0.0, 5.0));
        let place = |share: f64| low + share * span;
        for (i, name) in names.iter().enumerate() {
            let line = values.iter().enumerate().map(|(k, v)| (place(k as f64 / 59.0), v + i as f64 * 0.1)).collect();
            chart.panels[0].series.push(Series::named(name.clone(), line, arm_stroke(i)));
        }
        chart.markers = markers
            .iter()
            .map(|(share, label)| Marker { x: place(*share), label: label.clone(), stroke: Stroke::solid(colours::GREEN, 1.0) })
            .collect();
        let drawn = draw(&chart).expect("a chart with good limits is drawn");
        check(&drawn);
    }
}
