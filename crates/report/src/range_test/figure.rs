//! The range test's picture: loss against rate, and under it what each rule makes of it.

use lrscope_runner::analysis::{Ending, Pick, RangeTest, Rule};

use crate::chart::{
    Axis, Band, Chart, Dash, Marker, Marks, Panel, Scale, Series, Shape, Stroke, Ticks, colours, covering, loss_limits,
};
use crate::comparison::loss_label;
use crate::numbers::{counted, rate};
use crate::schedule_plot::rate_label;

/// A fall by this factor and more is shown on a logarithmic axis; range tests are usually read on a linear one.
const LOG_FROM: f64 = 30.0;
/// Pixels of a row in the lower panel.
const ROW: f64 = 24.0;

/// `multiplied` says that groups have factors on the rates of the axis.
pub(super) fn chart(test: &RangeTest, multiplied: bool) -> Chart {
    let x = x_axis(test, multiplied);
    Chart {
        title: title(test),
        subtitle: subtitle(test),
        bands: test.pick.iter().map(band).collect(),
        markers: test.pick.iter().flat_map(markers).collect(),
        panels: vec![loss_panel(test), rules_panel(test, &x)],
        x,
    }
}

fn title(test: &RangeTest) -> String {
    match &test.pick {
        Some(pick) => {
            let (base, max, edge) = (rate(pick.base_lr), rate(pick.max_lr), rate(pick.edge_lr));
            if pick.edge_reached {
                format!("Cycle between {base} and {max}: the loss leaves its floor beyond {edge}")
            } else {
                format!(
                    "Cycle between {base} and {max}: the loss is still on its floor at {edge}, where the sweep ends"
                )
            }
        }
        None => "These curves do not support a learning-rate range".into(),
    }
}

fn subtitle(test: &RangeTest) -> String {
    let seeds = counted(test.curves.len(), "seed", "seeds");
    let steps = counted(test.window, "step", "steps");
    let smoothed = if test.window > 1 { format!(", smoothed over {steps}") } else { String::new() };
    match test.curves.len() {
        1 => format!("Thin: the raw loss of the only seed. Bold: the same{smoothed}."),
        _ => format!("Thin: each seed's raw loss. Bold: mean of {seeds}{smoothed}."),
    }
}

fn x_axis(test: &RangeTest, multiplied: bool) -> Axis {
    let swept = test.curves.iter().flat_map(|curve| curve.lr.iter().copied());
    let suggested = test.rules.iter().filter_map(|outcome| outcome.lr);
    let scale = sweep_scale(test);
    let (low, high) = covering(swept.chain(suggested), scale).unwrap_or((1e-5, 1.0));
    let before = if multiplied { ", before lr_mult" } else { "" };
    Axis { label: format!("{}{before}", rate_label(scale)), scale, low, high, ticks: Ticks::Numbers }
}

/// Logarithmic where the longest sweep's middle is nearer to the geometric mean of its ends than to the arithmetic one.
fn sweep_scale(test: &RangeTest) -> Scale {
    let Some(lr) = test.curves.iter().map(|curve| &curve.lr).max_by_key(|lr| lr.len()) else {
        return Scale::Log;
    };
    let (Some(first), Some(middle), Some(last)) = (lr.first(), lr.get(lr.len() / 2), lr.last()) else {
        return Scale::Log;
    };
    let geometric = first.sqrt() * last.sqrt();
    let arithmetic = f64::midpoint(*first, *last);
    let linear = *first <= 0.0 || (middle - arithmetic).abs() < (middle - geometric).abs();
    if linear { Scale::Linear } else { Scale::Log }
}

fn band(pick: &Pick) -> Band {
    Band { from: pick.base_lr, to: pick.max_lr, colour: colours::GREEN }
}

fn markers(pick: &Pick) -> Vec<Marker> {
    let line = |colour, width| Stroke::solid(colour, width);
    vec![
        Marker { x: pick.base_lr, label: format!("base_lr {}", rate(pick.base_lr)), stroke: line(colours::GREEN, 1.6) },
        Marker { x: pick.max_lr, label: format!("max_lr {}", rate(pick.max_lr)), stroke: line(colours::GREEN, 1.6) },
        Marker {
            x: pick.edge_lr,
            label: format!("edge {}{}", if pick.edge_reached { "" } else { "≥ " }, rate(pick.edge_lr)),
            stroke: line(colours::VERMILLION, 1.6).dash(Dash::Dashed),
        },
    ]
}

