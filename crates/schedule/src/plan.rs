//! A schedule for given parameter groups: which rate and momentum each group uses at any step.

use std::cell::RefCell;

use crate::curve::{Builder, Curve, Moment};
use crate::error::{Problem, ScheduleError};
use crate::metric::Measurement;
use crate::rates::{Group, Point, Rates};
use crate::resolve::{Context, Range};
use crate::scale_fn::{CompileError, ScaleFn};
use crate::spec::ScheduleSpec;

/// A resolved schedule for given parameter groups: a pure function of the step and the evaluations so far.
///
/// ```
/// use lrscope_schedule::{Cyclic, Group, Plan, ScheduleSpec};
///
/// let weights = Group { name: "weights".into(), lr_mult: 1.0, momentum: Some(0.9) };
/// let bias = Group { name: "bias".into(), lr_mult: 2.0, momentum: Some(0.9) };
/// let spec = ScheduleSpec::from(Cyclic::new(0.001, 0.006));
/// let plan = Plan::new(&spec, &[weights, bias], 500, &|text| Err(format!("no {text}").into()))?;
/// let peak = plan.at(2000)?;
/// assert_eq!((peak.0[0].lr, peak.0[0].momentum), (0.006, Some(0.8)));
/// assert_eq!((peak.0[1].lr, peak.0[1].momentum), (0.012, Some(0.8)));
/// # Ok::<(), lrscope_schedule::ScheduleError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    spec: ScheduleSpec,
    groups: Vec<Group>,
    steps_per_epoch: u64,
    curve: Curve,
    scale_fns: Vec<ScaleFn>,
}

impl Plan {
    /// A plan from a specification without references to a pick; `compile` makes a function of a `scale_fn`'s text.
    ///
    /// Everything that can be known without a step is checked here.
    pub fn new(
        spec: &ScheduleSpec,
        groups: &[Group],
        steps_per_epoch: u64,
        compile: &dyn Fn(&str) -> Result<ScaleFn, CompileError>,
    ) -> Result<Self, ScheduleError> {
        if groups.is_empty() {
            return Err(ScheduleError { place: "groups".to_owned(), problem: Problem::NoGroups });
        }
        groups.iter().try_for_each(check_group)?;
        let momentum = groups.iter().all(|group| group.momentum.is_some());
        let context = Context { steps_per_epoch, pick: None, momentum, evaluated: None };
        let spec = spec.resolve(&context)?;
        let place = spec.kind().to_owned();
        let compiled = RefCell::new(Vec::new());
        let compile = |text: &str| compile(text).inspect(|function| compiled.borrow_mut().push(function.clone()));
        let curve = spec.curve(&Builder { groups, steps_per_epoch, compile: &compile, place })?;
        Ok(Self { spec, groups: groups.to_vec(), steps_per_epoch, curve, scale_fns: compiled.into_inner() })
    }

    /// The resolved specification.
    pub fn spec(&self) -> &ScheduleSpec {
        &self.spec
    }

