//! The user's npm client, which fetches a package's archive and runs nothing of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::progress::{Phase, Reporter};

/// Time between two looks at the running client.
const PAUSE: Duration = Duration::from_millis(50);
/// Characters of the client's own message that are passed on.
const LONGEST_MESSAGE: usize = 600;

/// Why no package came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no npm client: {} was not found", .0.display())]
    NoClient(PathBuf),
    #[error("the npm client cannot be run: {0}")]
    Run(#[from] io::Error),
    #[error("npm failed ({status}): {message}")]
    Failed { status: ExitStatus, message: String },
    #[error("npm had no result after {} s", .0.as_secs_f64())]
    TooLong(Duration),
    #[error("npm ended well but left no archive")]
    NoArchive,
}

/// `npm pack`: fetches the archive of `package` into `folder`, and returns its path.
pub(crate) fn pack(
    client: &Path,
    package: &str,
    folder: &Path,
    patience: Duration,
    reporter: &mut Reporter<'_>,
) -> Result<PathBuf, Failure> {
    let log = folder.join("npm.log");
    let mut command = Command::new(client);
    // Without network npm would wait for more than a minute between its tries.
    command.args([
        "pack",
        "--ignore-scripts",
        "--loglevel=error",
        "--no-update-notifier",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
    ]);
    command.arg(package).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::NoClient(client.to_owned()),
        _ => Failure::Run(error),
    })?;
    let status = wait(&mut Running(child), patience, &mut || reporter.report(Phase::Downloading, package, 0, None))?;
    if !status.success() {
        return Err(Failure::Failed { status, message: message(&log) });
    }
    let archives = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    archives.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "tgz")).ok_or(Failure::NoArchive)
}

/// A process that does not outlive its handle.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // A process that has ended already is reported as an error, which is fine.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn wait(running: &mut Running, patience: Duration, tick: &mut dyn FnMut()) -> Result<ExitStatus, Failure> {
    let start = Instant::now();
    loop {
        if let Some(status) = running.0.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > patience {
            return Err(Failure::TooLong(patience));
        }
        tick();
        thread::sleep(PAUSE);
    }
}

/// What npm says, on one line.
fn message(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(|line| line.trim_start_matches("npm error").trim_start_matches("npm ERR!").trim());
    let kept: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("A complete log")).collect();
    let joined: String = kept.join("; ").chars().take(LONGEST_MESSAGE).collect();
    if joined.is_empty() { "it said nothing".to_owned() } else { joined }
}
