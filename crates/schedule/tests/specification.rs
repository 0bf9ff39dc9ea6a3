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