    /// The parameter groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Updates in one epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.steps_per_epoch
    }

    /// Rate and momentum of every group for update number `step`, with no evaluation made so far.
    ///
    /// A step past the end of a one-cycle schedule and a `scale_fn` whose value gives no rate or no momentum are errors.
    pub fn at(&self, step: u64) -> Result<Rates, ScheduleError> {
        self.at_with(step, &[])
    }

    /// Rate and momentum of every group for update number `step`, given the evaluations of the run in the order in which
    /// they were made.
    ///
    /// Only evaluations after at most `step` updates are looked at, so that the history of a whole run may be given for
    /// any of its steps. One without an accuracy is an error where the schedule follows the accuracy.
    pub fn at_with(&self, step: u64, history: &[Measurement]) -> Result<Rates, ScheduleError> {
        let moment = Moment { step, start: 0, history };
        let point = |(index, group)| self.point(moment, index, group);
        self.groups.iter().enumerate().map(point).collect::<Result<_, _>>().map(Rates)
    }

    /// The schedule's own rate for update number `step`, before any group's `lr_mult`: what figures and tables call the learning
    /// rate, and what a range test's pick is in.
    ///
    /// Where the schedule gives every group a rate of its own it is the largest one that trains anything (`lr_mult` above 0),
    /// so that the order of the groups changes nothing.
    pub fn scheduled_rate(&self, step: u64, history: &[Measurement]) -> Result<f64, ScheduleError> {
        let moment = Moment { step, start: 0, history };
        let some_train = self.groups.iter().any(|group| group.lr_mult > 0.0);
        let counts = |(_, group): &(usize, &Group)| group.lr_mult > 0.0 || !some_train;
        self.groups.iter().enumerate().filter(counts).try_fold(0.0_f64, |largest, (index, _)| {
            let value = self.curve.at(moment, index)?.lr;
            if value.is_finite() && value >= 0.0 {
                Ok(largest.max(value))
            } else {
                Err(self.fault(Problem::RateAt { step, value }))
            }
        })
    }

    fn point(&self, moment: Moment<'_>, index: usize, group: &Group) -> Result<Point, ScheduleError> {
        let scheduled = self.curve.at(moment, index)?;
        let lr = scheduled.lr * group.lr_mult;
        let momentum = scheduled.momentum.or(group.momentum);
        let step = moment.step;
        if !(lr.is_finite() && lr >= 0.0) {
            return Err(self.fault(Problem::RateAt { step, value: lr }));
        }
        match momentum {
            Some(value) if !(0.0..1.0).contains(&value) => Err(self.fault(Problem::MomentumAt { step, value })),
            _ => Ok(Point { lr, momentum }),
        }
    }

    fn fault(&self, problem: Problem) -> ScheduleError {
        let place = self.spec.kind().to_owned();
        ScheduleError { place, problem }
    }

    /// The function that was made of a `scale_fn`'s text.
    pub(crate) fn scale_fn(&self, text: &str) -> Option<&ScaleFn> {
        self.scale_fns.iter().find(|function| function.text() == text)
    }

    /// The rate of group `index` before its multiplier.
    pub(crate) fn scheduled_lr(&self, step: u64, index: usize) -> Result<f64, ScheduleError> {
        let moment = Moment { step, start: 0, history: &[] };
        self.curve.at(moment, index).map(|point| point.lr)
    }

    /// Whether rates depend on the evaluations so far.
    pub fn needs_metric(&self) -> bool {
        self.spec.needs_metric()
    }

    /// Makes sure that every update of a run of `total_steps` has a rate and a momentum, and returns the first error: what a run
    /// would stumble over later.
    ///
    /// A run of any length is checked at once: rates are computed where they are highest and lowest, which the kind of schedule
    /// knows. A `scale_fn` alone may have any value anywhere. It is asked for every one of its first million values
    /// (about 200,000 cycles), and beyond them for as many, evenly spread; an error that is missed there is the error of
    /// [`Plan::at`] when the run gets to it.
    pub fn check(&self, total_steps: u64) -> Result<(), ScheduleError> {
        if total_steps == 0 {
            return Ok(());
        }
        let mut sound = None;
        for step in self.spec.turns(self.steps_per_epoch, total_steps) {
            if self.at(step).is_err() {
                return self.at(self.first_fault(sound, step)).map(drop);
            }
            sound = Some(step);
        }
        Ok(())
    }

    /// The first update without a rate, after one that has a rate and up to one that has none: between them rates go one way.
    fn first_fault(&self, sound: Option<u64>, faulty: u64) -> u64 {
        let Some(mut sound) = sound else { return faulty };
        let mut faulty = faulty;
        while faulty - sound > 1 {
            let middle = u64::midpoint(sound, faulty);
            if self.at(middle).is_ok() {
                sound = middle;
            } else {
                faulty = middle;
            }
        }
        faulty
    }
}

fn check_group(group: &Group) -> Result<(), ScheduleError> {
    let fault = |field: &str, problem| {
        let place = format!("group {:?}.{field}", group.name);
        Err(ScheduleError { place, problem })
    };
    let value = group.lr_mult;
    if !(value.is_finite() && value >= 0.0) {
        return fault("lr_mult", Problem::Multiplier { value });
    }
    match group.momentum.map(|momentum| Range::BELOW_ONE.check(momentum)) {
        Some(Err(problem)) => fault("momentum", problem),
        _ => Ok(()),
    }
}
