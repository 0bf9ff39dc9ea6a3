//! Bad flags: each is refused by its name, before anything is trained.

use proptest::prelude::*;

use super::support::{Folder, SMALL, told};

/// Arguments beside `--config small.toml`, and what the refusal must say.
type Row = (&'static [&'static str], &'static [&'static str]);

const WITH_CONFIG: &[Row] = &[
    (&["train", "--momentum", "1.5"], &["--momentum: 1.5 is outside [0, 1)"]),
    (&["train", "--momentum", "-0.1"], &["--momentum: -0.1 is outside [0, 1)"]),
    (&["train", "--momentum", "nan"], &["--momentum: NaN is outside [0, 1)"]),
    (&["train", "--label-smoothing", "1"], &["--label-smoothing: 1 is outside [0, 1)"]),
    (&["train", "--weight-decay", "-1"], &["--weight-decay: -1 is not a finite number of at least 0"]),
    (&["train", "--batch-size", "0"], &["--batch-size: 0 is outside 1..=1048576"]),
    (&["train", "--batch-size", "many"], &["'many'", "--batch-size"]),
    (&["train", "--accumulation-steps", "0"], &["--accumulation-steps: 0 is outside 1..=65536"]),
    (&["train", "--validation", "5000"], &["--validation: 5000 leaves nothing to train on", "1437"]),
    (&["train", "--validation", "0"], &["--validation: 0 leaves nothing to evaluate on"]),
    (&["train", "--train-limit", "5000"], &["--train-limit: 5000 is more than the 1237"]),
    (&["train", "--train-limit", "0"], &["--train-limit: 0 is outside"]),
    (&["train", "--normalization", "none"], &["--normalization: unknown variant `none`", "`unit`"]),
    (&["train", "--dtype", "f16"], &["--dtype: unknown variant `f16`", "`f32` or `f64`"]),
    (&["train", "--model", "mpl"], &["--model, character 1: unknown variant `mpl`", "`mlp`"]),
    (&["train", "--model", "mlp = { hidden = [0] }"], &["--model: mlp.hidden: 0 is outside 1..=65536"]),
    (&["train", "--model", "mlp = { hiden = [8] }"], &["--model, character 9: ", "hiden", "hidden"]),
    (&["train", "--model", "mlp = {} }\nx = { y = 1"], &["--model"]),
    (
        &["train", "--model", "own = { name = \"mine\" }"],
        &["--model: own: the network \"mine\" is brought by a program"],
    ),
    (&["train", "--model", ""], &["--model, character 1: "]),
    (&["train", "--optimizer", "sdg"], &["--optimizer, character 1: unknown variant `sdg`", "`sgd`"]),
    (&["train", "--optimizer", "sgd = { momentum = 2 }"], &["--optimizer: sgd.momentum: 2 is outside [0, 1)"]),
    (&["train", "--length", "0"], &["--length: a length is above 0", "got 0"]),
    (&["train", "--length", "1.5"], &["--length: 1.5 is not a whole number of updates"]),
    (&["train", "--length", "4epochs"], &["--length: \"4epochs\" is not a length", "\"2ep\""]),
    (&["train", "--length", "1e12"], &["--length: 1000000000000 is not a length"]),
    (&["train", "--length", "nan"], &["--length: "]),
    (&["train", "--seeds", "0"], &["--seeds: 0 is outside 1..=1000"]),
    (&["train", "--name", "a/b"], &["--name: \"a/b\" cannot name a folder"]),
    (&["train", "--name", ""], &["--name: \"\" cannot name a folder"]),
    (&["train", "--device", "gpu"], &["--device: unknown device \"gpu\"", "\"cuda:N\""]),
    (&["train", "--device", "cuda:x"], &["--device: unknown device \"cuda:x\""]),
    (&["train", "--isa", "sse9"], &["--isa: \"sse9\" is not an instruction set", "portable"]),
    (&["train", "--threads", "0"], &["'0'", "--threads", "1..=1024"]),
    (&["train", "--jobs", "0"], &["'0'", "--jobs", "1..=1024"]),
    (&["train", "--frobnicate"], &["'--frobnicate'"]),
    (&["train", "digits"], &["[DATASET]", "--config"]),
    (&["train", "--schedule", "constant = { lr = -1 }"], &["--schedule, character 19: ", "-1", "not negative"]),
    (&["train", "--schedule", "constant = { lr = \"range-test\" }"], &["--schedule: constant.lr: \"range-test\""]),
    (&["train", "--schedule", "constant = { lr = 1"], &["--schedule, character 20: ", "expected `}`"]),
    (&["train", "--schedule", "cyclic"], &["--schedule, character 7: missing field `base_lr`"]),
    (
        &["train", "--schedule", "one_cycle = { max_lr = 1, pct_start = 0.5, total_steps = 3 }"],
        &["--schedule: one_cycle.total_steps: step 3 is past the end"],
    ),
    (&["compare", "--arms", "first,third"], &["--arms: there is no arm \"third\"; there are \"first\", \"second\""]),
    (&["compare", "--arms", "first,first"], &["--arms: \"first\" stands twice"]),
    (&["range-test", "--start-lr", "-1"], &["--start-lr: -1 is not a finite number above 0"]),
    (&["range-test", "--end-lr", "1e-9"], &["--end-lr: 0.000000001 is not above start_lr = 0.0001"]),
    (&["range-test", "--divergence-factor", "0.5"], &["--divergence-factor: 0.5 is not a finite number above 1"]),
    (&["range-test", "--sweep", "up"], &["'up'", "--sweep", "exponential, linear"]),
    (&["schedule", "--arm", "third"], &["--arm: there is no arm \"third\"; there are \"first\", \"second\""]),
    (&["schedule", "--momentum", "1.5"], &["--momentum: 1.5 is outside [0, 1)"]),
];

