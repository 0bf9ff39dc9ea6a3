//! The published suggestions: their names and what they say of a curve.

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

impl Rule {
    /// Every rule, in the order of reports.
    pub const ALL: [Self; 6] = [Self::Valley, Self::Slide, Self::Minimum, Self::Steep, Self::Lightning, Self::LrFinder];

    /// Tool and rule as a reader knows them, for example `"fastai valley"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Valley => "fastai valley",
            Self::Slide => "fastai slide",
            Self::Minimum => "fastai minimum",
            Self::Steep => "fastai steep",
            Self::Lightning => "Lightning",
            Self::LrFinder => "pytorch-lr-finder",
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
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

/// Why a rule has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// Fewer points than the rule reads, after its own trimming.
    #[error("{rule} reads at least {needed} points after its trimming, {found} are left; sweep more steps")]
    TooFewPoints {
        /// The rule.
        rule: Rule,
        /// Points it reads.
        needed: usize,
        /// Points that are left.
        found: usize,
    },
    /// Rates and losses are not of one length.
    #[error("{rates} rates cannot belong to {losses} losses")]
    Lengths {
        /// Number of rates.
        rates: usize,
        /// Number of losses.
        losses: usize,
    },
    /// The rule would name the place of a non-finite loss.
    #[error(
        "the loss is not finite from learning rate {lr:e} on, and {rule} would take that place for the steepest fall"
    )]
    NonFinite {
        /// The rule.
        rule: Rule,
        /// Where the loss stops being finite.
        lr: f64,
    },
}
