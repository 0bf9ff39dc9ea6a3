//! Numbers at and beyond the ends of what a float holds: a report is made of whatever a run gave.

use lrscope_report::chart::{
    Axis, Chart, ChartError, Panel, Scale, Series, Stroke, Ticks, colours, covering, draw, loss_limits,
};
use lrscope_report::{
    CURVES, ComparisonReport, RangeTestReport, ReportFile, ScheduleLine, StudyFacts, TrainingReport, render_comparison,
    render_range_test, render_schedule, render_training,
};
use lrscope_runner::learner::Evaluation;
use lrscope_schedule::Point;
use proptest::prelude::*;

use crate::analysed::Made;
use crate::page::readme;
use crate::{analysed, page, svg};

fn facts() -> StudyFacts {
    StudyFacts {
        title: "Extremes".into(),
        data_set: "digits".into(),
        model: "mlp".into(),
        date: "2026-01-31".into(),
        recipe: Vec::new(),
        measured: Vec::new(),
        command: "lrscope train digits".into(),
        ..StudyFacts::default()
    }
}

fn checked(files: &[ReportFile]) {
    page::check(files);
    for file in files.iter().filter(|file| std::path::Path::new(&file.name).extension().is_some_and(|end| end == "svg"))
    {
        svg::check(std::str::from_utf8(&file.bytes).expect("text"));
    }
    let page = readme(files);
    let missing: Vec<&str> = page.lines().filter(|line| line.contains("cannot be drawn")).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The report of the first arm's training, and that of the comparison.
fn rendered(made: Made) -> [Vec<ReportFile>; 2] {
    let (curves, table) = made.curves();
    let table = || ReportFile { name: CURVES.into(), bytes: table.clone() };
    let (result, first) = (made.analysis.arms[0].clone(), curves[0].clone());
    let training = TrainingReport { facts: facts(), pick_note: None, warnings: Vec::new(), result, curves: first };
    let comparison = ComparisonReport { facts: facts(), pick_note: None, analysis: made.analysis, curves };
    [render_training(&training), render_comparison(&comparison)].map(|files| {
        let mut files = files.expect("rendered");
        files.push(table());
        files
    })
}

fn names(files: &[ReportFile]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

/// 0.1 · 0.9ᵏ falls below the smallest normal number, 2.2·10⁻³⁰⁸, at k = 6,698, and is subnormal from there on.
#[test]
fn an_exponential_decay_to_a_subnormal_rate_has_all_its_pictures() {
    let rates: Vec<f64> = (0..6900).map(|k| 0.1 * 0.9_f64.powi(k)).collect();
    assert!(rates[6899] > 0.0 && !rates[6899].is_normal());
    let mut made = analysed::comparison(2, 2, 6900);
    made.arms[0].lr.clone_from(&rates);
    let [training, comparison] = rendered(made);
    checked(&training);
    assert!(names(&training).contains(&"schedule.svg"));
    let files = comparison;
    checked(&files);
    assert!(names(&files).contains(&"schedules.svg"));
    let points = (0..).zip(rates).map(|(step, lr)| (step, Point { lr, momentum: None })).collect();
    svg::check(&render_schedule("decay", &[ScheduleLine { name: "all".into(), points }]).expect("drawn"));
}

/// Any of what a float can be, the ends of its range more often than chance would have them.
fn extreme() -> impl Strategy<Value = f64> {
    let ends = [
        0.0,
        -0.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        1e-300,
        1e-12,
        0.1,
        1.0,
        2.3,
        1e12,
        9.99e299,
        1e300,
        5e307,
        f64::MAX,
        -1e300,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    prop_oneof![
        3 => proptest::sample::select(ends.to_vec()),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => (-323.0..308.0_f64).prop_map(|power| 10_f64.powf(power)),
        1 => 0.0..3.0_f64,
    ]
}

fn series() -> impl Strategy<Value = Vec<f64>> {
    let falling = (extreme(), 0.0..1.0_f64, 2..60_i32)
        .prop_map(|(start, factor, n)| (0..n).map(|k| start * factor.powi(20 * k)).collect());
    prop_oneof![
        prop::collection::vec(extreme(), 0..60),
        (extreme(), 1..60_usize).prop_map(|(value, n)| vec![value; n]),
        (extreme(), extreme(), 1..60_usize)
            .prop_map(|(a, b, n)| (0..n).map(|k| if k % 2 == 0 { a } else { b }).collect()),
        falling,
    ]
}

/// Rates as a schedule may give them: finite, and at least 0.
fn rates() -> impl Strategy<Value = Vec<f64>> {
    let rate = |value: f64| if value.is_finite() { value.abs() } else { 0.0 };
    series().prop_map(move |values| values.into_iter().map(rate).collect())
}

fn axis(scale: Scale, (low, high): (f64, f64)) -> Axis {
    Axis { label: "x".into(), scale, low, high, ticks: Ticks::Numbers }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Limits hold what they can of any values, and a chart with them can be drawn.
    #[test]
    fn any_values_have_limits_that_can_be_drawn(values in series(), log in any::<bool>()) {
        let scale = if log { Scale::Log } else { Scale::Linear };
        let held = |value: f64| value.is_finite() && if log { value >= f64::MIN_POSITIVE } else { value.abs() <= 5e307 };
        let limits = covering(values.iter().copied(), scale);
        let finite = values.iter().any(|value| if log { held(*value) } else { value.is_finite() });
        prop_assert_eq!(limits.is_some(), finite);
        let Some((low, high)) = limits else { return Ok(()) };
        for value in values.iter().copied().filter(|value| held(*value)) {
            prop_assert!((low..=high).contains(&value), "{value:e} is not within {low:e} to {high:e}");
        }
        let points = values.iter().enumerate().map(|(k, value)| (k as f64, *value)).collect();
        let series = Series { mark_exits: true, ..Series::plain(points, Stroke::solid(colours::BLUE, 2.0)) };
        let panel =
            Panel { y: axis(scale, (low, high)), height: 300.0, series: vec![series], marks: Vec::new(), notes: Vec::new() };
        let chart = |x: Axis, panel: &Panel| Chart {
            title: "A title".into(),
            subtitle: String::new(),
            x,
            bands: Vec::new(),
            markers: Vec::new(),
            panels: vec![panel.clone()],
        };
        svg::check(&draw(&chart(axis(Scale::Linear, (0.0, 60.0)), &panel)).expect("drawn"));
        // The same values across.
        svg::check(&draw(&chart(axis(scale, (low, high)), &panel)).expect("drawn"));
    }

    #[test]
    fn any_losses_have_limits_that_are_an_interval(values in series(), log_from in 1.5..40.0_f64) {
        let (scale, low, high) = loss_limits(&[&values], values.iter().copied(), log_from);
        prop_assert!(low < high && (high - low).is_finite(), "{low:e} to {high:e}");
        prop_assert!(scale == Scale::Linear || low > 0.0);
    }

    #[test]
    fn any_rates_can_be_plotted(rates in rates(), others in rates(), momentum in prop::option::of(0.0..1.0_f64)) {
        let line = |name: &str, rates: &[f64]| ScheduleLine {
            name: name.into(),
            points: (0..).zip(rates).map(|(step, lr)| (step, Point { lr: *lr, momentum })).collect(),
        };
        if !rates.is_empty() {
            svg::check(&render_schedule("any", &[line("all", &rates)]).expect("drawn"));
            svg::check(&render_schedule("any", &[line("a", &rates), line("b", &others)]).expect("drawn"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a run gave, its report is made, with every picture that there are values for.
    #[test]
    fn any_run_has_a_report(rates in rates(), losses in series(), evaluated in series()) {
        let mut made = analysed::comparison(2, 2, 40);
        made.arms[0].lr.clone_from(&rates);
        made.arms[0].losses[0].clone_from(&losses);
        let arm = &mut made.analysis.arms[0];
        arm.seeds[0].test_loss = losses.last().copied();
        let evaluation = |(updates, loss): (u64, &f64)| (updates, Evaluation { loss: *loss, correct: updates, examples: 500 });
        arm.seeds[1].evaluations = (1..).zip(&evaluated).map(evaluation).collect();
        for files in rendered(made) {
            checked(&files);
        }
    }

    #[test]
    fn any_sweep_has_a_report(rates in rates(), losses in series()) {
        let mut analysis = analysed::range_test(2, 60);
        let length = rates.len().min(losses.len());
        let (rates, losses) = (&rates[..length], &losses[..length]);
        (analysis.lr, analysis.smoothed_loss) = (rates.to_vec(), losses.to_vec());
        analysis.curves[0].lr = rates.to_vec();
        analysis.curves[0].loss = losses.to_vec();
        checked(&render_range_test(&RangeTestReport { facts: facts(), multipliers: Vec::new(), analysis }).expect("rendered"));
    }
}

/// No values are known that lead here, so the accuracies are of a kind that no run gives: 200 %.
#[test]
fn what_cannot_be_drawn_is_said_on_the_page_and_costs_nothing_else() {
    let mut made = analysed::comparison(2, 2, 100);
    for seed in made.analysis.arms.iter_mut().flat_map(|arm| &mut arm.seeds) {
        seed.evaluations.iter_mut().for_each(|(_, at)| at.correct = 2 * at.examples);
    }
    for files in rendered(made) {
        page::check(&files);
        assert!(!names(&files).contains(&"accuracy.svg") && names(&files).contains(&"loss.svg"));
        let page = readme(&files);
        assert!(page.contains("accuracy.svg cannot be drawn: the axis"), "{page}");
    }
    let mut bad = Chart {
        title: "A title".into(),
        subtitle: String::new(),
        x: axis(Scale::Linear, (0.0, 1.0)),
        bands: Vec::new(),
        markers: Vec::new(),
        panels: Vec::new(),
    };
    bad.x.low = f64::NAN;
    assert!(matches!(draw(&bad), Err(ChartError::Height { .. })));
}
