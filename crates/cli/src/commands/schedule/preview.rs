//! A schedule as a run would use it.

use lrscope_schedule::{Plan, Rates, ScheduleError};

use crate::progress::note;

/// A schedule as a run would use it.
pub struct Preview {
    /// Its arm's name, for where several are shown.
    pub name: String,
    /// The schedule, bound to the parameter groups.
    pub plan: Plan,
    /// Updates in the run.
    pub updates: u64,
    /// What its lint says.
    pub warnings: Vec<String>,
}

impl Preview {
    /// Says what a reader of the rates must know.
    pub fn warn(&self, several: bool) {
        let arm = if several { format!("arm {:?}: ", self.name) } else { String::new() };
        for warning in &self.warnings {
            note(&format!("warning: {arm}{warning}"));
        }
        if self.plan.needs_metric() {
            note(&format!(
                "note: {arm}these are the rates with no reduction: when reduce_on_plateau reduces them depends on the \
                 evaluations of the run"
            ));
        }
    }

    /// Every `every`-th update with what each parameter group uses.
    pub fn rows(&self, every: u64) -> impl Iterator<Item = Result<(u64, Rates), ScheduleError>> + '_ {
        let updates = (0..=(self.updates - 1) / every).map(move |row| row * every);
        updates.map(|step| Ok((step, self.plan.at(step)?)))
    }
}
