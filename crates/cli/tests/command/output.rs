//! What goes to which stream.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use super::support::{Folder, told};

const COMMANDS: [&[&str]; 7] = [
    &["range-test", "--config", "small.toml"],
    &["compare", "--config", "small.toml"],
    &["train", "--config", "small.toml"],
    &["schedule", "--config", "small.toml"],
    &["report"],
    &["data", "digits"],
    &["data", "digits", "digits"],
];

#[test]
fn json_is_one_document_on_standard_output_and_progress_is_not() {
    let folder = Folder::small();
    for arguments in COMMANDS {
        let told = folder.run(&[arguments, &["--json"]].concat());
        told.must_be_fit(&format!("{arguments:?}"));
        assert_eq!(told.code, Some(0), "{arguments:?}: {}", told.err);
        let document: serde_json::Value =
            serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", told.out));
        assert!(document.is_object() || document.is_array(), "{arguments:?}");
    }
}

#[test]
fn reports_named_in_json_are_there() {
    let folder = Folder::small();
    for arguments in &COMMANDS[..3] {
        let report = folder.json(arguments)["report"].as_str().unwrap().to_owned();
        assert!(folder.join(&report).join("README.md").is_file(), "{report}");
    }
    let reports = folder.json(&["report"])["reports"].as_array().unwrap().clone();
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| folder.join(report.as_str().unwrap()).is_file()), "{reports:?}");
}

#[test]
fn in_a_pipe_progress_is_plain_lines_on_standard_error() {
    let folder = Folder::small();
    let told = folder.run(&["compare", "--config", "small.toml", "--seeds", "2"]);
    told.must_be_fit("a comparison");
    let lines: Vec<&str> = told.err.lines().collect();
    let done = |arm: &str, seed: u32| {
        lines.iter().filter(|line| line.ends_with(&format!("] {arm}, seed {seed}: done"))).count()
    };
    for (arm, seed) in [("first", 0), ("first", 1), ("second", 0), ("second", 1)] {
        assert_eq!(done(arm, seed), 1, "{}", told.err);
    }
    for count in 1..=4 {
        assert!(told.err.contains(&format!("[{count}/4] ")), "{}", told.err);
    }
    assert!(!told.err.contains('\r') && !told.out.contains(": done"), "{told:?}");
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let folder = Folder::small();
    for arguments in &COMMANDS[..3] {
        let told = folder.run(&[arguments, &["--quiet"][..]].concat());
        assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(told.out.contains("report: results"), "{}", told.out);
    }
}

/// Files that the reports hold besides the page.
#[test]
fn tables_have_a_header_and_as_many_cells_in_every_row() {
    let folder = Folder::small();
    folder.done(&["range-test", "--config", "small.toml", "--name", "a"]);
    folder.done(&["compare", "--config", "small.toml", "--seeds", "2", "--name", "a"]);
    let mut tables = 0;
    for report in ["range-test-a", "compare-a"] {
        for entry in fs::read_dir(folder.join("results").join(report)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "csv") {
                continue;
            }
            tables += 1;
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let header = reader.headers().unwrap().clone();
            assert!(header.iter().all(|name| !name.is_empty() && name.parse::<f64>().is_err()), "{path:?}: {header:?}");
            let rows = reader.records().map(Result::unwrap).count();
            assert!(rows > 0, "{path:?} is empty");
        }
    }
    assert!(tables >= 4, "only {tables} tables");
}

/// `lrscope schedule … | head -1`: the reader goes away after a line, and that is no failure.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::new();
    let mut child = folder.command(&["schedule", "constant = { lr = 1 }", "--length", "200000"]).spawn().unwrap();
    let mut first = [0; 16];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    drop(out);
    // `told` takes a standard output, so it gets one that is empty.
    let status = child.wait().unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
    assert_eq!(&first, b"step,lr,momentum");
}

/// `lrscope … 2>&1 | head -1`: the runs go on, and the exit code is that of the work.
#[test]
fn a_closed_standard_error_ends_nothing() {
    let folder = Folder::small();
    for (arguments, code) in [(["train", "--config", "small.toml"], 0), (["train", "--config", "absent.toml"], 2)] {
        let mut command = folder.command(&arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stderr(Stdio::from(writer)).spawn().unwrap();
        drop(command);
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(code), "{arguments:?}");
    }
    assert_eq!(super::support::records(&folder.join("results")).len(), 1);
}

/// A full disk behind `lrscope … > file` is a failure, and said.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let folder = Folder::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = folder.command(&["schedule", "constant = { lr = 1 }", "--length", "100"]);
    let child = command.stdout(full).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("cannot write to standard output"), "{said}");
}

/// The hidden command that a parent starts: what it tells is one JSON event a line, and a task that is none is refused.
#[test]
fn a_child_tells_events_and_refuses_what_is_no_task() {
    let folder = Folder::new();
    for task in ["", "{}", "[1]", "\0\0"] {
        let mut command = folder.command(&["run-task"]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), task.as_bytes()).unwrap();
        let told = told(child);
        told.must_fail(task, 2, &["standard input holds no task"]);
        let event: serde_json::Value = serde_json::from_str(told.out.trim()).unwrap();
        assert_eq!((&event["event"], &event["bad_input"]), (&"failed".into(), &true.into()));
    }
}
