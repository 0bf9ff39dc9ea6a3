//! The range test's report: what it says is what the analysis says.

use lrscope_report::{Fact, RangeTestReport, RenderError, ReportFile, StudyFacts, render_range_test};
use lrscope_runner::analysis::{Curve, Ending, RangeTest};
use lrscope_schedule::ScheduleSpec;

use crate::page::{content, fenced, prose, readme, tables};
use crate::{analysed, page, svg};

fn report(analysis: RangeTest) -> RangeTestReport {
    RangeTestReport {
        facts: StudyFacts {
            title: "Range test: lenet on mnist".into(),
            data_set: "mnist".into(),
            model: "lenet".into(),
            date: "2026-01-31".into(),
            recipe: vec![Fact::new("batch size", "128 examples")],
            measured: vec![Fact::new("time", "41.2 s")],
            command: "lrscope range-test mnist".into(),
            ..StudyFacts::default()
        },
        multipliers: Vec::new(),
        analysis,
    }
}

/// Renders and checks what holds for every report.
fn render(analysis: RangeTest) -> Vec<ReportFile> {
    let report = report(analysis);
    let files = render_range_test(&report).expect("rendered");
    page::check(&files);
    svg::check(&content(&files, "range-test.svg"));
    assert_eq!(files, render_range_test(&report).expect("rendered again"));
    files
}

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let record =
        |record: Result<csv::StringRecord, csv::Error>| record.expect("a row").iter().map(str::to_owned).collect();
    reader.records().map(record).collect()
}

/// A configuration, as far as the snippet goes.
#[derive(serde::Deserialize)]
struct Config {
    schedule: ScheduleSpec,
}

#[test]
fn the_pick_comes_first_and_can_be_pasted() {
    let analysis = analysed::range_test(3, 300);
    let pick = analysis.pick.clone().expect("a pick");
    let files = render(analysis);
    let page = readme(&files);
    let first = &prose(&page)[1];
    assert!(first.starts_with("base_lr 0.00215, max_lr 0.174, from the mean curve of 3 seeds"), "{first}");

    let (language, snippet) = &fenced(&page)[0];
    assert_eq!(language, "toml");
    let config: Config = toml::from_str(snippet).expect("a schedule that the schedule crate reads");
    let written = serde_json::to_value(&config.schedule).expect("JSON");
    let base = written["cyclic"]["base_lr"].as_f64().expect("a rate");
    assert!((base / pick.base_lr - 1.0).abs() < 0.005, "{base}");

    let json: serde_json::Value = serde_json::from_str(&content(&files, "pick.json")).expect("JSON");
    assert_eq!(json["pick"]["max_lr"].as_f64(), Some(pick.max_lr));
    assert_eq!(json["seed_picks"][2]["seed"], 2);
}

#[test]
fn csv_reads_back_to_the_bit() {
    let mut analysis = analysed::range_test(2, 120);
    analysis.curves[1].loss.push(f64::NAN);
    analysis.curves[1].loss.push(f64::INFINITY);
    analysis.curves[1].loss.push(f64::NEG_INFINITY);
    analysis.curves[1].loss.push(5e-324);
    let files = render(analysis.clone());
    let mut rows = rows(&content(&files, "curves.csv")).into_iter();
    assert_eq!(rows.next().expect("a header"), ["seed", "step", "lr", "loss"]);
    for curve in &analysis.curves {
        for step in 0..curve.loss.len() {
            let row = rows.next().expect("a row");
            assert_eq!((&row[0], &row[1]), (&curve.seed.to_string(), &step.to_string()));
            // A loss without a rate has an empty field, never 0.
            assert_eq!(row[2].parse().ok(), curve.lr.get(step).copied(), "{row:?}");
            let loss: f64 = row[3].parse().expect("a loss");
            let same = loss.to_bits() == curve.loss[step].to_bits() || (loss.is_nan() && curve.loss[step].is_nan());
            assert!(same, "{row:?}");
        }
    }
    assert_eq!(rows.next(), None);
}

#[test]
fn the_table_of_rules_gives_median_spread_and_reasons() {
    let files = render(analysed::range_test(3, 300));
    let rules = rows(&content(&files, "rules.csv"));
    let table = tables(&readme(&files)).into_iter().find(|table| table[0][0] == "rule").expect("a table of rules");
    assert_eq!(table.len(), 7);
    for (name, csv_name) in [("fastai valley", "valley"), ("fastai slide", "slide")] {
        let mut lr: Vec<f64> =
            rules.iter().filter(|row| row[0] == csv_name).filter_map(|row| row[2].parse().ok()).collect();
        lr.sort_by(f64::total_cmp);
        let row = table.iter().find(|row| row[0] == name).expect("the rule's row");
        let near = |cell: &str, value: f64| (cell.parse::<f64>().expect("a number") / value - 1.0).abs() < 0.05;
        assert!(near(&row[1], lr[0]) && near(&row[3], lr[lr.len() - 1]), "{row:?}");
        let median = if lr.len() == 3 { lr[1] } else { (lr[0] * lr[1]).sqrt() };
        assert!(near(&row[2], median), "{row:?} {median}");
        assert!(near(&row[4], (lr[lr.len() - 1] / lr[0]).log10()), "{row:?}");
        assert_eq!(row[5], lr.len().to_string());
    }
    let slide = table.iter().find(|row| row[0] == "fastai slide").expect("the rule's row");
    assert_eq!(slide[6], "seed 1: the loss never slides for long enough");
}

