//! Does a study say the same of its runs as their records do? Its first version has no checksum, and files can be edited.

use serde_json::Value;

use super::{Question, Study, StudyArm, StudyRun};
use crate::experiment::{Experiment, Source};
use crate::random::Family;
use crate::record::Published;
use crate::resolve;
use crate::spec::{DeviceClass, RunSpec};

/// A run with its record.
type Done<'a> = (&'a StudyRun, &'a Published);

/// The first thing on which a study and its records disagree, in words. `arms` are the study's, each with its done runs.
pub(super) fn disagreement(study: &Study, arms: &[(&StudyArm, Vec<Done>)]) -> Option<String> {
    let experiment = experiment(study);
    let checked = seeds(study, experiment.as_ref()).and_then(|()| {
        for (index, (arm, done)) in arms.iter().enumerate() {
            done.iter().try_for_each(|(run, record)| of_run(study.question, arm, run, record))?;
            alike(arm, done)?;
            if let (Some(experiment), Some((run, record))) = (&experiment, done.first()) {
                of_configuration(study.question, experiment, index, arm, run, &record.spec)?;
            }
        }
        same_but_for_schedules(arms)
    });
    checked.err()
}

/// The study's configuration; nothing where this version cannot read it, which the report says.
fn experiment(study: &Study) -> Option<Experiment> {
    let source = Source { origin: "the study's configuration".into(), text: study.configuration.clone() };
    source.parse().ok()
}

/// Every arm has the seeds 0, 1, 2 … of the configuration, and the arms are those of the configuration.
fn seeds(study: &Study, experiment: Option<&Experiment>) -> Result<(), String> {
    let planned = experiment.map(|experiment| match study.question {
        Question::RangeTest => experiment.range_test.seeds,
        Question::Comparison | Question::Training => experiment.training.seeds,
    });
    for StudyArm { name, runs, .. } in &study.arms {
        let numbers = runs.iter().map(|run| run.seed);
        if !numbers.clone().eq(0..runs.len() as u64) || planned.is_some_and(|planned| planned != runs.len() as u64) {
            let found: Vec<String> = numbers.map(|seed| seed.to_string()).collect();
            let planned = planned.map_or_else(String::new, |planned| format!(" of {planned}"));
            return Err(format!("arm {name:?} has the seeds {}, not 0, 1, 2 …{planned}", found.join(", ")));
        }
    }
    let Some(experiment) = experiment.filter(|_| study.question == Question::Comparison) else { return Ok(()) };
    let configured = experiment.arms.iter().map(|arm| &arm.name);
    if configured.clone().eq(study.arms.iter().map(|arm| &arm.name)) {
        return Ok(());
    }
    let quoted = |names: Vec<&String>| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let found = quoted(study.arms.iter().map(|arm| &arm.name).collect());
    Err(format!("its arms are {found}, those of its configuration {}", quoted(configured.collect())))
}

/// A run's seed, family and schedule are those of its record.
fn of_run(question: Question, arm: &StudyArm, run: &StudyRun, record: &Published) -> Result<(), String> {
    let spec = &record.spec;
    let family = if question == Question::RangeTest { Family::RangeTest } else { Family::Training };
    if spec.seed.number != run.seed || spec.seed.family != family {
        let what = if spec.seed.family == family { "" } else { " of another kind of run" };
        return Err(at(arm, run, &format!("its record is that of seed {}{what}", spec.seed.number)));
    }
    let recorded = spec.schedule.to_string();
    if same_words(&arm.schedule, &recorded) {
        return Ok(());
    }
    Err(at(arm, run, &format!("its record was made with the schedule {recorded:?}, not {:?}", arm.schedule)))
}

/// Whether two lines about a schedule speak of the same one: how it is worded may change from version to version, its kind and
/// its numbers do not.
fn same_words(said: &str, recorded: &str) -> bool {
    let kind = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned);
    let numbers = |text: &str| -> Vec<f64> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || ".+-".contains(c)));
        words.filter_map(|word| word.trim_end_matches('.').parse::<f64>().ok()).collect()
    };
    let recorded_numbers = numbers(recorded);
    kind(said) == kind(recorded)
        && numbers(said).iter().all(|number| recorded_numbers.iter().any(|other| other.to_bits() == number.to_bits()))
}

fn at(arm: &StudyArm, run: &StudyRun, problem: &str) -> String {
    format!("arm {:?}, seed {}: run {}: {problem}", arm.name, run.seed, run.id)
}

/// A specification without what tells the runs of an arm apart: the seed, and where it was computed, which the report says.
fn common(spec: &RunSpec) -> RunSpec {
    let mut spec = spec.clone();
    spec.seed.number = 0;
    (spec.numerics, spec.device, spec.isa) = (0, DeviceClass::Cpu, String::new());
    spec
}

/// The runs of an arm are the same but for the seed.
fn alike(arm: &StudyArm, done: &[Done]) -> Result<(), String> {
    let Some(((_, first), others)) = done.split_first() else { return Ok(()) };
    let first = common(&first.spec);
    match others.iter().find(|(_, record)| common(&record.spec) != first) {
        None => Ok(()),
        Some((run, _)) => Err(at(arm, run, "its record differs from the arm's first in more than the seed")),
    }
}

/// The arms are the same but for their schedules.
fn same_but_for_schedules(arms: &[(&StudyArm, Vec<Done>)]) -> Result<(), String> {
    let mut firsts = arms.iter().filter_map(|(arm, done)| done.first().map(|(run, record)| (arm, run, record)));
    let Some((_, _, first)) = firsts.next() else { return Ok(()) };
    let first = common(&first.spec);
    let same = |spec: &RunSpec| RunSpec { schedule: first.schedule.clone(), ..common(spec) } == first;
    match firsts.find(|(_, _, record)| !same(&record.spec)) {
        None => Ok(()),
        Some((arm, run, _)) => {
            Err(at(arm, run, "its record differs from the first arm's in more than schedule and seed"))
        }
    }
}

