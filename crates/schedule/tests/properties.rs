//! What holds for every schedule, whatever its settings.
#![expect(clippy::float_cmp, reason = "a multiplier is one product, and powers of two are exact")]

use lrscope_schedule::{
    Constant, Cosine, CosineWarmRestarts, Cyclic, CyclicMode, Exponential, Group, Interval, InverseDecay, Length,
    Linear, Measurement, MultiStep, OneCycle, PaperDecay, PerGroup, Plan, Polynomial, Problem, Rate, ScaleMode,
    ScheduleError, ScheduleSpec, Sequential, Stage, Step, Sweep, SweepKind,
};
use proptest::prelude::*;

mod support;
use support::{context, plan};

fn loss(updates: u64, loss: f64) -> Measurement {
    Measurement { updates, loss, accuracy: None }
}

fn interval() -> impl Strategy<Value = Option<Interval>> {
    prop_oneof![Just(None), Just(Some(Interval::Update)), Just(Some(Interval::Epoch))]
}

fn cyclic() -> impl Strategy<Value = Cyclic> {
    let modes = [CyclicMode::Triangular, CyclicMode::Triangular2, CyclicMode::ExpRange, CyclicMode::ExpRangePaper];
    let sizes = (0.5..40.0, proptest::option::of(0.5..40.0));
    let momentums = (0.0..0.5_f64, 0.0..0.5_f64);
    (0.0..0.1_f64, 0.0..5.0_f64, sizes, proptest::sample::select(modes.to_vec()), 0.9..=1.0, momentums, interval())
        .prop_map(|(base, height, (up, down), mode, gamma, (low, spread), interval)| Cyclic {
            step_size_up: Length::Count(up),
            step_size_down: down.map(Length::Count),
            mode,
            gamma,
            cycle_momentum: Some(true),
            base_momentum: low.into(),
            max_momentum: (low + spread * 0.99).into(),
            interval,
            ..Cyclic::new(base, base + height)
        })
}

/// Schedules without an end, with the highest rate that each may give.
fn bounded() -> impl Strategy<Value = (ScheduleSpec, f64)> {
    let lr = 0.0..3.0_f64;
    let total = (1_u64..60).prop_map(Length::from);
    let parts = (lr, 0.0..=1.0, total, 1e-3..=1.0, interval());
    let decays = (parts, 0..11).prop_map(|((lr, share, total, gamma, interval), kind)| {
        let rate = lr.into();
        let spec: ScheduleSpec = match kind {
            0 => ScheduleSpec::constant(lr),
            1 => Step { lr: rate, step_size: total, gamma, interval }.into(),
            2 => MultiStep { lr: rate, milestones: vec![total; 3], gamma, interval }.into(),
            3 => Exponential { lr: rate, gamma, interval }.into(),
            4 => InverseDecay { lr: rate, gamma, power: 3.0 * share, interval }.into(),
            5 => Linear { lr: rate, start_factor: 1.0 - gamma, end_factor: share, total, interval }.into(),
            6 => Polynomial { lr: rate, total, power: 3.0 * share, interval }.into(),
            7 => PaperDecay { max_lr: rate, base_lr: (lr * share).into(), length: total, interval }.into(),
            8 => Cosine { lr: rate, t_max: total, eta_min: (lr * share).into(), interval }.into(),
            9 => CosineWarmRestarts { lr: rate, t_0: total, t_mult: 2, eta_min: (lr * share).into(), interval }.into(),
            _ => {
                let (start, end) = ((lr * gamma * 0.5 + 1e-6).into(), (lr + 1e-5).into());
                return (
                    Sweep { start_lr: start, end_lr: end, steps: Length::from(20), kind: SweepKind::Exponential }
                        .into(),
                    lr + 1e-5,
                );
            }
        };
        (spec, lr)
    });
    let cycles = cyclic().prop_map(|spec| {
        let max = plan_max(&spec);
        (spec.into(), max)
    });
    prop_oneof![3 => decays, 1 => cycles]
}

fn plan_max(spec: &Cyclic) -> f64 {
    spec.max_lr.to_string().parse().expect("a number")
}

/// Schedules one after the other, some of which are skipped.
fn sequence() -> impl Strategy<Value = ScheduleSpec> {
    let stage =
        (0_u64..40, bounded()).prop_map(|(length, (schedule, _))| Stage { length: Some(length.into()), schedule });
    proptest::collection::vec(stage, 1..5).prop_map(|stages| Sequential { stages, interval: None }.into())
}

