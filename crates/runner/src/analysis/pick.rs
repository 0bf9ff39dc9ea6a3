//! From the curves of a range test to `base_lr` and `max_lr`.

use serde::{Deserialize, Serialize};

use super::alignment::{self, Aligned};
use super::noise::Noise;
use super::reading::{MOSTLY, Reading, Refusal};
use super::{AnalysisError, Curve, Rule, RuleOutcome, centred_smoothing, recording, remarks};

/// `base_lr` is `max_lr` divided by this: a third or a quarter in Smith's paper (arXiv 1506.01186, section 3.3).
const RATIO: f64 = 4.0;

/// A pick is refused where the sweep's first rate leaves less than this factor below `max_lr`.
const NARROWEST: f64 = 2.0;

/// The two bounds that a range test picks, and how. All rates are the schedule's, before any group's multiplier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// Lower bound for a cyclical schedule.
    pub base_lr: f64,
    /// Upper bound for a cyclical schedule.
    pub max_lr: f64,
    /// The edge: the last rate before the loss leaves its floor for good. It lies at or above the rate of the smallest
    /// smoothed loss, since a floor is wider than one row; see [`analyse_planned`].
    pub edge_lr: f64,
    /// The rate at which the loss begins to fall.
    pub first_descent_lr: f64,
    /// The rule for `base_lr`, in words.
    pub base_rule: String,
    /// The rule for `max_lr`, in words.
    pub max_rule: String,
    /// Whether the sweep went past the edge; where it did not, `edge_lr` is a lower bound of it.
    pub edge_reached: bool,
}

/// A range test, analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RangeTest {
    /// The raw curves, one a seed.
    pub curves: Vec<Curve>,
    /// Rates of the mean curve: the steps that all seeds reached with a finite loss.
    pub lr: Vec<f64>,
    /// Mean raw loss over the seeds, aligned with `lr`.
    pub mean_loss: Vec<f64>,
    /// `mean_loss` after centred smoothing.
    pub smoothed_loss: Vec<f64>,
    /// Points in the smoothing window.
    pub window: usize,
    /// The bounds; absent where the curve does not support any.
    pub pick: Option<Pick>,
    /// Why there are no bounds, where there are none.
    pub refusal: Option<String>,
    /// Each seed's own pick, as a measure of spread: (seed, pick).
    pub seed_picks: Vec<(u64, Pick)>,
    /// What the published rules say, for each seed.
    pub rules: Vec<RuleOutcome>,
    /// What is to be known of the published rules' answers.
    pub rules_note: Option<String>,
    /// What a reader must know before trusting the pick.
    pub warnings: Vec<String>,
}

impl RangeTest {
    /// The rate at which the smoothed loss is smallest. Figures plot the loss before an update over that update's rate, and so
    /// does this.
    pub fn lowest_lr(&self) -> Option<f64> {
        let finite = self.lr.iter().zip(&self.smoothed_loss).filter(|(_, loss)| loss.is_finite());
        finite.min_by(|a, b| a.1.total_cmp(b.1)).map(|(lr, _)| *lr)
    }
}

/// Analyses the curves of a range test whose longest curve took all the steps that were planned.
///
/// See [`analyse_planned`] for the rules and for sweeps that were all stopped early.
pub fn analyse(curves: &[Curve]) -> Result<RangeTest, AnalysisError> {
    analyse_planned(curves, 0)
}