/// An arm's records are of the experiment that the configuration describes.
fn of_configuration(
    question: Question,
    experiment: &Experiment,
    index: usize,
    arm: &StudyArm,
    run: &StudyRun,
    spec: &RunSpec,
) -> Result<(), String> {
    let (data, recorded) = (&experiment.data, &spec.data);
    let groups = experiment.groups.is_empty() || experiment.groups == spec.groups;
    let parts = [
        ("data set", data.name == recorded.name),
        ("normalization", data.normalization == recorded.normalization),
        ("train_limit", data.train_limit == recorded.train_limit),
        ("batch_size", data.batch_size == recorded.batch_size),
        ("accumulation_steps", data.accumulation_steps == recorded.accumulation_steps),
        ("drop_last", data.drop_last == recorded.drop_last),
        ("model", experiment.model == spec.model),
        ("optimizer", experiment.optimizer == spec.optimizer),
        ("loss", experiment.loss == spec.loss),
        ("parameter groups", groups),
        ("dtype", experiment.training.dtype == spec.dtype),
        ("schedule", of_schedule(question, experiment, index, spec)),
    ];
    match parts.iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((part, _)) => Err(at(arm, run, &format!("its record has another {part} than the study's configuration"))),
    }
}

/// Whether a record's schedule is the configured one of its arm, as far as that names numbers itself.
fn of_schedule(question: Question, experiment: &Experiment, index: usize, spec: &RunSpec) -> bool {
    let configured = match question {
        Question::RangeTest => return true,
        Question::Comparison => experiment.arms.get(index).map(|arm| &arm.schedule),
        Question::Training => experiment.schedule.as_ref(),
    };
    let Some(configured) = configured else { return true };
    let resolved = |base_lr, max_lr| {
        let pick = Some(lrscope_schedule::Pick { base_lr, max_lr });
        let schedule = configured.resolve(&resolve::context_of(spec, pick)).ok()?;
        serde_json::to_value(schedule).ok()
    };
    // What differs between two picks is the pick's; what cannot be resolved with a made-up one cannot be told.
    let (Some(one), Some(other)) = (resolved(0.01, 0.1), resolved(0.013, 0.17)) else { return true };
    serde_json::to_value(&spec.schedule).is_ok_and(|recorded| agree(&recorded, &one, &other))
}

/// Whether a record's value is the configured one wherever both pictures of the configuration say the same.
fn agree(recorded: &Value, one: &Value, other: &Value) -> bool {
    match (recorded, one, other) {
        (Value::Object(recorded), Value::Object(one), Value::Object(other)) => {
            // A table with one key names a kind.
            let kinds = recorded.len() != 1 || one.len() != 1 || recorded.keys().eq(one.keys());
            let fields = recorded.iter().filter_map(|(key, value)| Some((value, one.get(key)?, other.get(key)?)));
            kinds && fields.into_iter().all(|(value, one, other)| agree(value, one, other))
        }
        (Value::Array(recorded), Value::Array(one), Value::Array(other)) if recorded.len() == one.len() => {
            recorded.iter().zip(one).zip(other).all(|((value, one), other)| agree(value, one, other))
        }
        (Value::Number(recorded), Value::Number(one), Value::Number(other)) => {
            let (recorded, one, other) = (recorded.as_f64(), one.as_f64(), other.as_f64());
            // Versions may round a length in epochs in another way.
            let rounded =
                |(a, b): (f64, f64)| a.to_bits() == b.to_bits() || (a >= 1.0 && b >= 1.0 && (a - b).abs() <= 1.0);
            one != other || recorded.zip(one).is_none_or(rounded)
        }
        (Value::String(recorded), Value::String(one), _) => recorded == one,
        (Value::Bool(recorded), Value::Bool(one), _) => recorded == one,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_change_but_not_kind_or_numbers() {
        let recorded = "cyclic triangular2, base_lr 0.00786, max_lr 0.0315, step_size_up 782";
        for said in [recorded, "cyclic: 0.00786 to 0.0315, up in 782", "cyclic"] {
            assert!(same_words(said, recorded), "{said}");
        }
        for said in ["constant, lr 0.00786", "cyclic triangular2, base_lr 0.00785, max_lr 0.0315", ""] {
            assert!(!same_words(said, recorded), "{said}");
        }
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap_or(Value::Null)
    }

    #[test]
    fn what_a_pick_decides_is_not_compared() {
        let one = value(r#"{"cyclic": {"base_lr": 0.01, "max_lr": 0.5, "step_size_up": 100.0, "mode": "triangular"}}"#);
        let other =
            value(r#"{"cyclic": {"base_lr": 0.013, "max_lr": 0.5, "step_size_up": 100.0, "mode": "triangular"}}"#);
        let recorded = |text: &str| agree(&value(text), &one, &other);
        assert!(recorded(
            r#"{"cyclic": {"base_lr": 0.02, "max_lr": 0.5, "step_size_up": 100.0, "mode": "triangular"}}"#
        ));
        assert!(recorded(r#"{"cyclic": {"base_lr": 0.02, "max_lr": 0.5, "step_size_up": 101, "new": 1}}"#));
        assert!(!recorded(r#"{"cyclic": {"base_lr": 0.02, "max_lr": 0.4}}"#));
        assert!(!recorded(r#"{"cyclic": {"base_lr": 0.02, "mode": "triangular2"}}"#));
        assert!(!recorded(r#"{"constant": {"lr": 0.5}}"#));
    }
}
