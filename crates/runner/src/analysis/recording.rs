//! What each published tool would have kept of a raw curve: its own smoothing, stop and trimming, then its rule.
//!
//! The tools sweep on grids of their own; here all of them read the rates that the sweep really used, so that they differ in
//! nothing but their rules.

use super::{Curve, Rule, RuleError, RuleOutcome, suggest};

/// Smallest number of steps that fastai sweeps.
const FASTAI_STEPS: usize = 6;

/// What one tool recorded: as many smoothed losses as it looked at before its stop.
struct Recording {
    smoothed: Vec<f64>,
    /// Rows that the tool would have in its history. More than `smoothed` where the loss became NaN, which stops none of
    /// the tools: they go on to the end of the sweep, and all that follows is NaN.
    rows: usize,
    /// Whether the tool would have gone on where the raw curve ends.
    cut: bool,
}

impl Recording {
    /// Runs a tool over a raw curve. `smooth` is fed each raw loss and gives the smoothed one, or the smoothed one and
    /// `true` where the tool stops at it.
    fn new(curve: &Curve, planned: usize, mut smooth: impl FnMut(f64) -> (f64, bool)) -> Self {
        let mut smoothed = Vec::with_capacity(curve.loss.len());
        for &loss in &curve.loss {
            let (value, stop) = smooth(loss);
            smoothed.push(value);
            if stop {
                let rows = smoothed.len();
                return Self { smoothed, rows, cut: false };
            }
        }
        let poisoned = smoothed.last().is_some_and(|last| last.is_nan());
        let rows = if poisoned { planned.max(smoothed.len()) } else { smoothed.len() };
        Self { cut: rows < planned, smoothed, rows }
    }

    /// The rows left after dropping `head` at the beginning and `tail` at the end of the tool's history.
    fn kept(&self, head: usize, tail: usize) -> std::ops::Range<usize> {
        let end = self.rows.saturating_sub(tail).min(self.smoothed.len());
        head.min(end)..end
    }
}

/// fastai: debiased exponential mean (0.98); stops above 4 × the smallest.
fn fastai(curve: &Curve, planned: usize) -> Recording {
    const BETA: f64 = 0.98;
    let (mut mean, mut weight, mut best) = (0.0, 1.0, f64::INFINITY);
    Recording::new(curve, planned, |loss| {
        mean -= (mean - loss) * (1.0 - BETA);
        weight *= BETA;
        let smooth = mean / (1.0 - weight);
        if smooth < best {
            best = smooth;
        }
        (smooth, smooth > 4.0 * best)
    })
}

/// Lightning: exponential mean (0.98) whose correction is one step ahead; stops above 4 × the smallest, from step 2 on.
fn lightning(curve: &Curve, planned: usize) -> Recording {
    const BETA: f64 = 0.98;
    let (mut mean, mut weight, mut best, mut step) = (0.0, BETA, 0.0, 0_u64);
    Recording::new(curve, planned, |loss| {
        mean = BETA * mean + (1.0 - BETA) * loss;
        weight *= BETA;
        step += 1;
        let smooth = mean / (1.0 - weight);
        let stop = step > 1 && smooth > 4.0 * best;
        if smooth < best || step == 1 {
            best = smooth;
        }
        (smooth, stop)
    })
}

/// pytorch-lr-finder: exponential mean (0.95) that starts at the first loss; stops above 5 × the smallest.
fn lr_finder(curve: &Curve, planned: usize) -> Recording {
    const NEW: f64 = 0.05;
    let mut state: Option<(f64, f64)> = None;
    Recording::new(curve, planned, |loss| {
        let (smooth, best) = match state {
            None => (loss, loss),
            Some((last, best)) => {
                let smooth = NEW * loss + (1.0 - NEW) * last;
                (smooth, if smooth < best { smooth } else { best })
            }
        };
        state = Some((smooth, best));
        (smooth, smooth > 5.0 * best)
    })
}

/// What `rule` says of a raw curve that was planned for `planned` steps, and whether the curve ends before the tool would
/// have ended its own test.
pub(super) fn outcome(rule: Rule, curve: &Curve, planned: usize) -> (RuleOutcome, bool) {
    let (answer, cut) = answer(rule, curve, planned);
    let reason = answer.as_ref().err().map(RuleError::to_string);
    let outcome = RuleOutcome { rule, seed: curve.seed, lr: answer.ok(), reason };
    (outcome, cut)
}

fn answer(rule: Rule, curve: &Curve, planned: usize) -> (Result<f64, RuleError>, bool) {
    let (recording, kept) = match rule {
        Rule::Valley | Rule::Slide | Rule::Minimum | Rule::Steep => {
            let recording = fastai(curve, planned);
            let kept = recording.kept(planned.max(FASTAI_STEPS) / 10, 5);
            (recording, kept)
        }
        Rule::Lightning => {
            let recording = lightning(curve, planned);
            let kept = recording.kept(10, 1);
            (recording, kept)
        }
        Rule::LrFinder => {
            let recording = lr_finder(curve, planned);
            let kept = recording.kept(10, 5);
            (recording, kept)
        }
    };
    let lr = curve.lr.get(kept.clone()).unwrap_or_default();
    let loss = recording.smoothed.get(kept).unwrap_or_default();
    (trimmed_answer(rule, lr, loss), recording.cut)
}

/// The rule on the kept rows, each tool treating non-finite ones in its own way.
fn trimmed_answer(rule: Rule, lr: &[f64], loss: &[f64]) -> Result<f64, RuleError> {
    match rule {
        // fastai cuts at the first NaN.
        Rule::Valley | Rule::Slide | Rule::Minimum | Rule::Steep => {
            let end = loss.iter().position(|loss| loss.is_nan()).unwrap_or(loss.len());
            suggest(rule, lr.get(..end).unwrap_or(lr), loss.get(..end).unwrap_or(loss))
        }
        // Lightning drops every non-finite row.
        Rule::Lightning => {
            let finite = lr.iter().zip(loss).filter(|(_, loss)| loss.is_finite());
            let (lr, loss): (Vec<f64>, Vec<f64>) = finite.unzip();
            suggest(rule, &lr, &loss)
        }
        // pytorch-lr-finder keeps them, and its argmin then names the place: an artefact, not an answer.
        Rule::LrFinder => match lr.iter().zip(loss).find(|(_, loss)| !loss.is_finite()) {
            Some((&lr, _)) => Err(RuleError::NonFinite { rule, lr }),
            None => suggest(rule, lr, loss),
        },
    }
}
