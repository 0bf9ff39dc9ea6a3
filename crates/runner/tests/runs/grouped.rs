//! A pick is in the schedule's rate: neither the order of groups nor a frozen one changes it, and a multiplier on all of them
//! divides it.

use std::path::Path;

use lrscope_runner::analysis::{Pick, RangeTest};
use lrscope_runner::learner::{Evaluation, Learner, LearnerError, Probes, Row, State, Subset};
use lrscope_runner::random::Family;
use lrscope_runner::record::{Checksum, Store};
use lrscope_runner::resolve;
use lrscope_runner::spec::{GroupSpec, RunSpec};
use lrscope_runner::study::{Question, STUDY_SCHEMA, Study, StudyArm};
use lrscope_runner::train::{Past, drive};
use lrscope_schedule::{Group, Rates};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::json;

use super::quadratic::spec;
use super::swept::measured;

/// A coordinate of its own for each parameter: Σ ½λᵢxᵢ² under plain gradient descent.
struct Bowl {
    /// λ, x and the place of the parameter's group.
    parameters: Vec<(f64, f64, usize)>,
    step: u64,
}

impl Bowl {
    fn loss(&self) -> f64 {
        self.parameters.iter().map(|(curvature, x, _)| 0.5 * curvature * x * x).sum()
    }
}

impl Learner for Bowl {
    fn groups(&self) -> &[Group] {
        &[]
    }
    fn steps_per_epoch(&self) -> u64 {
        10
    }
    fn steps_done(&self) -> u64 {
        self.step
    }
    fn block_len(&self) -> usize {
        1
    }
    fn advance(&mut self, block: &[Rates], _probes: Probes) -> Result<Vec<Row>, LearnerError> {
        let mut rows = Vec::new();
        for rates in block {
            rows.push(Row { loss: self.loss(), grad_norm: None, update_ratio: None });
            for (curvature, x, group) in &mut self.parameters {
                *x -= rates.0[*group].lr * *curvature * *x;
            }
            self.step += 1;
        }
        Ok(rows)
    }
    fn evaluate(&mut self, _subset: Subset) -> Result<Evaluation, LearnerError> {
        Ok(Evaluation { loss: self.loss(), correct: 0, examples: 1 })
    }
    fn save(&mut self) -> Result<State, LearnerError> {
        Ok(State::new())
    }
    fn load(&mut self, _state: &State) -> Result<(), LearnerError> {
        Err(LearnerError::new("loading", "there is nothing to load"))
    }
}

/// A parameter group of one parameter: its name, where it begins, its curvature and its multiplier.
#[derive(Debug, Clone, Copy, PartialEq)]
struct One {
    number: usize,
    begin: f64,
    curvature: f64,
    mult: f64,
}

const STEPS: u64 = 150;

fn run_spec(groups: &[One], factor: f64) -> RunSpec {
    let sweep =
        json!({"sweep": {"start_lr": 1e-5 * factor, "end_lr": 1e3 * factor, "steps": STEPS, "kind": "exponential"}});
    let mut spec = spec(STEPS, &sweep, &json!({"divergence": {"factor": 1e6, "window": 1}}), None);
    spec.seed.family = Family::RangeTest;
    let group = |one: &One| GroupSpec {
        name: format!("group {}", one.number),
        parameters: vec![format!("parameter {}", one.number)],
        lr_mult: one.mult,
        weight_decay_mult: 1.0,
    };
    spec.groups = groups.iter().map(group).collect();
    spec
}

/// Sweeps from `factor` times the usual rates and analyses what was recorded, as the command does.
fn sweep(results: &Path, groups: &[One], factor: f64) -> RangeTest {
    let store = Store::open(results).unwrap();
    let spec = run_spec(groups, factor);
    if store.find(&spec.id()).unwrap().is_none() {
        // The parameters lie in the network's own order, whatever the order of their groups.
        let mut ordered: Vec<(usize, One)> = groups.iter().copied().enumerate().collect();
        ordered.sort_by_key(|(_, one)| one.number);
        let parameters = ordered.into_iter().map(|(place, one)| (one.curvature, one.begin, place)).collect();
        let mut learner = Bowl { parameters, step: 0 };
        let mut attempt = store.begin(&spec).unwrap();
        let plan = resolve::plan(&spec).unwrap();
        let ending = drive(&mut learner, &spec, &plan, &Past::default(), &mut attempt, &mut |_| Ok(())).unwrap();
        attempt.publish(ending, Checksum::of_state(&State::new()), &measured()).unwrap();
    }
    study(&spec).range_test(&store).unwrap()
}

