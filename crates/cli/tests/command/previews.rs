//! `lrscope schedule` shows what `train` and `compare` use, and asks by name for what it cannot know.

use std::fs;
use std::path::Path;

use lrscope_data::Name;
use lrscope_runner::experiment::{Experiment, Source};
use lrscope_runner::record::Store;
use lrscope_runner::resolve::{self, DataFacts, Setting};
use lrscope_runner::spec::{DeviceClass, RunSpec};
use lrscope_schedule::{Pick, Point, ScheduleSpec};
use proptest::prelude::*;

use super::configs::files;
use super::support::{Folder, SMALL};

/// Two groups of digits' network: 1,237 pictures to train on, 39 batches of 32 in an epoch.
const GROUPS: &str = r#"version = 1
[data]
name = "digits"
batch_size = 32
[model.mlp]
hidden = [16]
[optimizer.sgd]
momentum = 0.9
[training]
length = "4ep"
seeds = 1
[[group]]
name = "biases"
parameters = ["*.bias"]
lr_mult = 0.1
[[group]]
name = "weights"
parameters = ["*.weight"]
[[arm]]
name = "cyclic"
[arm.schedule.cyclic]
base_lr = 0.01
max_lr = 0.1
step_size_up = "2ep"
[[arm]]
name = "x"
[arm.schedule.constant]
lr = 0.1
"#;

/// The header of a table, and its rows as numbers; an empty cell is none.
fn table(text: &str) -> (Vec<String>, Vec<Vec<Option<f64>>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let cell = |cell: &str| (!cell.is_empty()).then(|| cell.parse().unwrap());
    (header, reader.records().map(|row| row.unwrap().iter().map(cell).collect()).collect())
}

/// The rows that a run's specification gives: step, then rate and momentum of every group.
fn rows_of(spec: &RunSpec) -> Vec<Vec<Option<f64>>> {
    let plan = resolve::plan(spec).unwrap();
    let numbers = |Point { lr, momentum }| [Some(lr), momentum];
    let row = |step: u64| {
        let points = plan.at(step).unwrap().0.into_iter();
        std::iter::once(Some(step as f64)).chain(points.flat_map(numbers)).collect()
    };
    (0..spec.steps).map(row).collect()
}

fn header_of(spec: &RunSpec) -> Vec<String> {
    let column = |what: &str, name: &str| if spec.groups.len() > 1 { format!("{what}.{name}") } else { what.into() };
    let columns = spec.groups.iter().flat_map(|group| [column("lr", &group.name), column("momentum", &group.name)]);
    std::iter::once("step".into()).chain(columns).collect()
}

fn assert_same(shown: &str, spec: &RunSpec, what: &str) {
    let (header, rows) = table(shown);
    assert_eq!(header, header_of(spec), "{what}");
    let expected = rows_of(spec);
    assert_eq!(rows.len(), expected.len(), "{what}");
    let bits = |row: &Vec<Option<f64>>| row.iter().map(|cell| cell.map(f64::to_bits)).collect::<Vec<_>>();
    for (shown, expected) in rows.iter().zip(&expected) {
        assert_eq!(bits(shown), bits(expected), "{what}: {shown:?}, the run has {expected:?}");
    }
}

#[test]
fn every_group_has_its_columns_over_the_whole_run() {
    let folder = Folder::new();
    folder.write("groups.toml", GROUPS);
    let arguments = ["schedule", "-c", "groups.toml", "--arm", "cyclic"];
    let (header, rows) = table(&folder.done(&arguments));
    assert_eq!(header, ["step", "lr.biases", "momentum.biases", "lr.weights", "momentum.weights"]);
    assert_eq!(rows.len(), 4 * 39);
    for (step, row) in (0_u32..).zip(&rows) {
        // A triangle of 78 updates up and 78 down, from 0.01 to 0.1 and with the momentum from 0.9 to 0.8.
        let up = 1.0 - (f64::from(step) / 78.0 - 1.0).abs();
        let (lr, momentum) = (0.01 + 0.09 * up, 0.9 - 0.1 * up);
        let expected = [f64::from(step), 0.1 * lr, momentum, lr, momentum];
        for (shown, expected) in row.iter().zip(expected) {
            assert!((shown.unwrap() - expected).abs() < 1e-12, "step {step}: {row:?}");
        }
    }
    let json = folder.json(&arguments);
    assert_eq!(json[78]["groups"][1]["name"], "weights");
    assert_eq!(json[78]["groups"][1]["lr"].as_f64(), rows[78][3]);
    assert_eq!(json[78]["groups"][0]["momentum"].as_f64(), rows[78][2]);
}

