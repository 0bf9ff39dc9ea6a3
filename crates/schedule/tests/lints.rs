//! What is said about a schedule that is allowed and probably not meant.

use lrscope_schedule::{Finding, Interval, Plan, ScheduleSpec, Span};

mod support;
use support::plan;

fn findings(text: &str, steps: u64) -> Vec<Finding> {
    let spec: ScheduleSpec = toml::from_str(text).expect("a specification");
    let lints = plan(&spec).expect("a plan").lint(steps);
    lints.into_iter().map(|lint| lint.finding).collect()
}

fn updates(count: u64) -> Span {
    Span { count, unit: Interval::Update }
}

const CYCLIC: &str = "[cyclic]\nbase_lr = 0.001\nmax_lr = 0.006";

#[test]
fn whole_cycles_are_fine() {
    for steps in [4000, 12_000, 40_000] {
        assert_eq!(findings(CYCLIC, steps), [], "{steps}");
    }
    let fine = [
        ("[constant]\nlr = 0.1", 10),
        ("[step]\nlr = 0.1\nstep_size = 30", 90),
        ("[multi_step]\nlr = 0.1\nmilestones = [30, 60]", 90),
        ("[cosine]\nlr = 0.1\nt_max = 90", 90),
        ("[cosine]\nlr = 0.1\nt_max = 89", 90),
        ("[cosine_warm_restarts]\nlr = 0.1\nt_0 = 10\nt_mult = 2", 70),
        ("[one_cycle]\nmax_lr = 0.1\ntotal_steps = 90", 90),
        ("[linear]\nlr = 0.1\ntotal = 5", 90),
        ("[sweep]\nstart_lr = 1e-6\nend_lr = 1\nsteps = 90", 90),
        ("[exponential]\nlr = 0.1\ngamma = 0.99", 90),
        ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nstep_size_up = \"0.5ep\"", 1500),
        ("[reduce_on_plateau]\nlr = 0.1", 90),
    ];
    for (text, steps) in fine {
        assert_eq!(findings(text, steps), [], "{text}");
    }
    assert_eq!(findings(CYCLIC, 0), []);
}

/// The tutorial's case: a 2,000-step ramp that is stepped once per epoch, for 20 epochs.
#[test]
fn a_ramp_that_never_leaves_the_foot() {
    let spec: ScheduleSpec = toml::from_str(&format!("{CYCLIC}\ninterval = \"epoch\"")).expect("a specification");
    let lints = plan(&spec).expect("a plan").lint(20 * 500);
    let run = Span { count: 20, unit: Interval::Epoch };
    let Finding::PeakNeverReached { highest, .. } = lints[0].finding else { panic!("{lints:?}") };
    // 0.001 + 0.005 · 19 / 2000.
    assert!((highest - 0.001_047_5).abs() < 1e-15);
    let peak = Finding::PeakNeverReached { max_lr: 0.006, rise: 2000.0, run, highest, step: 9500 };
    let cycle = Finding::CycleLongerThanRun { cycle: 4000.0, run };
    assert_eq!(lints.iter().map(|lint| lint.finding.clone()).collect::<Vec<_>>(), [peak, cycle]);
    assert_eq!(
        lints[0].to_string(),
        "cyclic: max_lr 0.006 is never reached: the rise takes 2000, the run has 20 epochs; the highest rate will be 0.0010475 \
         at step 9500 (lengths count epochs here; set interval = \"update\" to count updates)"
    );
}

#[test]
fn cycles_and_runs_that_do_not_fit() {
    let longer = Finding::CycleLongerThanRun { cycle: 4000.0, run: updates(3000) };
    assert_eq!(findings(CYCLIC, 3000), [longer]);
    let broken = Finding::BrokenLastCycle { cycle: 4000.0, run: updates(9000), shorter: 8000, longer: 12_000 };
    assert!(broken.to_string().contains("run 8000 or 12000 (that is 3000 more) to end with a cycle"), "{broken}");
    assert_eq!(findings(CYCLIC, 9000), [broken]);
    let restarts = "[cosine_warm_restarts]\nlr = 0.1\nt_0 = 10\nt_mult = 2";
    let broken = Finding::BrokenLastCycle { cycle: 40.0, run: updates(50), shorter: 30, longer: 70 };
    assert_eq!(findings(restarts, 50), [broken]);
    assert_eq!(findings(restarts, 9), [Finding::CycleLongerThanRun { cycle: 10.0, run: updates(9) }]);
}

