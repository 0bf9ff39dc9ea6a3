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
