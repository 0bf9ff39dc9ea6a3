//! Bad configurations: each is refused with file, line and column before anything is trained.

use super::support::{Folder, SMALL, place};

/// A change to the small experiment, and what the refusal must say. The caret marks the place that the message must name, within
/// the changed text.
struct Row(Change, &'static str, &'static [&'static str]);

type Change = (&'static str, &'static str);

const MOMENTUM: &str = "momentum = 0.9";
const LR: &str = "[schedule.constant]\nlr = 0.1";

const TRAIN: &[Row] = &[
    // Keys and types.
    Row((MOMENTUM, "momentun = 0.9"), "^momentun", &["unknown field `momentun`", "expected one of `momentum`"]),
    Row(("[training]", "[trainning]"), "^trainning", &["unknown field `trainning`", "`training`"]),
    Row(("hidden = [16]", "hiden = [16]"), "^hiden", &["hiden", "available keys: hidden"]),
    Row(("batch_size = 32", "batch_size = \"32\""), "= ^\"32\"", &["string \"32\"", "expected a whole number"]),
    Row(("batch_size = 32", "batch_size = 32.5"), "^32.5", &["`32.5`", "expected a whole number"]),
    Row(("seeds = 1", "seeds = -1"), "^-1", &["`-1`", "expected a whole number from 0 up"]),
    Row(("hidden = [16]", "hidden = 16"), "= ^16", &["integer `16`", "expected a list"]),
    Row(("length = 4", "length = true"), "^true", &["boolean `true`", "a number of steps, or epochs such as \"2ep\""]),
    Row(("batch_size = 32\n", ""), "^[data]", &["missing field `batch_size`"]),
    Row(("[model.mlp]\nhidden = [16]", ""), "^version", &["missing field `model`"]),
    Row(("version = 1", ""), "^", &["missing field `version`"]),
    Row(("version = 1", "version = 2"), "version = ^2", &["version: 2 is not known; this program reads version 1"]),
    // TOML itself.
    Row((MOMENTUM, "momentum 0.9"), "momentum ^0.9", &["expected `=`"]),
    Row((LR, "[schedule.constant]\nlr = = 0.1"), "= ^= 0.1", &["`=`"]),
    Row((MOMENTUM, "momentum = 0.9\nmomentum = 0.8"), "0.9\n^momentum", &["duplicate key"]),
    Row(("name = \"digits\"", "name = \"digits"), "= \"digits^", &["expected `\"`"]),
    Row((LR, "[schedule.cosine]\n[schedule.constant]\nlr = 0.1"), "^schedule.cosine", &["one kind", "found several"]),
    // Names.
    Row(
        ("[model.mlp]", "[model.mpl]"),
        "[model.^mpl]",
        &["unknown variant `mpl`", "`caffe_full`, `resnet20`, `resnet9`", "did you mean `mlp`?"],
    ),
    Row(
        ("[model.mlp]\nhidden = [16]", "[model.resnet]"),
        "[model.^resnet]",
        &["unknown variant `resnet`", "did you mean `resnet"],
    ),
    Row(("[model.mlp]", "[model.MLP]"), "[model.^MLP]", &["unknown variant `MLP`", "did you mean `mlp`?"]),
    Row(
        (LR, "[schedule.cyclic]\nbase_lr = 0.1\nmax_lr = 1\nmode = \"Triangular\""),
        "^\"Triangular\"",
        &["unknown variant `Triangular`", "did you mean `triangular`?"],
    ),
    Row((LR, "[schedule.OneCycleLR]\nlr = 0.1"), "^OneCycleLR", &["did you mean `one_cycle`?"]),
    Row(("[model.mlp]\nhidden = [16]", "[model.resnet9]\nwidth = 0"), "= ^0", &["model.resnet9.width: 0"]),
    Row(("hidden = [16]", "hidden = [16]\ndropout = 1.0"), "^1.0", &["model.mlp.dropout: 1 is outside [0, 1)"]),
    Row(("optimizer.sgd", "optimizer.sdg"), "optimizer.^sdg", &["unknown variant `sdg`", "`sgd`, `adam`, `adamw`"]),
    Row(("[schedule.c", "[schedule.k"), "^konstant", &["unknown variant `konstant`", "`constant`", "`one_cycle`"]),
    Row(("\"digits\"", "\"minst\""), "^\"minst\"", &["data.name: unknown data set \"minst\"", "did you mean `mnist`?"]),
    Row(("version = 1", "version = 1\nname = \"../x\""), "^\"../x\"", &["name: \"../x\" cannot name a folder"]),
    Row(("seeds = 1", "seeds = 1\ndtype = \"f16\""), "^\"f16\"", &["unknown variant `f16`", "`f32` or `f64`"]),
    Row(
        ("[model.mlp]\nhidden = [16]", "[model.own]\nname = \"mine\""),
        "^[model.own]",
        &[
            "model.own: the network \"mine\" is brought by a program of your own",
            "mlp, lenet, caffe_quick, caffe_full, resnet9 and resnet20",
        ],
    ),
    // Rates.
    Row((LR, "[schedule.constant]\nlr = -0.1"), "^-0.1", &["-0.1", "finite and not negative"]),
    Row((LR, "[schedule.constant]\nlr = nan"), "^nan", &["NaN", "finite and not negative"]),
    Row((LR, "[schedule.constant]\nlr = inf"), "^inf", &["inf", "finite and not negative"]),
    Row((LR, "[schedule.constant]\nlr = \"fast\""), "^\"fast\"", &["\"fast\" is no learning rate", "\"range-test\""]),
    Row((LR, "[schedule.constant]\nlr = \"range-test\""), "^\"range-test\"", &["constant.lr", "\"range-test.max_lr\""]),
    Row((LR, "[schedule.constant]\nlr = [0.1, 0.2]"), "^[0.1", &["2 values for 1 parameter group"]),
    Row(("start_lr = 1e-4", "start_lr = \"range-test\""), "^\"range-test\"", &["expected a number"]),
    // Settings out of range.
    Row((MOMENTUM, "momentum = 1.5"), "^1.5", &["optimizer.sgd.momentum: 1.5 is outside [0, 1)"]),
    Row(
        ("[optimizer", "[loss]\nlabel_smoothing = 1.0\n[optimizer"),
        "^1.0",
        &["loss.label_smoothing: 1 is outside [0, 1)"],
    ),
    Row(("[optimizer", "[loss]\nlabel_smoothing = nan\n[optimizer"), "^nan", &["loss.label_smoothing: NaN is outside"]),
    Row(
        ("[optimizer", "[loss]\nlabel_smoothing = -0.1\n[optimizer"),
        "^-0.1",
        &["loss.label_smoothing: -0.1 is outside"],
    ),
    Row(
        ("[optimizer", "[loss]\nsmoothing = 0.1\n[optimizer"),
        "^smoothing",
        &["unknown field `smoothing`", "`label_smoothing`"],
    ),
    Row((MOMENTUM, "momentum = \"range-test\""), "^\"range-test\"", &["expected a number"]),
    Row((MOMENTUM, "weight_decay = -1.0"), "^-1.0", &["optimizer.sgd.weight_decay: -1 is not a finite number"]),
    Row((MOMENTUM, "momentum = 0\nnesterov = true"), "= ^true", &["nesterov", "needs a momentum above 0"]),
    Row(
        ("[optimizer.sgd]\nmomentum = 0.9", "[optimizer.adamw]\nbetas = [0.9, 1.0]"),
        "^[0.9, 1.0]",
        &["optimizer.adamw.betas: 1 is outside [0, 1)"],
    ),
    Row(("batch_size = 32", "batch_size = 0"), "batch_size = ^0", &["data.batch_size: 0 is outside 1..=1048576"]),
    Row(
        ("batch_size = 32", "batch_size = 5000\ndrop_last = true"),
        "^5000",
        &["data.batch_size: 5000", "the 1237 examples there are", "drop_last"],
    ),
    Row(
        ("batch_size = 32", "batch_size = 32\nvalidation = 1437"),
        "^1437",
        &["data.validation: 1437 leaves nothing to train on", "1437 training examples"],
    ),
    Row(
        ("batch_size = 32", "batch_size = 32\nvalidation = 0"),
        "validation = ^0",
        &["data.validation: 0 leaves nothing to evaluate on", "hold examples out"],
    ),
    Row(
        ("batch_size = 32", "batch_size = 32\ntrain_limit = 1238"),
        "^1238",
        &["data.train_limit: 1238 is more than the 1237 training examples"],
    ),
    Row(("hidden = [16]", "hidden = [16, 0]"), "^[16, 0]", &["model.mlp.hidden: 0 is outside 1..=65536"]),
    Row(("seeds = 1", "seeds = 0"), "seeds = ^0", &["training.seeds: 0 is outside 1..=1000"]),
    Row(("length = 4", "length = 1.5"), "^1.5", &["training.length: 1.5 is not a whole number of updates"]),
    Row(("length = 4", "length = 1e12"), "^1e12", &["training.length: 1000000000000 is not a length"]),
    Row(("length = 4", "length = \"4 epochs\""), "^\"4 epochs\"", &["\"4 epochs\" is not a length", "\"2ep\""]),
    Row(("\"1ep\"", "0"), "evaluate_every = ^0", &["a length is above 0", "got 0"]),
    // Groups.
    Row(
        ("[training]", "[[group]]\nname = \"a\"\nparameters = [\"*\"]\nlr_mult = -1.0\n\n[training]"),
        "^-1.0",
        &["group.0.lr_mult: -1 is not a finite number of at least 0"],
    ),
    Row(
        ("[training]", "[[group]]\nname = \"a\"\nparameters = []\n\n[training]"),
        "^[]",
        &["group.0.parameters: a group needs at least one pattern"],
    ),
];

/// Schedules that PyTorch takes without a word, or fails on later.
const SCHEDULES: &[(&str, &str, &[&str])] = &[
    (
        "[schedule.one_cycle]\nmax_lr = 0.1\npct_start = 0.5\ntotal_steps = 3",
        "total_steps = ^3",
        &["schedule.one_cycle.total_steps: step 3 is past the end", "3 steps, 0 to 2"],
    ),
    (
        "[schedule.one_cycle]\nmax_lr = 0.1\npct_start = 0.1\ntotal_steps = 4",
        "pct_start = ^0.1",
        &["schedule.one_cycle.pct_start: 0.1 leaves no step for the rise", "above 1 / 4"],
    ),
    ("[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 0", "= ^0\n", &["a length is above 0", "got 0"]),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nstep_size_down = \"0ep\"",
        "^\"0ep\"",
        &["\"0ep\" is not a length"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nmode = \"exp_range\"\ngamma = 1.5",
        "^1.5",
        &["schedule.cyclic.gamma: 1.5 is outside (0, 1]"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nmode = \"exp_range\"\ngamma = 0.0",
        "gamma = ^0.0",
        &["schedule.cyclic.gamma: 0.0 is outside (0, 1]"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.2\nmax_lr = 0.1\nstep_size_up = 2",
        "base_lr = ^0.2",
        &["schedule.cyclic.base_lr: 0.2 is above max_lr = 0.1"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nmax_momentum = 1.0",
        "max_momentum = ^1.0",
        &["schedule.cyclic.max_momentum: 1.0 is outside [0, 1)"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nscale_fn = \"1 +\"",
        "^\"1 +\"",
        &["schedule.cyclic.scale_fn: \"1 +\" does not compile"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nscale_fn = \"1 / y\"",
        "^\"1 / y\"",
        &["schedule.cyclic.scale_fn", "at character 5: \"y\" is not known; the variable is x"],
    ),
    (
        "[schedule.cyclic]\nbase_lr = 0.01\nmax_lr = 0.1\nstep_size_up = 2\nscale_fn = \"0 - x\"",
        "^[schedule.cyclic]",
        &["schedule.cyclic: step 1 gets the learning rate -0.035"],
    ),
    (
        "[schedule.step]\nlr = 0.1\nstep_size = 1\ngamma = -0.5",
        "gamma = ^-0.5",
        &["schedule.step.gamma: -0.5 is outside"],
    ),
    (
        "[schedule.multi_step]\nlr = 0.1\nmilestones = [3, 2]",
        "milestones = ^[3",
        &["milestones must not go down, but 3.0 stands before 2.0"],
    ),
    (
        "[[schedule.sequential.stages]]\nschedule.constant.lr = 0.1\n[[schedule.sequential.stages]]\nschedule.constant.lr = 0.1",
        "^[[schedule.sequential",
        &["schedule.sequential.stages.0.length: only the last stage may go without a length"],
    ),
];

/// What is wrong with the way in which a configuration is refused.
fn faults(command: &str, text: &str, marked: &str, says: &[&str]) -> Option<String> {
    let folder = Folder::new();
    folder.write("bad.toml", text);
    let told = folder.run(&[command, "--config", "bad.toml"]);
    let place = format!("lrscope: bad.toml:{}: ", place(text, marked));
    let mut faults = told.faults(2, &[&[place.as_str()], says].concat());
    if folder.join("results").exists() || !told.out.is_empty() {
        faults.push("something was done before it was refused".into());
    }
    (!faults.is_empty()).then(|| format!("{marked}: {}\n  said: {}", faults.join("\n  "), told.err))
}

fn must_all_be_refused<'a>(command: &str, rows: impl Iterator<Item = (String, String, &'a [&'a str])>) {
    let faults: Vec<String> = rows.filter_map(|(text, marked, says)| faults(command, &text, &marked, says)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn changed(change: Change) -> String {
    assert_eq!(SMALL.matches(change.0).count(), 1, "{:?} must stand once in the configuration", change.0);
    SMALL.replacen(change.0, change.1, 1)
}

#[test]
fn bad_values_are_refused_with_file_line_and_column() {
    must_all_be_refused(
        "train",
        TRAIN.iter().map(|Row(change, marked, says)| (changed(*change), (*marked).into(), *says)),
    );
}

#[test]
fn bad_schedules_are_refused_where_they_stand() {
    let rows = SCHEDULES.iter().map(|(schedule, marked, says)| (changed((LR, schedule)), (*marked).into(), *says));
    must_all_be_refused("train", rows);
}

#[test]
fn bad_sweeps_are_refused() {
    let rows: [(Change, &str, &[&str]); 5] = [
        (("end_lr = 10.0", "end_lr = 1e-5"), "^1e-5", &["range_test.end_lr: 0.00001 is not above start_lr = 0.0001"]),
        (
            ("start_lr = 1e-4", "start_lr = 0.0"),
            "^0.0",
            &["range_test.start_lr: 0 is not a rate for an exponential sweep to grow from"],
        ),
        (("end_lr = 10.0", "end_lr = inf"), "^inf", &["range_test.end_lr: inf is not a finite number above 0"]),
        (("seeds = 2", "seeds = 1001"), "^1001", &["range_test.seeds: 1001 is outside 1..=1000"]),
        (
            ("seeds = 2", "divergence_factor = 1.0"),
            "= ^1.0",
            &["range_test.divergence_factor: 1 is not a finite number"],
        ),
    ];
    must_all_be_refused(
        "range-test",
        rows.into_iter().map(|(change, marked, says)| (changed(change), marked.into(), says)),
    );
}

#[test]
fn bad_arms_are_refused() {
    let rows: [(Change, &str, &[&str]); 3] = [
        (
            ("\"second\"", "\"first\""),
            "^\"first\"\n[arm.schedule.constant]\nlr = 0.05",
            &["two arms are called \"first\""],
        ),
        (("\"second\"", "\" \""), "^\" \"", &["arm.1.name: an arm needs a name"]),
        (("lr = 0.05", "lr = \"range-test\""), "^\"range-test\"", &["arm.1.schedule.constant.lr", "range-test.max_lr"]),
    ];
    must_all_be_refused(
        "compare",
        rows.into_iter().map(|(change, marked, says)| (changed(change), marked.into(), says)),
    );
}

/// With `--arms` the arms have other numbers than in the file, and the place must still be that of the file.
#[test]
fn a_chosen_arm_keeps_its_place_in_the_file() {
    let folder = Folder::new();
    let text = changed(("lr = 0.05", "lr = \"range-test\""));
    folder.write("bad.toml", &text);
    let told = folder.run(&["compare", "--config", "bad.toml", "--arms", "second"]);
    let place = format!("bad.toml:{}: arm.1.schedule.constant.lr: ", place(&text, "^\"range-test\""));
    told.must_fail("the second arm alone", 2, &[place]);
}

#[test]
fn what_a_command_needs_must_be_there() {
    let folder = Folder::new();
    folder.write("bad.toml", changed((LR, "")));
    folder.run(&["train", "--config", "bad.toml"]).must_fail(
        "no schedule",
        2,
        &["bad.toml: schedule: there is no schedule", "[schedule.…]", "--schedule"],
    );
    let told = folder.run(&["schedule", "--config", "bad.toml"]);
    told.must_fail("no schedule", 2, &["bad.toml: schedule: there is no schedule", "--arm", "\"first\", \"second\""]);
    folder.write("bad.toml", SMALL.split("[[arm]]").next().unwrap());
    folder.run(&["compare", "--config", "bad.toml"]).must_fail(
        "no arm",
        2,
        &["bad.toml: arm: there is no arm", "[[arm]]"],
    );
}

/// What only the data set and the network together show is told by the run; no second run is started for it.
#[test]
fn what_does_not_fit_together_is_told_once() {
    let rows: [(Change, &[&str]); 4] = [
        (("[model.mlp]\nhidden = [16]", "[model.lenet]"), &["conv2: a 5×5 kernel does not fit", "larger pictures"]),
        (("hidden = [16]", "hidden = [65536, 65536]"), &["fc2.weight", "beyond 268435456 parameters"]),
        (
            ("[training]", "[[group]]\nname = \"a\"\nparameters = [\"*.bias\"]\n[training]"),
            &["\"fc1.weight\" matches no group (\"a\")", "parameters = [\"*\"]"],
        ),
        (
            (
                "[training]",
                "[[group]]\nname = \"a\"\nparameters = [\"conv*\"]\n[[group]]\nname = \"b\"\nparameters = [\"*\"]\n[training]",
            ),
            &["group \"a\" holds no parameter", "\"conv*\"", "\"fc1.weight\""],
        ),
    ];
    for (change, says) in rows {
        let folder = Folder::new();
        folder.write("bad.toml", changed(change));
        let told = folder.run(&["train", "--config", "bad.toml", "--seeds", "50", "--jobs", "1"]);
        told.must_fail(change.1, 2, says);
        assert_eq!(told.err.matches("failed:").count(), 1, "{}", told.err);
    }
}
