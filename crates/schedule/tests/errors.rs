//! Bad input: what is said about it.

use lrscope_schedule::{Context, Cyclic, Group, Plan, Problem, ScheduleSpec};

mod support;
use support::{compile, groups, plan};

fn parse(text: &str) -> Result<ScheduleSpec, toml::de::Error> {
    toml::from_str(text)
}

/// Text, place and message.
const UNREADABLE: &[(&str, &str, &str)] = &[
    ("[cyclc]\nbase_lr = 1", "line 1, column 2", "unknown variant `cyclc`, expected one of `constant`"),
    ("[cyclic]\nbase_lr = 0.1\nmax_lr = 0.2\nstepsize = 3", "line 4, column 1", "unknown field `stepsize`"),
    ("[cyclic]\nbase_lr = 0.1", "line 1, column 1", "missing field `max_lr`"),
    ("[constant]\nlr = -0.1", "line 2, column 6", "a learning rate is finite and not negative, got -0.1"),
    ("[constant]\nlr = nan", "line 2, column 6", "a learning rate is finite and not negative, got NaN"),
    ("[constant]\nlr = inf", "line 2, column 6", "a learning rate is finite and not negative, got inf"),
    ("[constant]\nlr = true", "line 2, column 6", "expected a learning rate (a number, or a reference"),
    (
        "[constant]\nlr = \"range test\"",
        "line 2, column 6",
        "\"range test\" is no learning rate: write a number or one of \"range-test\"",
    ),
    ("[constant]\nlr = []", "line 2, column 6", "expected a learning rate"),
    ("[constant]\nlr = [0.1, -1]", "line 2, column 12", "got -1"),
    ("[step]\nlr = 0.1\nstep_size = 0", "line 3, column 13", "a length is above 0 and at most 2^53, got 0"),
    ("[step]\nlr = 0.1\nstep_size = -5", "line 3, column 13", "got -5"),
    ("[step]\nlr = 0.1\nstep_size = 1e300", "line 3, column 13", "a length is above 0 and at most 2^53"),
    ("[step]\nlr = 0.1\nstep_size = nan", "line 3, column 13", "got NaN"),
    (
        "[step]\nlr = 0.1\nstep_size = \"2 epochs\"",
        "line 3, column 13",
        "\"2 epochs\" is not a length: write a number of steps, or epochs as in \"2ep\"",
    ),
    ("[step]\nlr = 0.1\nstep_size = \"0ep\"", "line 3, column 13", "\"0ep\" is not a length"),
    ("[step]\nlr = 0.1\nstep_size = \"nanep\"", "line 3, column 13", "\"nanep\" is not a length"),
    (
        "[step]\nlr = 0.1\nstep_size = [1]",
        "line 3, column 13",
        "expected a length (a number of steps, or epochs such as \"2ep\")",
    ),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nmode = \"triangle\"", "line 4, column 8", "unknown variant `triangle`"),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nbase_momentum = \"a\"", "line 4, column 17", "invalid type: string \"a\""),
    (
        "[cosine_warm_restarts]\nlr = 1\nt_0 = 2\nt_mult = 1.5",
        "line 4, column 10",
        "invalid type: floating point `1.5`, expected a whole number from 0 up",
    ),
    (
        "[cosine_warm_restarts]\nlr = 1\nt_0 = 2\nt_mult = -2",
        "line 4, column 10",
        "invalid value: integer `-2`, expected a whole number from 0 up",
    ),
    (
        "[reduce_on_plateau]\nlr = 1\npatience = 2.5",
        "line 3, column 12",
        "floating point `2.5`, expected a whole number",
    ),
    ("[reduce_on_plateau]\nlr = 1\ncooldown = 1e300", "line 3, column 12", "expected a whole number from 0 up"),
    ("[exponential]\nlr = 1", "line 1, column 1", "missing field `gamma`"),
    (
        "[step]\nlr = 1\nstep_size = \"0.12345678901234567891ep\"",
        "line 3, column 13",
        "it has more digits than are read exactly: write at most 18, or a fraction such as 1/3",
    ),
    ("[step]\nlr = 1\nstep_size = \"1/0ep\"", "line 3, column 13", "\"1/0ep\" is not a length"),
    (
        "[[sequential.stages]]\nlength = -1\nschedule.constant.lr = 1",
        "line 2, column 10",
        "a length is at least 0 and at most 2^53, got -1",
    ),
    ("[sequential]\nstages = [{ length = 3 }]", "line 2, column 11", "missing field `schedule`"),
];

