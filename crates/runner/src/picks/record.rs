//! A pick together with everything that tells how far to trust it, and its check against the records.

use lrscope_schedule::{PerGroup, Rate, ScheduleSpec, Sweep, SweepKind};
use serde::{Deserialize, Serialize};

use super::key::PickKey;
use crate::analysis::{Pick, RangeTest};
use crate::random::Family;
use crate::record::{Published, Store};
use crate::spec::{RunId, RunSpec, StopRule};
use crate::study::analysed;

/// Version of a pick's file that this program writes. It reads version 1 too, which has neither sweep, seeds nor warnings.
pub const PICK_SCHEMA: u32 = 2;
/// The last version without the sweep.
pub(super) const WITHOUT_SWEEP: u32 = 1;

/// Which rate a pick's bounds are, in words.
pub const WHICH_RATE: &str = "the schedule's rate, before any group's lr_mult";

/// A pick together with what it was made for and from.
#[derive(Debug, Clone, PartialEq)]
pub struct PickRecord {
    /// What the pick was made for.
    pub key: PickKey,
    /// The two bounds and how they were found.
    pub pick: Pick,
    /// The sweep.
    pub sweep: SweepFacts,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// What speaks against the pick, as the analysis says it.
    pub warnings: Vec<String>,
    /// Version of the arithmetic that made it.
    pub numerics: u32,
    /// The range test's runs.
    pub runs: Vec<RunId>,
    /// Folder of the range test's report, below the results folder.
    pub report: String,
}

/// The sweep that a pick was read from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepFacts {
    /// How the rate rose.
    pub kind: SweepKind,
    /// Rate of the first update.
    pub start_lr: f64,
    /// Rate of the last update.
    pub end_lr: f64,
    /// Updates from the first to the last rate.
    pub updates: u64,
    /// The sweep ended where the loss exceeded this many times the best; absent where it never ended early.
    pub divergence_factor: Option<f64>,
    /// Updates whose rates lay in the decade below the edge: how finely the sweep went over the rates that count.
    pub updates_below_edge: u64,
}

impl SweepFacts {
    /// Decades from the lowest rate above 0 to the highest.
    pub fn decades(&self) -> f64 {
        let second = self.end_lr / self.updates.saturating_sub(1).max(1) as f64;
        let lowest = if self.start_lr > 0.0 { self.start_lr } else { second };
        (self.end_lr / lowest).log10()
    }
}

impl PickRecord {
    /// The pick that these runs give; else what is wrong with them.
    pub(super) fn of(store: &Store, runs: &[RunId], report: &str) -> Result<Self, String> {
        let records = runs.iter().map(|run| found(store, run)).collect::<Result<Vec<_>, _>>()?;
        let first = records.first().ok_or("it names no run")?;
        records.iter().try_for_each(|record| must_belong(&first.spec, &record.spec))?;
        let analysis = analysed(&records).map_err(|error| error.to_string())?;
        let Some(pick) = analysis.pick.clone() else {
            return Err(format!("its runs support no pick: {}", analysis.refusal.unwrap_or_default()));
        };
        Ok(Self {
            key: PickKey::of(&first.spec),
            sweep: sweep(&first.spec, &pick, &analysis)?,
            pick,
            seeds: records.iter().map(|record| record.spec.seed.number).collect(),
            warnings: analysis.warnings,
            numerics: first.spec.numerics,
            runs: runs.to_vec(),
            report: report.into(),
        })
    }

    /// One line: the sweep and its seeds.
    pub fn sweep_in_words(&self) -> String {
        let SweepFacts { kind, start_lr, end_lr, updates, .. } = self.sweep;
        let kind = match kind {
            SweepKind::Exponential => "exponential",
            SweepKind::Linear => "linear",
        };
        let (seeds, examples) = (self.seeds.len(), self.key.examples_per_update);
        let seeds = if seeds == 1 { "1 seed".into() } else { format!("{seeds} seeds") };
        format!("{kind} sweep from {start_lr:?} to {end_lr:?}, {updates} updates of {examples} examples, {seeds}")
    }
}

fn found(store: &Store, run: &RunId) -> Result<Published, String> {
    match store.find(run) {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(format!("its run {run} has no record")),
        Err(error) => Err(format!("its run {run} cannot be read: {error}")),
    }
}

