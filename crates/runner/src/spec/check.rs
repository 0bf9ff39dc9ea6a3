//! Whether a specification makes sense: one that comes from elsewhere than [`Setting`](crate::resolve::Setting) may not.

use super::{DataSpec, EvaluationSpec, NUMERICS_VERSION, RunSpec, StopRule};
use crate::experiment::Problem;
use crate::experiment::check::{
    MOST_STEPS, check_groups, check_model, check_optimizer, check_per_update, share, whole,
};
use crate::random::Family;
use crate::resolve::{self, DataFacts};

type Checked = Result<(), Problem>;

impl RunSpec {
    /// Checks every value that can be checked without the data itself and the device.
    ///
    /// # Errors
    /// The first value that makes no sense, by its key.
    pub fn check(&self, facts: &DataFacts) -> Checked {
        if self.numerics != NUMERICS_VERSION {
            let problem =
                format!("{} is not {NUMERICS_VERSION}, the version that this program computes", self.numerics);
            return Err(Problem::new("numerics", problem));
        }
        if !matches!(self.seed.family, Family::RangeTest | Family::Training) {
            let problem = format!("{:?} is not a family of runs; there are range_test and training", self.seed.family);
            return Err(Problem::new("seed.family", problem));
        }
        self.check_data(facts)?;
        check_model(&self.model)?;
        check_optimizer(&self.optimizer)?;
        share("loss.label_smoothing", self.loss.label_smoothing)?;
        if self.groups.is_empty() {
            return Err(Problem::new("groups", "there is none; a run has at least one parameter group"));
        }
        check_groups("groups", &self.groups)?;
        whole("steps", self.steps, 1, MOST_STEPS as u64)?;
        check_evaluation(&self.evaluation, &self.data)?;
        self.stop.map_or(Ok(()), check_stop)?;
        let planned = resolve::plan(self).and_then(|plan| plan.check(self.steps));
        planned.map_err(|error| Problem::new(resolve::setting_key("schedule", &error.place), error.problem.to_string()))
    }

    fn check_data(&self, facts: &DataFacts) -> Checked {
        let data = &self.data;
        if data.sha256 != facts.sha256 {
            let problem = format!("{:?} is not the hash of {}, which is {}", data.sha256, data.name, facts.sha256);
            return Err(Problem::new("data.sha256", problem));
        }
        check_per_update(data.batch_size, data.accumulation_steps)?;
        let Some(left) = facts.train.checked_sub(data.validation).filter(|left| *left > 0) else {
            let (validation, train) = (data.validation, facts.train);
            let problem = format!("{validation} leaves nothing to train on: the set has {train} training examples");
            return Err(Problem::new("data.validation", problem));
        };
        data.train_limit.map_or(Ok(()), |limit| whole("data.train_limit", limit, 1, left))?;
        let examples = data.train_limit.unwrap_or(left);
        let per_update = data.batch_size * data.accumulation_steps;
        let epoch = if data.drop_last { examples / per_update } else { examples.div_ceil(per_update) };
        if epoch == 0 {
            let problem = format!("{per_update} examples for an update are more than the {examples} that there are");
            return Err(Problem::new("data.batch_size", problem));
        }
        if epoch == self.steps_per_epoch {
            return Ok(());
        }
        let problem = format!("{} is not {epoch}, which the data and its batches make", self.steps_per_epoch);
        Err(Problem::new("steps_per_epoch", problem))
    }
}

fn check_evaluation(evaluation: &EvaluationSpec, data: &DataSpec) -> Checked {
    use crate::learner::Subset;
    evaluation.every.map_or(Ok(()), |every| whole("evaluation.every", every, 1, MOST_STEPS as u64))?;
    if evaluation.every.is_some() && evaluation.during == Subset::Validation && data.validation == 0 {
        let problem = "validation is empty, since data.validation is 0";
        return Err(Problem::new("evaluation.during", problem));
    }
    let twice = |(index, subset)| evaluation.after.iter().take(index).any(|earlier| earlier == subset);
    if evaluation.after.iter().enumerate().any(twice) {
        return Err(Problem::new("evaluation.after", "a subset stands there twice"));
    }
    Ok(())
}

fn check_stop(stop: StopRule) -> Checked {
    let StopRule::Divergence { factor, window } = stop else { return Ok(()) };
    whole("stop.divergence.window", window, 1, MOST_STEPS as u64)?;
    if factor.is_finite() && factor > 1.0 {
        return Ok(());
    }
    Err(Problem::new("stop.divergence.factor", format!("{factor} is not a finite number above 1")))
}