fn loss_panel(test: &RangeTest) -> Panel {
    let raw = test.curves.iter().flat_map(|curve| curve.loss.iter().copied());
    let (scale, low, high) = loss_limits(&[&test.smoothed_loss], raw, LOG_FROM);
    let thin = Stroke::solid(colours::BLUE, 0.8).opacity(0.35);
    let mut series: Vec<Series> =
        test.curves.iter().map(|curve| Series::plain(pairs(&curve.lr, &curve.loss), thin)).collect();
    let smooth = pairs(&test.lr, &test.smoothed_loss);
    series.push(Series { mark_exits: true, ..Series::plain(smooth, Stroke::solid(colours::BLUE, 2.6)) });
    Panel {
        y: Axis { label: loss_label("training", scale), scale, low, high, ticks: Ticks::Numbers },
        height: 320.0,
        series,
        marks: vec![stops(test)],
        notes: Vec::new(),
    }
}

fn pairs(lr: &[f64], loss: &[f64]) -> Vec<(f64, f64)> {
    lr.iter().copied().zip(loss.iter().copied()).collect()
}

/// The last finite point of each sweep that was stopped.
fn stops(test: &RangeTest) -> Marks {
    let stopped = test.curves.iter().filter(|curve| curve.ending != Ending::Completed);
    let last = stopped.filter_map(|curve| {
        let points = pairs(&curve.lr, &curve.loss);
        points.into_iter().rfind(|(_, loss)| loss.is_finite())
    });
    Marks {
        name: Some("stopped: diverged".into()),
        points: last.collect(),
        shape: Shape::Cross,
        radius: 4.0,
        colour: colours::VERMILLION,
        opacity: 1.0,
    }
}

/// A row for each bound and rule: a dot a seed, and the figure that counts.
fn rules_panel(test: &RangeTest, x: &Axis) -> Panel {
    let mut rows: Vec<Row> = bounds(test);
    rows.extend(Rule::ALL.into_iter().filter_map(|rule| rule_row(test, rule)));
    let count = rows.len().max(1) as f64;
    let place = |i: usize| count - i as f64;
    let names = rows.iter().enumerate().map(|(i, row)| (place(i), row.name.clone()));
    let points = |select: fn(&Row) -> Vec<f64>| -> Vec<(f64, f64)> {
        rows.iter().enumerate().flat_map(|(i, row)| select(row).into_iter().map(move |lr| (lr, place(i)))).collect()
    };
    let rails = (0..rows.len()).map(|i| {
        Series::plain(vec![(x.low, place(i)), (x.high, place(i))], Stroke::solid(colours::GREY, 0.4).opacity(0.35))
    });
    Panel {
        y: Axis {
            label: "what each rule picks from the same curves".into(),
            scale: Scale::Linear,
            low: 0.4,
            high: count + 0.6,
            ticks: Ticks::Names(names.collect()),
        },
        height: (count * ROW).max(40.0),
        series: rails.collect(),
        marks: vec![
            marks("one seed", Shape::Disc, 4.0, 0.45, points(|row| row.seeds.clone())),
            marks("pick, from the mean curve", Shape::Diamond, 5.0, 1.0, points(|row| row.pick.into_iter().collect())),
            marks("median seed", Shape::Bar, 5.0, 1.0, points(|row| row.median.into_iter().collect())),
        ],
        notes: Vec::new(),
    }
}

struct Row {
    name: String,
    seeds: Vec<f64>,
    pick: Option<f64>,
    median: Option<f64>,
}

fn bounds(test: &RangeTest) -> Vec<Row> {
    let row = |name: &str, bound: fn(&Pick) -> f64| Row {
        name: name.into(),
        seeds: test.seed_picks.iter().map(|(_, pick)| bound(pick)).collect(),
        pick: test.pick.as_ref().map(bound),
        median: None,
    };
    if test.pick.is_none() && test.seed_picks.is_empty() {
        return Vec::new();
    }
    vec![row("base_lr, this pick", |pick| pick.base_lr), row("max_lr, this pick", |pick| pick.max_lr)]
}

fn rule_row(test: &RangeTest, rule: Rule) -> Option<Row> {
    let outcomes: Vec<_> = test.rules.iter().filter(|outcome| outcome.rule == rule).collect();
    if outcomes.is_empty() {
        return None;
    }
    let seeds: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.lr).collect();
    Some(Row {
        name: if seeds.is_empty() { format!("{rule}: no answer") } else { rule.to_string() },
        median: if seeds.len() > 1 { super::page::median(&seeds) } else { None },
        seeds,
        pick: None,
    })
}

fn marks(name: &str, shape: Shape, radius: f64, opacity: f64, points: Vec<(f64, f64)>) -> Marks {
    let colour = if shape == Shape::Diamond { colours::GREEN } else { colours::INK };
    Marks { name: Some(name.into()), points, shape, radius, colour, opacity }
}
