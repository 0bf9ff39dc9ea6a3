//! Looking over a schedule for what [`Finding`] lists.

mod scale;

use crate::cosine::Cosine;
use crate::length::{Interval, Length};
use crate::lint::{Finding, LOWER_GAMMA, Lint, RAISE_GAMMA, Span};
use crate::plan::Plan;
use crate::plateau::ReduceOnPlateau;
use crate::sequential::Sequential;
use crate::spec::ScheduleSpec;

/// Below this share of its first value a rate is as good as gone.
const GONE_RATE: f64 = 1e-9;

impl Plan {
    /// What is probably not meant about this schedule in a run of `total_steps` updates.
    ///
    /// ```
    /// use lrscope_schedule::{Cyclic, Group, Interval, Plan, ScheduleSpec};
    ///
    /// // A 2,000-step ramp, stepped once per epoch for 20 epochs of 500 updates.
    /// let spec = ScheduleSpec::from(Cyclic { interval: Some(Interval::Epoch), ..Cyclic::new(0.001, 0.006) });
    /// let group = Group { name: "all".into(), lr_mult: 1.0, momentum: Some(0.9) };
    /// let plan = Plan::new(&spec, &[group], 500, &|text| Err(format!("no {text}").into()))?;
    /// let lints = plan.lint(20 * 500);
    /// assert!(lints[0].to_string().starts_with(
    ///     "cyclic: max_lr 0.006 is never reached: the rise takes 2000, the run has 20 epochs; \
    ///      the highest rate will be 0.0010475 at step 9500"
    /// ));
    /// # Ok::<(), lrscope_schedule::ScheduleError>(())
    /// ```
    pub fn lint(&self, total_steps: u64) -> Vec<Lint> {
        self.lint_with(total_steps, None)
    }

    /// The same for a run that is evaluated after every `every` updates: also whether a schedule that follows a metric gets
    /// as many values of it as it needs. Without `every` nothing is said of that.
    pub fn lint_with(&self, total_steps: u64, every: Option<u64>) -> Vec<Lint> {
        let place = self.spec().kind().to_owned();
        let every = every.filter(|every| *every > 0);
        let (updates, followed) = (total_steps, false);
        let stretch = Stretch { plan: self, place, start: 0, updates, every, followed, slack: 0 };
        if total_steps == 0 { Vec::new() } else { stretch.inspect(self.spec()) }
    }
}

/// The part of a run that a schedule drives: at least one update.
pub(crate) struct Stretch<'a> {
    pub(crate) plan: &'a Plan,
    place: String,
    start: u64,
    pub(crate) updates: u64,
    /// Updates between evaluations, where that is known.
    every: Option<u64>,
    /// Whether another stage takes over at the end.
    pub(crate) followed: bool,
    /// Updates by which the end may be off because lengths in epochs, of stages and of the run, are rounded to whole ones.
    slack: u64,
}