/// Analyses the curves of a range test that was planned for `steps` steps.
///
/// The published rules need `steps`, since fastai drops a tenth of the planned steps at the beginning; the longest curve
/// stands in where it has more. The pick does not.
///
/// **The pick** is read off the mean raw loss over the seeds, after centred smoothing with the narrowest window that brings
/// its noise down to 2 % of the whole fall (window 1 where there is no noise).
/// - `edge_lr`: the last rate before the loss leaves its floor for good: after it the smoothed loss stays above its smallest
///   value by more than its noise. Without noise that is the last rate at which the loss fell,
///   which for ½λx² under plain gradient descent is the largest swept rate below 2/λ.
/// - `first_descent_lr`: the rate from which the loss stays below its starting level by 2 % of the whole fall and by five
///   deviations of its noise.
/// - `max_lr`: ½ √(a · `edge_lr`), a being the rate at which 90 % of the fall is behind. A sweep goes past the edge before
///   the damage shows, and so finds it too high; and it leaves the good rates before they have done their work, and so
///   finds the fall too late. Slow and fast sweeps err differently in the two, which their geometric mean evens out; the half keeps away from the edge.
/// - `base_lr`: `max_lr` / 4, but not below the first swept rate.
///
/// Without a fall that stands out of the noise there is no pick, and `refusal` says why.
///
/// Errors: no curve, an empty one, two of one seed, rates that do not rise or differ between seeds.
pub fn analyse_planned(curves: &[Curve], steps: usize) -> Result<RangeTest, AnalysisError> {
    alignment::check(curves)?;
    let longest = curves.iter().map(|curve| curve.lr.len()).max().unwrap_or(0);
    let (rules, cut) = outcomes(curves, steps.max(longest));
    let mean = Aligned::mean(curves);
    let noise = Noise::of(&mean.loss);
    let found = pick(&mean, &noise);
    let each: Vec<(u64, Result<Found, Refusal>)> = curves.iter().map(|curve| (curve.seed, pick_alone(curve))).collect();
    let warnings = remarks::of_test(curves, &found, &each);
    let seed_picks = each.into_iter().filter_map(|(seed, found)| Some((seed, found.ok()?.pick)));
    Ok(RangeTest {
        curves: curves.to_vec(),
        smoothed_loss: centred_smoothing(&mean.loss, noise.window),
        window: noise.window,
        refusal: found.as_ref().err().map(ToString::to_string),
        pick: found.ok().map(|found| found.pick),
        seed_picks: seed_picks.collect(),
        rules_note: remarks::of_rules(curves, cut),
        rules,
        warnings,
        lr: mean.lr,
        mean_loss: mean.loss,
    })
}

/// A pick and what it was read from.
pub(super) struct Found {
    pub pick: Pick,
    pub reading: Reading,
}

fn pick_alone(curve: &Curve) -> Result<Found, Refusal> {
    let alone = Aligned::mean(std::slice::from_ref(curve));
    pick(&alone, &Noise::of(&alone.loss))
}

fn pick(curve: &Aligned, noise: &Noise) -> Result<Found, Refusal> {
    let reading = Reading::of(curve, noise)?;
    let first = curve.lr.first().copied().unwrap_or(0.0);
    let max = (reading.mostly_fallen_lr * reading.edge_lr).sqrt() / 2.0;
    if max == 0.0 {
        return Err(Refusal::FallsInOneStep { second: curve.lr.get(1).copied().unwrap_or(0.0) });
    }
    if max.is_nan() || max <= NARROWEST * first {
        return Err(Refusal::StartsTooHigh { max, first });
    }
    let base = (max / RATIO).max(first);
    let pick = Pick {
        base_lr: base,
        max_lr: max,
        edge_lr: reading.edge_lr,
        first_descent_lr: reading.first_descent_lr,
        base_rule: base_rule(base > max / RATIO),
        max_rule: max_rule(&reading),
        edge_reached: reading.reached,
    };
    Ok(Found { pick, reading })
}

fn base_rule(raised: bool) -> String {
    let rule = format!("max_lr / {RATIO} (Smith: a third or a quarter)");
    if raised { format!("{rule}, raised to the first rate of the sweep") } else { rule }
}

fn max_rule(reading: &Reading) -> String {
    let edge = if reading.reached { "the edge" } else { "the last rate, the edge not being reached" };
    format!(
        "half the geometric mean of the rate at which {:.0} % of the loss's fall is behind ({:.2e}) and {edge} ({:.2e})",
        100.0 * MOSTLY,
        reading.mostly_fallen_lr,
        reading.edge_lr
    )
}

/// What every rule says of every seed, and how many of these answers come from a curve that ends before the tool would have.
fn outcomes(curves: &[Curve], planned: usize) -> (Vec<RuleOutcome>, usize) {
    let each = curves.iter().flat_map(|curve| Rule::ALL.map(|rule| recording::outcome(rule, curve, planned)));
    let (outcomes, cut): (Vec<RuleOutcome>, Vec<bool>) = each.unzip();
    (outcomes, cut.into_iter().filter(|cut| *cut).count())
}
