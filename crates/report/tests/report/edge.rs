//! The words about the edge agree with the picture: where the smoothed loss is smallest is one place, where it has left its
//! floor for good another.

use lrscope_report::{Fact, RangeTestReport, StudyFacts, render_range_test};
use lrscope_runner::analysis::{Curve, Ending, RangeTest, analyse};

use crate::page::{content, prose, readme};
use crate::synthetic::Noise;

fn rendered(analysis: RangeTest, multipliers: Vec<(String, f64)>) -> (String, String, serde_json::Value) {
    let facts = StudyFacts {
        title: "Range test: mlp on digits, sgd".into(),
        data_set: "digits".into(),
        model: "mlp".into(),
        details: String::new(),
        date: "2026-01-31".into(),
        time: String::new(),
        unfinished: None,
        recipe: vec![Fact::new("batch size", "32 examples")],
        measured: Vec::new(),
        command: "lrscope range-test".into(),
    };
    let files = render_range_test(&RangeTestReport { facts, multipliers, analysis }).expect("rendered");
    let json = serde_json::from_str(&content(&files, "pick.json")).expect("JSON");
    (readme(&files), content(&files, "range-test.svg"), json)
}

/// A fall to a floor that is wide and not quite level: smallest at `lowest`, left for good only at `edge`.
fn floored(noise: f64, lowest: f64, edge: f64) -> RangeTest {
    let lr: Vec<f64> = (0..400).map(|step| 1e-5 * 10.0_f64.powf(f64::from(step) * 6.0 / 399.0)).collect();
    let curve = |seed: u64| {
        let mut normal = Noise::new(seed + 7);
        let loss = |lr: &f64| {
            let fallen = 2.3 / (1.0 + (lr / 0.003).powi(2));
            let tilt = 0.004 * (lr / lowest).ln().powi(2);
            fallen + 0.3 + tilt + (lr / edge).powi(6) + noise * normal.normal()
        };
        Curve { seed, loss: lr.iter().map(loss).collect(), lr: lr.clone(), ending: Ending::Completed }
    };
    analyse(&[curve(0), curve(1), curve(2)]).expect("well formed")
}

/// The numbers that follow these words, up to the next space.
fn number_after(text: &str, words: &str) -> f64 {
    let rest = text.split(words).nth(1).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    let number = rest.trim_start().split([' ', ',', ';', '.']).collect::<Vec<_>>();
    // The point of a decimal was split too.
    let text = if number[0] == "0" { format!("0.{}", number[1]) } else { number[0].to_owned() };
    text.parse().unwrap_or_else(|_| panic!("{text:?} after {words:?}"))
}

#[test]
fn the_smallest_loss_and_the_edge_are_two_places_and_named_as_what_they_are() {
    let analysis = floored(0.02, 0.03, 0.4);
    let edge = analysis.pick.as_ref().expect("a pick").edge_lr;
    // By hand: the rate over which the bold curve of the picture is lowest.
    let lowest =
        (0..analysis.lr.len()).min_by(|a, b| analysis.smoothed_loss[*a].total_cmp(&analysis.smoothed_loss[*b]));
    let lowest = analysis.lr[lowest.expect("rows")];
    assert!(edge > 1.5 * lowest, "a floor this wide has an edge of its own: {lowest} {edge}");
    let (page, svg, _) = rendered(analysis, Vec::new());
    let first = &prose(&page)[1];
    assert!((number_after(first, "loss is lowest at") / lowest - 1.0).abs() < 0.005, "{first}");
    assert!((number_after(first, "leaves its floor for good beyond") / edge - 1.0).abs() < 0.005, "{first}");
    assert!(svg.contains("the loss leaves its floor beyond"), "the title says it too");
    for text in [&page, &svg] {
        assert!(
            !text.contains("stops falling") && !text.contains("still fell") && !text.contains("still falls"),
            "{text}"
        );
    }
}

/// Every edge that was reached lies at or above the smallest loss, but for the row that stands between an update and its loss.
#[test]
fn the_edge_is_never_said_to_lie_below_the_smallest_loss() {
    for (noise, lowest, edge) in
        [(0.0, 0.03, 0.4), (0.0, 0.2, 0.3), (0.01, 0.05, 0.2), (0.1, 0.02, 1.0), (0.05, 0.3, 0.3)]
    {
        let analysis = floored(noise, lowest, edge);
        let pick = analysis.pick.clone().expect("a pick");
        let lowest = analysis.lowest_lr().expect("rows");
        let step = analysis.lr[1] / analysis.lr[0];
        assert!(pick.edge_lr * step * 1.000_001 > lowest, "{noise}: {lowest} {}", pick.edge_lr);
        let first = prose(&rendered(analysis, Vec::new()).0)[1].clone();
        let two_places = first.contains("is lowest at");
        assert_eq!(two_places, lowest <= pick.edge_lr, "{first}");
        assert!(first.contains("(the edge)"), "{first}");
    }
}

#[test]
fn a_pick_says_which_rate_it_is() {
    let plain = rendered(floored(0.02, 0.03, 0.4), Vec::new());
    let grouped = rendered(floored(0.02, 0.03, 0.4), vec![("biases".into(), 0.1), ("weights".into(), 1.0)]);
    for (page, _, json) in [&plain, &grouped] {
        let said =
            prose(page).iter().any(|one| one.contains("Both are the schedule's rate, before any group's lr_mult"));
        assert!(said, "{page}");
        assert_eq!(json["rate"], "the schedule's rate, before any group's lr_mult");
    }
    assert!(grouped.0.contains("biases × 0.1, weights × 1"), "{}", grouped.0);
    assert!(grouped.1.contains("before lr_mult") && !plain.1.contains("before lr_mult"), "the axis says it");
}

/// A sweep of Smith's that starts at 0: the axis is linear and the page has no NaN and no infinity.
#[test]
fn a_sweep_from_zero_has_a_page() {
    let lr: Vec<f64> = (0..200).map(|step| f64::from(step) * 0.005).collect();
    let curve = |seed: u64| {
        let mut normal = Noise::new(seed);
        let loss = |lr: &f64| 0.3 + 2.0 / (1.0 + (lr / 0.05).powi(2)) + (lr / 0.7).powi(8) + 0.01 * normal.normal();
        Curve { seed, loss: lr.iter().map(loss).collect(), lr: lr.clone(), ending: Ending::Completed }
    };
    let analysis = analyse(&[curve(0), curve(1), curve(2)]).expect("well formed");
    assert!(analysis.pick.as_ref().is_some_and(|pick| pick.edge_reached && pick.base_lr > 0.0), "{:?}", analysis.pick);
    let (page, svg, _) = rendered(analysis, Vec::new());
    assert!(svg.contains("learning rate") && !svg.contains("learning rate (logarithmic)"), "a linear axis");
    // What its CSV files would write for such a loss is told at its end.
    let (page, _) = page.split_once("In CSV files").expect("the list of files");
    for text in [page, &svg] {
        assert!(!text.contains("NaN") && !text.contains("infinit"), "{text}");
    }
}