const ALONE: &[Row] = &[
    (&["train", "minst"], &["unknown data set \"minst\": did you mean `mnist`?"]),
    (&["range-test", "imagenet"], &["unknown data set \"imagenet\" (known: `digits`"]),
    (&["data", "cifar"], &["unknown data set \"cifar\": did you mean `cifar10`?"]),
    (&["data", "digits", "--source", "hub"], &["`digits` does not come from the source `hub`", "leave the source out"]),
    (&["data", "mnist", "--source", "disk"], &["'disk'", "--source", "hub-cache"]),
    (&["report"], &["--results: there is no study in results"]),
    (&["report", "mine"], &["--results: there is no study in results"]),
    (&["frobnicate"], &["'frobnicate'"]),
    (&[], &["Usage: "]),
    (&["schedule"], &["SCHEDULE"]),
    (&["schedule", "cyclc = { base_lr = 1 }"], &["SCHEDULE, character 1: unknown variant `cyclc`", "`cyclic`"]),
    (&["schedule", "}"], &["SCHEDULE, character 2: "]),
    (&["schedule", "constant = { lr = 1 }", "--length", "1e12"], &["--length: ", "1000000000000"]),
    (
        &["schedule", "constant = { lr = 1 }", "--length", "20000000"],
        &["--length: 20000000 steps are more than 10000000"],
    ),
    (&["schedule", "constant = { lr = 1 }", "--every", "0"], &["'0'", "--every"]),
    (
        &["schedule", "constant = { lr = \"range-test.max_lr\" }"],
        &["SCHEDULE: constant.lr: ", "run the range test first"],
    ),
    (
        &["schedule", "constant = { lr = \"range-test.max_lr\" }", "--pick", "2", "1"],
        &["--pick: 2 to 1 is not a range of learning rates"],
    ),
    (
        &["schedule", "constant = { lr = \"range-test.max_lr\" }", "--pick", "nan", "1"],
        &["--pick: NaN to 1 is not a range of learning rates"],
    ),
    (
        &["schedule", "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = 0 }"],
        &["SCHEDULE, character 54: a length is above 0", "got 0"],
    ),
    (
        &["schedule", "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = 2, scale_fn = \"(\" }"],
        &["SCHEDULE: cyclic.scale_fn: \"(\" does not compile"],
    ),
];

/// What is wrong with the way in which arguments are refused.
fn faults(arguments: &[&str], says: &[&str]) -> Option<String> {
    let folder = Folder::small();
    let told = folder.run(arguments);
    let mut faults = told.faults(2, says);
    if folder.join("results").exists() || !told.out.is_empty() {
        faults.push("something was done before it was refused".into());
    }
    (!faults.is_empty()).then(|| format!("{arguments:?}: {}\n  said: {}", faults.join("\n  "), told.err))
}