/// Schedules some of which have no rate somewhere: functions that leave their range, one-cycles that end, rates that a
/// multiplier of 1e300 makes infinite.
fn faulty() -> impl Strategy<Value = ScheduleSpec> {
    let functions =
        ["1 - x / 9", "ln(x - 3)", "1 / (x - 4)", "x", "sin(x / 50) + 0.9", "2 - x / 700", "exp(x)", "x / 40 - 0.5"];
    let custom =
        (cyclic(), proptest::sample::select(functions.to_vec()), any::<bool>()).prop_map(|(spec, text, of_step)| {
            let scale_mode = if of_step { ScaleMode::Iterations } else { ScaleMode::Cycle };
            Cyclic { scale_fn: Some(text.into()), scale_mode, ..spec }.into()
        });
    let one_cycle = (5_u64..2000, interval())
        .prop_map(|(total, interval)| OneCycle { interval, ..OneCycle::new(1.0, total) }.into());
    let high = prop_oneof![
        (1e3..1e9_f64, 2_u64..2000).prop_map(|(end, steps)| Sweep {
            start_lr: 1.0.into(),
            end_lr: end.into(),
            steps: steps.into(),
            kind: SweepKind::Exponential
        }
        .into()),
        (1e7..1e9_f64, 2_u64..2000, interval()).prop_map(|(lr, total, interval)| Linear {
            lr: lr.into(),
            start_factor: 0.0,
            end_factor: 1.0,
            total: total.into(),
            interval
        }
        .into()),
        (1e7..1e9_f64, 0.99..1.0_f64, 1.0..900.0_f64).prop_map(|(max, gamma, up)| Cyclic {
            mode: CyclicMode::ExpRange,
            gamma,
            step_size_up: Length::Count(up),
            ..Cyclic::new(0.0, max)
        }
        .into()),
        (1e6..1e9_f64, 0.99..1.0_f64, 1.0..900.0_f64).prop_map(|(max, gamma, up)| Cyclic {
            mode: CyclicMode::ExpRangePaper,
            gamma,
            step_size_up: Length::Count(up),
            ..Cyclic::new(1e6, max)
        }
        .into()),
        (1e7..1e9_f64, 2_u64..900).prop_map(|(lr, t_0)| CosineWarmRestarts {
            lr: lr.into(),
            t_0: t_0.into(),
            t_mult: 2,
            eta_min: 0.0.into(),
            interval: None
        }
        .into()),
    ];
    prop_oneof![custom, one_cycle, high]
}

