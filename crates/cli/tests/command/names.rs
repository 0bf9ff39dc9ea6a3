//! Names from outside: on a terminal they are words, whatever they hold, and places that cannot be used are refused first.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::support::{Folder, PROGRAM, SMALL, skipped, told};

/// A name that clears the screen, sets the terminal's title, writes backwards, and adds a line of its own.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\nreport: forged";

fn hostile() -> Folder {
    let folder = Folder::new();
    // TOML's escapes of these are JSON's.
    let escaped = HOSTILE
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c.into() } else { format!("\\u{:04x}", u32::from(c)) });
    let name = format!("\"{}\"", escaped.collect::<String>());
    folder.write("small.toml", SMALL.replace("\"first\"", &name));
    folder
}

/// What a terminal would obey, but line ends.
fn obeyed(text: &str) -> Vec<char> {
    let obeyed = |c: &char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(obeyed).filter(|c| *c != '\n').collect()
}

#[test]
fn no_name_is_obeyed_in_a_pipe() {
    let folder = hostile();
    let compared = folder.run(&["compare", "--config", "small.toml"]);
    assert_eq!(compared.code, Some(0), "{compared:?}");
    assert!(compared.out.contains("\\u001b[2J"), "{compared:?}");
    let again = folder.run(&["compare", "--config", "small.toml", "--arms", "none"]);
    let failed = folder.run(&["compare", "--config", "small.toml", "--model", "lenet"]);
    assert_eq!((again.code, failed.code), (Some(2), Some(2)));
    let doctor = folder.run(&["doctor"]);
    for told in [&compared, &again, &failed, &doctor] {
        assert!(obeyed(&told.out).is_empty(), "{told:?}");
        assert!(obeyed(&told.err).is_empty(), "{told:?}");
        assert!(!told.out.lines().chain(told.err.lines()).any(|line| line.starts_with("report: forged")), "{told:?}");
    }
    // JSON says the same in another way: the name is what it was.
    let json = folder.json(&["compare", "--config", "small.toml"]);
    assert_eq!(json["arms"][0]["name"], HOSTILE);
}

#[test]
fn no_name_is_obeyed_on_a_terminal() {
    let folder = hostile();
    let inner = format!("stty cols 200 rows 40; {PROGRAM} compare --config small.toml --seeds 2 --jobs 1");
    let mut command = Command::new("script");
    command.args(["-qec", &inner, "/dev/null"]).current_dir(folder.path()).env("TERM", "xterm").env("NO_COLOR", "1");
    let Ok(output) = command.output() else {
        return skipped("there is no `script` to play a terminal: names on it are not tested");
    };
    let drawn = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{drawn}");
    // The bars move the cursor themselves; the name does none of its things.
    for sequence in ["\u{1b}[2J", "\u{1b}]0;", "\u{9b}", "\u{202e}", "\u{7}"] {
        assert!(!drawn.contains(sequence), "{sequence:?} in {drawn:?}");
    }
    assert!(drawn.contains("\\u001b[2J"), "{drawn:?}");
}

/// What the command line itself holds is repeated in errors.
#[test]
fn no_argument_is_obeyed() {
    let folder = Folder::small();
    let rows: [(&[&str], &str); 5] = [
        (&["train", "--config", "small.toml", "--jobs", "\u{1b}[31m"], "--jobs"),
        (&["train", "--config", "small.toml", "--jobs", "\u{9b}31m"], "\\u009b31m"),
        (&["tr\u{1b}[31main"], "unrecognized"),
        (&["report", "\u{9b}31m", "--results", "."], "--results"),
        (&["train", "--config", "\u{1b}]0;title\u{7}.toml"], "\\u001b]0;title\\u0007.toml"),
    ];
    for (arguments, says) in rows {
        let told = folder.run(arguments);
        told.must_fail(&format!("{arguments:?}"), 2, &[says]);
        assert!(obeyed(&told.err).is_empty(), "{told:?}");
    }
}

/// The longest name makes the column, and no line breaks it.
#[test]
fn long_names_keep_their_columns() {
    let folder = Folder::new();
    let long = "a name that has many more than eighteen letters, größer";
    folder.write("small.toml", SMALL.replace("\"first\"", &format!("{long:?}")));
    let out = folder.done(&["compare", "--config", "small.toml"]);
    let at: Vec<usize> = out
        .lines()
        .filter_map(|line| line.split_once(" test accuracy").map(|(name, _)| name.chars().count()))
        .collect();
    assert_eq!(at, [long.chars().count(); 2], "{out}");
}

#[test]
fn a_report_is_named_in_any_alphabet() {
    let folder = Folder::small();
    for name in ["größe", "学習率", "Опыт-1", "naïve.2"] {
        folder.done(&["train", "--config", "small.toml", "--name", name]);
        assert!(folder.join(format!("results/train-{name}/README.md")).is_file(), "{name}");
    }
    folder.done(&["report", "train-größe"]);
    folder.done(&["doctor"]);
    for name in ["a b", "a/b", "..", ".hidden", "a\u{202e}b", "a\nb", &"é".repeat(101)] {
        let told = folder.run(&["train", "--config", "small.toml", "--name", name]);
        told.must_fail(name, 2, &["--name", "cannot name a folder; use letters and digits of any alphabet"]);
    }
}

/// A folder that cannot hold results is refused by the flag, before anything is trained or written.
#[test]
fn places_that_cannot_hold_results() {
    let folder = Folder::small();
    folder.write("taken", "mine");
    symlink("gone/away", folder.join("link")).unwrap();
    symlink("loop", folder.join("loop")).unwrap();
    let entries = || {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = entries();
    let no_text = std::ffi::OsStr::from_bytes(b"n\xe4me").to_owned();
    let rows: [(std::ffi::OsString, &str); 5] = [
        (no_text, "is not UTF-8"),
        ("taken".into(), "taken is not a folder: move it away, or choose another"),
        ("taken/inside".into(), "taken/inside: taken is not a folder"),
        ("link".into(), "link is a link to gone/away, which is not there"),
        ("link/inside".into(), "link/inside: link is a link to gone/away, which is not there"),
    ];
    for (place, says) in rows {
        for command in ["range-test", "compare", "train"] {
            let mut command = folder.command(&[command, "--config", "small.toml", "--results"]);
            told(command.arg(&place).spawn().unwrap()).must_fail(says, 2, &["--results: ", says]);
        }
        told(folder.command(&["report", "--results"]).arg(&place).spawn().unwrap()).must_fail(says, 2, &[says]);
        told(folder.command(&["doctor"]).arg(&place).spawn().unwrap()).must_fail(says, 2, &[says]);
    }
    let no_text = std::ffi::OsStr::from_bytes(b"n\xe4me");
    let mut command = folder.command(&["train", "--config", "small.toml", "--data-dir"]);
    told(command.arg(no_text).spawn().unwrap()).must_fail("data", 2, &["--data-dir", "is not UTF-8"]);
    folder.run(&["train", "--config", "small.toml", "--results", "loop"]).must_be_fit("a link to itself");
    assert_eq!(entries(), before);
    // A link to a folder is as good as the folder.
    fs::create_dir(folder.join("real")).unwrap();
    symlink("real", folder.join("good")).unwrap();
    folder.done(&["train", "--config", "small.toml", "--results", "good"]);
}