#[test]
fn lists_with_a_rate_for_each_group_are_shown() {
    let folder = Folder::new();
    let arms = GROUPS.find("[[arm]]").unwrap();
    let schedule = "[schedule.cyclic]\nbase_lr = [1e-6, 1e-5]\nmax_lr = [1e-4, 1e-3]\nstep_size_up = 20\n";
    folder.write("lists.toml", [&GROUPS[..arms].replace("lr_mult = 0.1\n", ""), schedule].concat());
    let (_, rows) = table(&folder.done(&["schedule", "-c", "lists.toml", "--length", "10"]));
    assert_eq!(rows.len(), 10);
    assert_eq!(rows[0], [0.0, 1e-6, 0.9, 1e-5, 0.9].map(Some));
    // Without a file the lists say how many groups there are.
    let told = folder.run(&["schedule", "constant = { lr = [0.1, 0.2, 0.3] }", "--length", "2"]);
    let (header, rows) = table(&told.out);
    assert_eq!(header, ["step", "lr.1", "momentum.1", "lr.2", "momentum.2", "lr.3", "momentum.3"]);
    assert_eq!(rows[1], [Some(1.0), Some(0.1), None, Some(0.2), None, Some(0.3), None]);
    assert!(told.err.contains("3 parameter groups"), "{}", told.err);
}

#[test]
fn what_is_missing_is_asked_for_by_name() {
    let cyclic = "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = \"2ep\" }";
    let by_epoch = "step = { lr = 0.1, step_size = 2, gamma = 0.5, interval = \"epoch\" }";
    let inside = "sequential = { stages = [{ length = \"1ep\", schedule = { constant = { lr = 0.1 } } }, \
                  { schedule = { constant = { lr = 0.2 } } }] }";
    let rows: [(&[&str], &[&str]); 14] = [
        (&["constant = { lr = 0.1 }"], &["--length"]),
        (&["constant = { lr = 0.1 }", "--length", "2ep"], &["--length: 2ep", "--steps-per-epoch"]),
        (&[cyclic, "--length", "10"], &["SCHEDULE: cyclic.step_size_up", "--steps-per-epoch"]),
        (&[by_epoch, "--length", "10"], &["SCHEDULE: step.interval", "--steps-per-epoch"]),
        (&[inside, "--length", "10"], &["SCHEDULE: sequential.stages[0].length", "--steps-per-epoch"]),
        (&["constant = { lr = \"range-test.max_lr\" }", "--length", "10"], &["SCHEDULE: constant.lr", "--pick"]),
        (&["digits"], &["schedule", "lrscope range-test", "--pick"]),
        (&["-c", "groups.toml"], &["groups.toml: schedule", "--arm (\"cyclic\", \"x\")", "--schedule"]),
        (&["-c", "groups.toml", "--arm", "y"], &["--arm: there is no arm \"y\"; there are \"cyclic\", \"x\""]),
        (&["-c", "none.toml"], &["none.toml: schedule", "add a [schedule.…] table", "--schedule"]),
        (&["-c", "none.toml", "--arm", "y"], &["--arm: there is no arm \"y\", nor any other"]),
        (
            &["constant = { lr = 0.1 }", "--length", "9", "--batch-size", "8"],
            &["SCHEDULE", "--batch-size", "--schedule"],
        ),
        (&["constant = { lr = 0.1 }", "--length", "9", "--arm", "x"], &["--arm", "SCHEDULE"]),
        (&["mnst"], &["did you mean `mnist`"]),
    ];
    for (arguments, says) in rows {
        let folder = Folder::new();
        folder.write("groups.toml", GROUPS);
        folder.write("none.toml", &GROUPS[..GROUPS.find("[[arm]]").unwrap()]);
        let told = folder.run(&[&["schedule"], arguments].concat());
        told.must_fail(&format!("{arguments:?}"), 2, says);
        assert!(told.out.is_empty() && !folder.join("results").exists(), "{arguments:?}");
    }
}