#[test]
fn ends_that_do_not_fit() {
    let one_cycle = "[one_cycle]\nmax_lr = 0.1\ntotal_steps = 100";
    assert_eq!(findings(one_cycle, 120), [Finding::EndsBeforeRun { total: 100, run: updates(120) }]);
    let [Finding::PeakNeverReached { rise, step, .. }, Finding::Unfinished { .. }] = findings(one_cycle, 20)[..] else {
        panic!("{:?}", findings(one_cycle, 20));
    };
    assert_eq!((rise, step), (29.0, 19));
    let linear = "[linear]\nlr = 1\nstart_factor = 0.5\ntotal = 100";
    let [Finding::Unfinished { total: 100, last, .. }] = findings(linear, 51)[..] else { panic!("unfinished") };
    assert!((last - 0.75).abs() < 1e-15);
    let polynomial = "[polynomial]\nlr = 1\ntotal = 100";
    assert_eq!(findings(polynomial, 150), [Finding::ZeroRate { from: 100, run: updates(150) }]);
    let [Finding::RisesAgain { t_max: 100, last, .. }] = findings("[cosine]\nlr = 1\nt_max = 100", 151)[..] else {
        panic!("it rises again");
    };
    assert!((last - 0.5).abs() < 1e-12);
}

#[test]
fn decays_that_do_not_happen_or_happen_too_fast() {
    let step = "[step]\nlr = 0.1\nstep_size = 30";
    assert_eq!(findings(step, 30), [Finding::NeverDecays { step_size: 30, run: updates(30) }]);
    let milestones = "[multi_step]\nlr = 0.1\nmilestones = [30, 60, 90]";
    let beyond = Finding::MilestonesBeyondEnd { milestones: vec![60, 90], run: updates(60) };
    assert_eq!(findings(milestones, 60), [beyond]);
    // 0.9^197 = 9.7e-10 is the first power below 1e-9.
    let [Finding::Vanishes { from, .. }] = findings("[exponential]\nlr = 0.1\ngamma = 0.9", 10_000)[..] else {
        panic!("it vanishes");
    };
    assert_eq!(from, 197);
    // 0.95^135 = 9.8e-4 is the first power below 1e-3.
    let exp_range = format!("{CYCLIC}\nmode = \"exp_range\"\ngamma = 0.95");
    let [Finding::Vanishes { from, .. }] = findings(&exp_range, 8000)[..] else { panic!("it vanishes") };
    assert_eq!(from, 135);
}

/// With patience 1 the third evaluation is the first that can reduce: one is the best so far, two are bad.
#[test]
fn a_plateau_that_gets_too_few_evaluations() {
    let plan = |text: &str| plan(&toml::from_str(text).expect("a specification")).expect("a plan");
    let found = |text: &str, steps, every| -> Vec<String> {
        plan(text).lint_with(steps, every).iter().map(ToString::to_string).collect()
    };
    let alone = "[reduce_on_plateau]\nlr = 1\npatience = 1";
    // After 10, 20 and 30 of 31 updates; after 30 of 30 it is too late.
    assert_eq!(found(alone, 31, Some(10)), [""; 0]);
    let late = "reduce_on_plateau: the rate is never reduced: that takes 3 evaluations (patience + 2) before the last update, \
                and the run (30 updates) has 2: evaluate more often, lower patience or train longer";
    assert_eq!(found(alone, 30, Some(10)), [late]);
    assert_eq!(found(alone, 5, Some(10)).len(), 1);
    for every in [None, Some(0)] {
        assert_eq!(found(alone, 30, every), [""; 0], "nothing is known of the evaluations");
    }
    // A stage sees those after at least one of its own updates: 20, 30 and 40 here.
    let staged = "[[sequential.stages]]\nlength = 10\nschedule.constant = { lr = 1 }\n\
                  [[sequential.stages]]\nschedule.reduce_on_plateau = { lr = 1, patience = 1 }";
    assert_eq!(found(staged, 41, Some(10)), [""; 0]);
    let place = "sequential.stages[1].schedule.reduce_on_plateau: the rate is never reduced";
    assert!(found(staged, 40, Some(10))[0].starts_with(place));
}

