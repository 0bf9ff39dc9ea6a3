//! A schedule's rates as text, row by row, each number with all its digits.

use std::io::Write;

use anyhow::{Context as _, Result};
use lrscope_schedule::Point;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer as _};

use super::preview::Preview;

const CLOSED: &str = "cannot write to standard output";

/// `step,lr,momentum`, or two columns for each of several groups; no momentum is an empty cell.
pub fn csv(out: &mut dyn Write, preview: &Preview, every: u64) -> Result<()> {
    let mut out = csv::Writer::from_writer(out);
    let written = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("the table is not CSV: {other:?}")),
    };
    out.write_record(header(preview)).map_err(written).context(CLOSED)?;
    for row in preview.rows(every) {
        let (step, rates) = row?;
        let numbers = rates.0.iter().flat_map(|Point { lr, momentum }| {
            [format!("{lr:?}"), momentum.map_or_else(String::new, |momentum| momentum.to_string())]
        });
        let record = std::iter::once(step.to_string()).chain(numbers);
        out.write_record(record).map_err(written).context(CLOSED)?;
    }
    out.flush().context(CLOSED)
}

fn header(preview: &Preview) -> Vec<String> {
    let groups = preview.plan.groups();
    let column = |what: &str, group: &str| if groups.len() > 1 { format!("{what}.{group}") } else { what.to_owned() };
    let columns = groups.iter().flat_map(|group| [column("lr", &group.name), column("momentum", &group.name)]);
    std::iter::once("step".to_owned()).chain(columns).collect()
}

#[derive(Serialize)]
struct Row<'a> {
    step: u64,
    #[serde(flatten)]
    point: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<'a>>>,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    #[serde(flatten)]
    point: Point,
}

/// An array with an object for each update.
pub fn json(mut out: &mut dyn Write, preview: &Preview, every: u64) -> Result<()> {
    let mut to = serde_json::Serializer::pretty(&mut out);
    let written = |error: serde_json::Error| std::io::Error::from(error);
    let mut rows = to.serialize_seq(None).map_err(written).context(CLOSED)?;
    for row in preview.rows(every) {
        let (step, rates) = row?;
        rows.serialize_element(&object(preview, step, &rates.0)).map_err(written).context(CLOSED)?;
    }
    rows.end().map_err(written).context(CLOSED)?;
    writeln!(out).context(CLOSED)
}

fn object<'a>(preview: &'a Preview, step: u64, points: &[Point]) -> Row<'a> {
    if let [point] = points {
        return Row { step, point: Some(*point), groups: None };
    }
    let groups = preview.plan.groups().iter().zip(points);
    let groups = groups.map(|(group, point)| Group { name: &group.name, point: *point });
    Row { step, point: None, groups: Some(groups.collect()) }
}