fn study(spec: &RunSpec) -> Study {
    Study {
        schema: STUDY_SCHEMA,
        question: Question::RangeTest,
        title: String::new(),
        command: String::new(),
        configuration: String::new(),
        started_unix: 0,
        pick: None,
        warnings: Vec::new(),
        arms: vec![StudyArm::new("sweep", std::slice::from_ref(spec))],
    }
}

fn groups() -> impl Strategy<Value = Vec<One>> {
    let mult = prop_oneof![2 => Just(0.0), 1 => Just(1.0), 1 => Just(0.1), 3 => 0.01..10.0_f64];
    let each = prop::collection::vec((0.1..3.0_f64, 0.01..100.0_f64, mult), 1..6);
    let numbered = each.prop_map(|each| {
        let one = |(number, (begin, curvature, mult))| One { number, begin, curvature, mult };
        each.into_iter().enumerate().map(one).collect::<Vec<_>>()
    });
    numbered.prop_filter("something is trained", |groups| groups.iter().any(|one| one.mult > 0.0))
}

fn numbers(pick: &Pick) -> [f64; 4] {
    [pick.base_lr, pick.max_lr, pick.edge_lr, pick.first_descent_lr]
}

fn same(a: Option<&Pick>, b: Option<&Pick>, factor: f64) -> Result<(), TestCaseError> {
    let a = a.map(|pick| numbers(pick).map(|rate| (rate * factor).to_bits()));
    prop_assert_eq!(a, b.map(|pick| numbers(pick).map(f64::to_bits)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn the_order_of_groups_changes_no_bit_of_a_pick(groups in groups(), turned in any::<prop::sample::Index>(), swap: bool) {
        let folder = tempfile::tempdir().unwrap();
        let found = sweep(folder.path(), &groups, 1.0);
        let mut other = groups.clone();
        other.rotate_left(turned.index(groups.len()));
        if swap {
            other.reverse();
        }
        let again = sweep(folder.path(), &other, 1.0);
        same(found.pick.as_ref(), again.pick.as_ref(), 1.0)?;
        prop_assert_eq!(&found.lr, &again.lr);
        // The rates that figures show are the sweep's own.
        prop_assert!((found.lr[0] / 1e-5 - 1.0).abs() < 1e-12);
    }

    /// A power of two moves no digit, so the pick is divided exactly.
    #[test]
    fn a_multiplier_on_every_group_divides_the_pick(groups in groups(), power in -6..=6_i32) {
        let folder = tempfile::tempdir().unwrap();
        let factor = 2.0_f64.powi(power);
        let scaled: Vec<One> = groups.iter().map(|one| One { mult: one.mult * factor, ..*one }).collect();
        let (plain, scaled) = (sweep(folder.path(), &groups, 1.0), sweep(folder.path(), &scaled, 1.0 / factor));
        same(scaled.pick.as_ref(), plain.pick.as_ref(), factor)?;
    }

    /// ½λx² falls up to the rate 2/λ of its group, which is the schedule's times the multiplier. What is frozen lies at the
    /// bottom of its own valley here, so that the loss is that of the parameter that is trained.
    #[test]
    fn the_edge_of_the_only_group_that_trains_is_two_over_curvature_and_multiplier(
        curvature in 0.1..50.0_f64, mult in 0.05..10.0_f64, frozen in 0..4_usize, place in 0..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let still = |number| One { number, begin: 0.0, curvature: 1.0, mult: 0.0 };
        let mut groups: Vec<One> = (0..frozen).map(still).collect();
        let trained = One { number: frozen, begin: 1.0, curvature, mult };
        groups.insert(place.min(frozen), trained);
        let found = sweep(folder.path(), &groups, 1.0);
        let pick = found.pick.as_ref().expect("a fall and a rise");
        let step = found.lr[1] / found.lr[0];
        let truth = 2.0 / (curvature * mult);
        prop_assert!(pick.edge_lr <= truth * 1.000_001 && pick.edge_lr * step * step > truth, "{} {truth}", pick.edge_lr);
    }
}