/// Every kind of schedule is a schedule and no misspelt data set.
#[test]
fn a_lone_word_that_names_a_kind_is_taken_for_a_schedule() {
    let kinds = [
        "constant",
        "step",
        "multi_step",
        "exponential",
        "inverse_decay",
        "linear",
        "polynomial",
        "paper_decay",
        "cosine",
        "cosine_warm_restarts",
        "one_cycle",
        "cyclic",
        "sweep",
        "sequential",
        "reduce_on_plateau",
    ];
    for kind in kinds {
        Folder::new().run(&["schedule", kind]).must_fail(kind, 2, &["SCHEDULE, character"]);
    }
}

#[test]
fn momentum_that_would_be_cycled_is_said_to_be_missing() {
    let folder = Folder::new();
    let cyclic = ["schedule", "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = 2 }", "--length", "4"];
    assert!(folder.run(&cyclic).err.contains("--momentum"), "{:?}", folder.run(&cyclic));
    let told = folder.run(&[&cyclic[..], &["--momentum", "0.9"]].concat());
    assert!(!told.err.contains("--momentum"), "{told:?}");
}

/// Flags change what is shown as they change what is trained.
#[test]
fn flags_go_over_the_file() {
    let folder = Folder::new();
    folder.write("groups.toml", GROUPS);
    let shown = |flags: &[&str]| {
        let arguments = [&["schedule", "-c", "groups.toml", "--arm", "cyclic"], flags].concat();
        let (_, rows) = table(&folder.done(&arguments));
        let peak = (0..rows.len()).max_by(|a, b| rows[*a][3].unwrap().total_cmp(&rows[*b][3].unwrap()));
        (rows.len(), peak.unwrap(), rows[0][2])
    };
    // 1,237 pictures: 78 batches of 16, 20 updates of 2 · 32, 4 of 32 for 128.
    assert_eq!(shown(&["--batch-size", "16"]), (312, 156, Some(0.9)));
    assert_eq!(shown(&["--accumulation-steps", "2"]), (80, 40, Some(0.9)));
    assert_eq!(shown(&["--train-limit", "128"]), (16, 8, Some(0.9)));
    assert_eq!(shown(&["--validation", "1217"]), shown(&["--train-limit", "220"]));
    assert_eq!(shown(&["--length", "2ep"]), (78, 77, Some(0.9)));
    assert_eq!(shown(&["--optimizer", "sgd = { momentum = 0.0 }"]), (156, 78, None));
    // The momentum that is cycled is the schedule's own; one that is not is the optimizer's beta1.
    let fixed = ["--schedule", "constant = { lr = 0.1 }", "--optimizer", "adamw", "--momentum", "0.7"];
    let (_, rows) = table(&folder.done(&[&["schedule", "-c", "groups.toml"], &fixed[..]].concat()));
    assert_eq!(rows[155], [Some(155.0), Some(0.1 * 0.1), Some(0.7), Some(0.1), Some(0.7)]);
    let told = folder.run(&["schedule", "-c", "groups.toml", "--arm", "x", "--steps-per-epoch", "10"]);
    assert_eq!(table(&told.out).1.len(), 40);
    assert!(told.err.contains("10 updates of --steps-per-epoch; training it has 39"), "{}", told.err);
}

fn setting(experiment: &Experiment) -> Setting {
    let name: Name = experiment.data.name.parse().unwrap();
    let facts = name.facts();
    let facts =
        DataFacts { sha256: facts.data_hash.into(), train: facts.train as u64, validation: facts.validation as u64 };
    Setting::new(experiment.clone(), facts, DeviceClass::Cpu, "portable".into()).unwrap()
}

