//! Several commands at the same time on one results folder.

use super::support::{Folder, records, told};

#[test]
fn the_same_command_twice_at_once() {
    let alone = Folder::small();
    let arguments = ["compare", "--config", "small.toml", "--seeds", "3", "--name", "mine", "--json"];
    let expected = alone.done(&arguments);
    for _ in 0..3 {
        let folder = Folder::small();
        let children = [(); 3].map(|()| folder.command(&arguments).spawn().unwrap());
        for child in children {
            let told = told(child);
            assert_eq!(told.code, Some(0), "{}", told.err);
            assert_eq!(told.out, expected);
        }
        assert!(records(&folder.join("results")) == records(&alone.join("results")));
        assert_eq!(std::fs::read_dir(folder.join("results/attempts")).unwrap().count(), 0);
    }
}

#[test]
fn different_commands_at_once() {
    let folder = Folder::small();
    let commands: [&[&str]; 4] = [
        &["range-test", "--config", "small.toml"],
        &["compare", "--config", "small.toml", "--seeds", "2"],
        &["train", "--config", "small.toml", "--seeds", "2"],
        &["train", "--config", "small.toml", "--schedule", "constant = { lr = \"range-test.max_lr\" }"],
    ];
    let children = commands.map(|arguments| folder.command(arguments).spawn().unwrap());
    for child in children {
        let told = told(child);
        assert_eq!(told.code, Some(0), "{}", told.err);
    }
    // 2 sweeps (shared by the range test and the command that needs its pick), 4 of the comparison, 2 and 1 of the trainings.
    assert_eq!(records(&folder.join("results")).len(), 9);
    folder.done(&["report"]);
    let index = std::fs::read_to_string(folder.join("results/README.md")).unwrap();
    for kind in ["Range test", "Comparison", "Training"] {
        assert!(index.contains(kind), "{kind} is missing in: {index}");
    }
}

/// Two processes never do the same run at the same time on one machine: one waits, and finds it done.
#[test]
fn no_run_is_done_twice_at_the_same_time() {
    let folder = Folder::new();
    folder.write("small.toml", super::support::SMALL.replace("length = 4", "length = \"40ep\""));
    let arguments = ["compare", "--config", "small.toml", "--seeds", "2", "--name", "mine", "--quiet"];
    let mut children = [(); 2].map(|()| folder.command(&arguments).spawn().unwrap());
    let attempts = folder.join("results/attempts");
    let mut seen = 0;
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        let Ok(entries) = std::fs::read_dir(&attempts) else { continue };
        let mut runs: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy()[..20].to_owned()).collect();
        let all = runs.len();
        runs.sort();
        runs.dedup();
        assert_eq!(runs.len(), all, "a run has two attempts");
        seen = seen.max(all);
    }
    assert!(seen > 0, "no attempt was seen at all");
    for child in children {
        let told = told(child);
        assert_eq!(told.code, Some(0), "{}", told.err);
    }
    assert_eq!(records(&folder.join("results")).len(), 4);
    assert!(!folder.join("results/.locks").exists());
}
