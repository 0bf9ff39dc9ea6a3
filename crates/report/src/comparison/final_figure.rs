//! Where the runs ended: every seed a point, each arm's mean with its interval.

use lrscope_runner::analysis::{Comparison, Estimate};

use super::{Metric, metric, pair_words};
use crate::chart::{
    Axis, Chart, Colour, Marks, Note, Panel, Scale, Series, Shape, Stroke, Ticks, arm_stroke, colours, outlier_limits,
};
use crate::numbers::{alike, interval, level, percent};

/// Pixels of a row.
const ROW: f64 = 52.0;
/// The most seeds and arms whose seeds are joined by lines that an eye can follow.
const MOST_JOINED: (usize, usize) = (10, 6);
/// How far above and below the row's middle the seeds and the mean stand.
const OFFSET: f64 = 0.17;

/// The picture; absent where no run has a final accuracy.
pub(super) fn chart(comparison: &Comparison) -> Option<Chart> {
    let metric = metric(&comparison.arms)?;
    let rows: Vec<Row> = rows(comparison, metric);
    let (low, high) = limits(&rows)?;
    let count = rows.len() as f64;
    let names = rows.iter().map(|row| (row.place, row.name.clone()));
    let mut series: Vec<Series> = joined(&rows);
    series.extend(rows.iter().filter_map(interval_line));
    Some(Chart {
        title: title(comparison, metric),
        subtitle: subtitle(&rows, low),
        x: Axis { label: format!("{} (%)", metric.name), scale: Scale::Linear, low, high, ticks: Ticks::Numbers },
        bands: Vec::new(),
        markers: Vec::new(),
        panels: vec![Panel {
            y: Axis {
                label: String::new(),
                scale: Scale::Linear,
                low: 0.5,
                high: count + 0.5,
                ticks: Ticks::Names(names.collect()),
            },
            height: (count * ROW).max(80.0),
            series,
            marks: rows.iter().flat_map(Row::marks).collect(),
            notes: rows.iter().map(Row::note).collect(),
        }],
    })
}

struct Row {
    name: String,
    place: f64,
    /// (seed, per cent).
    seeds: Vec<(u64, f64)>,
    estimate: Option<Estimate>,
    colour: Colour,
    failed: usize,
}

fn rows(comparison: &Comparison, metric: Metric) -> Vec<Row> {
    let count = comparison.arms.len();
    let arms = comparison.arms.iter().enumerate();
    arms.map(|(i, arm)| Row {
        name: arm.name.clone(),
        place: (count - i) as f64,
        seeds: arm.seeds.iter().filter_map(|seed| Some((seed.seed, (metric.value)(seed)? * 100.0))).collect(),
        estimate: (metric.estimate)(arm),
        colour: arm_stroke(i).colour,
        failed: arm.failed.len(),
    })
    .collect()
}

impl Row {
    fn marks(&self) -> Vec<Marks> {
        let up = self.place + OFFSET;
        let seeds = Marks {
            name: None,
            points: self.seeds.iter().map(|(_, value)| (*value, up)).collect(),
            shape: Shape::Disc,
            radius: 4.5,
            colour: self.colour,
            opacity: 0.55,
        };
        let mean = Marks {
            name: None,
            points: self.estimate.iter().map(|e| (e.mean * 100.0, self.place - OFFSET)).collect(),
            shape: Shape::Diamond,
            radius: 5.0,
            colour: self.colour,
            opacity: 1.0,
        };
        vec![seeds, mean]
    }

    fn note(&self) -> Note {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let text = match &self.estimate {
            None => format!("no result{failed}"),
            Some(estimate) => {
                let spread = interval(estimate, percent).or_else(|| alike(estimate));
                let ends = spread.map(|spread| format!(" ({spread})")).unwrap_or_default();
                format!("{} %{ends}, n = {}{failed}", percent(estimate.mean), estimate.n)
            }
        };
        Note { y: self.place, text, colour: colours::INK }
    }
}

fn limits(rows: &[Row]) -> Option<(f64, f64)> {
    let values: Vec<f64> = rows.iter().flat_map(|row| &row.seeds).map(|(_, value)| *value).collect();
    let (low, high) = outlier_limits(&values, 12.0)?;
    // Intervals are shown whole where they are not much longer than the points lie apart.
    let reach = high - low;
    let ends = rows.iter().filter_map(|row| {
        let estimate = row.estimate.as_ref()?;
        Some((estimate.low? * 100.0, estimate.high? * 100.0))
    });
    Some(ends.fold((low, high), |(low, high), (from, to)| {
        let pad = reach * 0.03;
        let low = if from - pad < low && from > low - reach { from - pad } else { low };
        let high = if to + pad > high && to < high + reach { to + pad } else { high };
        (low, high)
    }))
}

fn interval_line(row: &Row) -> Option<Series> {
    let estimate = row.estimate.as_ref()?;
    let ends = [estimate.low? * 100.0, estimate.high? * 100.0];
    let points = ends.map(|x| (x, row.place - OFFSET)).to_vec();
    Some(Series::plain(points, Stroke::solid(row.colour, 3.0)))
}

/// Thin lines that join the same seed in neighbouring rows: the differences that the statistics are about.
fn joined(rows: &[Row]) -> Vec<Series> {
    let most = rows.iter().map(|row| row.seeds.len()).max().unwrap_or(0);
    if most > MOST_JOINED.0 || rows.len() > MOST_JOINED.1 {
        return Vec::new();
    }
    let stroke = Stroke::solid(colours::GREY, 0.8).opacity(0.45);
    let pairs = rows.windows(2).flat_map(|pair| {
        let (above, below) = (&pair[0], &pair[1]);
        above.seeds.iter().filter_map(|(seed, from)| {
            let (_, to) = below.seeds.iter().find(|(other, _)| other == seed)?;
            let line = vec![(*from, above.place + OFFSET), (*to, below.place + OFFSET)];
            Some(Series::plain(line, stroke))
        })
    });
    pairs.collect()
}

fn title(comparison: &Comparison, metric: Metric) -> String {
    if let [only] = comparison.differences.as_slice() {
        return pair_words(only);
    }
    let means = comparison.arms.iter().filter_map(|arm| Some((arm, (metric.estimate)(arm)?.mean)));
    match means.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((arm, mean)) => format!("Highest mean {}: {}, {} %", metric.name, arm.name, percent(mean)),
        None => format!("No arm has a mean {}", metric.name),
    }
}

fn subtitle(rows: &[Row], low: f64) -> String {
    let with_interval = rows.iter().filter_map(|row| row.estimate.as_ref()).find(|e| e.low.is_some());
    let mean = match with_interval {
        Some(estimate) => format!("Diamond: mean; bar: its {} interval.", level(estimate)),
        None => "Diamond: mean.".into(),
    };
    let lines = if joined(rows).is_empty() { "" } else { " Grey lines join runs with the same seed." };
    let beyond = rows.iter().flat_map(|row| &row.seeds).any(|(_, value)| *value < low);
    let beyond = if beyond { " Triangles point to what lies off the chart." } else { "" };
    format!("Each dot is one seed. {mean}{lines}{beyond}")
}
