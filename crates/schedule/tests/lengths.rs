//! Lengths in epochs are exact, and what is said about the end of a run follows the text and not the rounding of floats. The
//! oracle is arithmetic of whole numbers.
#![allow(clippy::float_cmp, reason = "whole numbers of updates give exact rates")]

use lrscope_schedule::{Finding, Group, Length, Lint, Plan, ScheduleSpec};
use proptest::prelude::*;

mod support;
use support::{compile, lr};

fn plan(text: &str, steps_per_epoch: u64) -> Plan {
    let spec: ScheduleSpec = toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let group = Group { name: "all".into(), lr_mult: 1.0, momentum: None };
    Plan::new(&spec, &[group], steps_per_epoch, &compile).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn is_of_the_end(lint: &Lint) -> bool {
    matches!(lint.finding, Finding::CycleLongerThanRun { .. } | Finding::BrokenLastCycle { .. })
}

/// A fraction as people write it, with its numerator and denominator.
#[derive(Debug, Clone)]
struct Fraction {
    text: String,
    numerator: u64,
    denominator: u64,
}

fn fraction() -> impl Strategy<Value = Fraction> {
    let decimal = (1..4_u32, 1..3000_u64).prop_map(|(places, number)| {
        let denominator = 10_u64.pow(places);
        let (whole, part) = (number / denominator, number % denominator);
        let text = format!("{whole}.{part:0width$}ep", width = places as usize);
        Fraction { text, numerator: number, denominator }
    });
    let proper = (1..50_u64, 1..30_u64).prop_map(|(numerator, denominator)| {
        let text = format!("{numerator}/{denominator}ep");
        Fraction { text, numerator, denominator }
    });
    let whole =
        (1..9_u64).prop_map(|number| Fraction { text: format!("{number}ep"), numerator: number, denominator: 1 });
    prop_oneof![3 => decimal, 1 => proper, 1 => whole]
}

/// ⌊n / d + ½⌋.
fn rounded(numerator: u64, denominator: u64) -> u64 {
    (2 * numerator + denominator) / (2 * denominator)
}

fn cyclic(up: &str, down: &str) -> String {
    format!("[cyclic]\nbase_lr = 0.25\nmax_lr = 0.75\nstep_size_up = {up}\nstep_size_down = {down}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// A run of a whole number of cycles, rounded to updates, is never said to end inside or before a cycle.
    #[test]
    fn whole_cycles_are_never_warned_of(up in fraction(), down in fraction(), cycles in 1..12_u64, per_epoch in 1..2000_u64) {
        let numerator = (up.numerator * down.denominator + down.numerator * up.denominator) * per_epoch;
        let denominator = up.denominator * down.denominator;
        let run = rounded(cycles * numerator, denominator);
        prop_assume!(run > 0);
        let plan = plan(&cyclic(&format!("{:?}", up.text), &format!("{:?}", down.text)), per_epoch);
        let said = plan.lint(run);
        prop_assert!(!said.iter().any(is_of_the_end), "{:?}, {:?}, {} updates: {said:?}", up, down, run);
        // Where the text says a whole number of updates, the cycle ends there: at its foot, to the last bit.
        if numerator.is_multiple_of(denominator) && (up.numerator * per_epoch).is_multiple_of(up.denominator) {
            prop_assert_eq!(lr(&plan, run), 0.25);
            prop_assert_eq!(lr(&plan, run - numerator / denominator), 0.25);
        }
    }

    /// The same lengths as floats, as a script would compute them, with the noise of that.
    #[test]
    fn nor_are_cycles_that_floats_have_blurred(up in fraction(), cycles in 1..12_u64, per_epoch in 1..2000_u64) {
        let run = rounded(2 * cycles * up.numerator * per_epoch, up.denominator);
        let blurred = up.numerator as f64 / up.denominator as f64 * per_epoch as f64;
        prop_assume!(run > 0);
        let said = plan(&cyclic(&format!("{blurred:?}"), &format!("{blurred:?}")), per_epoch).lint(run);
        prop_assert!(!said.iter().any(is_of_the_end), "{blurred} and {run} updates: {said:?}");
    }

    /// A run that is two updates or more from every end of a cycle is warned of, and the ends that are named are right.
    #[test]
    fn cut_cycles_are_warned_of(up in fraction(), cycles in 0..12_u64, beyond in 0.0..1.0_f64, per_epoch in 1..2000_u64) {
        let (numerator, denominator) = (2 * up.numerator * per_epoch, up.denominator);
        let cycle = numerator as f64 / denominator as f64;
        prop_assume!(cycle > 5.0);
        let run = ((cycles as f64 + beyond) * cycle) as u64;
        let (before, after) = (cycles * numerator, (cycles + 1) * numerator);
        prop_assume!(run > 0 && run * denominator >= before + 2 * denominator && run * denominator + 2 * denominator <= after);
        let text = format!("{:?}", up.text);
        let said = plan(&cyclic(&text, &text), per_epoch).lint(run);
        let ends: Vec<_> = said.iter().filter(|lint| is_of_the_end(lint)).map(|lint| &lint.finding).collect();
        match ends[..] {
            [Finding::CycleLongerThanRun { .. }] => prop_assert_eq!(cycles, 0),
            [Finding::BrokenLastCycle { shorter, longer, .. }] => {
                prop_assert_eq!(*shorter, rounded(before, denominator));
                prop_assert_eq!(*longer, rounded(after, denominator));
            }
            _ => prop_assert!(false, "{said:?}"),
        }
    }

    /// Every length that must be whole is rounded by the same rule, and one of no update is refused.
    #[test]
    fn whole_lengths_are_the_nearest(length in fraction(), per_epoch in 1..2000_u64) {
        let nearest = rounded(length.numerator * per_epoch, length.denominator);
        let text = format!("[step]\nlr = 1\nstep_size = {:?}", length.text);
        let spec: ScheduleSpec = toml::from_str(&text).expect("a specification");
        let context = lrscope_schedule::Context { steps_per_epoch: per_epoch, ..support::context() };
        match spec.resolve(&context) {
            Ok(ScheduleSpec::Step(step)) => prop_assert_eq!(step.step_size, Length::from(nearest)),
            Ok(other) => prop_assert!(false, "{other}"),
            Err(error) => prop_assert!(nearest == 0, "{error}"),
        }
    }

    /// A length means the same once it has been written and read again.
    #[test]
    fn texts_are_kept(length in fraction()) {
        let read = |text: &str| serde_json::from_str::<Length>(text).expect("a length");
        let first = read(&format!("{:?}", length.text));
        let written = serde_json::to_string(&first).expect("JSON");
        prop_assert_eq!(read(&written), first);
    }

    /// What cuts a sequence into equal shares of an epoch fits a run of that epoch.
    #[test]
    fn shares_of_an_epoch_fit_it(shares in 1..7_u64, per_epoch in 20..2000_u64) {
        let stage = format!("[[sequential.stages]]\nlength = \"1/{shares}ep\"\nschedule.cosine = {{ lr = 1, t_max = \"1/{shares}ep\" }}\n");
        prop_assert_eq!(plan(&stage.repeat(shares as usize), per_epoch).lint(per_epoch), []);
    }
}

/// Usual texts are written as they were before lengths became exact, so that specifications keep their identity.
#[test]
fn usual_texts_are_written_as_they_are() {
    for text in ["2ep", "0.5ep", "1.1ep", "0.25ep", "10ep", "1/3ep"] {
        let length: Length = serde_json::from_str(&format!("{text:?}")).expect(text);
        assert_eq!(serde_json::to_string(&length).expect("JSON"), format!("{text:?}"));
        assert_eq!(length.to_string(), text);
    }
}

/// 1.1 · 100 is 110.00000000000001 in floats.
#[test]
fn a_rise_of_1_1_epochs() {
    let plan = plan(&cyclic("\"1.1ep\"", "\"1.1ep\""), 100);
    assert_eq!(plan.lint(220), []);
    assert_eq!([0, 110, 220, 330].map(|step| lr(&plan, step)), [0.25, 0.75, 0.25, 0.75]);
}