/// Runs of one range test differ in nothing but their seeds.
fn must_belong(first: &RunSpec, other: &RunSpec) -> Result<(), String> {
    let id = other.id();
    if other.seed.family != Family::RangeTest || !matches!(other.schedule, ScheduleSpec::Sweep(_)) {
        return Err(format!("its run {id} is not part of a range test"));
    }
    if (RunSpec { seed: first.seed, ..other.clone() }) != *first {
        return Err(format!("its runs {} and {id} are not of one range test", first.id()));
    }
    Ok(())
}

fn sweep(spec: &RunSpec, pick: &Pick, analysis: &RangeTest) -> Result<SweepFacts, String> {
    let ScheduleSpec::Sweep(Sweep { start_lr: PerGroup::All(Rate::Value(start_lr)), end_lr, kind, .. }) =
        &spec.schedule
    else {
        return Err("its runs did not sweep all groups alike".into());
    };
    let PerGroup::All(Rate::Value(end_lr)) = end_lr else {
        return Err("its runs did not sweep all groups alike".into());
    };
    let longest = analysis.curves.iter().map(|curve| &curve.lr).max_by_key(|lr| lr.len());
    let below = |lr: &&f64| **lr <= pick.edge_lr && **lr > pick.edge_lr / 10.0;
    Ok(SweepFacts {
        kind: *kind,
        start_lr: *start_lr,
        end_lr: *end_lr,
        updates: spec.steps,
        divergence_factor: match spec.stop {
            Some(StopRule::Divergence { factor, .. }) => Some(factor),
            _ => None,
        },
        updates_below_edge: longest.map_or(0, |lr| lr.iter().filter(below).count() as u64),
    })
}

/// A pick as its file says it, which is not to be trusted before it is [checked](Self::check).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PickFile {
    /// Version of the file, see [`PICK_SCHEMA`].
    pub schema: u32,
    /// Which rate the bounds are, in words.
    #[serde(default)]
    rate: String,
    pub(super) key: PickKey,
    pick: Pick,
    #[serde(default)]
    sweep: Option<SweepFacts>,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    numerics: Option<u32>,
    pub(super) runs: Vec<RunId>,
    /// Folder of the range test's report, below the results folder.
    pub report: String,
}

impl PickFile {
    pub(super) fn new(record: &PickRecord) -> Self {
        Self {
            schema: PICK_SCHEMA,
            rate: WHICH_RATE.into(),
            key: record.key.clone(),
            pick: record.pick.clone(),
            sweep: Some(record.sweep),
            seeds: record.seeds.clone(),
            warnings: record.warnings.clone(),
            numerics: Some(record.numerics),
            runs: record.runs.clone(),
            report: record.report.clone(),
        }
    }

    /// The pick as its runs give it; else what of the file is not as they have it. What is used afterwards is the runs' own
    /// word, so that it takes no edited text along.
    pub(super) fn check(&self, store: &Store) -> Result<PickRecord, String> {
        let right = PickRecord::of(store, &self.runs, &self.report)?;
        let same_key = if self.schema == WITHOUT_SWEEP {
            store.find(&right.runs[0]).ok().flatten().is_some_and(|run| PickKey::as_written(&run.spec) == self.key)
        } else {
            right.key == self.key
        };
        if !same_key {
            return Err("it was made for other settings than its runs".into());
        }
        let bounds = |pick: &Pick| [pick.base_lr, pick.max_lr, pick.edge_lr, pick.first_descent_lr];
        let (ours, theirs) = (bounds(&self.pick), bounds(&right.pick));
        if ours.map(f64::to_bits) != theirs.map(f64::to_bits) || self.pick.edge_reached != right.pick.edge_reached {
            return Err(format!(
                "it says base_lr {:?} and max_lr {:?} (edge {:?}), and its runs give {:?} and {:?} ({:?})",
                ours[0], ours[1], ours[2], theirs[0], theirs[1], theirs[2]
            ));
        }
        let provenance = (Some(right.sweep), &right.seeds, Some(right.numerics));
        if self.schema != WITHOUT_SWEEP && (self.sweep, &self.seeds, self.numerics) != provenance {
            return Err("its sweep or its seeds are not those of its runs".into());
        }
        Ok(right)
    }
}