/// Every schedule of every file in `configs/`, built in or not, against the runs that a comparison or a training makes.
#[test]
fn every_configuration_is_shown_as_it_is_run() {
    let pick = Pick { base_lr: 0.0123, max_lr: 0.0456 };
    let (base, max) = (pick.base_lr.to_string(), pick.max_lr.to_string());
    let folder = Folder::new();
    for file in files() {
        let experiment = Source::file(&file).unwrap().parse().unwrap();
        let setting = setting(&experiment);
        let arms = experiment.arms.iter().map(|arm| (Some(arm.name.as_str()), &arm.schedule));
        let own = experiment.schedule.iter().map(|schedule| (None, schedule));
        for (arm, schedule) in own.chain(arms) {
            let run = |schedule: &ScheduleSpec| setting.training("schedule", schedule, Some(pick)).unwrap().remove(0);
            let mut arguments = vec!["schedule", "-c", file.to_str().unwrap(), "--pick", &base, &max];
            arguments.extend(arm.iter().flat_map(|arm| ["--arm", arm]));
            assert_same(&folder.done(&arguments), &run(schedule), &format!("{arguments:?}"));
        }
    }
    // A data set by its name is its built-in configuration.
    for name in Name::ALL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/{name}.toml"));
        let by_file = folder.done(&["schedule", "-c", file.to_str().unwrap(), "--pick", &base, &max]);
        assert_eq!(folder.done(&["schedule", name.as_str(), "--pick", &base, &max]), by_file);
    }
}

/// Trains a configuration by the program; the specification that its record keeps.
fn trained(folder: &Folder, arguments: &[&str]) -> RunSpec {
    folder.done(&[&["train"], arguments].concat());
    let store = Store::open(folder.join("results")).unwrap();
    let runs = store.runs().unwrap().map(Result::unwrap);
    let training = |spec: &RunSpec| !matches!(spec.schedule, ScheduleSpec::Sweep(_));
    runs.map(|run| run.spec).find(training).unwrap()
}

#[test]
fn a_kept_pick_is_taken_as_a_comparison_takes_it() {
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("lr = 0.1\n", "lr = \"range-test.mean_lr\"\n"));
    let schedule = ["schedule", "-c", "small.toml"];
    folder.run(&schedule).must_fail("no range test", 2, &["lrscope range-test", "--pick"]);
    assert!(!folder.join("results").exists());
    folder.done(&["range-test", "-c", "small.toml", "--name", "mine"]);
    let told = folder.run(&schedule);
    assert!(told.err.contains("rates from the range test in range-test-mine"), "{}", told.err);
    assert_same(&told.out, &trained(&folder, &["-c", "small.toml"]), "small.toml");
    // For other settings there is none.
    folder.run(&[&schedule[..], &["--batch-size", "16"]].concat()).must_fail("other settings", 2, &["--pick"]);
}

#[test]
fn a_plateau_is_shown_before_any_reduction_and_said() {
    let folder = Folder::new();
    let plateau = ["--schedule", "reduce_on_plateau = { lr = 0.1, patience = 0 }", "--length", "6ep"];
    let told = folder.run(&[&["schedule", "digits"], &plateau[..]].concat());
    assert!(told.err.contains("with no reduction"), "{told:?}");
    let (_, rows) = table(&told.out);
    assert_eq!(rows.iter().map(|row| row[1]).collect::<Vec<_>>(), [Some(0.1); 6 * 39]);
}