/// What cannot be read names the value, and its line and column.
#[test]
fn unreadable_specifications() {
    for (text, place, message) in UNREADABLE {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains(place) && error.contains(message), "{text}\n\ngave\n\n{error}");
    }
}

/// Text and message.
const SENSELESS: &[(&str, &str)] = &[
    ("[cyclic]\nbase_lr = 0.01\nmax_lr = 0.006", "cyclic.base_lr: 0.01 is above max_lr = 0.006"),
    ("[cyclic]\nbase_lr = 0.001\nmax_lr = [0.1, 0.0001]", "cyclic.base_lr: 0.001 is above max_lr = 0.0001"),
    ("[cyclic]\nbase_lr = [0.001, 0.002]\nmax_lr = 0.1", "cyclic.base_lr: 2 values for 1 parameter groups"),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\ngamma = 0", "cyclic.gamma: 0.0 is outside (0, 1]"),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\ngamma = 1.01", "cyclic.gamma: 1.01 is outside (0, 1]"),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\ngamma = nan", "cyclic.gamma: NaN is outside (0, 1]"),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nmax_momentum = 1", "cyclic.max_momentum: 1.0 is outside [0, 1)"),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nbase_momentum = -0.1", "cyclic.base_momentum: -0.1 is outside [0, 1)"),
    (
        "[cyclic]\nbase_lr = 0\nmax_lr = 1\nbase_momentum = 0.95",
        "cyclic.base_momentum: 0.95 is above max_momentum = 0.9",
    ),
    ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"1 / (x\"", "cyclic.scale_fn: \"1 / (x\" does not compile: "),
    (
        "[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"y + 1\"",
        "cyclic.scale_fn: \"y + 1\" does not compile: no function of the tests",
    ),
    (
        "[cyclic]\nbase_lr = \"range-test\"\nmax_lr = 1",
        "cyclic.base_lr: refers to \"range-test\", but there is no range test's pick: run the range test first",
    ),
    (
        "[constant]\nlr = \"range-test\"",
        "constant.lr: \"range-test\" stands for the bound that a field is named after, and this is no bound",
    ),
    ("[constant]\nlr = \"range-test.mean_lr\"", "constant.lr: refers to \"range-test.mean_lr\""),
    ("[step]\nlr = 1\nstep_size = 2.5", "step.step_size: 2.5 is not a whole number of steps"),
    (
        "[step]\nlr = 1\nstep_size = \"0.0001ep\"",
        "step.step_size: 0.0001 epochs of 500 updates round to no step at all",
    ),
    (
        "[step]\nlr = 1\nstep_size = \"0.5ep\"\ninterval = \"epoch\"",
        "step.step_size: 0.5 is not a whole number of steps",
    ),
    ("[step]\nlr = 1\nstep_size = 2\ngamma = -0.1", "step.gamma: -0.1 is outside (0, 1]"),
    (
        "[multi_step]\nlr = 1\nmilestones = [5, 3]",
        "multi_step.milestones: milestones must not go down, but 5.0 stands before 3.0",
    ),
    ("[exponential]\nlr = 1\ngamma = 2", "exponential.gamma: 2.0 is outside (0, 1]"),
    ("[inverse_decay]\nlr = 1\ngamma = 0\npower = 1", "inverse_decay.gamma: 0.0 is outside (0, ∞)"),
    ("[inverse_decay]\nlr = 1\ngamma = 1\npower = -1", "inverse_decay.power: -1.0 is outside [0, ∞)"),
    ("[linear]\nlr = 1\nstart_factor = -0.1", "linear.start_factor: -0.1 is outside [0, 1]"),
    ("[linear]\nlr = 1\nend_factor = 1.5", "linear.end_factor: 1.5 is outside [0, 1]"),
    ("[polynomial]\nlr = 1\npower = -2", "polynomial.power: -2.0 is outside [0, ∞)"),
    ("[paper_decay]\nmax_lr = 0.1\nbase_lr = 0.2\nlength = 3", "paper_decay.base_lr: 0.2 is above max_lr = 0.1"),
    ("[cosine]\nlr = 0.1\nt_max = 3\neta_min = 0.2", "cosine.eta_min: 0.2 is above lr = 0.1"),
    ("[cosine_warm_restarts]\nlr = 1\nt_0 = 3\nt_mult = 0", "cosine_warm_restarts.t_mult: 0.0 is outside [1, ∞)"),
    (
        "[one_cycle]\nmax_lr = 1\ntotal_steps = 3",
        "one_cycle.pct_start: 0.3 leaves no step for the rise: with total_steps = 3 it must be above 1 / 3 = 0.3333; or set \
         total_steps to 4 or more",
    ),
    (
        "[one_cycle]\nmax_lr = 1\ntotal_steps = 1",
        "one_cycle.total_steps: 1 is too short for a rise and a descent: with pct_start = 0.3 a one-cycle schedule has at least \
         4 steps; make it longer, or use another schedule",
    ),
    (
        "[one_cycle]\nmax_lr = 1\ntotal_steps = 10\npct_start = 0.6\nthree_phase = true",
        "one_cycle.pct_start: 0.6 leaves no step for the last descent: with three phases and total_steps = 10 it must be below 0.5500",
    ),
    ("[one_cycle]\nmax_lr = 1\ntotal_steps = 10\npct_start = 1", "one_cycle.pct_start: 1.0 is outside (0, 1)"),
    ("[one_cycle]\nmax_lr = 1\ntotal_steps = 10\ndiv_factor = 0.5", "one_cycle.div_factor: 0.5 is outside [1, ∞)"),
    (
        "[one_cycle]\nmax_lr = 1\ntotal_steps = 10\nfinal_div_factor = 0",
        "one_cycle.final_div_factor: 0.0 is outside (0, ∞)",
    ),
    (
        "[sweep]\nstart_lr = 0\nend_lr = 1\nsteps = 10",
        "sweep.start_lr: an exponential sweep cannot start at 0, which stays 0 however often it is multiplied: make the sweep \
         linear, or start above 0",
    ),
    (
        "[sweep]\nstart_lr = 1e-10\nend_lr = 1e300\nsteps = 10",
        "sweep.end_lr: from 1e-10 to 1e300 the rate grows by more than a 64-bit float can hold: end the sweep lower",
    ),
    (
        "[sweep]\nstart_lr = 1\nend_lr = 1.0000000000000002\nsteps = 10",
        "sweep.end_lr: from 1.0 to 1.0000000000000002 in 10 steps the rate does not change from one step to the next",
    ),
    (
        "[sweep]\nstart_lr = 1\nend_lr = 1.000001\nsteps = 1000000000\nkind = \"linear\"",
        "sweep.end_lr: from 1.0 to 1.000001 in 1000000000 steps the rate does not change from one step to the next",
    ),
    ("[sweep]\nstart_lr = 1\nend_lr = 1\nsteps = 10", "sweep.end_lr: a sweep must rise, but it goes from 1.0 to 1.0"),
    ("[sweep]\nstart_lr = 1\nend_lr = 2\nsteps = 1", "sweep.steps: 1 is too short: a sweep has at least 2 steps"),
    ("[sequential]\nstages = []", "sequential.stages: there are no stages"),
    (
        "[[sequential.stages]]\nschedule.constant.lr = 1\n[[sequential.stages]]\nschedule.constant.lr = 1",
        "sequential.stages[0].length: only the last stage may go without a length",
    ),
    (
        "[[sequential.stages]]\nschedule.constant.lr = 1\n[[sequential.stages]]\nschedule.step = { lr = 1, step_size = 2, gamma = 3 }",
        "sequential.stages[0].length",
    ),
    (
        "[[sequential.stages]]\nlength = 2\nschedule.constant.lr = 1\n[[sequential.stages]]\nschedule.step = { lr = 1, step_size = 2, gamma = 3 }",
        "sequential.stages[1].schedule.step.gamma: 3.0 is outside (0, 1]",
    ),
    (
        "[[sequential.stages]]\nlength = 11\nschedule.one_cycle = { max_lr = 1, total_steps = 10 }\n[[sequential.stages]]\nschedule.constant.lr = 1",
        "sequential.stages[0].length: the stage is 11 steps long, but its schedule ends after 10",
    ),
    ("[reduce_on_plateau]\nlr = 1\nfactor = 1", "reduce_on_plateau.factor: 1.0 is outside (0, 1)"),
    ("[reduce_on_plateau]\nlr = 1\nthreshold = 1", "reduce_on_plateau.threshold: 1.0 is outside [0, 1)"),
    (
        "[reduce_on_plateau]\nlr = 1\nthreshold = -1\nthreshold_mode = \"abs\"",
        "reduce_on_plateau.threshold: -1.0 is outside [0, ∞)",
    ),
    ("[reduce_on_plateau]\nlr = 1\nmin_lr = 2", "reduce_on_plateau.min_lr: 2.0 is above lr = 1.0"),
    ("[reduce_on_plateau]\nlr = 1\neps = inf", "reduce_on_plateau.eps: inf is outside [0, ∞)"),
];

