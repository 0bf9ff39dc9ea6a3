//! Arms × seeds, paired.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::curve::optional_loss;
use super::permutation::{holm, sign_flip, smallest_p};
use super::statistics::LEVEL;
use super::verdict::verdict;
use super::{AnalysisError, Ending, Estimate};
use crate::learner::{Evaluation, Subset};

/// What one seed of one arm reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// Seed number; the same number means the same initial weights and example order in every arm.
    pub seed: u64,
    /// How the run ended.
    pub ending: Ending,
    /// Accuracy on the test examples after the last update, in [0, 1]; absent where the run has no such evaluation.
    pub test_accuracy: Option<f64>,
    /// Accuracy on the validation examples after the last update, in [0, 1].
    pub validation_accuracy: Option<f64>,
    /// Mean test loss after the last update, in nats.
    #[serde(with = "optional_loss")]
    pub test_loss: Option<f64>,
    /// Mean loss on the validation examples after the last update, in nats.
    #[serde(with = "optional_loss")]
    pub validation_loss: Option<f64>,
    /// Evaluations during the run, each with the updates done by then; [`ArmResult::evaluated_on`] says on which examples.
    pub evaluations: Vec<(u64, Evaluation)>,
}

/// An arm of a comparison: one schedule, several seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmResult {
    /// Name, for example `"cyclic"`.
    pub name: String,
    /// The schedule in one line, for example `"triangular2, base_lr 0.001, max_lr 0.006, step_size_up 2000"`.
    pub schedule: String,
    /// The arm before it whose runs these are, where both specify the same ones.
    pub same_as: Option<String>,
    /// The examples that are evaluated during the runs.
    pub evaluated_on: Subset,
    /// Results, one a seed that finished.
    pub seeds: Vec<SeedResult>,
    /// Seeds that gave no result, with the reason.
    pub failed: Vec<(u64, String)>,
    /// Test accuracy over the seeds; absent where no seed has one. Diverged runs count with what they reached.
    pub test_accuracy: Option<Estimate>,
    /// Validation accuracy over the seeds.
    pub validation_accuracy: Option<Estimate>,
}

/// The difference of two arms over the seeds that both have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// The first arm's name.
    pub arm: String,
    /// The arm it is compared with.
    pub against: String,
    /// Test accuracy of `arm` minus that of `against`, in [−1, 1].
    pub difference: Estimate,
    /// Two-sided p of the exact sign-flip test over the seeds; absent where there are too few seeds.
    pub p: Option<f64>,
    /// The smallest p that this number of seeds can give: 2 / 2ⁿ. (Above 20 seeds patterns are drawn rather than counted,
    /// and `p` itself stops at 10⁻⁵.)
    pub smallest_p: f64,
    /// What the seeds allow to be said.
    pub outcome: Outcome,
    /// The verdict in words: which arm is better, or that the runs do not tell, and why.
    pub verdict: String,
    /// The part of the verdict before its reasons; the verdict begins with it.
    pub claim: String,
    /// `p` after Holm's correction for all the comparisons with the first arm; the verdict goes by it.
    pub p_holm: Option<f64>,
}

/// What a paired difference allows to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// So few seeds can tell nothing, whatever they give.
    TooFewSeeds,
    /// The seeds do not tell the arms apart.
    Undecided,
    /// One of the arms is better: the first where the mean difference is above 0.
    Better,
}

/// A comparison, analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The arms, in the configuration's order.
    pub arms: Vec<ArmResult>,
    /// The first arm against each other one.
    pub differences: Vec<PairedDifference>,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// Fills in the statistics of a comparison: the estimates of each arm, and the paired differences of the first arm with
/// the others. Arms that are the same runs count once.
///
/// Intervals are Student's at 95 %, those of an accuracy cut at 0 and 1; `p` is the exact sign-flip test over the seeds that both arms have a test accuracy
/// for, corrected by Holm over the comparisons. Diverged runs count with the accuracy they reached. The order of an arm's
/// seeds changes nothing.
///
/// Errors: no arm, two arms of one name, two results of one seed in an arm, an accuracy that is not a number in [0, 1].
pub fn compare(mut arms: Vec<ArmResult>) -> Result<Comparison, AnalysisError> {
    check(&arms)?;
    let mut warnings = Vec::new();
    for arm in &mut arms {
        arm.test_accuracy = estimate(arm, |seed| seed.test_accuracy);
        arm.validation_accuracy = estimate(arm, |seed| seed.validation_accuracy);
        if arm.same_as.is_none() {
            warn_of_arm(arm, &mut warnings);
        }
    }
    let mut differences = Vec::new();
    if let Some((first, others)) = arms.split_first() {
        // An arm that is the first one's runs, or another's that is compared already, is no comparison of its own.
        for other in others.iter().filter(|other| other.same_as.is_none()) {
            differences.extend(paired(first, other, &mut warnings));
        }
    }
    correct(&mut differences);
    Ok(Comparison { arms, differences, warnings })
}

impl Comparison {
    /// A sentence about every set of arms that are the same runs.
    pub fn same_runs(&self) -> Vec<String> {
        let same = self.arms.iter().map(|arm| (arm.name.as_str(), arm.same_as.as_deref()));
        same_runs(&same.collect::<Vec<_>>())
    }
}

