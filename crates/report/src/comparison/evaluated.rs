//! Which examples were evaluated during the runs, in words: never "validation" where it is another part of the data.

use lrscope_runner::analysis::ArmResult;
use lrscope_runner::learner::Subset;

/// The examples that the runs were evaluated on; the arms of a report share them.
pub(crate) fn evaluated_on(arms: &[ArmResult]) -> Subset {
    let with_runs = arms.iter().find(|arm| !arm.seeds.is_empty()).or(arms.first());
    with_runs.map_or(Subset::Validation, |arm| arm.evaluated_on)
}

/// As an adjective: `validation` loss, `train` loss.
pub(crate) fn words(on: Subset) -> &'static str {
    match on {
        Subset::Train => "train",
        Subset::Validation => "validation",
        Subset::Test => "test",
    }
}

/// The file of the evaluations during the runs.
pub(crate) fn evaluations_file(on: Subset) -> &'static str {
    match on {
        Subset::Validation => "validation.csv",
        Subset::Train | Subset::Test => "evaluations.csv",
    }
}

/// The files of the evaluations during the runs, with what each holds: two pictures and a table.
pub(crate) fn evaluation_files(on: Subset) -> [(&'static str, String); 3] {
    let of = words(on);
    [
        ("accuracy.svg", format!("{of} accuracy over the updates")),
        ("evaluation-loss.svg", format!("{of} loss over the updates")),
        (
            evaluations_file(on),
            format!("every evaluation on the way: updates done, {of} accuracy in [0, 1], {of} loss (nats)"),
        ),
    ]
}