proptest! {
    #[test]
    fn rates_and_momentums_stay_between_their_bounds((spec, max) in bounded(), step in 0_u64..200_000) {
        let point = plan(&spec).expect("a plan").at(step).expect("rates").0[0];
        prop_assert!(point.lr >= 0.0 && point.lr <= max * (1.0 + 1e-12), "{spec} at {step}: {}", point.lr);
        let momentum = point.momentum.expect("a momentum");
        prop_assert!((0.0..1.0).contains(&momentum));
    }

    #[test]
    fn momentum_is_lowest_where_the_rate_is_highest(spec in cyclic(), step in 0_u64..100_000) {
        // The paper's exp_range lowers both bounds, so the rate's swing is no constant. A case of it counts as tried: to refuse
        // it would end a long trial by its limit on refusals.
        if matches!(spec.mode, CyclicMode::ExpRangePaper) {
            return Ok(());
        }
        let base: f64 = spec.base_lr.to_string().parse().expect("a number");
        let (low, high): (f64, f64) = (
            spec.base_momentum.to_string().parse().expect("a number"),
            spec.max_momentum.to_string().parse().expect("a number"),
        );
        let height = plan_max(&spec) - base;
        let point = plan(&spec.into()).expect("a plan").at(step).expect("rates").0[0];
        let rise = (point.lr - base) * (high - low);
        let fall = (high - point.momentum.expect("a momentum")) * height;
        prop_assert!((rise - fall).abs() <= 1e-12, "{rise} and {fall}");
    }

    #[test]
    fn triangles_repeat_and_mirror(up in 1_u64..500, down in 1_u64..500, step in 0_u64..5000) {
        let made = |up: u64, down: u64| {
            let (step_size_up, step_size_down) = (up.into(), Some(down.into()));
            plan(&Cyclic { step_size_up, step_size_down, ..Cyclic::new(0.1, 0.7) }.into()).expect("a plan")
        };
        let (plan, mirrored) = (made(up, down), made(down, up));
        let cycle = up + down;
        support::assert_close(support::lr(&plan, step + cycle), support::lr(&plan, step), 0.7);
        let back = cycle - step % cycle;
        support::assert_close(support::lr(&mirrored, back), support::lr(&plan, step), 0.7);
    }

    #[test]
    fn each_cycle_of_triangular2_is_half_as_high(up in 1_u64..200, step in 0_u64..2000) {
        let spec = Cyclic { step_size_up: up.into(), mode: CyclicMode::Triangular2, ..Cyclic::new(0.25, 0.75) };
        let plan = plan(&spec.into()).expect("a plan");
        let (now, next) = (support::lr(&plan, step) - 0.25, support::lr(&plan, step + 2 * up) - 0.25);
        prop_assert!((now - 2.0 * next).abs() <= 1e-12);
    }

    /// The answer does not depend on what was asked before, so a resumed run gets the same rates.
    #[test]
    fn rates_depend_on_the_step_alone((spec, _) in bounded(), mut steps in proptest::collection::vec(0_u64..50_000, 1..20)) {
        let one = plan(&spec).expect("a plan");
        let forwards: Vec<_> = steps.iter().map(|step| one.at(*step).expect("rates")).collect();
        steps.reverse();
        let other = plan(&spec).expect("a plan");
        let mut backwards: Vec<_> = steps.iter().map(|step| other.at(*step).expect("rates")).collect();
        backwards.reverse();
        prop_assert_eq!(forwards, backwards);
    }

    #[test]
    fn every_stage_starts_again(spec in sequence(), offset in 0_u64..40) {
        let ScheduleSpec::Sequential(sequence) = &spec else { unreachable!("the strategy makes sequences") };
        let whole = plan(&spec).expect("a plan");
        let mut start = 0;
        for stage in &sequence.stages {
            let Some(Length::Count(length)) = stage.length else { unreachable!("every stage has a length") };
            let own = plan(&stage.schedule).expect("a plan");
            let Some(offset) = offset.checked_rem(length as u64) else { continue };
            prop_assert_eq!(whole.at(start + offset).expect("rates"), own.at(offset).expect("rates"));
            start += length as u64;
        }
    }

    #[test]
    fn multipliers_scale_rates_and_nothing_else((spec, _) in bounded(), factor in 0.0..10.0_f64, step in 0_u64..20_000) {
        let group = |lr_mult| Group { name: "some".into(), lr_mult, momentum: Some(0.5) };
        let groups = [group(1.0), group(factor), group(0.0)];
        let at = Plan::new(&spec, &groups, 500, &support::compile).expect("a plan").at(step).expect("rates").0;
        prop_assert_eq!(at[1].lr, at[0].lr * factor);
        prop_assert_eq!(at[2].lr, 0.0);
        prop_assert!(at.iter().all(|point| point.momentum == at[0].momentum));
    }

    /// The oracle is the walk through every update.
    #[test]
    fn a_check_finds_what_a_walk_finds(spec in prop_oneof![bounded().prop_map(|(spec, _)| spec), sequence(), faulty()], steps in 0_u64..3000) {
        let factor = Group { name: "some".into(), lr_mult: 1e300, momentum: Some(0.5) };
        let plan = match Plan::new(&spec, &[factor], 100, &support::compile) {
            // Some are refused as a whole: a one-cycle schedule that is too short for its rise, for example.
            Err(ScheduleError { problem: Problem::Compile { text, .. }, .. }) => panic!("{text}"),
            Err(_) => return Ok(()),
            Ok(plan) => plan,
        };
        let walked = (0..steps).find_map(|step| plan.at(step).err());
        let checked = plan.check(steps).err();
        prop_assert_eq!(checked.map(|error| error.to_string()), walked.map(|error| error.to_string()), "{}", spec);
    }

    #[test]
    fn a_resolved_specification_is_canonical((spec, _) in bounded()) {
        let resolved = spec.resolve(&context()).expect("a resolved specification");
        prop_assert_eq!(&resolved.resolve(&context()).expect("resolved again"), &resolved);
        let json = serde_json::to_string(&resolved).expect("JSON");
        prop_assert_eq!(&serde_json::from_str::<ScheduleSpec>(&json).expect("a specification"), &resolved);
        let toml = toml::to_string(&resolved).expect("TOML");
        prop_assert_eq!(&toml::from_str::<ScheduleSpec>(&toml).expect("a specification"), &resolved);
    }

    #[test]
    fn one_cycle_covers_all_of_its_steps_and_no_more(total in 5_u64..300, share in 0.25..0.45_f64, three_phase: bool) {
        let cycle = OneCycle { pct_start: share, three_phase, ..OneCycle::new(1.0, total) };
        let plan = plan(&cycle.into()).expect("a plan");
        plan.check(total).expect("rates to the end");
        prop_assert!(plan.at(total).is_err());
        support::assert_close(support::lr(&plan, 0), 0.04, 1.0);
        support::assert_close(support::lr(&plan, total - 1), 4e-6, 1.0);
    }

    /// The whole history of a run may be given for any of its steps, and rates never rise.
    #[test]
    fn a_plateau_sees_no_later_evaluation(values in proptest::collection::vec(0.0..1.0_f64, 0..60), step in 0_u64..60) {
        let text = "[reduce_on_plateau]\nlr = 1\npatience = 1\ncooldown = 1\nfactor = 0.5";
        let plan = plan(&toml::from_str(text).expect("a specification")).expect("a plan");
        let history: Vec<Measurement> = values.iter().zip(1..).map(|(value, updates)| loss(updates, *value)).collect();
        let known = &history[..history.len().min(step as usize)];
        let rates = plan.at_with(step, known).expect("rates");
        prop_assert_eq!(&plan.at_with(step, &history).expect("rates"), &rates);
        prop_assert!(plan.at_with(step + 1, &history).expect("rates").0[0].lr <= rates.0[0].lr);
    }
}

