//! What looks wrong in a schedule that is allowed: found before a run starts, and said so that one can act on it.

use std::fmt;

use crate::length::Interval;

/// Something about a schedule, or about the run that it is to drive, that is probably not meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Lint {
    /// The schedule, as a path: `cyclic`, `sequential.stages[1].schedule.cosine`.
    pub place: String,
    /// What was found.
    pub finding: Finding,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.finding)
    }
}

/// How long a schedule is driven, in what it counts. An epoch that is not complete counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: u64,
    /// Of what.
    pub unit: Interval,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match (self.unit, self.count) {
            (Interval::Update, 1) => "update",
            (Interval::Update, _) => "updates",
            (Interval::Epoch, 1) => "epoch",
            (Interval::Epoch, _) => "epochs",
        };
        write!(f, "{} {unit}", self.count)
    }
}

/// What was found; its text says what to do. Rates are the first group's before its multiplier; counts are in the unit of `run`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// No cycle is completed.
    #[error("the run ({run}) ends before the first cycle ({cycle}) does: shorten the cycle or lengthen the run")]
    CycleLongerThanRun {
        /// Length of the first cycle.
        cycle: f64,
        /// How long the schedule runs.
        run: Span,
    },
    /// The run ends inside a cycle.
    #[error(
        "the run ({run}) ends inside a cycle of {cycle}, where the rate is not at its lowest: run {shorter} or {longer} \
         (that is {more} more) to end with a cycle",
        more = longer - run.count
    )]
    BrokenLastCycle {
        /// Length of that cycle.
        cycle: f64,
        /// How long the schedule runs.
        run: Span,
        /// The shorter run that ends with a cycle.
        shorter: u64,
        /// The longer run that ends with a cycle.
        longer: u64,
    },
    /// The rate never gets to its upper bound.
    #[error(
        "max_lr {max_lr:?} is never reached: the rise takes {rise}, the run has {run}; the highest rate will be {highest} at \
         step {step}{advice}",
        highest = short(*highest),
        advice = interval_advice(*run)
    )]
    PeakNeverReached {
        /// The upper bound.
        max_lr: f64,
        /// Length of the rise.
        rise: f64,
        /// How long the schedule runs.
        run: Span,
        /// The highest rate of the run.
        highest: f64,
        /// The update that has it.
        step: u64,
    },
    /// The run ends before the schedule does.
    #[error(
        "the run ({run}) ends before the schedule ({total}) does, at the rate {last}",
        last = short(*last)
    )]
    Unfinished {
        /// Length of the schedule.
        total: u64,
        /// How long it runs.
        run: Span,
        /// The rate of the last step.
        last: f64,
    },
    /// A one-cycle schedule that ends before the run: the run would fail.
    #[error(
        "the schedule ends after {total}, the run after {run}: it will fail; set total_steps = {count}",
        count = run.count
    )]
    EndsBeforeRun {
        /// Length of the schedule.
        total: u64,
        /// How long it would run.
        run: Span,
    },
    /// A cosine that rises again after its lowest point.
    #[error(
        "the rate is lowest at {t_max} and rises again until the end of the run ({run}), to {last}: set t_max = {count}",
        last = short(*last),
        count = run.count
    )]
    RisesAgain {
        /// The lowest point.
        t_max: u64,
        /// How long the schedule runs.
        run: Span,
        /// The rate of the last step.
        last: f64,
    },
    /// Steps at the rate 0, which train nothing.
    #[error("the rate is 0 from {from} to the end of the run ({run}): nothing is learned there")]
    ZeroRate {
        /// The first such step.
        from: u64,
        /// How long the schedule runs.
        run: Span,
    },
    /// A step schedule that never decays.
    #[error("the first decay would be at {step_size}, beyond the end of the run ({run})")]
    NeverDecays {
        /// Steps before the first decay.
        step_size: u64,
        /// How long the schedule runs.
        run: Span,
    },
    /// A plateau schedule that cannot get to a reduction.
    #[error(
        "the rate is never reduced: that takes {needed} evaluations (patience + 2) before the last update, and the run ({run}) \
         has {evaluations}: evaluate more often, lower patience or train longer"
    )]
    NeverReduced {
        /// Evaluations that come before the last update.
        evaluations: u64,
        /// Evaluations that the first reduction takes.
        needed: u64,
        /// How long the schedule runs.
        run: Span,
    },
    /// Milestones that the run does not get to.
    #[error("the milestones {milestones:?} are beyond the end of the run ({run})")]
    MilestonesBeyondEnd {
        /// The milestones.
        milestones: Vec<u64>,
        /// How long the schedule runs.
        run: Span,
    },
    /// A rate, or a cycle's amplitude, that falls so fast that it is as good as gone.
    #[error(
        "{what} falls below {share:?} of its first value at {from}, long before the end of the run ({run}): raise gamma, or \
         set interval = \"epoch\" if it was meant per epoch"
    )]
    Vanishes {
        /// What falls.
        what: &'static str,
        /// Share of its first value that it falls below.
        share: f64,
        /// The first step below it.
        from: u64,
        /// How long the schedule runs.
        run: Span,
    },
    /// A scale function that leaves the range in which rates stay between their bounds.
    #[error(
        "scale_fn leaves [0, 1]: it is {value} at x = {x}, and the rates of the run go from {lowest} to {highest} (at step {step}) \
         instead of from base_lr {base_lr:?} to max_lr {max_lr:?}: keep it within 0 and 1, or set the bounds to the rates that are meant",
        value = short(*value),
        lowest = short(*lowest),
        highest = short(*highest)
    )]
    ScaleOutside {
        /// Its value that is farthest outside.
        value: f64,
        /// The cycle or the step that has it.
        x: f64,
        /// The highest rate of the run.
        highest: f64,
        /// The update that has it first.
        step: u64,
        /// The lowest rate of the run.
        lowest: f64,
        /// The lower bound.
        base_lr: f64,
        /// The upper bound.
        max_lr: f64,
    },
    /// A stage that starts after the end of the run.
    #[error("stages[{stage}] would start at update {start}, but only {updates} updates are run")]
    StageNeverStarts {
        /// The stage, from 0.
        stage: usize,
        /// The update at which it would start.
        start: u64,
        /// Updates that the sequence runs.
        updates: u64,
    },
    /// The run goes on after the last stage's length.
    #[error("the stages are {stages} updates long, the run {updates}: the last schedule goes on past its length")]
    GoesOnAfterLastStage {
        /// Updates of all stages together.
        stages: u64,
        /// Updates that the sequence runs.
        updates: u64,
    },
    /// Momentum is cycled although the optimizer's is 0.
    #[error(
        "momentum is cycled although the optimizer's momentum of group {group:?} is 0: set cycle_momentum = false to leave it \
         at 0"
    )]
    CyclesZeroMomentum {
        /// The group.
        group: String,
    },
    /// A setting without effect.
    #[error("{setting} has no effect: {reason}")]
    Unused {
        /// The setting.
        setting: &'static str,
        /// Why it has none.
        reason: &'static str,
    },
}

/// Six significant digits, which is what a reader can use.
fn short(value: f64) -> String {
    let rounded = format!("{value:.5e}").parse().unwrap_or(value);
    format!("{rounded:?}")
}

fn interval_advice(run: Span) -> &'static str {
    match run.unit {
        Interval::Epoch => " (lengths count epochs here; set interval = \"update\" to count updates)",
        Interval::Update => "",
    }
}