/// What can be read and makes no sense names the setting, the value and what to do.
#[test]
fn senseless_specifications() {
    for (text, message) in SENSELESS {
        let spec = parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let error = plan(&spec).expect_err(text).to_string();
        assert!(error.contains(message), "{text}\n\ngave\n\n{error}");
    }
}

#[test]
fn groups_that_make_no_sense() {
    let spec = ScheduleSpec::constant(0.1);
    let message = |groups: &[Group]| Plan::new(&spec, groups, 500, &compile).expect_err("an error").to_string();
    let group = |lr_mult, momentum| Group { name: "bias".into(), lr_mult, momentum };
    assert_eq!(message(&[]), "groups: there are no parameter groups");
    let factor = "is no factor on a learning rate: it must be finite and not negative";
    assert_eq!(message(&[group(-1.0, None)]), format!("group \"bias\".lr_mult: -1.0 {factor}"));
    assert_eq!(message(&[group(f64::NAN, None)]), format!("group \"bias\".lr_mult: NaN {factor}"));
    assert_eq!(message(&[group(1.0, Some(1.0))]), "group \"bias\".momentum: 1.0 is outside [0, 1)");
    let huge = ScheduleSpec::constant(1e300);
    let plan = Plan::new(&huge, &[group(1e300, None)], 500, &compile).expect("a plan");
    let error = plan.at(3).expect_err("an infinite rate").to_string();
    assert_eq!(error, "constant: step 3 gets the learning rate inf: it must be finite and not negative");
}

