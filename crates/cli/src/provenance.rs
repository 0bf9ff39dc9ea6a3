//! Where a study's records come from: each value once where all runs share it, else each with its runs.

use lrscope_report::Fact;
use lrscope_runner::record::{Measured, Published};
use lrscope_runner::study::{Collected, StudyRun};

use crate::manifest::PROGRAM;
use crate::recipe::arithmetic;

/// The most seeds that are listed one by one.
const LISTED: usize = 20;

/// Seed numbers in words: `0, 1, 2`; of many, neighbours are drawn together: `0 to 99, 120`.
pub fn seeds(numbers: &[u64]) -> String {
    if numbers.len() <= LISTED {
        return numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    }
    let neighbours = numbers.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    let words = neighbours.map(|part| match part {
        [first, .., last] => format!("{first} to {last}"),
        few => few.iter().map(u64::to_string).collect(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Runs in words, arm by arm: `seeds 0, 1`, or `cyclic: seeds 0, 1; fixed: seed 0` in a study of several arms.
pub fn runs<'a>(runs: impl IntoIterator<Item = (&'a str, &'a StudyRun)>, arms: usize) -> String {
    let mut by_arm: Vec<(&str, Vec<u64>)> = Vec::new();
    for (arm, run) in runs {
        match by_arm.last_mut() {
            Some((last, numbers)) if *last == arm => numbers.push(run.seed),
            _ => by_arm.push((arm, vec![run.seed])),
        }
    }
    let words = by_arm.iter().map(|(arm, numbers)| {
        let word = if numbers.len() == 1 { "seed" } else { "seeds" };
        let numbers = seeds(numbers);
        if arms == 1 { format!("{word} {numbers}") } else { format!("{arm}: {word} {numbers}") }
    });
    words.collect::<Vec<_>>().join("; ")
}

/// One value where all runs that have one share it, else each value with its runs.
fn shared(collected: &Collected, value: impl Fn(&Published) -> Option<String>) -> Option<String> {
    let mut found: Vec<(String, Vec<(&str, &StudyRun)>)> = Vec::new();
    for (arm, done) in collected.arms() {
        for (run, record) in done {
            let Some(value) = value(record) else { continue };
            let run = (arm.name.as_str(), run);
            match found.iter_mut().find(|(other, _)| *other == value) {
                Some((_, runs)) => runs.push(run),
                None => found.push((value, vec![run])),
            }
        }
    }
    let arms = collected.study.arms.len();
    match found.as_slice() {
        [] => None,
        [(value, _)] => Some(value.clone()),
        several => {
            let words = several.iter().map(|(value, of)| format!("{value} ({})", runs(of.iter().copied(), arms)));
            Some(words.collect::<Vec<_>>().join("; "))
        }
    }
}

fn fact(name: &str, value: Option<String>) -> Option<Fact> {
    value.map(|value| Fact::new(name, value))
}

/// The arithmetic and the program that the records were made with, and this program where it is another one.
pub fn made_with(collected: &Collected) -> Vec<Fact> {
    let program = |record: &Published| {
        let program = record.measured.as_ref().map_or("an lrscope whose version was not kept", |it| &it.program);
        Some(format!("{program}, numerics version {}", record.spec.numerics))
    };
    let others = collected.records().any(|record| record.measured.as_ref().is_none_or(|it| it.program != PROGRAM));
    let facts = [
        fact("arithmetic", shared(collected, |record| Some(arithmetic(&record.spec)))),
        fact("program", shared(collected, program)),
        fact("page made by", others.then(|| PROGRAM.into())),
    ];
    facts.into_iter().flatten().collect()
}

/// What was measured and need not repeat.
pub fn measured(collected: &Collected) -> Vec<Fact> {
    let measured = || collected.records().filter_map(|record| record.measured.as_ref());
    let count = measured().count();
    if count == 0 {
        return Vec::new();
    }
    let seconds: f64 = measured().map(|one| one.clocks.training_seconds).sum();
    let evaluation: f64 = measured().map(|one| one.clocks.evaluation_seconds).sum();
    let of = |value: fn(&Measured) -> Option<String>| shared(collected, |record| value(record.measured.as_ref()?));
    let facts = [
        fact("machine", of(|one| Some(machine(one)))),
        fact("device", of(|one| one.device.clone())),
        fact("threads per run", of(|one| Some(one.threads.to_string()))),
        fact("time in updates", Some(format!("{seconds:.1} s over {count} runs"))),
        fact("time in evaluations", Some(format!("{evaluation:.1} s"))),
    ];
    facts.into_iter().flatten().collect()
}

fn machine(measured: &Measured) -> String {
    let machine = &measured.machine;
    let cpu = machine.cpu.as_ref().unwrap_or(&machine.arch);
    let cores = machine.logical_cores.map_or_else(String::new, |cores| format!(", {cores} cores"));
    format!("{cpu}{cores}, {}", machine.os)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_seeds_are_listed_and_of_many_neighbours_are_drawn_together() {
        assert_eq!(seeds(&[0, 1, 2, 7]), "0, 1, 2, 7");
        let many: Vec<u64> = (0..30).chain([40, 50, 51]).collect();
        assert_eq!(seeds(&many), "0 to 29, 40, 50 to 51");
    }
}