#[test]
fn stages_are_looked_at_one_by_one() {
    let text = "
        [[sequential.stages]]
        length = 3000
        schedule.cyclic = { base_lr = 0.001, max_lr = 0.006 }
        [[sequential.stages]]
        length = 1000
        schedule.cosine = { lr = 0.1, t_max = 1000 }
        [[sequential.stages]]
        length = 1000
        schedule.constant.lr = 0.1
    ";
    let spec: ScheduleSpec = toml::from_str(text).expect("a specification");
    let plan: Plan = plan(&spec).expect("a plan");
    let places = |steps| plan.lint(steps).iter().map(|lint| lint.place.clone()).collect::<Vec<_>>();
    assert_eq!(places(5000), ["sequential.stages[0].schedule.cyclic"]);
    assert_eq!(
        places(3500),
        ["sequential.stages[0].schedule.cyclic", "sequential.stages[1].schedule.cosine", "sequential"]
    );
    let never = Finding::StageNeverStarts { stage: 2, start: 4000, updates: 3500 };
    assert_eq!(plan.lint(3500)[2].finding, never);
    let on = Finding::GoesOnAfterLastStage { stages: 5000, updates: 6000 };
    assert_eq!(plan.lint(6000)[1].finding, on);
}

#[test]
fn momentum_that_was_zero() {
    let spec: ScheduleSpec = toml::from_str(CYCLIC).expect("a specification");
    let lint = |spec: &ScheduleSpec| {
        Plan::new(spec, &support::groups(1, Some(0.0)), 500, &support::compile).expect("a plan").lint(4000)
    };
    assert_eq!(lint(&spec)[0].finding, Finding::CyclesZeroMomentum { group: "group 0".into() });
    let off: ScheduleSpec = toml::from_str(&format!("{CYCLIC}\ncycle_momentum = false")).expect("a specification");
    assert_eq!(lint(&off), []);
}

#[test]
fn settings_without_effect() {
    let unused = |text: &str| -> Vec<&'static str> {
        let spec: ScheduleSpec = toml::from_str(&format!("{CYCLIC}\n{text}")).expect("a specification");
        let settings = spec.unused_settings().into_iter().map(|lint| match lint.finding {
            Finding::Unused { setting, .. } => setting,
            other => panic!("{other:?}"),
        });
        settings.collect()
    };
    assert_eq!(unused(""), [""; 0]);
    assert_eq!(unused("gamma = 0.9"), ["gamma"]);
    assert_eq!(unused("gamma = 0.9\nmode = \"exp_range\""), [""; 0]);
    assert_eq!(unused("scale_mode = \"iterations\""), ["scale_mode"]);
    assert_eq!(unused("scale_fn = \"1/x\"\nscale_mode = \"iterations\""), [""; 0]);
    assert_eq!(unused("scale_fn = \"1/x\"\nmode = \"exp_range\"\ngamma = 0.9"), ["mode", "gamma"]);
}

