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
        write!(f, "{} {}", self.count, self.unit_name(self.count == 1))
    }
}

/// Advice as it stands, and where updates are counted and epochs may have been meant.
pub(crate) type Advice = (&'static str, &'static str);

pub(crate) const RAISE_GAMMA: Advice =
    ("raise gamma", "raise gamma, or set interval = \"epoch\" if it was meant per epoch");
pub(crate) const LOWER_GAMMA: Advice =
    ("lower gamma or power", "lower gamma or power, or set interval = \"epoch\" if it was meant per epoch");

impl Span {
    /// Which advice is for what is counted here.
    pub(crate) fn advice(self, (plain, of_updates): Advice) -> &'static str {
        match self.unit {
            Interval::Epoch => plain,
            Interval::Update => of_updates,
        }
    }

    /// The unit's name, of one or of many.
    fn unit_name(self, one: bool) -> &'static str {
        match (self.unit, one) {
            (Interval::Update, true) => "update",
            (Interval::Update, false) => "updates",
            (Interval::Epoch, true) => "epoch",
            (Interval::Epoch, false) => "epochs",
        }
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
    /// A cycle that is over before the rate has been set twice.
    #[error(
        "a cycle of {cycle} {unit} is too short to be followed, since the rate is set once an {one}: it {course}; make a cycle at \
         least 2 {many} long",
        unit = run.unit_name(*cycle <= 1.0),
        one = run.unit_name(true),
        many = run.unit_name(false),
        course = course(*lowest, *highest)
    )]
    CycleTooShort {
        /// Length of the cycle.
        cycle: f64,
        /// How long the schedule runs.
        run: Span,
        /// The lowest rate.
        lowest: f64,
        /// The highest rate.
        highest: f64,
    },
    /// A peak between two updates, far from both.
    #[error(
        "the peak is never reached: with a rise of {rise} {unit} it lies between two {unit}, and the rate gets only {percent:.0} % \
         of the way up to max_lr; make step_size_up a whole number, or longer",
        unit = run.unit_name(false),
        percent = 100.0 * share
    )]
    PeakBetweenUpdates {
        /// Length of the rise.
        rise: f64,
        /// How long the schedule runs.
        run: Span,
        /// How much of the way from the lower to the upper bound the highest rate is.
        share: f64,
    },
    /// Two equal bounds.
    #[error("base_lr and max_lr are the same, so the rate never moves: set them apart, or use a constant schedule")]
    NoAmplitude,
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
        "{what} falls below {share:?} of its first value at {from}, long before the end of the run ({run}): {advice}"
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
        /// What to do.
        advice: &'static str,
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

/// What a rate does that is all that is left of a cycle.
fn course(lowest: f64, highest: f64) -> String {
    if highest <= lowest {
        format!("stays at {}", short(lowest))
    } else {
        format!("moves between {} and {} in another rhythm", short(lowest), short(highest))
    }
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
