//! Bars on a terminal, with colours unless the user wants none.
#![cfg(target_os = "linux")]

use std::process::Command;

use super::support::{Folder, SMALL, skipped};

/// What a command draws on a terminal that `script` (of util-linux) plays.
fn on_terminal(colours: bool) -> Option<String> {
    let folder = Folder::new();
    folder.write("small.toml", SMALL.replace("length = 4", "length = \"8ep\""));
    let program = env!("CARGO_BIN_EXE_lrscope");
    let inner = format!("stty cols 100 rows 40; {program} compare --config small.toml --seeds 2 --jobs 1");
    let mut command = Command::new("script");
    command.args(["-qec", &inner, "/dev/null"]).current_dir(folder.path()).env("TERM", "xterm-256color");
    command.env_remove("NO_COLOR").env_remove("CLICOLOR").env_remove("CI");
    if !colours {
        command.env("NO_COLOR", "1");
    }
    let output = command.output().ok()?;
    let drawn = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{drawn}");
    Some(drawn)
}

/// Whether there is an escape sequence that sets a colour: `ESC [ … m` with a number from 30 to 49 or 90 to 107.
fn coloured(drawn: &str) -> bool {
    drawn.split("\u{1b}[").skip(1).any(|sequence| {
        let Some((parameters, _)) = sequence.split_once('m') else { return false };
        parameters.split(';').any(|number| matches!(number.parse(), Ok(30..=49_u8 | 90..=107)))
            && parameters.chars().all(|c| c.is_ascii_digit() || c == ';')
    })
}

#[test]
fn bars_are_drawn_and_no_color_is_respected() {
    let Some(plain) = on_terminal(false) else {
        return skipped("there is no `script` to play a terminal: progress bars are not tested");
    };
    assert!(plain.contains("test accuracy"), "{plain}");
    assert!(plain.contains('━') && plain.contains("/4 runs"), "no bar was drawn: {plain}");
    assert!(!coloured(&plain), "NO_COLOR was set, and yet: {plain:?}");
    let with = on_terminal(true).unwrap();
    assert!(coloured(&with), "without NO_COLOR there are colours: {with:?}");
}
