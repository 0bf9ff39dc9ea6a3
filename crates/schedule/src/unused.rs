//! Settings that a specification has and that change nothing.

use crate::cyclic::{Cyclic, CyclicMode, ScaleMode};
use crate::lint::{Finding, Lint};
use crate::spec::ScheduleSpec;

impl ScheduleSpec {
    /// Settings that have no effect. Resolving drops them, so ask the specification as it was written.
    pub fn unused_settings(&self) -> Vec<Lint> {
        unused(self, self.kind())
    }
}

fn unused(spec: &ScheduleSpec, place: &str) -> Vec<Lint> {
    match spec {
        ScheduleSpec::Cyclic(cyclic) => {
            let finding =
                |(setting, reason)| Lint { place: place.to_owned(), finding: Finding::Unused { setting, reason } };
            cyclic.unused().into_iter().map(finding).collect()
        }
        ScheduleSpec::Sequential(sequence) => {
            let inside = |(index, schedule): (usize, &ScheduleSpec)| {
                unused(schedule, &format!("{place}.stages[{index}].schedule.{}", schedule.kind()))
            };
            let schedules = sequence.stages.iter().map(|stage| &stage.schedule);
            schedules.enumerate().flat_map(inside).collect()
        }
        _ => Vec::new(),
    }
}

impl Cyclic {
    fn unused(&self) -> Vec<(&'static str, &'static str)> {
        let custom = self.scale_fn.is_some();
        let decays = matches!(self.mode, CyclicMode::ExpRange | CyclicMode::ExpRangePaper);
        let mut found = Vec::new();
        if custom && self.mode != CyclicMode::default() {
            found.push(("mode", "scale_fn takes its place"));
        }
        if self.gamma < 1.0 && custom {
            found.push(("gamma", "only the exp_range modes use it, and scale_fn takes their place"));
        } else if self.gamma < 1.0 && !decays {
            found.push(("gamma", "only the exp_range modes use it"));
        }
        if !custom && self.scale_mode != ScaleMode::default() {
            found.push(("scale_mode", "it is for scale_fn, and there is none"));
        }
        found
    }
}