/// The first of the thousandths is 1 / 2^10, which the eleventh cycle has.
#[test]
fn cycles_that_flatten_out() {
    let vanishes = |text: &str, steps| {
        let found = findings(text, steps);
        found.into_iter().find_map(|finding| match finding {
            Finding::Vanishes { what: "the amplitude", share, from, advice, .. } => Some((share, from, advice)),
            _ => None,
        })
    };
    let triangular2 = "[cyclic]\nbase_lr = 0\nmax_lr = 1\nstep_size_up = 100\nmode = \"triangular2\"";
    let (share, from, advice) = vanishes(triangular2, 6000).expect("a warning");
    assert_eq!((share, from), (1e-3, 2000));
    assert!(advice.contains("make the cycles longer") && !advice.contains("gamma"), "{advice}");
    assert_eq!(vanishes(triangular2, 4000), None, "half of the run is not most of it");
    assert_eq!(vanishes(triangular2, 4200).map(|found| found.1), Some(2000));
    let epochs = format!("{triangular2}\ninterval = \"epoch\"");
    assert_eq!(vanishes(&epochs, 6000 * 500).map(|found| found.1), Some(2000));
    // ln 0.001 / ln 0.99 = 687.3.
    for mode in ["exp_range", "exp_range_paper"] {
        let exp_range = triangular2.replace("triangular2", mode) + "\ngamma = 0.99";
        let (_, from, advice) = vanishes(&exp_range, 6000).expect("a warning");
        assert_eq!(from, 688);
        assert!(advice.starts_with("raise gamma, or set interval = \"epoch\""), "{advice}");
        let by_epoch = vanishes(&format!("{exp_range}\ninterval = \"epoch\""), 6000 * 500).expect("a warning");
        assert_eq!(by_epoch.2, "raise gamma");
        assert_eq!(vanishes(&exp_range, 1200), None);
    }
    let custom = |text: &str| format!("[cyclic]\nbase_lr = 0.5\nmax_lr = 1\nstep_size_up = 100\nscale_fn = {text:?}");
    // As triangular2; and exp(-x) of the cycle from 1: exp(-7) = 9.1e-4 times the first in the eighth cycle.
    assert_eq!(vanishes(&custom("1 / 2 ^ (x - 1)"), 6000).map(|found| found.1), Some(2000));
    assert_eq!(vanishes(&custom("exp(0 - x)"), 6000).map(|found| found.1), Some(1400));
    let advice = vanishes(&custom("exp(0 - x)"), 6000).expect("a warning").2;
    assert!(!advice.contains("gamma") && advice.contains("scale_fn"), "{advice}");
    for lasting in ["1", "1 / x", "0.5 + 0.5 * sin(x)"] {
        assert_eq!(vanishes(&custom(lasting), 6000), None, "{lasting}");
    }
}