impl Stretch<'_> {
    fn inspect(&self, spec: &ScheduleSpec) -> Vec<Lint> {
        let findings = match spec {
            ScheduleSpec::Constant(_) => Vec::new(),
            ScheduleSpec::ReduceOnPlateau(it) => self.plateau(it).into_iter().collect(),
            ScheduleSpec::Step(it) => {
                let (run, step_size) = (self.run(it.interval), it.step_size.whole());
                let never = run.count <= step_size;
                let never = never.then_some(Finding::NeverDecays { step_size, run });
                never.or_else(|| self.vanishing(run, "raise gamma or step_size")).into_iter().collect()
            }
            ScheduleSpec::MultiStep(it) => self.milestones(&it.milestones, self.run(it.interval)),
            ScheduleSpec::Exponential(it) => {
                let run = self.run(it.interval);
                self.vanishing(run, run.advice(RAISE_GAMMA)).into_iter().collect()
            }
            ScheduleSpec::InverseDecay(it) => {
                let run = self.run(it.interval);
                self.vanishing(run, run.advice(LOWER_GAMMA)).into_iter().collect()
            }
            ScheduleSpec::Linear(it) => self.ramp(it.total, self.run(it.interval)),
            ScheduleSpec::Polynomial(it) => self.ramp(it.total, self.run(it.interval)),
            ScheduleSpec::PaperDecay(it) => self.ramp(it.length, self.run(it.interval)),
            // The update after the last but one has the last rate: so long a sweep is a linear warm-up of steps - 1.
            ScheduleSpec::Sweep(it) if self.updates + 1 >= it.steps.whole() => Vec::new(),
            ScheduleSpec::Sweep(it) => self.ramp(it.steps, self.run(None)),
            ScheduleSpec::Cosine(it) => self.cosine(it),
            ScheduleSpec::CosineWarmRestarts(it) => self.restarts(it),
            ScheduleSpec::OneCycle(it) => self.one_cycle(it),
            ScheduleSpec::Cyclic(it) => self.cyclic(it),
            ScheduleSpec::Sequential(it) => return self.sequential(it),
        };
        findings.into_iter().map(|finding| self.lint(finding)).collect()
    }

    fn lint(&self, finding: Finding) -> Lint {
        Lint { place: self.place.clone(), finding }
    }

    /// How long the schedule runs, in what it counts.
    pub(crate) fn run(&self, interval: Option<Interval>) -> Span {
        let unit = interval.unwrap_or_default();
        Span { count: self.updates.div_ceil(self.per(unit)), unit }
    }

    fn per(&self, unit: Interval) -> u64 {
        unit.updates(self.plan.steps_per_epoch()).max(1)
    }

    /// The slack in what the run counts: a few updates are no epoch.
    pub(crate) fn slack_in(&self, run: Span) -> u64 {
        match run.unit {
            Interval::Update => self.slack,
            Interval::Epoch => 0,
        }
    }

    /// Whether the run ends before a length does, by more than rounding.
    pub(crate) fn falls_short(&self, run: Span, length: u64) -> bool {
        run.count + self.slack_in(run) < length
    }

    /// The first group's rate at a count; NaN where there is none.
    pub(crate) fn lr(&self, count: u64, unit: Interval) -> f64 {
        self.lr_at(self.start + count * self.per(unit))
    }

    fn lr_at(&self, step: u64) -> f64 {
        self.plan.scheduled_lr(step, 0).unwrap_or(f64::NAN)
    }

    pub(crate) fn last_lr(&self, run: Span) -> f64 {
        self.lr(run.count - 1, run.unit)
    }

    /// Whether no group has a rate above 0 at a count.
    fn stands_still(&self, count: u64, unit: Interval) -> bool {
        let step = self.start + count * self.per(unit);
        (0..self.plan.groups().len()).all(|group| self.plan.scheduled_lr(step, group).is_ok_and(|lr| lr == 0.0))
    }

    /// The highest rate and its update, among some updates of the stretch.
    pub(crate) fn highest(&self, turns: &[u64]) -> (f64, u64) {
        let rates = turns.iter().map(|turn| (self.lr_at(self.start + turn), self.start + turn));
        let higher = |best: (f64, u64), one: (f64, u64)| if one.0 > best.0 { one } else { best };
        rates.fold((f64::NEG_INFINITY, self.start), higher)
    }

    fn vanishing(&self, run: Span, advice: &'static str) -> Option<Finding> {
        let gone = GONE_RATE * self.lr(0, run.unit);
        let (mut present, mut absent) = (0, run.count - 1);
        // A step before the last is what is asked for: a rate that vanishes at the end does no harm.
        if run.count < 2 || self.lr(absent, run.unit) >= gone {
            return None;
        }
        while absent - present > 1 {
            let middle = u64::midpoint(present, absent);
            if self.lr(middle, run.unit) >= gone {
                present = middle;
            } else {
                absent = middle;
            }
        }
        Some(Finding::Vanishes { what: "the rate", share: GONE_RATE, from: absent, run, advice })
    }

    /// A plateau schedule without as many evaluations as its first reduction takes: one to be the best so far, and one more
    /// than are let pass. The last of them must come before the last update.
    fn plateau(&self, it: &ReduceOnPlateau) -> Option<Finding> {
        let every = self.every?;
        let evaluations = (self.start + self.updates - 1) / every - self.start / every;
        let needed = it.patience.saturating_add(2);
        let run = self.run(None);
        (evaluations < needed).then_some(Finding::NeverReduced { evaluations, needed, run })
    }

    fn milestones(&self, milestones: &[Length], run: Span) -> Vec<Finding> {
        let beyond = milestones.iter().map(|at| at.whole()).filter(|at| *at >= run.count);
        let beyond: Vec<u64> = beyond.collect();
        let found = (!beyond.is_empty()).then_some(Finding::MilestonesBeyondEnd { milestones: beyond, run });
        found.into_iter().chain(self.vanishing(run, "raise gamma or leave milestones out")).collect()
    }

    /// What goes from one rate to another and stops there.
    fn ramp(&self, total: Length, run: Span) -> Vec<Finding> {
        let total = total.whole();
        if self.falls_short(run, total) {
            vec![Finding::Unfinished { total, run, last: self.last_lr(run) }]
        } else if run.count > total + self.slack_in(run) && self.stands_still(run.count - 1, run.unit) {
            let from = if self.stands_still(0, run.unit) && self.stands_still(1, run.unit) { 0 } else { total };
            vec![Finding::ZeroRate { from, run }]
        } else {
            Vec::new()
        }
    }

    fn cosine(&self, it: &Cosine) -> Vec<Finding> {
        let (run, t_max) = (self.run(it.interval), it.t_max.whole());
        let last = self.last_lr(run);
        match run.count.checked_sub(t_max) {
            None if self.falls_short(run, t_max) => vec![Finding::Unfinished { total: t_max, run, last }],
            Some(beyond) if beyond > 1 + self.slack_in(run) => vec![Finding::RisesAgain { t_max, run, last }],
            None | Some(_) => Vec::new(),
        }
    }

    fn sequential(&self, it: &Sequential) -> Vec<Lint> {
        let starts = it.starts(self.per(it.interval.unwrap_or_default()));
        // Each stage's length and the run's own may have been rounded, by half an update each.
        let slack = it.stages.len().div_ceil(2) as u64;
        let mut found = Vec::new();
        for (index, (stage, start)) in it.stages.iter().zip(&starts).enumerate() {
            if stage.length.is_some_and(|length| length.whole() == 0) {
                continue;
            }
            let Some(left) = self.updates.checked_sub(*start).filter(|left| *left > 0) else {
                let (start, updates) = (*start, self.updates);
                found.push(self.lint(Finding::StageNeverStarts { stage: index, start, updates }));
                break;
            };
            let next = starts.get(index + 1).map_or(u64::MAX, |next| next - start);
            let place = format!("{}.stages[{index}].schedule.{}", self.place, stage.schedule.kind());
            let (start, updates, followed) = (self.start + start, left.min(next), next < left);
            let slack = if next <= left { 0 } else { slack };
            found.extend(Stretch { place, start, updates, followed, slack, ..*self }.inspect(&stage.schedule));
        }
        found.extend(self.overrun(it, &starts, slack));
        found
    }

    fn overrun(&self, it: &Sequential, starts: &[u64], slack: u64) -> Option<Lint> {
        let length = it.stages.last()?.length?;
        let per = self.per(it.interval.unwrap_or_default());
        let stages = starts.last()?.saturating_add(length.whole().saturating_mul(per));
        let updates = self.updates;
        (updates > stages.saturating_add(slack)).then(|| self.lint(Finding::GoesOnAfterLastStage { stages, updates }))
    }
}
