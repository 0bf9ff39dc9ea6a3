//! The published suggestions, each with its own smoothing, stop and trimming, from the same raw curve.

use serde::{Deserialize, Serialize};

/// A published rule that turns a range test's curve into one learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// fastai's default: two thirds into the longest falling valley.
    Valley,
    /// fastai: before the loss slides.
    Slide,
    /// fastai: rate at the smallest loss, divided by 10.
    Minimum,
    /// fastai: steepest fall per log rate.
    Steep,
    /// Lightning 2.6: steepest fall on a linear rate axis.
    Lightning,
    /// pytorch-lr-finder: steepest fall per step.
    LrFinder,
}

/// What a rule says about one seed's curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleOutcome {
    /// The rule.
    pub rule: Rule,
    /// Seed of the curve.
    pub seed: u64,
    /// The suggested rate; absent where the rule has no answer for the curve.
    pub lr: Option<f64>,
    /// Why it is absent.
    pub reason: Option<String>,
}
