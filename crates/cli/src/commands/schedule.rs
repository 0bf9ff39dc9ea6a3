//! `lrscope schedule`: the rates that a run would use, as a table or a plot, without training.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use lrscope_data::Name;
use lrscope_report::{ScheduleLine, render_schedule};

use crate::args::{ExperimentArgs, ScheduleArgs};
use crate::exit::bad_input;
use crate::progress::note;
use crate::tell;

mod alone;
mod experiment;
mod preview;
mod table;

use preview::Preview;

/// More rows than anyone reads; they are printed as they are made.
const MOST_ROWS: u64 = 10_000_000;
/// More points than a plot shows; they are held in memory.
const MOST_POINTS: u64 = 1_000_000;

/// Runs the command.
pub fn run(args: &ScheduleArgs) -> Result<()> {
    args.plot.as_deref().map_or(Ok(()), check_plot)?;
    let previews = match alone(&args.experiment) {
        Some(text) => vec![alone::preview(args, text)?],
        None => experiment::previews(args)?,
    };
    for preview in &previews {
        preview.warn(previews.len() > 1);
    }
    match (&args.plot, previews.as_slice()) {
        (Some(path), _) => plot(path, &previews, args.every),
        (None, [only]) if args.json => tell::stream(|out| table::json(out, only, args.every)),
        (None, [only]) => tell::stream(|out| table::csv(out, only, args.every)),
        (None, _) => Err(anyhow!("several schedules make no table")),
    }
}

/// The argument, where it is a schedule and no data set.
fn alone(experiment: &ExperimentArgs) -> Option<&str> {
    let text = experiment.dataset.as_deref()?;
    match text.parse::<Name>() {
        Ok(_) => None,
        // A lone word that is nearly a data set's name is meant as one.
        Err(unknown) if unknown.near.is_some() && text.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)) => None,
        Err(_) => Some(text),
    }
}

/// Refuses to show so many updates of so many parameter groups that nobody reads them.
fn check_rows(args: &ScheduleArgs, updates: u64, groups: usize) -> Result<()> {
    let most = if args.plot.is_some() { MOST_POINTS / groups.max(1) as u64 } else { MOST_ROWS };
    if updates.div_ceil(args.every) <= most {
        return Ok(());
    }
    let (what, enough) = (if args.plot.is_some() { "points" } else { "rows" }, updates.div_ceil(most));
    Err(bad_input(anyhow!(
        "--length: {updates} steps are more than {most} {what}; give --every {enough} or more to show only some of them, or a \
         shorter --length"
    )))
}

fn check_plot(path: &Path) -> Result<()> {
    let Some(other) = path.extension().filter(|ending| !ending.eq_ignore_ascii_case("svg")) else { return Ok(()) };
    let (path, other, svg) = (path.display(), other.display(), path.with_extension("svg"));
    Err(bad_input(anyhow!(
        "--plot: {path} ends in .{other}, but a plot is written as SVG; name it {}, and convert that where you need \
         another format",
        svg.display()
    )))
}

fn plot(path: &Path, previews: &[Preview], every: u64) -> Result<()> {
    let title = match previews {
        [only] => only.plan.spec().to_string(),
        several => format!("{} schedules over {} updates", several.len(), several[0].updates),
    };
    let mut lines = Vec::new();
    for preview in previews {
        lines.extend(plot_lines(preview, every, previews.len() > 1)?);
    }
    let svg = render_schedule(&title, &lines)?;
    std::fs::write(path, svg).with_context(|| format!("cannot write the plot to {}", path.display()))?;
    note(&format!("plot: {}", path.display()));
    Ok(())
}

/// A line for each parameter group.
fn plot_lines(preview: &Preview, every: u64, several: bool) -> Result<Vec<ScheduleLine>> {
    let groups = preview.plan.groups();
    let name = |group: &str| match (several, groups.len() > 1) {
        (true, true) => format!("{}, {group}", preview.name),
        (true, false) => preview.name.clone(),
        (false, _) => group.to_owned(),
    };
    let empty = |group: &lrscope_schedule::Group| ScheduleLine { name: name(&group.name), points: Vec::new() };
    let mut lines: Vec<ScheduleLine> = groups.iter().map(empty).collect();
    for row in preview.rows(every) {
        let (step, rates) = row?;
        lines.iter_mut().zip(rates.0).for_each(|(line, point)| line.points.push((step, point)));
    }
    Ok(lines)
}
