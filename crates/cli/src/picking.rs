//! Which rates stand for `"range-test"`: those that `--pick` names, else those of the strongest range test for the same settings,
//! else those of a range test that is run now.

use std::path::Path;

use anyhow::{Result, anyhow};
use lrscope_runner::picks::{PickError, PickKey, PickRecord, Picks, bounds, find_picks, named_pick};
use lrscope_runner::record::Store;
use lrscope_runner::resolve::Setting;
use lrscope_runner::spec::{NUMERICS_VERSION, RunSpec};
use lrscope_schedule::{Pick, ScheduleSpec};

use crate::args::{MachineArgs, PickArgs};
use crate::commands::compare::warn;
use crate::commands::range_test::{Swept, no_pick, sweep};
use crate::configured::Configured;
use crate::exit::{Inconclusive, bad_input};
use crate::progress::note;

/// What `--pick` asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// A range test, by the name of its report.
    Named(String),
    /// Two rates.
    Bounds(Pick),
}

/// Bounds for a schedule, and where they came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    /// The bounds.
    pub pick: Pick,
    /// Where they came from, in words.
    pub words: String,
    /// What speaks against them.
    pub warnings: Vec<String>,
}

impl PickArgs {
    /// What the flag asks for; nothing where it was not given.
    pub fn choice(&self) -> Result<Option<Choice>> {
        let choice = match self.pick.as_slice() {
            [] => return Ok(None),
            [name] if name.parse::<f64>().is_err() => Ok(Choice::Named(name.clone())),
            [rate] => {
                Err(format!("{rate} is one rate; give two, BASE_LR MAX_LR, or the name of a range test's report"))
            }
            [first, second, ..] => two_rates(first, second).map(Choice::Bounds),
        };
        choice.map(Some).map_err(|problem| bad_input(anyhow!("--pick: {problem}")))
    }
}

fn two_rates(first: &str, second: &str) -> Result<Pick, String> {
    let (Ok(base_lr), Ok(max_lr)) = (first.parse::<f64>(), second.parse::<f64>()) else {
        return Err(format!(
            "{first:?} {second:?} are neither one name nor two rates; write the name of a data set before --pick"
        ));
    };
    if base_lr.is_finite() && base_lr >= 0.0 && base_lr <= max_lr && max_lr.is_finite() {
        return Ok(Pick { base_lr, max_lr });
    }
    Err(format!("{base_lr} to {max_lr} is not a range of learning rates; give BASE_LR and MAX_LR, the lower one first"))
}

/// The pick that schedules refer to; none where no schedule refers to any. Schedules come with the keys where they stand.
pub fn picked(
    configured: &Configured,
    setting: &Setting,
    schedules: &[(String, &ScheduleSpec)],
    machine: &MachineArgs,
    choice: Option<&Choice>,
) -> Result<Option<Picked>> {
    if !schedules.iter().any(|(_, schedule)| schedule.references_pick()) {
        let unused = "no rate here is \"range-test\", so it would change nothing; leave it out, or write \"range-test\" for a rate";
        return choice.map_or(Ok(None), |_| Err(bad_input(anyhow!("--pick: {unused}"))));
    }
    for (key, schedule) in schedules {
        setting.check_schedule(key, schedule).map_err(|problem| configured.explain(&problem))?;
    }
    if let Some(Choice::Bounds(pick)) = choice {
        return Ok(Some(given(*pick)));
    }
    let runs = setting.range_test().map_err(|problem| configured.explain(&problem))?;
    let Some(spec) = runs.first() else { return Ok(None) };
    if let Some(choice) = choice {
        return chosen(&machine.results, choice, Some(spec)).map(Some);
    }
    let picks = kept(&Store::open(&machine.results)?, spec)?;
    match picks.usable.first() {
        Some(record) => Ok(Some(found(record, picks.usable.len()))),
        None => swept(configured, setting, machine, &picks).map(Some),
    }
}