/// Advice is for the kind of schedule: a larger gamma makes an inverse decay fall faster.
#[test]
fn advice_against_rates_that_vanish() {
    let cases = [
        ("[step]\nlr = 1\nstep_size = 2", "raise gamma or step_size"),
        ("[multi_step]\nlr = 1\nmilestones = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "raise gamma or leave milestones out"),
        ("[exponential]\nlr = 1\ngamma = 0.5", "raise gamma, or set interval"),
        ("[inverse_decay]\nlr = 1\ngamma = 1\npower = 8", "lower gamma or power, or set interval"),
    ];
    for (text, starts) in cases {
        let found = findings(text, 1000);
        let [Finding::Vanishes { advice, .. }] = found[..] else { panic!("{text}: {found:?}") };
        assert!(advice.starts_with(starts), "{text}: {advice}");
    }
}

/// lr(t) = peak · t / n from 0, written in each of the ways that there are, and what follows it at the peak.
#[test]
fn warm_ups_from_zero() {
    let ways = [
        "length = 10\nschedule.linear = { lr = 0.5, start_factor = 0, total = 10 }",
        "length = 10\nschedule.sweep = { start_lr = 0, end_lr = 0.5, steps = 11, kind = \"linear\" }",
        "length = 10\nschedule.cyclic = { base_lr = 0, max_lr = 0.5, step_size_up = 10, cycle_momentum = false }",
        "length = \"0.02ep\"\nschedule.cyclic = { base_lr = 0, max_lr = 0.5, step_size_up = \"0.02ep\", cycle_momentum = false }",
    ];
    for way in ways {
        let text = format!(
            "[[sequential.stages]]\n{way}\n[[sequential.stages]]\nschedule.cosine = {{ lr = 0.5, t_max = 90 }}"
        );
        let spec: ScheduleSpec = toml::from_str(&text).expect(way);
        let plan = plan(&spec).expect(way);
        for step in 0..=10_u64 {
            support::assert_close(support::lr(&plan, step), 0.05 * step as f64, 1.0);
        }
        assert_eq!(plan.lint(100), [], "{way}");
        plan.check(100).expect(way);
    }
    // On its own, and with a tiny factor, as PyTorch needs it.
    assert_eq!(findings("[linear]\nlr = 0.5\nstart_factor = 0\ntotal = 100", 100), []);
    assert_eq!(findings("[linear]\nlr = 0.5\nstart_factor = 1e-12\ntotal = 100", 100), []);
    assert_eq!(findings("[sweep]\nstart_lr = 0\nend_lr = 0.5\nsteps = 101\nkind = \"linear\"", 100), []);
    // What stays at 0 or ends there is still said.
    let never = "[linear]\nlr = 0.5\nstart_factor = 0\nend_factor = 0\ntotal = 50";
    assert_eq!(findings(never, 100), [Finding::ZeroRate { from: 0, run: updates(100) }]);
    let down = "[linear]\nlr = 0.5\nstart_factor = 1\nend_factor = 0\ntotal = 50";
    assert_eq!(findings(down, 100), [Finding::ZeroRate { from: 50, run: updates(100) }]);
}

/// A frozen first group is not a run that stands still.
#[test]
fn a_rate_of_zero_for_one_group() {
    let spec: ScheduleSpec =
        toml::from_str("[paper_decay]\nmax_lr = [0, 0.1]\nbase_lr = [0, 0.01]\nlength = 10").expect("a specification");
    let plan = Plan::new(&spec, &support::groups(2, None), 500, &support::compile).expect("a plan");
    assert_eq!(plan.lint(100), []);
}

/// Rates are set once an update: what a short cycle does between two of them is lost.
#[test]
fn cycles_that_updates_cannot_follow() {
    let cyclic = |up: f64, down: f64| {
        findings(
            &format!("[cyclic]\nbase_lr = 0.25\nmax_lr = 0.75\nstep_size_up = {up}\nstep_size_down = {down}"),
            1000,
        )
    };
    // A cycle of one update shows its foot alone.
    let still = Finding::CycleTooShort { cycle: 1.0, run: updates(1000), lowest: 0.25, highest: 0.25 };
    assert!(still.to_string().contains("a cycle of 1 update is too short to be followed"), "{still}");
    assert!(still.to_string().contains("it stays at 0.25;"), "{still}");
    assert_eq!(cyclic(0.5, 0.5), [still]);
    // Each update is three quarters of a cycle on: 0, 3/4, 2/4, 1/4 of it, at heights 0, ½, 1, ½.
    let beats = Finding::CycleTooShort { cycle: 4.0 / 3.0, run: updates(1000), lowest: 0.25, highest: 0.75 };
    let [Finding::CycleTooShort { lowest, highest, .. }] = cyclic(2.0 / 3.0, 2.0 / 3.0)[..] else { panic!("{beats}") };
    assert!((lowest - 0.25).abs() < 1e-12 && (highest - 0.75).abs() < 1e-12);
    assert!(beats.to_string().contains("moves between 0.25 and 0.75 in another rhythm"), "{beats}");
    // Updates 1 and 2 of 3 are at 1 / 1.5; 2 and 3 of 5 at 2 / 2.5.
    for (size, percent) in [(1.5, "67 %"), (2.5, "80 %")] {
        let found = cyclic(size, size);
        let peak = found.iter().find(|finding| matches!(finding, Finding::PeakBetweenUpdates { .. }));
        let peak = peak.unwrap_or_else(|| panic!("{size}: {found:?}")).to_string();
        assert!(peak.contains(percent) && peak.contains("make step_size_up a whole number, or longer"), "{peak}");
    }
    for (up, down) in [(1.0, 1.0), (2.0, 0.5), (5.5, 5.5), (19.5, 19.5), (1.5, 1.0)] {
        assert!(
            !cyclic(up, down)
                .iter()
                .any(|finding| matches!(finding, Finding::PeakBetweenUpdates { .. } | Finding::CycleTooShort { .. })),
            "{up}, {down}"
        );
    }
    assert_eq!(findings("[cyclic]\nbase_lr = 0.1\nmax_lr = 0.1", 4000), [Finding::NoAmplitude]);
    // Nor is there a peak that a short run would miss.
    let short = findings("[cyclic]\nbase_lr = 0.1\nmax_lr = 0.1", 10);
    assert!(short.contains(&Finding::NoAmplitude), "{short:?}");
    assert!(!short.iter().any(|found| matches!(found, Finding::PeakNeverReached { .. })), "{short:?}");
    let restarts = findings("[cosine_warm_restarts]\nlr = 0.1\nt_0 = 1", 10);
    assert_eq!(restarts, [Finding::CycleTooShort { cycle: 1.0, run: updates(10), lowest: 0.1, highest: 0.1 }]);
}