#[test]
fn a_plot_shows_every_group_and_every_arm_and_is_svg_alone() {
    let folder = Folder::new();
    folder.write("groups.toml", GROUPS);
    let words = |flags: &[&str]| {
        let told = folder.run(&[&["schedule", "-c", "groups.toml", "--plot", "plot.svg"], flags].concat());
        assert_eq!((told.code, told.out.as_str()), (Some(0), ""), "{}", told.err);
        assert!(told.err.contains("plot: plot.svg"), "{}", told.err);
        let svg = fs::read_to_string(folder.join("plot.svg")).unwrap();
        let text = |line: &str| line.contains("</text>") || line.contains("<text") || !line.contains('<');
        svg.lines().filter(|line| text(line)).map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
    };
    let one = words(&["--arm", "cyclic"]);
    assert!(one.contains("biases") && one.contains("weights") && !one.contains("cyclic, biases"), "{one}");
    let all = words(&[]);
    for name in ["cyclic, biases", "cyclic, weights", "x, biases", "x, weights"] {
        assert!(all.contains(name), "{name}: {all}");
    }
    for other in ["plot.png", "plot.pdf", "plot.PNG"] {
        let told = folder.run(&["schedule", "-c", "groups.toml", "--arm", "x", "--plot", other]);
        told.must_fail(other, 2, &["--plot", other, "plot.svg"]);
        assert!(!folder.join(other).exists());
    }
}

#[test]
fn more_rows_than_anyone_reads_are_refused_with_what_to_do() {
    let folder = Folder::small();
    for shown in [&["constant = { lr = 0.1 }"][..], &["-c", "small.toml"]] {
        let told = folder.run(&[&["schedule", "--length", "1000000000"], shown].concat());
        told.must_fail("a long run", 2, &["--length: 1000000000", "--every 100 or more"]);
        let told = folder.run(&[&["schedule", "--length", "1000000000", "--plot", "plot.svg"], shown].concat());
        told.must_fail("its plot", 2, &["--length: 1000000000", "--every 1000 or more"]);
        let rows = folder.done(&[&["schedule", "--length", "1000000000", "--every", "250000000"], shown].concat());
        let steps: Vec<&str> = rows.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
        assert_eq!(steps, ["0", "250000000", "500000000", "750000000"]);
    }
}

#[test]
fn training_has_a_default_schedule_or_says_which_flag_gives_one() {
    let folder = Folder::new();
    let short = ["--seeds", "1", "--length", "1ep"];
    folder.done(&[&["train", "digits", "--name", "mine"], &short[..]].concat());
    let page = fs::read_to_string(folder.join("results/train-mine/README.md")).unwrap();
    assert!(page.contains("Schedule: cyclic triangular2"), "{page}");
    folder.write("groups.toml", GROUPS);
    let told = folder.run(&["train", "-c", "groups.toml"]);
    told.must_fail("two arms", 2, &["groups.toml: schedule", "--arm (\"cyclic\", \"x\")"]);
    folder.done(&["train", "-c", "groups.toml", "--arm", "x", "--length", "2", "--name", "x"]);
    let page = fs::read_to_string(folder.join("results/train-x/README.md")).unwrap();
    assert!(page.contains("Schedule: constant, lr 0.1"), "{page}");
    // What is wrong with an arm's schedule is said by where it stands.
    folder.write("groups.toml", GROUPS.replace("lr = 0.1\n", "lr = [0.1, 0.2, 0.3]\n"));
    let told = folder.run(&["train", "-c", "groups.toml", "--arm", "x"]);
    told.must_fail(
        "three rates",
        2,
        &["groups.toml:28:6: arm.1.schedule.constant.lr: 3 values for 2 parameter groups"],
    );
}

/// 0.1 · 0.9ᵏ is subnormal from update 6,698 on. The runs were trained, and then no report was made of them.
#[test]
fn a_decay_to_a_subnormal_rate_has_its_report() {
    let folder = Folder::new();
    let decay = ["--schedule", "exponential = { lr = 0.1, gamma = 0.9 }", "--length", "6900", "--name", "decay"];
    let small = ["--model", "mlp = { hidden = [2] }", "--batch-size", "4", "--seeds", "1"];
    folder.done(&[&["train", "digits"], &decay[..], &small].concat());
    for file in ["README.md", "schedule.svg", "loss.svg", "curves.csv"] {
        assert!(folder.join("results/train-decay").join(file).is_file(), "{file}");
    }
}