/// What `--pick` asks for, from the records of a results folder. `spec` is a run that it is to be used for.
pub fn chosen(results: &Path, choice: &Choice, spec: Option<&RunSpec>) -> Result<Picked> {
    match choice {
        Choice::Named(name) => named(&Store::open(results)?, name, spec),
        Choice::Bounds(pick) => Ok(given(*pick)),
    }
}

/// Says what speaks against a pick, and where it comes from.
pub fn introduce(picked: &Picked) {
    warn(&picked.warnings);
    note(&picked.words);
}

/// The picks that are kept for a run's settings.
pub fn kept(store: &Store, spec: &RunSpec) -> Result<Picks> {
    find_picks(store, spec).map_err(|error| match error {
        PickError::Untrue { .. } => bad_input(error),
        other => other.into(),
    })
}

/// Two rates that the user gave.
fn given(pick: Pick) -> Picked {
    Picked { pick, words: format!("rates given by --pick: {}", in_words(pick)), warnings: Vec::new() }
}

/// The strongest of `of` kept picks.
pub fn found(record: &PickRecord, of: usize) -> Picked {
    let strongest = if of > 1 { format!(", the strongest of {of} for these settings") } else { String::new() };
    let words = format!("rates from the range test in {}{strongest}: {}", record.report, with_sweep(record));
    Picked { pick: bounds(&record.pick), words, warnings: warnings(record) }
}

/// The pick of the range test of this name, as what `--pick` asked for. `spec` is a run that it is to be used for.
fn named(store: &Store, name: &str, spec: Option<&RunSpec>) -> Result<Picked> {
    let record = named_pick(store, name).map_err(|error| bad_input(anyhow!("--pick {error}")))?;
    let words = format!("rates from the range test in {}, given by --pick: {}", record.report, with_sweep(&record));
    let mut warnings = warnings(&record);
    let other = spec.map(|spec| record.key.differences(&PickKey::of(spec))).unwrap_or_default();
    if !other.is_empty() {
        let differs = other.join(", ");
        warnings.insert(0, format!("the range test in {} was made for other settings ({differs})", record.report));
    }
    if record.numerics != NUMERICS_VERSION {
        let (theirs, report) = (record.numerics, &record.report);
        warnings.push(format!(
            "the range test in {report} was made by numerics version {theirs}, and this program has {NUMERICS_VERSION}"
        ));
    }
    Ok(Picked { pick: bounds(&record.pick), words, warnings })
}

/// The pick of a range test that is run now.
fn swept(configured: &Configured, setting: &Setting, machine: &MachineArgs, picks: &Picks) -> Result<Picked> {
    let Swept { analysis, kept, .. } = sweep(configured, setting, machine)?;
    let missing = match picks.outdated.first() {
        None => "there was no range test for these settings".to_owned(),
        Some(report) => format!(
            "the range test for these settings in {report} was made by an earlier version of the numerics (`--pick {report}` takes it all the same)"
        ),
    };
    let Some(record) = kept.map(|kept| kept.record) else {
        return Err(Inconclusive(format!("{missing}, and the one run now gave {}", no_pick(&analysis))).into());
    };
    let words = format!("{missing}, so one was run first, in {}: {}", record.report, with_sweep(&record));
    Ok(Picked { pick: bounds(&record.pick), words, warnings: warnings(&record) })
}

/// What the analysis has against a pick, said by its range test's name.
fn warnings(record: &PickRecord) -> Vec<String> {
    record.warnings.iter().map(|warning| format!("the range test in {}: {warning}", record.report)).collect()
}

/// The bounds, which rate they are, and the sweep they come from.
fn with_sweep(record: &PickRecord) -> String {
    let bounds = in_words(bounds(&record.pick));
    let groups = &record.key.groups;
    let multiplied = groups.iter().any(|group| (group.lr_mult - 1.0).abs() > 0.0);
    let which = if multiplied { ", before lr_mult" } else { "" };
    format!("{bounds}{which} ({})", record.sweep_in_words())
}

fn in_words(pick: Pick) -> String {
    format!("base_lr {:?}, max_lr {:?}", pick.base_lr, pick.max_lr)
}