#[test]
fn one_seed_is_said_to_tell_nothing_of_chance() {
    let page = readme(&render(analysed::range_test(1, 300)));
    assert!(page.contains("There is one seed"), "{page}");
    let rules = tables(&page).into_iter().find(|table| table[0][0] == "rule").expect("a table of rules");
    assert!(rules[1..].iter().all(|row| row[4].is_empty()), "one value has no spread: {rules:?}");
}

#[test]
fn without_a_pick_the_reason_comes_first_and_nothing_is_zero() {
    let mut analysis = analysed::range_test(3, 300);
    analysis.pick = None;
    analysis.seed_picks.clear();
    analysis.refusal = Some("the loss never falls by more than its noise".into());
    for outcome in &mut analysis.rules {
        (outcome.lr, outcome.reason) = (None, Some("no fall".into()));
    }
    let files = render(analysis.clone());
    let page = readme(&files);
    assert!(
        prose(&page)[1].starts_with("No pick from the curves of 3 seeds: the loss never falls by more than its noise.")
    );
    assert!(fenced(&page).iter().all(|(language, _)| language != "toml"));
    let rules = tables(&page).into_iter().find(|table| table[0][0] == "rule").expect("a table of rules");
    assert!(rules[1..].iter().all(|row| row[1..5].iter().all(String::is_empty) && row[5] == "0"));
    assert_eq!(rules[1][6], "seeds 0, 1 and 2: no fall");
    assert!(content(&files, "pick.json").contains("\"pick\": null"));
    assert_eq!(report(analysis).headline(), "no pick (3 seeds)");
}

#[test]
fn an_edge_that_was_not_reached_is_a_lower_bound() {
    let mut analysis = analysed::range_test(2, 300);
    if let Some(pick) = &mut analysis.pick {
        pick.edge_reached = false;
    }
    let files = render(analysis);
    assert!(readme(&files).contains("the edge lies higher"));
    assert!(content(&files, "range-test.svg").contains("edge ≥ 0.348"));
}

#[test]
fn strange_curves_are_drawn() {
    let curve = |loss: &[f64]| Curve {
        seed: u64::MAX,
        lr: (0..loss.len()).map(|k| 1e-5 * 2_f64.powi(i32::try_from(k).expect("short"))).collect(),
        loss: loss.to_vec(),
        ending: Ending::NonFinite { step: 0 },
    };
    let strange: [&[f64]; 6] = [
        &[],
        &[f64::NAN],
        &[2.3],
        &[f64::INFINITY, f64::NAN],
        &[0.0, 0.0, 0.0],
        &[2.3, 1.0, f64::NAN, 1e300, -1.0, f64::INFINITY],
    ];
    for loss in strange {
        let curve = curve(loss);
        let finite = loss.iter().take_while(|loss| loss.is_finite()).count();
        let analysis = RangeTest {
            lr: curve.lr[..finite].to_vec(),
            mean_loss: loss[..finite].to_vec(),
            smoothed_loss: loss[..finite].to_vec(),
            curves: vec![curve],
            window: 1,
            pick: None,
            refusal: None,
            seed_picks: Vec::new(),
            rules: Vec::new(),
            rules_note: None,
            warnings: Vec::new(),
        };
        render(analysis);
    }
}

#[test]
fn linear_sweeps_get_a_linear_axis() {
    let mut analysis = analysed::range_test(2, 300);
    for curve in &mut analysis.curves {
        curve.lr = (0..curve.lr.len()).map(|k| 0.001 * (k + 1) as f64).collect();
    }
    analysis.lr = analysis.curves[0].lr[..analysis.lr.len()].to_vec();
    let drawn = content(&render(analysis), "range-test.svg");
    let document = svg::parse(&drawn);
    let words = svg::words(&document);
    let at = |label: &str| words.iter().rfind(|word| word.text == label).map(|word| word.x).expect(label);
    let steps = [at("0.2") - at("0.1"), at("0.3") - at("0.2"), at("0.4") - at("0.3")];
    assert!(steps.iter().all(|step| (step - steps[0]).abs() <= 1.0), "{steps:?}");
}

#[test]
fn no_curve_is_an_error() {
    let mut analysis = analysed::range_test(1, 50);
    analysis.curves.clear();
    assert!(matches!(render_range_test(&report(analysis)), Err(RenderError::Empty(_))));
}

#[test]
fn hostile_words_stay_words() {
    let hostile = "a|b `c` <img src=x onerror=alert(1)> **d** [e](http://f.example) $g$ \\| ~~h~~ www.i.example\n# j";
    let mut report = report(analysed::range_test(2, 100));
    report.facts.title = hostile.into();
    report.facts.recipe = vec![Fact::new(hostile, hostile)];
    report.facts.command = "lrscope ``` \n```sh\nrm -rf".into();
    report.analysis.warnings = vec![hostile.into()];
    report.analysis.rules[0].lr = None;
    report.analysis.rules[0].reason = Some(hostile.into());
    let files = render_range_test(&report).expect("rendered");
    page::check(&files);
    let page = readme(&files);
    let shown = hostile.replace('\n', " ");
    assert_eq!(prose(&page)[0], shown);
    let recipe = tables(&page).into_iter().find(|table| table[1][0] == shown).expect("the recipe");
    assert_eq!(recipe[1][1], shown);
    assert!(
        fenced(&page).iter().any(|(language, content)| language == "sh" && content.trim_end() == report.facts.command)
    );
    let rules = rows(&content(&files, "rules.csv"));
    assert_eq!(rules[1][3], hostile);
}
