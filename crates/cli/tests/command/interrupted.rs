//! Commands that are killed and started again, and commands that are started twice.
#![cfg(unix)]

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use lrscope_runner::record::{AttemptState, Store};

use super::support::{Folder, advised, as_printed, records, told};

/// Two arms of four seeds, each run a few tenths of a second long.
const SLOW: &str = r#"version = 1
[data]
name = "digits"
batch_size = 32
[model.mlp]
hidden = [128]
[optimizer.sgd]
[training]
length = "20ep"
seeds = 3
[[arm]]
name = "cyclic"
[arm.schedule.cyclic]
base_lr = 0.01
max_lr = 0.1
step_size_up = "2ep"
[[arm]]
name = "fixed"
[arm.schedule.constant]
lr = 0.05
"#;

const ARGUMENTS: [&str; 8] = ["compare", "--config", "slow.toml", "--name", "mine", "--quiet", "--jobs", "2"];

fn slow() -> Folder {
    let folder = Folder::new();
    folder.write("slow.toml", SLOW);
    folder
}

fn start(folder: &Folder) -> Child {
    folder.command(&ARGUMENTS).process_group(0).spawn().unwrap()
}

/// SIGKILL to the command and all its children at once: nobody can tidy up. Whether it came in time.
fn kill(child: Child) -> bool {
    let killed = Command::new("/bin/sh").args(["-c", &format!("kill -9 -{}", child.id())]).output().unwrap();
    let in_time = told(child).code.is_none();
    assert!(killed.status.success() || !in_time);
    in_time
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// Waits until `ready`, unless the command ends before.
fn wait_until(child: &mut Child, ready: impl Fn() -> bool) -> bool {
    while !ready() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// The report's figures, without the folder's name.
fn figures(folder: &Folder) -> serde_json::Value {
    let mut figures = folder.json(&ARGUMENTS);
    figures.as_object_mut().unwrap().remove("report");
    figures
}

#[test]
fn a_command_that_was_killed_is_finished_without_counting_a_run_twice() {
    let whole = slow();
    let expected = figures(&whole);
    let expected_records = records(&whole.join("results"));
    assert_eq!(expected_records.len(), 6);
    let folder = slow();
    let (runs, attempts) = (folder.join("results/runs"), folder.join("results/attempts"));
    let mut kills = 0;
    // While the first runs are under way, then after one, two and four published ones.
    for published in [0, 1, 2, 4] {
        let mut child = start(&folder);
        if wait_until(&mut child, || count(&runs) >= published && count(&attempts) > 0) {
            kills += u32::from(kill(child));
        }
    }
    assert!(kills >= 2, "only {kills} of the kills came in time");
    let before = records(&folder.join("results"));
    assert!(before.iter().all(|(run, files)| expected_records.get(run) == Some(files)));
    // What was there is not done again, what was not is done, and all of it is the same to the bit.
    assert_eq!(figures(&folder), expected);
    assert!(records(&folder.join("results")) == expected_records);
    assert_eq!(count(&attempts), 0, "what the killed processes left is cleared away");
    let study = fs::read_to_string(folder.join("results/compare-mine/study.json")).unwrap();
    let study: serde_json::Value = serde_json::from_str(&study).unwrap();
    for arm in study["arms"].as_array().unwrap() {
        assert_eq!(arm["runs"].as_array().unwrap().len(), 3);
        assert!(arm["runs"].as_array().unwrap().iter().all(|run| run["failed"].is_null()), "{arm}");
    }
}

/// Only the parent dies, as when a session is lost: its children notice and leave nothing half done.
#[test]
fn children_end_with_their_parent() {
    let folder = slow();
    let attempts = folder.join("results/attempts");
    let mut child = start(&folder);
    assert!(wait_until(&mut child, || count(&attempts) > 0));
    child.kill().unwrap();
    assert_eq!(told(child).code, None);
    // Each child finds out with the next event that it tells, and lets its attempt go.
    let store = Store::open(folder.join("results")).unwrap();
    let running = || store.attempts().unwrap().iter().any(|attempt| attempt.state() == AttemptState::Running);
    while running() {
        thread::sleep(Duration::from_millis(5));
    }
    assert!(count(&folder.join("results/runs")) < 6, "the children went on without their parent");
    folder.done(&ARGUMENTS);
    assert_eq!(records(&folder.join("results")).len(), 6);
    assert_eq!(count(&attempts), 0);
}

/// One child dies, as when the machine runs out of memory: the others go on, and the report says what is missing.
#[test]
fn a_child_that_is_killed_takes_nobody_along() {
    let folder = slow();
    let attempts = folder.join("results/attempts");
    let mut child = start(&folder);
    assert!(wait_until(&mut child, || count(&attempts) > 0));
    let store = Store::open(folder.join("results")).unwrap();
    let victim = store.attempts().unwrap()[0].pid.to_string();
    assert!(Command::new("/bin/sh").args(["-c", &format!("kill -9 {victim}")]).status().unwrap().success());
    let told = told(child);
    told.must_fail("a killed child", 1, &["1 of 6 runs failed", "the same command does them again"]);
    assert_eq!(records(&folder.join("results")).len(), 5);
    let page = fs::read_to_string(folder.join("results/compare-mine/README.md")).unwrap();
    assert!(page.contains("signal 9"), "the report must say why: {page}");
    folder.done(&ARGUMENTS);
    assert_eq!(records(&folder.join("results")).len(), 6);
    let page = fs::read_to_string(folder.join("results/compare-mine/README.md")).unwrap();
    assert!(!page.contains("signal 9"), "what was repaired is not reported any more: {page}");
}

#[test]
fn a_command_started_again_does_no_run_again() {
    let folder = Folder::small();
    let arguments = ["compare", "--config", "small.toml", "--seeds", "2"];
    folder.done(&arguments);
    let results = folder.join("results");
    let when = || {
        let entries = fs::read_dir(results.join("runs")).unwrap();
        let mut times: Vec<_> = entries.map(|entry| entry.unwrap().metadata().unwrap().modified().unwrap()).collect();
        times.sort();
        times
    };
    let (before, times) = (records(&results), when());
    assert_eq!(before.len(), 4);
    let told = folder.run(&arguments);
    assert_eq!(told.code, Some(0));
    assert!(told.err.contains("all 4 runs are done already"), "{}", told.err);
    assert_eq!((records(&results), when()), (before, times));
    // Two more seeds are two more runs for each arm, and no more.
    let told = folder.run(&["compare", "--config", "small.toml", "--seeds", "4"]);
    assert!(told.err.contains("4 of 8 runs are done already"), "{}", told.err);
    assert_eq!(records(&results).len(), 8);
}

/// A longer one, so that signals come in time.
fn longer() -> Folder {
    let folder = Folder::new();
    folder.write("slow.toml", SLOW.replace("\"20ep\"", "\"150ep\"").replace("seeds = 3", "seeds = 1"));
    folder
}

fn signal(name: &str, target: &str) {
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {target}")]).output().unwrap();
    assert!(sent.status.success(), "{sent:?}");
}

/// Attempts that have something written down.
fn under_way(folder: &Folder) -> usize {
    let store = Store::open(folder.join("results")).unwrap();
    store.attempts().unwrap().iter().filter(|attempt| attempt.path.join("journal.bin").exists()).count()
}

fn study(folder: &Folder) -> String {
    fs::read_to_string(folder.join("results/compare-mine/study.json")).unwrap()
}

/// The records of [`longer`], made without any interruption.
fn uninterrupted() -> std::collections::BTreeMap<String, [Vec<u8>; 3]> {
    let folder = longer();
    folder.done(&ARGUMENTS);
    records(&folder.join("results"))
}

#[test]
fn ctrl_c_and_sigterm_keep_what_was_done_and_the_same_command_goes_on() {
    let expected = uninterrupted();
    assert_eq!(expected.len(), 2);
    // Ctrl-C reaches the whole group, `kill` the command alone, a terminal that closes one or the other.
    let rows = [("INT", true, 130), ("TERM", false, 143), ("TERM", true, 143), ("HUP", false, 129), ("HUP", true, 129)];
    for (name, group, code) in rows {
        let folder = longer();
        let mut child = start(&folder);
        assert!(wait_until(&mut child, || under_way(&folder) == 2), "it ended too soon");
        // Some updates, so that there is a state to save.
        thread::sleep(Duration::from_millis(300));
        signal(name, &if group { format!("-{}", child.id()) } else { child.id().to_string() });
        let told = told(child);
        assert_eq!(told.code, Some(code), "SIG{name}: {told:?}");
        assert!(
            told.err.contains(&format!("interrupted by SIG{name}: 0 of 2 runs done; the same command goes on")),
            "{told:?}"
        );
        assert!(study(&folder).contains(&format!("interrupted by SIG{name} after")), "{}", study(&folder));
        let store = Store::open(folder.join("results")).unwrap();
        let attempts = store.attempts().unwrap();
        assert_eq!(attempts.len(), 2);
        for attempt in &attempts {
            assert_eq!(attempt.state(), AttemptState::Dead);
            let step = attempt.checkpoints().unwrap()[0];
            assert_eq!(attempt.checkpoint(step).unwrap().info.reason, format!("SIG{name}"));
        }
        let doctor = folder.done(&["doctor"]);
        assert!(
            doctor.contains(&format!("interrupted by SIG{name}; the command that began it goes on after")),
            "{doctor}"
        );
        must_be_unfinished(&folder, &doctor);
        let arguments = ["compare", "--config", "slow.toml", "--name", "mine"];
        let again = folder.run(&arguments);
        assert_eq!((again.code, again.err.matches("goes on from step").count()), (Some(0), 2), "{again:?}");
        assert!(records(&folder.join("results")) == expected, "after SIG{name}");
        assert_eq!(count(&folder.join("results/attempts")), 0);
        assert!(!study(&folder).contains("interrupted"));
    }
}

/// One line says what is not done and what goes on with it; nothing is broken.
fn must_be_unfinished(folder: &Folder, doctor: &str) {
    let lines: Vec<&str> = doctor.lines().filter(|line| line.starts_with("unfinished")).collect();
    let [line] = lines.as_slice() else { panic!("{doctor}") };
    assert!(line.contains("unfinished: 0 of 2 runs done; `lrscope compare"), "{line}");
    assert!(!doctor.lines().any(|line| line.starts_with("broken")) && doctor.contains("nothing is broken"), "{doctor}");
    assert_eq!(advised(line), [format!("lrscope {}", ARGUMENTS.join(" "))]);
    assert_eq!(folder.done(&["report", "--quiet"]), "");
}

/// A comparison that was interrupted between its runs: its page, its line of the index and doctor tell of those that are done.
#[test]
fn an_unfinished_study_counts_what_is_done_and_says_so() {
    let folder = slow();
    let arguments = [&ARGUMENTS[..5], &["--results", "my results", "--quiet", "--jobs", "1"]].concat();
    let runs = folder.join("my results/runs");
    let mut child = folder.command(&arguments).process_group(0).spawn().unwrap();
    assert!(wait_until(&mut child, || count(&runs) >= 3), "it ended too soon");
    signal("INT", &format!("-{}", child.id()));
    let told = told(child);
    assert_eq!(told.code, Some(130), "{told:?}");
    let done = count(&runs);
    assert!((3..6).contains(&done), "{done}");
    folder.done(&["report", "--results", "my results"]);
    let page = fs::read_to_string(folder.join("my results/compare-mine/README.md")).unwrap();
    assert!(page.contains(&format!("**Unfinished**: {done} of 6 runs done")), "{page}");
    assert!(!page.contains("failed"), "{page}");
    let index = fs::read_to_string(folder.join("my results/README.md")).unwrap();
    assert!(index.contains(&format!("unfinished: {done} of 6 runs done; ")), "{index}");
    let table = fs::read_to_string(folder.join("my results/compare-mine/runs.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + done, "{table}");
    let doctor = folder.done(&["doctor", "my results"]);
    let line = doctor.lines().find(|line| line.starts_with("unfinished")).unwrap_or_else(|| panic!("{doctor}"));
    let [command] = advised(line).try_into().unwrap();
    let told = as_printed(&folder, &command);
    assert_eq!(told.code, Some(0), "{command}: {told:?}");
    assert_eq!(count(&runs), 6);
    let page = fs::read_to_string(folder.join("my results/compare-mine/README.md")).unwrap();
    assert!(!page.contains("Unfinished"), "{page}");
    assert!(folder.done(&["doctor", "my results"]).contains("nothing is broken"));
}

/// A child that cannot end in order: a second signal does not wait for it.
#[test]
fn a_second_signal_ends_everything_at_once() {
    let folder = longer();
    let mut child = start(&folder);
    assert!(wait_until(&mut child, || under_way(&folder) == 2), "it ended too soon");
    let store = Store::open(folder.join("results")).unwrap();
    let victims: Vec<String> = store.attempts().unwrap().iter().map(|attempt| attempt.pid.to_string()).collect();
    for pid in &victims {
        signal("STOP", pid);
    }
    let parent = child.id().to_string();
    signal("TERM", &parent);
    thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "it must wait for its children");
    signal("TERM", &parent);
    assert_eq!(told(child).code, Some(143));
    let alive = || store.attempts().unwrap().iter().any(|attempt| attempt.state() == AttemptState::Running);
    while alive() {
        thread::sleep(Duration::from_millis(5));
    }
    folder.done(&ARGUMENTS);
    assert!(records(&folder.join("results")) == uninterrupted());
}

/// One child is asked to end, by its number: its run is kept for later, and the others go on.
#[test]
fn a_child_that_is_interrupted_alone_takes_nobody_along() {
    let folder = longer();
    let mut child = start(&folder);
    assert!(wait_until(&mut child, || under_way(&folder) == 2), "it ended too soon");
    thread::sleep(Duration::from_millis(200));
    let store = Store::open(folder.join("results")).unwrap();
    signal("TERM", &store.attempts().unwrap()[0].pid.to_string());
    told(child).must_fail("an interrupted child", 1, &["1 of 2 runs did not finish", "the same command goes on"]);
    assert_eq!(records(&folder.join("results")).len(), 1);
    assert!(study(&folder).contains("interrupted by SIGTERM after"), "{}", study(&folder));
    folder.done(&ARGUMENTS);
    assert!(records(&folder.join("results")) == uninterrupted());
}

/// A saved state is damaged: it is named, and the run comes out the same all the same.
#[test]
fn a_damaged_state_is_named_and_does_no_harm() {
    let folder = longer();
    let mut child = start(&folder);
    assert!(wait_until(&mut child, || under_way(&folder) == 2), "it ended too soon");
    thread::sleep(Duration::from_millis(300));
    signal("INT", &child.id().to_string());
    assert_eq!(told(child).code, Some(130));
    let store = Store::open(folder.join("results")).unwrap();
    let attempt = store.attempts().unwrap().remove(0);
    let step = attempt.checkpoints().unwrap()[0];
    let weights = attempt.path.join(format!("checkpoints/{step:012}/weights.safetensors"));
    let mut bytes = fs::read(&weights).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&weights, bytes).unwrap();
    let doctor = folder.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(doctor.out.contains("weights.safetensors cannot be used: its SHA-256 is"), "{doctor:?}");
    let again = folder.run(&["compare", "--config", "slow.toml", "--name", "mine"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.err.contains("weights.safetensors cannot be used"), "{again:?}");
    assert!(records(&folder.join("results")) == uninterrupted());
}

/// The system and the shell both say that the terminal has closed; that is no second wish. A real one ends everything at once.
#[test]
fn a_terminal_that_closes_twice_costs_nothing() {
    let folder = longer();
    let mut child = start(&folder);
    assert!(wait_until(&mut child, || under_way(&folder) == 2), "it ended too soon");
    thread::sleep(Duration::from_millis(300));
    let group = format!("-{}", child.id());
    (0..5).for_each(|_| drop(Command::new("/bin/sh").args(["-c", &format!("kill -HUP {group}")]).output().unwrap()));
    let told = told(child);
    assert_eq!(told.code, Some(129), "{told:?}");
    let store = Store::open(folder.join("results")).unwrap();
    let attempts = store.attempts().unwrap();
    assert_eq!(attempts.len(), 2);
    for attempt in attempts {
        let step = attempt.checkpoints().unwrap()[0];
        assert_eq!(attempt.checkpoint(step).unwrap().info.reason, "SIGHUP");
    }
    folder.done(&ARGUMENTS);
    assert!(records(&folder.join("results")) == uninterrupted());
}

/// `nohup lrscope …`: the terminal closes, and the command goes on.
#[test]
fn nohup_is_respected() {
    let folder = longer();
    let mut child = folder.command_after("trap '' HUP", &ARGUMENTS).process_group(0).spawn().unwrap();
    assert!(wait_until(&mut child, || under_way(&folder) == 2), "it ended too soon");
    signal("HUP", &format!("-{}", child.id()));
    signal("HUP", &child.id().to_string());
    let told = told(child);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(records(&folder.join("results")) == uninterrupted());
}

/// A terminal that is gone: nothing can be written to it any more, and the states are saved all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_goes_away_keeps_what_was_done() {
    let folder = longer();
    let program = super::support::PROGRAM;
    let inner = format!("exec {program} compare --config slow.toml --name mine --jobs 2");
    let mut command = Command::new("script");
    command.args(["-qec", &inner, "/dev/null"]).current_dir(folder.path()).env("TERM", "xterm");
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let Ok(mut terminal) = command.spawn() else {
        return super::support::skipped("there is no `script` to play a terminal: one that goes away is not tested");
    };
    assert!(wait_until(&mut terminal, || under_way(&folder) == 2), "it ended too soon");
    thread::sleep(Duration::from_millis(300));
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let store = Store::open(folder.join("results")).unwrap();
    let dead = || store.attempts().unwrap().iter().all(|attempt| attempt.state() == AttemptState::Dead);
    let started = std::time::Instant::now();
    while !dead() || !study(&folder).contains("interrupted by SIGHUP") {
        assert!(started.elapsed() < Duration::from_mins(1), "{}", study(&folder));
        thread::sleep(Duration::from_millis(5));
    }
    for attempt in store.attempts().unwrap() {
        let step = attempt.checkpoints().unwrap()[0];
        assert_eq!(attempt.checkpoint(step).unwrap().info.reason, "SIGHUP");
    }
    folder.done(&ARGUMENTS);
    assert!(records(&folder.join("results")) == uninterrupted());
}

/// Runs that have not done an update yet when they are interrupted: nothing is lost, and nothing is left that looks like it.
#[test]
fn a_run_that_is_interrupted_before_its_first_update_leaves_nothing() {
    let (mut early, mut tries) = (0, 0);
    while early < 3 && tries < 40 {
        tries += 1;
        let folder = longer();
        let mut child = start(&folder);
        // A child has taken its turn, and comes to its first update soon.
        assert!(wait_until(&mut child, || folder.join("results/.locks").exists()), "it ended too soon");
        thread::sleep(Duration::from_millis(2 * tries));
        signal("INT", &format!("-{}", child.id()));
        let told = told(child);
        assert_eq!(told.code, Some(130), "{told:?}");
        let doctor = folder.done(&["doctor"]);
        assert!(!doctor.contains("died"), "{doctor}");
        let study = study(&folder);
        assert_eq!(study.matches("interrupted by SIGINT").count(), 2, "{study}");
        early += u32::from(study.contains("not done: interrupted by SIGINT"));
    }
    assert!(early > 0, "no run was interrupted before its first update");
}
