//! What runs reached, as JSON and as a line on a terminal.

use lrscope_runner::analysis::{ArmResult, Estimate, SeedResult};
use lrscope_runner::learner::Evaluation;
use lrscope_runner::numbers;
use serde_json::{Value, json};

/// A seed's figures, with every evaluation on the way.
pub fn seed(seed: &SeedResult) -> Value {
    let evaluation = |(updates, at): &(u64, Evaluation)| json!({ "updates": updates, "loss": loss(Some(at.loss)), "accuracy": at.accuracy() });
    json!({
        "seed": seed.seed,
        "ending": seed.ending,
        "test_accuracy": seed.test_accuracy,
        "validation_accuracy": seed.validation_accuracy,
        "test_loss": loss(seed.test_loss),
        "validation_loss": loss(seed.validation_loss),
        "evaluations": seed.evaluations.iter().map(evaluation).collect::<Vec<_>>(),
    })
}

/// An arm's figures with those of its seeds.
pub fn arm(arm: &ArmResult) -> Value {
    json!({
        "name": arm.name,
        "schedule": arm.schedule,
        "same_runs_as": arm.same_as,
        "test_accuracy": arm.test_accuracy,
        "validation_accuracy": arm.validation_accuracy,
        "evaluated_on": arm.evaluated_on,
        "seeds": arm.seeds.iter().map(seed).collect::<Vec<_>>(),
        "failed": arm.failed,
    })
}

/// A loss as records write it: one that is not finite, which is no JSON number, as a word.
fn loss(loss: Option<f64>) -> Value {
    match loss {
        Some(loss) if loss.is_nan() => "nan".into(),
        Some(loss) if loss == f64::INFINITY => "inf".into(),
        Some(loss) if loss == f64::NEG_INFINITY => "-inf".into(),
        other => json!(other),
    }
}

/// A mean with its interval and count, for one line on a terminal. Where all seeds gave the same there is no interval.
pub fn percent(estimate: &Estimate) -> String {
    let mean = format!("{} %", numbers::percent(estimate.mean));
    match (estimate.low, estimate.high, estimate.n) {
        (Some(low), Some(high), n) => {
            format!("{mean} [{}, {}] (n = {n})", numbers::percent(low), numbers::percent(high))
        }
        (_, _, n @ ..2) => format!("{mean} (n = {n})"),
        (_, _, 2) => format!("{mean} (both seeds, n = 2)"),
        (_, _, n) => format!("{mean} (all {n} seeds, n = {n})"),
    }
}