#[test]
fn a_plateau_inside_a_sequence_sees_its_own_evaluations() {
    let text = "
        [[sequential.stages]]
        length = 10
        schedule.linear = { lr = 1.0, total = 10 }
        [[sequential.stages]]
        schedule.reduce_on_plateau = { lr = 1.0, patience = 1, factor = 0.5 }
    ";
    let plan = plan(&toml::from_str(text).expect("a specification")).expect("a plan");
    assert!(plan.needs_metric());
    // Every second update; those up to update 10 are the first stage's.
    let history: Vec<Measurement> = (1..20).map(|index| loss(2 * index, 1.0)).collect();
    let lr = |step| plan.at_with(step, &history).expect("rates").0[0].lr;
    // 12 is the best so far, 14 and 16 are bad: the second bad one reduces.
    assert_eq!([lr(10), lr(12), lr(15), lr(16), lr(19), lr(20)], [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]);
}

#[test]
fn what_is_no_number_counts_as_no_improvement() {
    let spec = toml::from_str("[reduce_on_plateau]\nlr = 1\npatience = 0").expect("a specification");
    let plan = plan(&spec).expect("a plan");
    let history = [0.5, f64::NAN, 0.4].into_iter().zip(1..).map(|(value, updates)| loss(updates, value));
    let history: Vec<Measurement> = history.collect();
    let rates: Vec<f64> = (0..4).map(|step| plan.at_with(step, &history).expect("rates").0[0].lr).collect();
    assert_eq!(rates, [1.0, 1.0, 0.1, 0.1]);
}

proptest! {
    /// A constant schedule gives each group the rate that its list says, so the largest one that trains is known beforehand.
    #[test]
    fn the_scheduled_rate_knows_neither_multipliers_nor_the_order_of_groups(
        groups in prop::collection::vec((0.0..3.0_f64, prop_oneof![Just(0.0), Just(1.0), 0.01..5.0_f64]), 1..6),
        turn in 0..6_usize,
        step in 0..1000_u64,
    ) {
        let rate = |groups: &[(f64, f64)]| {
            let lr = PerGroup::Each(groups.iter().map(|(lr, _)| Rate::Value(*lr)).collect());
            let groups: Vec<Group> = groups
                .iter()
                .map(|(_, lr_mult)| Group { name: "one".into(), lr_mult: *lr_mult, momentum: None })
                .collect();
            let spec = Constant { lr }.into();
            Plan::new(&spec, &groups, 10, &support::compile).expect("a plan").scheduled_rate(step, &[]).expect("a rate")
        };
        let train: Vec<f64> = groups.iter().filter(|(_, mult)| *mult > 0.0).map(|(lr, _)| *lr).collect();
        let of = if train.is_empty() { groups.iter().map(|(lr, _)| *lr).collect() } else { train };
        let found = rate(&groups);
        prop_assert_eq!(found, of.into_iter().fold(0.0, f64::max));
        let mut turned = groups.clone();
        turned.rotate_left(turn % groups.len());
        prop_assert_eq!(rate(&turned), found);
    }
}
