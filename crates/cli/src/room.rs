//! How many children the machine has room for, and how many threads a process.

use std::io;

/// How many children may run at the same time: as many as wanted, or as the machine has shown to have room for.
pub struct Room {
    /// Children that are wanted at the same time.
    wanted: usize,
    /// Children that may run now.
    pub now: usize,
    /// Runs that must go well before one more is tried; each shortage doubles them, so that little is started in vain.
    patience: u32,
    well: u32,
}

impl Room {
    /// Room for all that are wanted, until the machine shows otherwise.
    pub fn new(wanted: usize) -> Self {
        Self { wanted, now: wanted, patience: 1, well: 0 }
    }

    /// There is only room for so many; whether that is the first shortage.
    pub fn shrink(&mut self, now: usize) -> bool {
        let first = self.patience == 1;
        self.patience = (2 * self.patience).min(64);
        (self.now, self.well) = (now.min(self.wanted), 0);
        first
    }

    /// A run went well.
    pub fn grow(&mut self) {
        self.well += 1;
        if self.now < self.wanted && self.well >= self.patience {
            (self.now, self.well) = (self.now + 1, 0);
        }
    }
}

/// Whether a process whose addresses are limited (`ulimit -v`) has some left for so many more threads. Where there is too little, a
/// thread may start and not get the stack on which it would say so, which ends the whole process.
#[cfg(target_os = "linux")]
pub fn for_threads(threads: u64) -> io::Result<()> {
    /// A stack, with its guards and what the thread allocates for itself.
    const EACH: u64 = 8 << 20;
    let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::As).current else { return Ok(()) };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let size =
        status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix("kB")?.trim().parse().ok());
    let used = size.map_or(0, |kilobytes: u64| kilobytes << 10);
    if used + (threads + 2) * EACH <= limit {
        return Ok(());
    }
    let problem = format!("{} of {} MiB of addresses are in use (`ulimit -v`)", used >> 20, limit >> 20);
    Err(io::Error::new(io::ErrorKind::OutOfMemory, problem))
}

/// The same elsewhere, where nobody can tell.
#[cfg(not(target_os = "linux"))]
pub fn for_threads(_threads: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a machine with room for `there` children lets be done of `jobs` when each round starts as many as [`Room`] says: rounds,
    /// and starts in vain.
    fn rounds(wanted: usize, there: usize, mut jobs: usize) -> (usize, usize) {
        let mut room = Room::new(wanted);
        let (mut rounds, mut in_vain) = (0, 0);
        while jobs > 0 {
            rounds += 1;
            assert!((1..=wanted).contains(&room.now), "{}", room.now);
            let started = room.now.min(jobs);
            let well = started.min(there);
            jobs -= well;
            if started > there {
                in_vain += started - there;
                room.shrink(there);
            }
            (0..well).for_each(|_| room.grow());
        }
        (rounds, in_vain)
    }

    #[test]
    fn few_starts_are_in_vain_and_all_jobs_are_done() {
        assert_eq!(rounds(4, 4, 12), (3, 0));
        for there in 1..4 {
            let (rounds, in_vain) = rounds(4, there, 1000);
            assert!(
                rounds <= 1000 / there + 40 && in_vain <= 24,
                "room for {there}: {rounds} rounds, {in_vain} in vain"
            );
        }
    }

    #[test]
    fn a_shortage_that_is_over_is_forgotten() {
        let mut room = Room::new(8);
        assert!(room.shrink(1));
        assert!(!room.shrink(1));
        (0..4 * 7).for_each(|_| room.grow());
        assert_eq!(room.now, 8);
    }
}