#[test]
fn bad_flags_are_refused_by_name() {
    let with_config = |arguments: &[&'static str]| [arguments, &["--config", "small.toml"]].concat();
    let faults: Vec<String> = WITH_CONFIG.iter().filter_map(|row| faults(&with_config(row.0), row.1)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn bad_arguments_are_refused() {
    let faults: Vec<String> = ALONE.iter().filter_map(|row| faults(row.0, row.1)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_program_without_cuda_says_how_to_get_it() {
    for device in ["cuda", "cuda:1"] {
        let told = Folder::small().run(&["train", "--config", "small.toml", "--device", device]);
        told.must_fail(device, 2, &["--device: built without CUDA: rebuild with `--features cuda`"]);
    }
}

#[test]
fn a_path_that_this_processor_lacks_is_refused_with_those_that_it_has() {
    let available: Vec<String> = lrscope_trainer::Isa::available().iter().map(ToString::to_string).collect();
    let mut lacking = 0;
    for isa in ["portable", "avx2", "avx512", "neon"] {
        let told = Folder::small().run(&["train", "--config", "small.toml", "--isa", isa]);
        if available.iter().any(|here| here == isa) {
            assert_eq!(told.code, Some(0), "{isa}: {}", told.err);
        } else {
            lacking += 1;
            let says = format!("--isa: this processor has no {isa}; it has {}", available.join(", "));
            told.must_fail(isa, 2, &[says]);
        }
    }
    assert!(lacking > 0, "no processor has both Arm's and Intel's paths");
}

/// Names that are no text must not crash anything, whatever else becomes of them.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::small();
    let name = std::ffi::OsStr::from_bytes(b"n\xe4me");
    for flag in ["--results", "--data-dir", "--config", "--model", "--name"] {
        let mut command = folder.command(&["train"]);
        if flag != "--config" {
            command.args(["--config", "small.toml"]);
        }
        let told = told(command.arg(flag).arg(name).spawn().unwrap());
        told.must_be_fit(flag);
    }
    let mut command = folder.command(&["data", "mnist", "--data-dir"]);
    let told = told(command.arg(name).spawn().unwrap());
    told.must_fail("a data folder", 2, &["does not exist", "--data-dir"]);
}

/// Every exit code that the tests expect is in the help text.
#[test]
fn the_help_text_documents_the_exit_codes() {
    let help = Folder::new().done(&["--help"]);
    for line in ["0  done", "1  failed", "2  bad input", "3  nothing conclusive", "129, 130, 143  interrupted"] {
        assert!(help.contains(line), "{line}: {help}");
    }
}

/// Numbers that trip programs up.
const NUMBERS: [&str; 14] = [
    "0",
    "-0.0",
    "1",
    "-1",
    "0.5",
    "2",
    "1e308",
    "5e-324",
    "-1e308",
    "nan",
    "inf",
    "-inf",
    "9007199254740993",
    "1e-400",
];

fn number() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&NUMBERS[..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_in_a_cyclic_schedule_crashes(
        (base, max, up, down) in (number(), number(), number(), number()),
        (gamma, base_momentum, max_momentum) in (number(), number(), number()),
        mode in proptest::sample::select(&["triangular", "triangular2", "exp_range", "exp_range_paper"][..]),
    ) {
        let schedule = format!(
            "cyclic = {{ base_lr = {base}, max_lr = {max}, step_size_up = {up}, step_size_down = {down}, gamma = {gamma}, \
             base_momentum = {base_momentum}, max_momentum = {max_momentum}, mode = \"{mode}\" }}"
        );
        let told = Folder::new().run(&["schedule", &schedule, "--momentum", "0.9", "--length", "100"]);
        told.must_be_fit(&schedule);
        prop_assert!(matches!(told.code, Some(0 | 2)), "{}: {:?}", schedule, told);
    }

    #[test]
    fn no_number_in_a_flag_crashes(
        flag in proptest::sample::select(&[
            "--momentum", "--weight-decay", "--batch-size", "--validation", "--train-limit", "--accumulation-steps", "--length",
            "--seeds", "--start-lr", "--end-lr", "--divergence-factor",
        ][..]),
        value in number(),
    ) {
        let folder = Folder::new();
        folder.write("small.toml", SMALL.replace("length = 80", "length = 3"));
        let told = folder.run(&["range-test", "--config", "small.toml", &format!("{flag}={value}"), "--jobs", "2"]);
        told.must_be_fit(&format!("{flag}={value}"));
    }
}
