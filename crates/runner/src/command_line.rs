//! Command lines as a person can paste them: quoted for a shell, and turned to another results folder.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::Path;

/// The results folder of a command that names none.
pub const RESULTS: &str = "results";

/// The flag that names it.
const FLAG: &str = "--results";

/// An argument quoted for a POSIX shell, where that is needed. What cannot be printed stands as `$'\xff'`, which bash, zsh and
/// ksh take.
pub fn quote(argument: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    match argument.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.into(),
        Some(text) if !text.chars().any(char::is_control) => format!("'{}'", text.replace('\'', r"'\''")),
        _ => escaped(argument.as_encoded_bytes()),
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut quoted = "$'".to_owned();
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(*byte));
            }
            b' '..=b'~' => quoted.push(char::from(*byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(quoted, "\\x{byte:02x}")),
        }
    }
    quoted.push('\'');
    quoted
}

/// A command from its words, each [quoted](quote).
pub fn join<'a>(words: impl IntoIterator<Item = &'a OsStr>) -> String {
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// `lrscope report`, for one report or for all of them.
pub fn report(results: &Path, name: Option<&OsStr>) -> String {
    let mut words: Vec<OsString> = vec!["lrscope".into(), "report".into()];
    words.extend(name.map(OsStr::to_owned));
    words.extend(results_flag(results));
    join(words.iter().map(OsString::as_os_str))
}

/// A command, given as [`join`] writes it, with `--results` for the folder `results`. One whose words cannot be told apart is
/// left as it is.
pub fn with_results(command: &str, results: &Path) -> String {
    let Some(words) = words(command) else { return command.into() };
    let mut kept: Vec<OsString> = Vec::new();
    let mut named = OsString::from(RESULTS);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let value = word.strip_prefix(FLAG).and_then(|rest| rest.strip_prefix('='));
        match value {
            Some(value) => named = value.into(),
            None if word == FLAG => named = words.next().unwrap_or_default().into(),
            None => kept.push(word.into()),
        }
    }
    if named == results.as_os_str() {
        return command.into();
    }
    kept.extend(results_flag(results));
    join(kept.iter().map(OsString::as_os_str))
}

/// The flag for a results folder, which the default needs not.
fn results_flag(results: &Path) -> Vec<OsString> {
    if results == Path::new(RESULTS) { Vec::new() } else { vec![FLAG.into(), results.into()] }
}

/// The words of a command as [`join`] writes them; nothing where they are written in another way.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = command.chars().peekable();
    while rest.peek().is_some() {
        let mut word = String::new();
        while let Some(c) = rest.next_if(|c| *c != ' ') {
            match c {
                '\'' => loop {
                    match rest.next()? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                },
                '\\' => word.push(rest.next()?),
                '$' | '"' => return None,
                plain => word.push(plain),
            }
        }
        rest.next();
        words.push(word);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_folder_is_turned_to_where_the_study_lies() {
        let cases = [
            ("lrscope compare digits", "results", "lrscope compare digits"),
            ("lrscope compare digits", "else where", "lrscope compare digits --results 'else where'"),
            ("lrscope train --results old -q", "results", "lrscope train -q"),
            ("lrscope train --results=old -q", "new", "lrscope train -q --results new"),
            ("lrscope train --results 'my old' -q", "my old", "lrscope train --results 'my old' -q"),
            (r"lrscope train --name 'it'\''s' -q", "x", r"lrscope train --name 'it'\''s' -q --results x"),
            ("lrscope train $'\\xff'", "x", "lrscope train $'\\xff'"),
        ];
        for (command, results, expected) in cases {
            assert_eq!(with_results(command, Path::new(results)), expected);
        }
    }

    /// The shell itself is the oracle: it must read the very bytes back.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_words_back() {
        use std::os::unix::ffi::OsStrExt as _;
        let words: [&[u8]; 9] = [
            b"plain",
            b"",
            b"two words",
            b"it's",
            b"a\\b\"$c",
            b"line\nbreak",
            b"caf\xc3\xa9",
            b"\xff\x01'\\",
            b"\x1b[1m",
        ];
        let quoted = join(words.iter().map(|word| OsStr::from_bytes(word)));
        let script = format!("printf '%s\\0' {quoted}");
        let Ok(told) = std::process::Command::new("bash").args(["-c", &script]).output() else {
            let skipped = "SKIPPED: there is no bash here to read quoted words\n";
            let _ = std::io::Write::write_all(&mut std::io::stderr(), skipped.as_bytes());
            return;
        };
        let read: Vec<&[u8]> = told.stdout.strip_suffix(b"\0").unwrap_or(&told.stdout).split(|b| *b == 0).collect();
        assert_eq!(read, words, "{quoted}");
    }
}
