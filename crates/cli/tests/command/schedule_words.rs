//! What `lrscope schedule` takes, warns of and refuses, in a user's words: fractions of epochs, warm-ups, skipped stages, short and
//! long schedules.

use super::support::{Folder, SMALL};

/// Exit code 0, and the warnings beside the table.
fn said(arguments: &[&str]) -> String {
    let told = Folder::new().run(&[&["schedule"], arguments].concat());
    assert_eq!(told.code, Some(0), "{arguments:?}: {told:?}");
    told.err.lines().filter(|line| line.starts_with("warning: ")).collect()
}

fn rates(arguments: &[&str]) -> Vec<f64> {
    let text = Folder::new().done(&[&["schedule"], arguments].concat());
    text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect()
}

/// As many updates as the text says, so nothing to warn of: 1.1 · 100 is 110.00000000000001 in floats.
#[test]
fn fractions_of_epochs_are_exact() {
    for (up, length, per_epoch) in
        [("1.1ep", "2.2ep", "100"), ("1/3ep", "2/3ep", "300"), ("0.7ep", "4.2ep", "10"), ("0.35ep", "0.7ep", "39")]
    {
        let cyclic = format!("cyclic = {{ base_lr = 0.1, max_lr = 1, step_size_up = \"{up}\" }}");
        assert_eq!(said(&[&cyclic, "--length", length, "--steps-per-epoch", per_epoch]), "", "{up}, {length}");
    }
    let cyclic = "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = \"1.1ep\" }";
    let told = said(&[cyclic, "--length", "300", "--steps-per-epoch", "100"]);
    assert!(told.contains("ends inside a cycle of 220, where the rate is not at its lowest: run 220 or 440"), "{told}");
}

#[test]
fn warm_ups_from_zero_are_no_fault() {
    let linear = "linear = { lr = 0.5, start_factor = 0, total = 4 }";
    assert_eq!(rates(&[linear, "--length", "5"]), [0.0, 0.125, 0.25, 0.375, 0.5]);
    assert_eq!(said(&[linear, "--length", "4"]), "");
    let staged = |warm_up: &str| {
        format!(
            "sequential = {{ stages = [{{ length = 4, schedule.{warm_up} }}, {{ schedule.cosine = {{ lr = 0.5, t_max = 4 }} }}] }}"
        )
    };
    let sweep = staged("sweep = { start_lr = 0, end_lr = 0.5, steps = 5, kind = \"linear\" }");
    assert_eq!(rates(&[&sweep, "--length", "8"])[..5], [0.0, 0.125, 0.25, 0.375, 0.5]);
    assert_eq!(said(&[&sweep, "--length", "8"]), "");
    let exponential = staged("sweep = { start_lr = 0, end_lr = 0.5, steps = 5 }");
    let told = Folder::new().run(&["schedule", &exponential, "--length", "8"]);
    told.must_fail("from 0", 2, &["sweep.start_lr: an exponential sweep cannot start at 0", "make the sweep linear"]);
}

/// Length 0 is no warm-up at all, as with a milestone of 0 in PyTorch.
#[test]
fn a_stage_of_no_length_is_skipped() {
    let text = "sequential = { stages = [{ length = 0, schedule.linear = { lr = 1, total = 4 } }, { schedule.step = { lr = 0.5, step_size = 2, gamma = 0.5 } }] }";
    assert_eq!(rates(&[text, "--length", "4"]), [0.5, 0.5, 0.25, 0.25]);
    assert_eq!(said(&[text, "--length", "4"]), "");
}

#[test]
fn advice_that_can_be_followed() {
    let refused = |schedule: &str, says: &[&str]| {
        Folder::new().run(&["schedule", schedule, "--length", "9"]).must_fail(schedule, 2, says);
    };
    let one_cycle = |total: u64| format!("one_cycle = {{ max_lr = 1, total_steps = {total} }}");
    refused(&one_cycle(1), &["one_cycle.total_steps: 1 is too short", "with pct_start = 0.3", "at least 4 steps"]);
    refused(&one_cycle(3), &["one_cycle.pct_start", "above 1 / 3 = 0.3333; or set total_steps to 4 or more"]);
    assert_eq!(said(&[&one_cycle(4), "--length", "4"]), "");
    refused("sweep = { start_lr = 1e-10, end_lr = 1e300, steps = 9 }", &["sweep.end_lr", "end the sweep lower"]);
    refused(
        "sweep = { start_lr = 1, end_lr = 1.0000000000000002, steps = 300 }",
        &[
            "sweep.end_lr",
            "the rate does not change from one step to the next: end the sweep higher, or start it lower",
        ],
    );
    refused("cyclic = { base_lr = 0, max_lr = 1, mode = \"Triangular\" }", &["did you mean `triangular`?"]);
    refused("step = { lr = 1, step_size = \"1/0ep\" }", &["\"1/0ep\" is not a length", "\"1/3ep\""]);
}

#[test]
fn whole_floats_are_taken() {
    let text = "cosine_warm_restarts = { lr = 1, t_0 = 2.0, t_mult = 2.0 }";
    assert_eq!(rates(&[text, "--length", "3"]), [1.0, 0.5, 1.0]);
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("batch_size = 32", "batch_size = 32.0").replace("[16]", "[16.0]"));
    folder.done(&["schedule", "--config", "small.toml", "--length", "3"]);
}

#[test]
fn cycles_that_do_not_do_what_they_say() {
    let cyclic = |settings: &str, length: &str| {
        said(&[&format!("cyclic = {{ base_lr = 0.25, max_lr = 0.75, {settings} }}"), "--length", length])
    };
    let told = cyclic("step_size_up = 100, mode = \"triangular2\"", "6000");
    assert!(told.contains("the amplitude falls below 0.001 of its first value at 2000"), "{told}");
    assert!(told.contains("make the cycles longer, or use another mode") && !told.contains("gamma"), "{told}");
    let told = cyclic("step_size_up = 0.5", "100");
    assert!(told.contains("a cycle of 1 update is too short to be followed"), "{told}");
    assert!(told.contains("it stays at 0.25; make a cycle at least 2 updates long"), "{told}");
    let told = cyclic("step_size_up = 1.5", "99");
    assert!(told.contains("the rate gets only 67 % of the way up to max_lr"), "{told}");
    let told = said(&["cyclic = { base_lr = 0.1, max_lr = 0.1, step_size_up = 2 }", "--length", "4"]);
    assert!(told.contains("base_lr and max_lr are the same, so the rate never moves"), "{told}");
}

/// Refused for what is wrong with it, at once: nobody waits until 10⁹ rates have been computed.
#[test]
fn a_billion_updates_are_planned_at_once() {
    let folder = Folder::small();
    for schedule in [
        "one_cycle = { max_lr = 0.1, total_steps = 999999999 }",
        "cyclic = { base_lr = 0.1, max_lr = 1, step_size_up = 1e8, scale_fn = \"2 - x\" }",
    ] {
        let arguments = ["train", "--config", "small.toml", "--length", "1000000000", "--schedule", schedule];
        folder.run(&arguments).must_fail(schedule, 2, &["step "]);
    }
}
