//! What a configuration may say, what it becomes, and how a report names it.

use lrscope_schedule::{Context, Pick, ScheduleSpec};

mod support;
use support::context;

fn parse(text: &str) -> ScheduleSpec {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn canonical(text: &str, context: &Context) -> String {
    let resolved = parse(text).resolve(context).unwrap_or_else(|error| panic!("{text}\n{error}"));
    serde_json::to_string(&resolved).expect("JSON")
}

/// Two ways to say the same become the same text, which a run's identity is made from.
#[test]
fn the_same_schedule_has_one_form() {
    let same = [
        [
            "[step]\nlr = 1\nstep_size = \"2ep\"",
            "[step]\nlr = 1.0\nstep_size = 1000.0\ngamma = 0.1\ninterval = \"update\"",
        ],
        [
            "[step]\nlr = 1\nstep_size = \"2ep\"\ninterval = \"epoch\"",
            "[step]\nlr = 1\nstep_size = 2\ninterval = \"epoch\"",
        ],
        ["[constant]\nlr = 0", "[constant]\nlr = -0.0"],
        ["[linear]\nlr = 1\ntotal = 7", "[linear]\nlr = 1\ntotal_iters = 7"],
        [
            "[cyclic]\nbase_lr = 0\nmax_lr = 1",
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nstep_size_up = \"4ep\"\nstep_size_down = 2000",
        ],
        [
            "[cyclic]\nbase_lr = 0\nmax_lr = 1",
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\ngamma = 0.5\nscale_mode = \"iterations\"\ncycle_momentum = true",
        ],
        [
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\ncycle_momentum = false",
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\ncycle_momentum = false\nbase_momentum = 0.1",
        ],
        [
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"1 / x\"",
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"1 / x\"\nmode = \"exp_range\"\ngamma = 0.3",
        ],
        [
            "[sequential]\ninterval = \"epoch\"\nstages = [{ schedule = { cosine = { lr = 1, t_max = 5 } } }]",
            "[sequential]\ninterval = \"epoch\"\nstages = [{ schedule = { cosine = { lr = 1, t_max = 5, interval = \"epoch\" } } }]",
        ],
    ];
    for [one, other] in same {
        assert_eq!(canonical(one, &context()), canonical(other, &context()));
    }
    let different = [
        ["[step]\nlr = 1\nstep_size = 2\ninterval = \"epoch\"", "[step]\nlr = 1\nstep_size = 2"],
        [
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"1/x\"",
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"1/(x+1)\"",
        ],
        [
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nmode = \"exp_range\"\ngamma = 0.9",
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nmode = \"exp_range_paper\"\ngamma = 0.9",
        ],
    ];
    for [one, other] in different {
        assert_ne!(canonical(one, &context()), canonical(other, &context()));
    }
}

#[test]
fn the_canonical_form_is_stable() {
    let text = "[cyclic]\nbase_lr = 0.001\nmax_lr = 0.006\nmode = \"triangular2\"";
    assert_eq!(
        canonical(text, &context()),
        r#"{"cyclic":{"base_lr":0.001,"max_lr":0.006,"step_size_up":2000,"step_size_down":2000,"mode":"triangular2","gamma":1.0,"scale_fn":null,"scale_mode":"cycle","cycle_momentum":true,"base_momentum":0.8,"max_momentum":0.9,"interval":"update"}}"#
    );
}

#[test]
fn references_become_the_picks_bounds() {
    let pick = Some(Pick { base_lr: 0.25, max_lr: 0.75 });
    let with_pick = Context { pick, ..context() };
    let table = [
        ("[cyclic]\nbase_lr = \"range-test\"\nmax_lr = \"range-test\"", "base_lr 0.25, max_lr 0.75"),
        ("[paper_decay]\nbase_lr = \"range-test\"\nmax_lr = \"range-test\"\nlength = 9", "max_lr 0.75, base_lr 0.25"),
        ("[constant]\nlr = \"range-test.base_lr\"", "lr 0.25"),
        ("[constant]\nlr = \"range-test.max_lr\"", "lr 0.75"),
        ("[constant]\nlr = \"range-test.mean_lr\"", "lr 0.5"),
        ("[constant]\nlr = [\"range-test.max_lr\", 2]", "lr [0.75, 2.0]"),
        ("[one_cycle]\nmax_lr = \"range-test\"\ntotal_steps = 100", "max_lr 0.75"),
        ("[sequential]\nstages = [{ schedule = { constant = { lr = \"range-test.max_lr\" } } }]", "lr 0.75"),
    ];
    for (text, part) in table {
        let spec = parse(text);
        assert!(spec.references_pick(), "{text}");
        let resolved = spec.resolve(&with_pick).expect("a resolved specification");
        assert!(!resolved.references_pick() && resolved.to_string().contains(part), "{resolved}");
        assert!(spec.resolve(&context()).is_err(), "{text}");
    }
    assert!(!parse("[constant]\nlr = 1").references_pick());
}

#[test]
fn epochs_become_steps() {
    let table = [
        ("[step]\nlr = 1\nstep_size = \"0.333ep\"", "step_size 167"),
        ("[cyclic]\nbase_lr = 0\nmax_lr = 1\nstep_size_up = \"0.333ep\"", "step_size_up 166.5"),
        ("[multi_step]\nlr = 1\nmilestones = [\"1ep\", 700, \"2ep\"]", "milestones [500, 700, 1000]"),
        ("[cosine]\nlr = 1\nt_max = \"3ep\"\ninterval = \"epoch\"", "t_max 3, per epoch"),
        (
            "[sequential]\nstages = [{ length = \"2ep\", schedule = { constant = { lr = 1 } } }]",
            "(constant, lr 1.0) for 1000",
        ),
    ];
    for (text, part) in table {
        let resolved = parse(text).resolve(&context()).expect("a resolved specification").to_string();
        assert!(resolved.contains(part), "{resolved}");
    }
}

/// A sequence that counts epochs passes that on; a stage may count updates all the same.
#[test]
fn stages_count_what_their_sequence_counts() {
    let text = "
        [sequential]
        interval = \"epoch\"
        [[sequential.stages]]
        length = 2
        schedule.linear = { lr = 1, start_factor = 0.5, total = 2 }
        [[sequential.stages]]
        length = 1
        schedule.exponential = { lr = 1, gamma = 0.5, interval = \"update\" }
        [[sequential.stages]]
        schedule.step = { lr = 1, step_size = 1 }
    ";
    let plan = support::plan(&parse(text)).expect("a plan");
    let table = [(0, 0.5), (499, 0.5), (500, 0.75), (999, 0.75), (1000, 1.0), (1002, 0.25), (1499, 0.5_f64.powi(499))];
    let after = [(1500, 1.0), (1999, 1.0), (2000, 0.1), (2500, 0.01)];
    for (step, rate) in table.into_iter().chain(after) {
        support::assert_close(support::lr(&plan, step), rate, 1.0);
    }
}

#[test]
fn one_line_for_reports() {
    let table = [
        ("[constant]\nlr = 0.1", "constant, lr 0.1"),
        ("[step]\nlr = 0.1\nstep_size = \"30ep\"", "step, lr 0.1, step_size 30ep, gamma 0.1"),
        ("[multi_step]\nlr = 0.1\nmilestones = [3, 5]", "multi_step, lr 0.1, milestones [3, 5], gamma 0.1"),
        ("[exponential]\nlr = 0.1\ngamma = 0.9\ninterval = \"epoch\"", "exponential, lr 0.1, gamma 0.9, per epoch"),
        (
            "[inverse_decay]\nlr = 0.01\ngamma = 0.0001\npower = 0.75",
            "inverse_decay, lr 0.01, gamma 0.0001, power 0.75",
        ),
        ("[linear]\nlr = 0.1\nstart_factor = 0.5", "linear, lr 0.1, factor 0.5 to 1, total 5"),
        ("[polynomial]\nlr = 0.1", "polynomial, lr 0.1, total 5, power 1"),
        (
            "[paper_decay]\nmax_lr = 0.007\nbase_lr = 0.001\nlength = 4000",
            "paper_decay, max_lr 0.007, base_lr 0.001, length 4000",
        ),
        ("[cosine]\nlr = 0.1\nt_max = 9\neta_min = 1e-5", "cosine, lr 0.1, t_max 9, eta_min 1e-5"),
        ("[cosine_warm_restarts]\nlr = 0.1\nt_0 = 9", "cosine_warm_restarts, lr 0.1, t_0 9, t_mult 1"),
        (
            "[one_cycle]\nmax_lr = 0.1\ntotal_steps = 9\nthree_phase = true",
            "one_cycle, max_lr 0.1, total_steps 9, pct_start 0.3, anneal_strategy cos, div_factor 25, final_div_factor 10000, phases 3",
        ),
        (
            "[cyclic]\nbase_lr = 0.001\nmax_lr = 0.006\nmode = \"triangular2\"",
            "cyclic triangular2, base_lr 0.001, max_lr 0.006, step_size_up 2000",
        ),
        (
            "[cyclic]\nbase_lr = \"range-test\"\nmax_lr = [1, 2]\nmode = \"exp_range\"\ngamma = 0.9\nstep_size_down = 7\ncycle_momentum = true",
            "cyclic exp_range, base_lr range-test, max_lr [1.0, 2.0], step_size_up 2000, step_size_down 7, gamma 0.9, momentum 0.9 to 0.8",
        ),
        (
            "[cyclic]\nbase_lr = 0\nmax_lr = 1\nscale_fn = \"1 / x\"",
            "cyclic scale_fn \"1 / x\" of cycle, base_lr 0.0, max_lr 1.0, step_size_up 2000",
        ),
        ("[sweep]\nstart_lr = 1e-7\nend_lr = 10\nsteps = 100", "sweep, exponential 1e-7 to 10.0, steps 100"),
        ("[reduce_on_plateau]\nlr = 0.1", "reduce_on_plateau, lr 0.1, factor 0.1, patience 10, threshold 0.0001 rel"),
        (
            "[sequential]\nstages = [{ length = 5, schedule = { linear = { lr = 1 } } }, { schedule = { constant = { lr = 1 } } }]",
            "sequential: (linear, lr 1.0, factor 0.3333333333333333 to 1, total 5) for 5; then (constant, lr 1.0)",
        ),
    ];
    for (text, line) in table {
        assert_eq!(parse(text).to_string(), line);
    }
}

/// Numbers printed by `SequentialLR` of PyTorch 2.13.0 with lr 0.1: milestones [0] with `LinearLR(start_factor=0.25,
/// total_iters=4)` and `CosineAnnealingLR(T_max=5)`; [0, 0], [0, 3], [3, 3] and [2, 2] with `StepLR(step_size=2, gamma=0.5)` as
/// well.
#[test]
fn stages_of_no_length_are_skipped_as_pytorch_does() {
    const COSINE: [f64; 6] = [
        0.1,
        0.090_450_849_718_747_38,
        0.065_450_849_718_747_37,
        0.034_549_150_281_252_63,
        0.009_549_150_281_252_633,
        0.0,
    ];
    let step = [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125];
    let warm_up = [0.025, 0.043_750_000_000_000_004, 0.062_500_000_000_000_01];
    let cases: [(&[u64], Vec<f64>); 5] = [
        (&[0], COSINE.to_vec()),
        (&[0, 0], step.to_vec()),
        (&[0, 3], [&COSINE[..3], &step[..5]].concat()),
        (&[3, 3], [&warm_up[..], &step[..5]].concat()),
        (&[2, 2], [&warm_up[..2], &step[..6]].concat()),
    ];
    let schedules = [
        "linear = { lr = 0.1, start_factor = 0.25, total = 4 }",
        "cosine = { lr = 0.1, t_max = 5 }",
        "step = { lr = 0.1, step_size = 2, gamma = 0.5 }",
    ];
    for (milestones, expected) in cases {
        let starts = [&[0], milestones].concat();
        let stages = schedules.iter().zip(0..=milestones.len()).map(|(schedule, index)| {
            let length =
                starts.get(index + 1).map_or(String::new(), |next| format!("length = {}\n", next - starts[index]));
            format!("[[sequential.stages]]\n{length}schedule.{schedule}\n")
        });
        let text: String = stages.collect();
        let spec: ScheduleSpec = toml::from_str(&text).expect("a specification");
        let plan = support::plan(&spec).expect("a plan");
        for (step, expected) in (0..).zip(expected) {
            support::assert_close(support::lr(&plan, step), expected, 0.1);
        }
        plan.check(8).expect("rates");
        let places: Vec<String> = plan.lint(8).into_iter().map(|lint| lint.place).collect();
        let skipped = milestones.len() - 1;
        assert!(
            !places.iter().any(|place| place == "sequential" || *place == format!("sequential.stages[{skipped}]")),
            "{places:?}"
        );
    }
    // Written as epochs, written and read again, and as the last stage.
    let text = "[[sequential.stages]]\nlength = \"0ep\"\nschedule.constant.lr = 1\n[[sequential.stages]]\nlength = 10\nschedule.constant.lr = 0.5\n\
                [[sequential.stages]]\nlength = 0\nschedule.constant.lr = 0.25";
    let spec: ScheduleSpec = toml::from_str(text).expect("a specification");
    let plan = support::plan(&spec).expect("a plan");
    assert_eq!((support::lr(&plan, 0), support::lr(&plan, 9)), (0.5, 0.5));
    assert_eq!(plan.lint(10), []);
    let json = serde_json::to_string(plan.spec()).expect("JSON");
    assert_eq!(&serde_json::from_str::<ScheduleSpec>(&json).expect("a specification"), plan.spec());
}

/// Whole numbers may be written as floats, wherever there are any.
#[test]
fn whole_floats_are_whole_numbers() {
    for (text, float) in [
        (
            "[cosine_warm_restarts]\nlr = 1\nt_0 = 2\nt_mult = 2",
            "[cosine_warm_restarts]\nlr = 1.0\nt_0 = 2.0\nt_mult = 2.0",
        ),
        (
            "[reduce_on_plateau]\nlr = 1\npatience = 3\ncooldown = 0",
            "[reduce_on_plateau]\nlr = 1.0\npatience = 3.0\ncooldown = 0e0",
        ),
        ("[step]\nlr = 1\nstep_size = 30", "[step]\nlr = 1.0\nstep_size = 3e1"),
        ("[multi_step]\nlr = 1\nmilestones = [3, 5]", "[multi_step]\nlr = 1\nmilestones = [3.0, 5.0]"),
        ("[cosine]\nlr = 1\nt_max = 9", "[cosine]\nlr = 1\nt_max = 9.0"),
        ("[one_cycle]\nmax_lr = 1\ntotal_steps = 9", "[one_cycle]\nmax_lr = 1\ntotal_steps = 9.0"),
        ("[linear]\nlr = 1\ntotal_iters = 9", "[linear]\nlr = 1\ntotal_iters = 9.0"),
    ] {
        let read = |text: &str| toml::from_str::<ScheduleSpec>(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(read(text), read(float), "{float}");
    }
}

/// Runs as long as there may be are checked and looked over in no time: whoever walks through every update of this test, once
/// for each kind, does not come back within the hour.
#[test]
fn long_runs_are_not_walked_through() {
    const LONG: u64 = 1_000_000_000;
    for text in [
        "[constant]\nlr = 0.1",
        "[step]\nlr = 0.1\nstep_size = 300",
        "[exponential]\nlr = 0.1\ngamma = 0.9999999999",
        "[inverse_decay]\nlr = 0.1\ngamma = 1e-4\npower = 0.75",
        "[linear]\nlr = 0.1\ntotal = 1000000000",
        "[polynomial]\nlr = 0.1\ntotal = 1000000000",
        "[cosine]\nlr = 0.1\nt_max = 1000000000",
        "[cosine_warm_restarts]\nlr = 0.1\nt_0 = 10\nt_mult = 1",
        "[one_cycle]\nmax_lr = 0.1\ntotal_steps = 1000000000",
        "[cyclic]\nbase_lr = 0.1\nmax_lr = 1\nstep_size_up = 10",
        "[cyclic]\nbase_lr = 0.1\nmax_lr = 1\nstep_size_up = 1000000000\nmode = \"exp_range\"\ngamma = 0.999",
        "[cyclic]\nbase_lr = 0.1\nmax_lr = 1\nstep_size_up = 10\nscale_fn = \"1 / x\"",
        "[cyclic]\nbase_lr = 0.1\nmax_lr = 1\nstep_size_up = 10\nscale_fn = \"1 / (1 + x)\"\nscale_mode = \"iterations\"",
        "[sweep]\nstart_lr = 1e-6\nend_lr = 1\nsteps = 1000000000",
        "[reduce_on_plateau]\nlr = 0.1",
    ] {
        let whole = "[[sequential.stages]]\nlength = 1000\nschedule.constant.lr = 1\n[[sequential.stages]]\nlength = 1000000000\n[sequential.stages.schedule";
        let staged = format!("{whole}.{}", &text[1..]);
        for text in [text, &staged] {
            let spec: ScheduleSpec = toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
            let plan = support::plan(&spec).expect(text);
            plan.check(LONG).expect(text);
            plan.lint(LONG);
        }
    }
}
