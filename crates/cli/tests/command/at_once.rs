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
    for kind in ["range test", "comparison", "training"] {
        assert!(index.contains(kind), "{kind} is missing in: {index}");
    }
}
