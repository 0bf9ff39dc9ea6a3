//! The program in a folder of its own, without network, without an npm client and without this machine's data.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lrscope_runner::learner::Row;
use lrscope_runner::record::Store;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_lrscope");

/// An experiment that takes a tenth of a second.
pub const SMALL: &str = r#"version = 1

[data]
name = "digits"
batch_size = 32

[model.mlp]
hidden = [16]

[optimizer.sgd]
momentum = 0.9

[range_test]
start_lr = 1e-4
end_lr = 10.0
length = 80
seeds = 2

[training]
length = 4
seeds = 1
evaluate_every = "1ep"

[schedule.constant]
lr = 0.1

[[arm]]
name = "first"
[arm.schedule.constant]
lr = 0.2

[[arm]]
name = "second"
[arm.schedule.constant]
lr = 0.05
"#;

/// A command that runs longer than this has hung.
const PATIENCE: Duration = Duration::from_mins(5);

/// What a user never wants to read: a crash, or a value as the program's own notation.
const UNFIT: [&str; 10] =
    ["panicked", "RUST_BACKTRACE", "Some(", "None,", "Err(", "Ok(", "Os {", "Error {", "kind:", "\u{1b}"];

/// A folder that a test works in.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with [`SMALL`] in `small.toml`.
    pub fn small() -> Self {
        let folder = Self::new();
        folder.write("small.toml", SMALL);
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.start(PROGRAM, arguments)
    }

    /// The program in a shell that first does something to itself, for example limits what it and its children may have.
    pub fn command_after(&self, first: &str, arguments: &[&str]) -> Command {
        let script = format!("{first}; exec \"$0\" \"$@\"");
        // Of the usual shells this one knows all limits.
        self.start("/bin/bash", &[&["-c", &script, PROGRAM], arguments].concat())
    }

    /// Another program, as if it were this one.
    pub fn start(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        let unset = [
            "LRSCOPE_DATA_DIR",
            "HF_HUB_CACHE",
            "HUGGINGFACE_HUB_CACHE",
            "TRANSFORMERS_OFFLINE",
            "HF_DATASETS_OFFLINE",
        ];
        for variable in unset.into_iter().chain(["NO_COLOR", "RAYON_NUM_THREADS", "RUST_BACKTRACE"]) {
            command.env_remove(variable);
        }
        command
            .env("HF_HOME", self.join("hub"))
            .env("HF_HUB_OFFLINE", "1")
            .env("KERAS_HOME", self.join("keras"))
            .env("LRSCOPE_CACHE_DIR", self.join("cache"))
            .env("PATH", self.join("no-programs"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Told {
        told(self.command(arguments).spawn().unwrap())
    }

    /// Runs the program, which must succeed, and gives its standard output.
    pub fn done(&self, arguments: &[&str]) -> String {
        let told = self.run(arguments);
        assert_eq!(told.code, Some(0), "{arguments:?}: {told:?}");
        told.out
    }

    /// The same with `--json`, as a value.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Told {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Told {
    /// What is wrong with it unless the program ended as the help text documents and said nothing that is not for users.
    fn unfit(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !matches!(self.code, Some(0..=3)) {
            faults.push(format!("exit code {:?}", self.code));
        }
        let unfit = UNFIT.iter().filter(|unfit| self.out.contains(**unfit) || self.err.contains(**unfit));
        faults.extend(unfit.map(|unfit| format!("{unfit:?} is nothing for users")));
        faults
    }

    /// What is wrong with it as a failure with this exit code, whose message holds each of `says`.
    pub fn faults(&self, code: i32, says: &[impl AsRef<str>]) -> Vec<String> {
        let mut faults = self.unfit();
        if self.code != Some(code) {
            faults.push(format!("exit code {:?} instead of {code}", self.code));
        }
        if self.err.trim().is_empty() {
            faults.push("an error without a word".into());
        }
        let missing = says.iter().map(AsRef::as_ref).filter(|part| !self.err.contains(*part));
        faults.extend(missing.map(|part| format!("expected {part:?}")));
        faults
    }

    pub fn must_be_fit(&self, what: &str) {
        assert!(self.unfit().is_empty(), "{what}: {}\n{self:?}", self.unfit().join("\n"));
    }

    pub fn must_fail(&self, what: &str, code: i32, says: &[impl AsRef<str>]) {
        let faults = self.faults(code, says);
        assert!(faults.is_empty(), "{what}: {}\nsaid: {}", faults.join("\n"), self.err);
    }
}

/// Waits for a program, and takes what it says meanwhile.
pub fn told(mut child: Child) -> Told {
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("the program did not end");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let text = |thread: thread::JoinHandle<Vec<u8>>| String::from_utf8_lossy(&thread.join().unwrap()).into_owned();
    Told { code: status.code(), out: text(out), err: text(err) }
}

fn drain(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut stream = stream.unwrap();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// The files of every published run that must repeat to the bit, by the run's identity.
pub fn records(results: &Path) -> BTreeMap<String, [Vec<u8>; 3]> {
    let folder = results.join("runs");
    let Ok(entries) = fs::read_dir(&folder) else { return BTreeMap::new() };
    let read = |run: &Path| ["spec.json", "result.json", "steps.bin"].map(|file| fs::read(run.join(file)).unwrap());
    entries
        .map(|entry| entry.unwrap().path())
        .map(|run| (run.file_name().unwrap().to_string_lossy().into_owned(), read(&run)))
        .collect()
}

/// The raw rows of every published run, with its specification's seed as `(family, number)` in the order of JSON's text.
pub fn rows(results: &Path) -> Vec<(String, Vec<Row>)> {
    let store = Store::open(results).unwrap();
    let runs = store.runs().unwrap().map(Result::unwrap);
    let rows = |run: lrscope_runner::record::Published| {
        let seed = serde_json::to_string(&run.spec.seed).unwrap();
        (seed, run.rows().unwrap().map(Result::unwrap).collect())
    };
    runs.map(rows).collect()
}

/// Every file below a folder by its path there.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Says, past the test harness's capture, that something was not tested.
pub fn skipped(what: &str) {
    let _ = std::io::stderr().write_all(format!("SKIPPED: {what}\n").as_bytes());
}

/// `line:column` of the caret in `marked`, whose other characters stand in `text`. Both count from 1.
pub fn place(text: &str, marked: &str) -> String {
    let (before, after) = marked.split_once('^').expect("a caret");
    let found = text.find(&format!("{before}{after}")).unwrap_or_else(|| panic!("{marked:?} is not in: {text}"));
    let before = &text[..found + before.len()];
    let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{line}:{column}")
}

/// The commands that a text advises, each between backquotes, in their order and once.
pub fn advised(text: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for part in text.split('`').skip(1).step_by(2).filter(|part| part.starts_with("lrscope ")) {
        if !commands.iter().any(|known| known == part) {
            commands.push(part.into());
        }
    }
    commands
}

/// Runs a command as it was printed, by a shell that finds the program as `lrscope`.
pub fn as_printed(folder: &Folder, command: &str) -> Told {
    let programs = folder.join("programs");
    fs::create_dir_all(&programs).unwrap();
    let link = programs.join("lrscope");
    if !link.exists() {
        fs::copy(env!("CARGO_BIN_EXE_lrscope"), &link).unwrap();
    }
    let like = folder.command(&[]);
    let mut shell = Command::new("/bin/bash");
    shell.args(["-c", command]).current_dir(folder.path()).stdin(Stdio::null());
    shell.envs(like.get_envs().filter_map(|(key, value)| Some((key, value?)))).env("PATH", programs);
    told(shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}
