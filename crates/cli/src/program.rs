//! This program's own file, to start children from, whatever becomes of it meanwhile.
//!
//! A build or an upgrade replaces the file while a command is at work. The children must be the same program as their parent.
//! Linux keeps the file of every running process and names it `/proc/self/exe`. Elsewhere a file that is another one than at
//! the start is noticed, and no child is started from it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

/// The name by which lists of processes show a child.
const NAME: &str = "lrscope";
/// Linux's name for the file of the process that looks, also where that file has been replaced or removed.
const KEPT: &str = "/proc/self/exe";

static OWN: OnceLock<Program> = OnceLock::new();

/// A program's file as it was when it was first looked at.
#[derive(Debug)]
struct Program {
    path: PathBuf,
    /// Absent where the system keeps the file.
    seen: Option<Mark>,
}

/// What tells a file from another one of the same name.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    bytes: u64,
    modified: Option<SystemTime>,
    number: Option<u64>,
}

/// Looks at this program's file, which is to be done before anything that takes time.
pub fn remember() {
    // Where this fails, so does starting a child, which says why.
    let _ = own();
    #[cfg(target_os = "linux")]
    take_back_name();
}

/// A command that starts this program.
///
/// # Errors
/// Where the program's file is another one than at the start, or cannot be found.
pub fn command() -> Result<Command> {
    let mut command = Command::new(own()?.path()?);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, NAME);
    Ok(command)
}

fn own() -> Result<&'static Program> {
    if let Some(program) = OWN.get() {
        return Ok(program);
    }
    let program = Program::find().context("cannot find this program's own file")?;
    Ok(OWN.get_or_init(|| program))
}

impl Program {
    fn find() -> io::Result<Self> {
        let kept = Path::new(KEPT);
        if cfg!(target_os = "linux") && kept.read_link().is_ok() {
            return Ok(Self { path: kept.into(), seen: None });
        }
        Self::at(std::env::current_exe()?)
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        let seen = Some(Mark::of(&path)?);
        Ok(Self { path, seen })
    }

    fn path(&self) -> Result<&Path> {
        let Some(seen) = &self.seen else { return Ok(&self.path) };
        match Mark::of(&self.path) {
            Ok(found) if found == *seen => Ok(&self.path),
            Ok(_) => bail!(
                "{} was replaced by another file while the command was at work, and runs of two programs do not belong together",
                self.path.display()
            ),
            Err(error) => bail!("{}, this program's own file, cannot be found any more: {error}", self.path.display()),
        }
    }
}

impl Mark {
    fn of(path: &Path) -> io::Result<Self> {
        let found = path.metadata()?;
        #[cfg(unix)]
        let number = Some(std::os::unix::fs::MetadataExt::ino(&found));
        #[cfg(not(unix))]
        let number = None;
        Ok(Self { bytes: found.len(), modified: found.modified().ok(), number })
    }
}

/// A process that was started from [`KEPT`] is called `exe` in lists of processes, until it says otherwise.
#[cfg(target_os = "linux")]
fn take_back_name() {
    let named_for_the_link = std::fs::read_to_string("/proc/self/comm").is_ok_and(|name| name.trim_end() == "exe");
    if named_for_the_link {
        // Another name does no harm.
        let _ = rustix::thread::set_name(c"lrscope");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(program: &Program) -> String {
        program.path().expect_err("another file").to_string()
    }

    #[test]
    fn a_file_that_was_replaced_is_not_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lrscope");
        std::fs::write(&path, "one").expect("written");
        let program = Program::at(path.clone()).expect("it is there");
        assert_eq!(program.path().expect("the same file"), path);
        // As an installer does it: another file of the same length takes the name.
        std::fs::write(folder.path().join("new"), "two").expect("written");
        std::fs::rename(folder.path().join("new"), &path).expect("renamed");
        assert!(refusal(&program).contains("was replaced by another file while the command was at work"));
        std::fs::remove_file(&path).expect("removed");
        assert!(refusal(&program).contains("cannot be found any more"));
    }

    #[test]
    fn linux_keeps_the_file() {
        if cfg!(target_os = "linux") {
            let program = Program::find().expect("this program");
            assert_eq!((program.path.as_path(), program.seen), (Path::new(KEPT), None));
        }
    }
}