/// A sentence about every set of arms that are the same runs, given each arm's name and that of the arm before it whose
/// runs it has.
pub fn same_runs(arms: &[(&str, Option<&str>)]) -> Vec<String> {
    let of = |first: &str| -> Vec<&str> {
        arms.iter().filter(|(_, same_as)| *same_as == Some(first)).map(|(name, _)| *name).collect()
    };
    let sets = arms.iter().map(|(first, _)| (*first, of(first))).filter(|(_, others)| !others.is_empty());
    let sentence = |(first, others): (&str, Vec<&str>)| {
        let count = others.len() + 1;
        let who = match count {
            2 if arms.len() == 2 => "both arms".to_owned(),
            _ if count == arms.len() => format!("all {count} arms"),
            _ => format!("the arms {first} and {}", others.join(" and ")),
        };
        format!("{who} are the same runs, which count once")
    };
    sets.map(sentence).collect()
}

fn check(arms: &[ArmResult]) -> Result<(), AnalysisError> {
    if arms.is_empty() {
        return Err(AnalysisError::Empty("a comparison needs at least one arm".into()));
    }
    let mut names = BTreeSet::new();
    for arm in arms {
        let name = &arm.name;
        if !names.insert(name) {
            let message = format!("two arms are called {name:?}; give every arm a name of its own");
            return Err(AnalysisError::Mismatch(message));
        }
        let mut seeds = BTreeSet::new();
        for result in &arm.seeds {
            let seed = result.seed;
            if !seeds.insert(seed) {
                let message = format!("arm {name:?} has two results of seed {seed}; keep one");
                return Err(AnalysisError::Mismatch(message));
            }
            for accuracy in [result.test_accuracy, result.validation_accuracy] {
                if let Some(value) = accuracy.filter(|value| !(0.0..=1.0).contains(value)) {
                    let message = format!("seed {seed} of arm {name:?} has accuracy {value}, which must be in [0, 1]");
                    return Err(AnalysisError::Mismatch(message));
                }
            }
        }
    }
    Ok(())
}

/// Values in the order of the seed numbers, so that the order of the results changes no bit.
fn by_seed(arm: &ArmResult, of: impl Fn(&SeedResult) -> Option<f64>) -> BTreeMap<u64, f64> {
    let value = |result| of(result).map(|value| (result.seed, value));
    arm.seeds.iter().filter_map(value).collect()
}

fn estimate(arm: &ArmResult, of: impl Fn(&SeedResult) -> Option<f64>) -> Option<Estimate> {
    let values: Vec<f64> = by_seed(arm, of).into_values().collect();
    Estimate::of_shares(&values, LEVEL)
}

fn warn_of_arm(arm: &ArmResult, warnings: &mut Vec<String>) {
    let name = &arm.name;
    for (seed, reason) in &arm.failed {
        warnings.push(format!("seed {seed} of arm {name} gave no result: {reason}"));
    }
    if arm.seeds.is_empty() {
        warnings.push(format!("arm {name} has no result at all"));
    }
    for result in &arm.seeds {
        let seed = result.seed;
        let how = match result.ending {
            Ending::Completed => continue,
            Ending::Diverged { step } => format!("diverged at step {step}"),
            Ending::NonFinite { step } => format!("had a non-finite loss at step {step}"),
        };
        let counts = match result.test_accuracy {
            Some(accuracy) => format!("it counts with the {:.2} % it reached", 100.0 * accuracy),
            None => "it has no test accuracy, and the mean without it flatters the arm".into(),
        };
        warnings.push(format!("seed {seed} of arm {name} {how}; {counts}"));
    }
}

fn paired(first: &ArmResult, other: &ArmResult, warnings: &mut Vec<String>) -> Option<PairedDifference> {
    let (ours, theirs) = (by_seed(first, |seed| seed.test_accuracy), by_seed(other, |seed| seed.test_accuracy));
    let pair = |(seed, a): (&u64, &f64)| theirs.get(seed).map(|b| a - b);
    let differences: Vec<f64> = ours.iter().filter_map(pair).collect();
    let (arm, against) = (&first.name, &other.name);
    let Some(difference) = Estimate::of(&differences, LEVEL) else {
        warnings.push(format!(
            "arms {arm} and {against} have no seed in common with a test accuracy, so they are not compared"
        ));
        return None;
    };
    let most = ours.len().max(theirs.len());
    if differences.len() < most {
        warnings.push(format!(
            "arms {arm} and {against} are compared on the {} of {most} seeds that both have",
            differences.len()
        ));
    }
    Some(PairedDifference {
        arm: arm.clone(),
        against: against.clone(),
        difference,
        p: sign_flip(&differences),
        smallest_p: smallest_p(differences.len()),
        outcome: Outcome::TooFewSeeds,
        verdict: String::new(),
        claim: String::new(),
        p_holm: None,
    })
}

/// Corrects the p-values for the number of comparisons, and words the verdicts.
fn correct(differences: &mut [PairedDifference]) {
    let p: Vec<f64> = differences.iter().filter_map(|d| d.p).collect();
    let mut corrected = holm(&p).into_iter();
    let comparisons = differences.len();
    for difference in differences {
        difference.p_holm = difference.p.and_then(|_| corrected.next());
        let verdict = verdict(difference, comparisons);
        difference.outcome = verdict.outcome;
        difference.verdict = verdict.claim.clone() + &verdict.reason;
        difference.claim = verdict.claim;
    }
}
