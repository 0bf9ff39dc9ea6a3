//! Whether a run makes the evaluations that its schedule follows.

use lrscope_schedule::ScheduleSpec;

use crate::experiment::Problem;
use crate::learner::Subset;
use crate::spec::EvaluationSpec;

/// A schedule that follows a metric needs evaluations on the way, and not those of the test examples. `key` is where the
/// schedule stands, `steps` the updates of the run.
///
/// Which figure of an evaluation is followed, and whether it is measured, the schedule checks itself.
pub(super) fn check(
    key: &str,
    schedule: &ScheduleSpec,
    evaluation: &EvaluationSpec,
    steps: u64,
) -> Result<(), Problem> {
    if !schedule.needs_metric() {
        return Ok(());
    }
    let follower = format!("{key}.{}", schedule.kind());
    if evaluation.during == Subset::Test {
        let problem = format!(
            "\"test\" would let {follower} follow the test examples, which must not steer training: set it to \
             \"validation\" or \"train\""
        );
        return Err(Problem::new("training.evaluate_on", problem));
    }
    let when = match evaluation.every {
        Some(every) if every <= steps => return Ok(()),
        Some(every) => format!("the first comes after {every}"),
        None => "there is none".into(),
    };
    let problem = format!(
        "{follower} follows evaluations, but none is made in the {steps} updates of the run ({when}): evaluate more often or \
         train longer"
    );
    Err(Problem::new("training.evaluate_every", problem))
}
