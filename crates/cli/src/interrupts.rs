//! Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, the second ends the process at once.
//!
//! A terminal sends Ctrl-C to a command and all its children; `kill` reaches the command alone. So a parent also passes the wish
//! on, over its children's standard input, where it cannot be mistaken for a second signal.
//!
//! A terminal that closes sends SIGHUP more than once (the system does, and so does the shell), and nobody sits there to insist:
//! it is a wish, and never the second one. Where it is ignored at the start (`nohup`), it stays so.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use anyhow::{Context, Result};

/// The signal that asked for an end; 0 where none did.
static WISH: AtomicI32 = AtomicI32::new(0);
/// Signals that came.
static TIMES: AtomicU32 = AtomicU32::new(0);
/// Signals that end the process without anybody's help.
static FATAL: AtomicU32 = AtomicU32::new(1);
static LISTENING: AtomicBool = AtomicBool::new(false);
/// SIGHUP: the terminal has closed.
pub const HANG_UP: i32 = 1;

/// Interrupted by a signal: exit code 128 and its number, as shells count.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub struct Interrupted {
    /// The signal's number.
    pub signal: i32,
    /// What became of the work.
    pub words: String,
}

/// Catches signals while it lives; without it they end the process as usual.
pub struct Catching(());

impl Catching {
    /// Takes the first signals as a wish, and the `fatal`-th as an order to end at once.
    pub fn until(fatal: u32) -> Result<Self> {
        listen().context("cannot start a thread that listens to signals")?;
        FATAL.store(TIMES.load(Ordering::SeqCst) + fatal, Ordering::SeqCst);
        Ok(Self(()))
    }
}

impl Drop for Catching {
    fn drop(&mut self) {
        // From here on one more is enough.
        FATAL.store(TIMES.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
    }
}

/// The signal that asked for an end, if one did.
pub fn wished() -> Option<i32> {
    Some(WISH.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Whether it was asked for more than once.
pub fn insisted() -> bool {
    TIMES.load(Ordering::SeqCst) > 1
}

/// Passes on a wish that came another way. The first one counts.
pub fn wish(signal: i32) {
    let _ = WISH.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
}

/// A signal's name, for example `SIGINT`.
pub fn name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

/// Exit code of a process that a signal ended in order.
pub fn exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(1)
}

fn heard(signal: i32) {
    let first = wished().is_none();
    wish(signal);
    let fatal = FATAL.load(Ordering::SeqCst);
    // Nobody insists by closing a terminal.
    if signal == HANG_UP && (!first || TIMES.load(Ordering::SeqCst) + 1 < fatal) {
        return;
    }
    if TIMES.fetch_add(1, Ordering::SeqCst) + 1 >= fatal {
        std::process::exit(i32::from(exit_code(signal)));
    }
}

#[cfg(unix)]
fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    if LISTENING.load(Ordering::SeqCst) {
        return Ok(());
    }
    let hang_up = Some(HANG_UP).filter(|_| !hang_up_is_ignored());
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM].into_iter().chain(hang_up))?;
    let listen = move || signals.forever().for_each(heard);
    std::thread::Builder::new().name("signals".into()).spawn(listen)?;
    LISTENING.store(true, Ordering::SeqCst);
    Ok(())
}

/// Whether the process was started with SIGHUP ignored.
#[cfg(target_os = "linux")]
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & 1 << (HANG_UP - 1) != 0)
}

/// The same elsewhere: a shell inherits what is ignored, and bash (macOS's `sh`) lists it.
#[cfg(all(unix, not(target_os = "linux")))]
fn hang_up_is_ignored() -> bool {
    let listed = std::process::Command::new("/bin/sh").args(["-c", "trap"]).output();
    listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains("HUP"))
}

#[cfg(not(unix))]
fn listen() -> std::io::Result<()> {
    use std::sync::Arc;
    use std::time::Duration;
    if LISTENING.load(Ordering::SeqCst) {
        return Ok(());
    }
    let signal = signal_hook::consts::SIGINT;
    let came = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal, Arc::clone(&came))?;
    let listen = move || {
        loop {
            if came.swap(false, Ordering::SeqCst) {
                heard(signal);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(listen)?;
    LISTENING.store(true, Ordering::SeqCst);
    Ok(())
}
