//! A study together with the records of its runs.

use std::collections::HashSet;

use super::agreement::disagreement;
use super::{RunRates, Study, StudyArm, StudyError, StudyRun};
use crate::analysis::{ArmResult, Curve, RangeTest, SeedResult, analyse_planned};
use crate::learner::Subset;
use crate::record::{Published, Store};
use crate::spec::RunId;

/// A study with what is published of it. Losses are read when they are asked for.
#[derive(Debug)]
pub struct Collected<'a> {
    /// The study.
    pub study: &'a Study,
    arms: Vec<Vec<Option<Published>>>,
}

impl Study {
    /// Finds the study's records, checks each of them, and the study against them.
    ///
    /// # Errors
    /// A record that cannot be read; a study that says another thing of its runs than their records.
    pub fn collect(&self, store: &Store) -> Result<Collected<'_>, StudyError> {
        let find = |arm: &StudyArm| arm.runs.iter().map(|run| store.find(&run.id)).collect::<Result<Vec<_>, _>>();
        let arms = self.arms.iter().map(find).collect::<Result<_, _>>()?;
        let collected = Collected { study: self, arms };
        let disagreement = disagreement(self, &collected.arms().collect::<Vec<_>>());
        disagreement.map_or(Ok(collected), |problem| Err(StudyError::Disagrees { problem }))
    }

    /// A range test's analysis, from the seeds that have a record.
    ///
    /// # Errors
    /// A record that cannot be read, curves that cannot be analysed.
    pub fn range_test(&self, store: &Store) -> Result<RangeTest, StudyError> {
        self.collect(store)?.range_test()
    }

    /// Results of all arms, without statistics: those are [`compare`](crate::analysis::compare)'s.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub fn results(&self, store: &Store) -> Result<Vec<ArmResult>, StudyError> {
        Ok(self.collect(store)?.results())
    }
}

impl Collected<'_> {
    /// Each arm with those of its runs that have a record.
    pub fn arms(&self) -> impl Iterator<Item = (&StudyArm, Vec<(&StudyRun, &Published)>)> {
        self.study.arms.iter().zip(&self.arms).map(|(arm, records)| {
            let runs = arm.runs.iter().zip(records);
            (arm, runs.filter_map(|(run, record)| Some((run, record.as_ref()?))).collect())
        })
    }

    /// The runs that have no record, each with its arm.
    pub fn missing(&self) -> impl Iterator<Item = (&StudyArm, &StudyRun)> {
        let done: HashSet<&RunId> = self.records().map(|record| &record.result.run_id).collect();
        self.study.runs().filter(move |(_, run)| !done.contains(&run.id))
    }

    /// All records, in the study's order. A run that is in several arms has one.
    pub fn records(&self) -> impl Iterator<Item = &Published> {
        let mut known = HashSet::new();
        self.arms.iter().flatten().flatten().filter(move |record| known.insert(&record.result.run_id))
    }

    /// A range test's analysis, from the seeds that have a record.
    ///
    /// # Errors
    /// A record that cannot be read, curves that cannot be analysed.
    pub fn range_test(&self) -> Result<RangeTest, StudyError> {
        analysed(self.records())
    }

    /// Results of all arms, without statistics: those are [`compare`](crate::analysis::compare)'s. A run that is not done yet
    /// is in none of them.
    pub fn results(&self) -> Vec<ArmResult> {
        let arms = &self.study.arms;
        let result = |(index, (arm, records)): (usize, (&StudyArm, &Vec<Option<Published>>))| {
            let runs = || arm.runs.iter().zip(records);
            let failed = runs().filter(|(_, record)| record.is_none());
            let first = records.iter().flatten().next();
            let before = arms[..index].iter().find(|before| before.has_runs_of(arm));
            ArmResult {
                name: arm.name.clone(),
                schedule: first.map_or_else(|| arm.schedule.clone(), |record| record.spec.schedule.to_string()),
                same_as: before.map(|before| before.name.clone()),
                evaluated_on: first.map_or(Subset::Validation, |record| record.spec.evaluation.during),
                seeds: runs().filter_map(|(run, record)| Some(seed_result(run.seed, record.as_ref()?))).collect(),
                failed: failed.filter_map(|(run, _)| Some((run.seed, run.failure()?.to_owned()))).collect(),
                test_accuracy: None,
                validation_accuracy: None,
            }
        };
        arms.iter().zip(&self.arms).enumerate().map(result).collect()
    }
}

/// The analysis of a range test's runs.
pub(crate) fn analysed<'a>(records: impl IntoIterator<Item = &'a Published>) -> Result<RangeTest, StudyError> {
    let mut curves = Vec::new();
    let mut planned = 0;
    for record in records {
        planned = planned.max(record.spec.steps);
        curves.push(curve(record)?);
    }
    Ok(analyse_planned(&curves, planned as usize)?)
}

fn curve(record: &Published) -> Result<Curve, StudyError> {
    let loss = record.rows()?.map(|row| row.map(|row| row.loss)).collect::<Result<Vec<_>, _>>()?;
    let rates = RunRates::of(record)?;
    let lr = (0..loss.len() as u64).map(|step| rates.at(step)).collect::<Result<_, _>>()?;
    Ok(Curve { seed: record.spec.seed.number, lr, loss, ending: record.result.ending })
}

fn seed_result(seed: u64, record: &Published) -> SeedResult {
    let last = record.result.steps;
    let evaluations = &record.result.evaluations;
    let at_end =
        |subset| evaluations.iter().rev().find(|at| at.subset == subset && at.step == last).map(|at| at.evaluation);
    let during = evaluations.iter().filter(|at| at.subset == record.spec.evaluation.during);
    let mut on_the_way: Vec<_> = during.map(|at| (at.step, at.evaluation)).collect();
    // After the last update the same examples may be evaluated twice: on the way, and at the end.
    on_the_way.dedup_by_key(|(updates, _)| *updates);
    SeedResult {
        seed,
        ending: record.result.ending,
        test_accuracy: at_end(Subset::Test).and_then(|evaluation| evaluation.accuracy()),
        validation_accuracy: at_end(Subset::Validation).and_then(|evaluation| evaluation.accuracy()),
        test_loss: at_end(Subset::Test).map(|evaluation| evaluation.loss),
        validation_loss: at_end(Subset::Validation).map(|evaluation| evaluation.loss),
        evaluations: on_the_way,
    }
}