#[test]
fn momentum_that_cannot_be_cycled() {
    let cyclic = |cycle_momentum| ScheduleSpec::from(Cyclic { cycle_momentum, ..Cyclic::new(0.1, 1.0) });
    let plan = |spec, momentum| Plan::new(&spec, &groups(2, momentum), 500, &compile);
    let error = plan(cyclic(Some(true)), None).expect_err("no momentum");
    assert_eq!(error.place, "cyclic.cycle_momentum");
    assert!(matches!(error.problem, Problem::NoMomentum), "{error}");
    let momentum = |spec, momentum| plan(spec, momentum).expect("a plan").at(2000).expect("rates").0[0].momentum;
    assert_eq!(momentum(cyclic(None), None), None);
    assert_eq!(momentum(cyclic(None), Some(0.5)), Some(0.8));
    assert_eq!(momentum(cyclic(Some(false)), Some(0.5)), Some(0.5));
    assert_eq!(momentum(cyclic(Some(false)), None), None);
}

#[test]
fn an_epoch_without_updates() {
    let context = Context { steps_per_epoch: 0, pick: None, momentum: true, evaluated: None };
    for text in ["[step]\nlr = 1\nstep_size = \"2ep\"", "[step]\nlr = 1\nstep_size = 2\ninterval = \"epoch\""] {
        let error = parse(text).expect("a specification").resolve(&context).expect_err("no updates").to_string();
        assert!(error.ends_with("counts epochs, but an epoch has no updates"), "{error}");
    }
}

/// What only shows at a step names the step and the value.
#[test]
fn steps_that_have_no_rate() {
    let at = |text: &str, step| {
        let plan = plan(&parse(text).expect("a specification")).expect("a plan");
        let error = plan.at(step).expect_err("no rate").to_string();
        assert_eq!(plan.check(step + 1).expect_err("no rate").to_string(), error);
        error
    };
    let one_cycle = "[one_cycle]\nmax_lr = 1\ntotal_steps = 10";
    assert_eq!(at(one_cycle, 10), "one_cycle.total_steps: step 10 is past the end: the schedule has 10 steps, 0 to 9");
    let scaled = |text: &str| {
        format!("[cyclic]\nbase_lr = 0.5\nmax_lr = 1\nstep_size_up = 1\ncycle_momentum = false\nscale_fn = \"{text}\"")
    };
    let negative = "cyclic: step 1 gets the learning rate -1.0: it must be finite and not negative";
    assert_eq!(at(&scaled("0 - 3 * x"), 1), negative);
    assert!(at(&scaled("ln(0 - x)"), 0).contains("step 0 gets the learning rate NaN"));
    let momentum = "[cyclic]\nbase_lr = 0.5\nmax_lr = 1\nstep_size_up = 1\nscale_fn = \"0 - x\"\nbase_momentum = 0.7";
    assert_eq!(at(momentum, 1), "cyclic: step 1 gets the momentum 1.1, which is outside [0, 1)");
}
