//! What can be wrong with a schedule.

use crate::epochs::Epochs;
use crate::metric::{Evaluated, Metric};
use crate::scale_fn::CompileError;

/// What is wrong with a schedule, and where.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ScheduleError {
    /// The setting, as a path from the schedule's kind: `cyclic.max_lr`, `sequential.stages[1].schedule.cosine.t_max`.
    pub place: String,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a setting of a schedule. Every message names the value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A rate that is negative, infinite or not a number.
    #[error("{value:?} is no learning rate: it must be finite and not negative")]
    Rate {
        /// The value.
        value: f64,
    },
    /// A value outside its range.
    #[error("{value:?} is outside {range}")]
    Range {
        /// The value.
        value: f64,
        /// The range, as an interval.
        range: &'static str,
    },
    /// A lower bound above its upper bound.
    #[error("{low:?} is above {upper} = {high:?}")]
    Above {
        /// The lower bound's value.
        low: f64,
        /// The upper bound's name.
        upper: &'static str,
        /// The upper bound's value.
        high: f64,
    },
    /// A list whose length is not the number of parameter groups.
    #[error("{given} values for {groups} parameter groups: give one value, or one for each group")]
    Groups {
        /// Values in the list.
        given: usize,
        /// Parameter groups.
        groups: usize,
    },
    /// No parameter group at all.
    #[error("there are no parameter groups")]
    NoGroups,
    /// A group's factor on the rate that is negative, infinite or not a number.
    #[error("{value:?} is no factor on a learning rate: it must be finite and not negative")]
    Multiplier {
        /// The factor.
        value: f64,
    },
    /// `"range-test"` alone in a field that is not named after a bound.
    #[error(
        "\"range-test\" stands for the bound that a field is named after, and this is no bound: \
         write \"range-test.base_lr\", \"range-test.max_lr\" or \"range-test.mean_lr\""
    )]
    OwnBound,
    /// A reference to a range test that has not been run.
    #[error("refers to {reference:?}, but there is no range test's pick: run the range test first, or give a number")]
    NoPick {
        /// The reference.
        reference: &'static str,
    },
    /// A text or number that is not a length.
    #[error("{value:?} is not a length: it must be above 0 and at most 2^53")]
    Length {
        /// The value.
        value: f64,
    },
    /// A fraction where a whole number of steps is needed.
    #[error("{value:?} is not a whole number of steps")]
    Fraction {
        /// The value.
        value: f64,
    },
    /// Epochs so short that they round to no step at all.
    #[error("{epochs} epochs of {steps_per_epoch} updates round to no step at all")]
    ShortEpochs {
        /// Epochs.
        epochs: Epochs,
        /// Updates in an epoch.
        steps_per_epoch: u64,
    },
    /// An epoch without updates.
    #[error("counts epochs, but an epoch has no updates")]
    EmptyEpoch,
    /// A phase of a schedule that has no steps.
    #[error("{value:?} leaves no step for {phase}: {advice}")]
    EmptyPhase {
        /// The value.
        value: f64,
        /// The phase.
        phase: &'static str,
        /// What to do.
        advice: String,
    },
    /// Milestones that go down.
    #[error("milestones must not go down, but {before:?} stands before {after:?}")]
    Unsorted {
        /// The earlier entry.
        before: f64,
        /// The smaller entry after it.
        after: f64,
    },
    /// A sequence without stages.
    #[error("there are no stages")]
    NoStages,
    /// A stage before the last that has no length.
    #[error("only the last stage may go without a length; give this one")]
    NoStageLength,
    /// A stage that runs past the end of its schedule.
    #[error("the stage is {stage} steps long, but its schedule ends after {end}")]
    StageTooLong {
        /// The stage's length.
        stage: u64,
        /// The schedule's length.
        end: u64,
    },
    /// Momentum is to be cycled, and there is none.
    #[error(
        "there is no momentum (or beta1) in every parameter group that could be cycled: set cycle_momentum = false"
    )]
    NoMomentum,
    /// A mode that calls the worse of two values of a metric the better one.
    #[error(
        "\"{metric}\" is better where it is {better}, which {mode:?} turns round: write {right:?}, or leave mode out"
    )]
    Mode {
        /// The mode.
        mode: &'static str,
        /// The metric.
        metric: Metric,
        /// Where the metric is better.
        better: &'static str,
        /// The metric's own mode.
        right: &'static str,
    },
    /// A metric that the run does not measure.
    #[error(
        "\"{metric}\" is not measured, since training.evaluate_on is \"{evaluated}\": set it to \"{wanted}\"{instead}",
        wanted = metric.examples(),
        instead = other_loss(*evaluated)
    )]
    NotMeasured {
        /// The metric.
        metric: Metric,
        /// What the run is evaluated on.
        evaluated: Evaluated,
    },
    /// An evaluation without an accuracy, where the schedule follows it.
    #[error("the evaluation after {updates} updates has no accuracy to follow: it was made on no examples")]
    NoAccuracy {
        /// Updates done by then.
        updates: u64,
    },
    /// A sweep that does not rise.
    #[error("a sweep must rise, but it goes from {start:?} to {end:?}")]
    Falling {
        /// The first rate.
        start: f64,
        /// The last rate.
        end: f64,
    },
    /// A sweep that multiplies its rate with every step, from 0.
    #[error(
        "an exponential sweep cannot start at 0, which stays 0 however often it is multiplied: make the sweep linear, or start \
         above 0"
    )]
    ExponentialFromZero,
    /// An exponential sweep over more than a float's whole range.
    #[error("from {start:?} to {end:?} the rate grows by more than a 64-bit float can hold: end the sweep lower")]
    WideSweep {
        /// The first rate.
        start: f64,
        /// The last rate.
        end: f64,
    },
    /// A sweep whose ends are as good as equal.
    #[error(
        "from {start:?} to {end:?} in {steps} steps the rate does not change from one step to the next: end the sweep higher, or \
         start it lower"
    )]
    NarrowSweep {
        /// The first rate.
        start: f64,
        /// The last rate.
        end: f64,
        /// Steps of the sweep.
        steps: u64,
    },
    /// A sweep of fewer than two steps.
    #[error("{steps} is too short: a sweep has at least 2 steps, its first and its last rate")]
    ShortSweep {
        /// Steps of the sweep.
        steps: u64,
    },
    /// A one-cycle schedule that has no room for a rise and a descent.
    #[error(
        "{total} is too short for a rise and a descent: with pct_start = {pct_start} a one-cycle schedule has at least {least} \
         steps; make it longer, or use another schedule"
    )]
    ShortCycle {
        /// Steps of the schedule.
        total: u64,
        /// Share of the steps in which the rate rises.
        pct_start: f64,
        /// The fewest steps with that share.
        least: u64,
    },
    /// A scale function that does not compile.
    #[error("{text:?} does not compile: {source}")]
    Compile {
        /// The text.
        text: String,
        /// What the compiler says.
        source: CompileError,
    },
    /// A step past the end of a schedule that has one.
    #[error("step {step} is past the end: the schedule has {end} steps, 0 to {last}", last = end - 1)]
    PastEnd {
        /// The step asked for.
        step: u64,
        /// The schedule's length.
        end: u64,
    },
    /// A rate that comes out negative, infinite or not a number.
    #[error("step {step} gets the learning rate {value:?}: it must be finite and not negative")]
    RateAt {
        /// The step.
        step: u64,
        /// What comes out.
        value: f64,
    },
    /// A momentum that comes out outside [0, 1).
    #[error("step {step} gets the momentum {value:?}, which is outside [0, 1)")]
    MomentumAt {
        /// The step.
        step: u64,
        /// What comes out.
        value: f64,
    },
}

/// The loss that can be followed instead.
fn other_loss(evaluated: Evaluated) -> &'static str {
    match evaluated {
        Evaluated::Validation => ", or follow \"validation_loss\"",
        Evaluated::Train => ", or follow \"train_loss\"",
    }
}