/// A rate as a configuration writes it, with one for each of two groups now and then.
fn rate(low: f64, high: f64) -> impl Strategy<Value = String> {
    let one = low..high;
    prop_oneof![
        one.clone().prop_map(|lr| format!("{lr:?}")),
        (one.clone(), one).prop_map(|(a, b)| format!("[{a:?}, {b:?}]"))
    ]
}

fn length() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..30_u32).prop_map(|n| n.to_string()),
        (1..30_u32).prop_map(|n| format!("\"{}ep\"", f64::from(n) / 10.0))
    ]
}

fn schedule() -> impl Strategy<Value = String> {
    let cyclic = (rate(0.001, 0.01), rate(0.01, 0.1), length(), length(), any::<bool>(), 0..3_usize).prop_map(
        |(base, max, up, down, cycled, mode)| {
            let mode = ["triangular", "triangular2", "exp_range"][mode];
            format!(
                "cyclic = {{ base_lr = {base}, max_lr = {max}, step_size_up = {up}, step_size_down = {down}, mode = \"{mode}\", \
                 gamma = 0.99, cycle_momentum = {cycled} }}"
            )
        },
    );
    let one_cycle = (rate(0.01, 0.1), any::<bool>()).prop_map(|(max, cycled)| {
        format!("one_cycle = {{ max_lr = {max}, total_steps = 100, cycle_momentum = {cycled} }}")
    });
    let others = (rate(0.001, 0.1), length(), 0..5_usize).prop_map(|(lr, length, kind)| match kind {
        0 => format!("constant = {{ lr = {lr} }}"),
        1 => format!("step = {{ lr = {lr}, step_size = {length}, gamma = 0.5 }}"),
        2 => format!("cosine = {{ lr = {lr}, t_max = {length} }}"),
        3 => format!("exponential = {{ lr = {lr}, gamma = 0.97 }}"),
        _ => format!(
            "sequential = {{ stages = [{{ length = {length}, schedule = {{ linear = {{ lr = {lr}, start_factor = 0.1, total = {length} }} }} }}, \
             {{ schedule = {{ polynomial = {{ lr = {lr}, total = 40, power = 2.0 }} }} }}] }}"
        ),
    });
    prop_oneof![cyclic, one_cycle, others]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any groups, optimizer, batch and length: what is shown is what the record says was trained, to the bit.
    #[test]
    fn what_is_shown_is_what_is_trained(
        schedule in schedule(),
        mults in (0.1..3.0_f64, prop_oneof![Just(0.0), 0.1..3.0_f64]),
        optimizer in 0..3_usize,
        (batch, accumulation) in (100..400_u32, 1..3_u32),
        length in length(),
    ) {
        let optimizer = ["[optimizer.sgd]\nmomentum = 0.8", "[optimizer.adam]", "[optimizer.adamw]\nbetas = [0.85, 0.99]"][optimizer];
        let config = format!(
            "version = 1\n[data]\nname = \"digits\"\nbatch_size = {batch}\naccumulation_steps = {accumulation}\n[model.mlp]\n\
             hidden = [2]\n{optimizer}\n[training]\nlength = {length}\nseeds = 1\n[[group]]\nname = \"a, first\"\n\
             parameters = [\"*.bias\"]\nlr_mult = {:?}\n[[group]]\nname = \"b\"\nparameters = [\"*\"]\nlr_mult = {:?}\n\
             [schedule]\n{schedule}\n",
            mults.0, mults.1
        );
        let folder = Folder::new();
        folder.write("any.toml", &config);
        let told = folder.run(&["schedule", "-c", "any.toml"]);
        if told.code != Some(0) {
            // What cannot be shown cannot be trained, for the same reason.
            let trained = folder.run(&["train", "-c", "any.toml"]);
            prop_assert_eq!((trained.code, trained.err), (told.code, told.err));
            return Ok(());
        }
        assert_same(&told.out, &trained(&folder, &["-c", "any.toml"]), &config);
    }
}
