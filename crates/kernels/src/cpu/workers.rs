//! rayon's threads, kept awake between the parallel sections of a training step.
//!
//! A step is dozens of sections with short gaps. A thread that sleeps in each gap is woken in each section, which costs a system
//! call where it is called from and, on a virtual machine, a trip through the host: there a second thread that slept gained
//! nothing at times. So the others look for work a while longer before they leave it to rayon to put them to sleep.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use rayon::BroadcastContext;

use crate::{KernelError, current_isa, with_isa};

/// How long a thread that finds nothing to do looks on. Far more than any gap within a step, far less than a checkpoint takes.
const LINGER: Duration = Duration::from_millis(2);

/// Starts the process's worker threads. Without it they start at the first operation, which panics where the machine has no room
/// for them.
///
/// # Errors
/// [`KernelError::Workers`] where they cannot be started, or where others have been already.
pub fn start_workers(threads: usize) -> Result<(), KernelError> {
    let named = |index| format!("worker {index}");
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).thread_name(named).build_global();
    built.map_err(|error| KernelError::Workers { threads: threads.max(1), problem: error.to_string() })
}

thread_local! {
    /// The team that the work of [`on_workers`] on this thread has to itself.
    static TEAM: RefCell<Option<Arc<Team>>> = const { RefCell::new(None) };
}

/// Does `work` on one of rayon's threads, and keeps the others awake while it has parallel sections in quick succession.
///
/// For a program's one main task: other tasks that share the pool are delayed by up to 2 ms. The numbers that come out are the
/// same as without it. With one thread, `work` is simply called. Like a first operation, it fixes the process's instruction path.
///
/// # Panics
/// If `work` does.
pub fn on_workers<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    if rayon::current_num_threads() == 1 {
        return work();
    }
    let isa = current_isa();
    rayon::scope(|_| with_isa(isa, || led(work))).expect("a path that is in use here runs here")
}

/// Does `work` as the one that leads its thread's pool.
fn led<R>(work: impl FnOnce() -> R) -> R {
    struct Restored(Option<Arc<Team>>);
    impl Drop for Restored {
        fn drop(&mut self) {
            TEAM.set(self.0.take());
        }
    }
    let team = rayon::current_thread_index().map(|lead| Arc::new(Team::new(lead)));
    let _restored = Restored(TEAM.replace(team));
    work()
}

/// Tells the other threads, if they are this thread's to lead, that a parallel section begins.
pub(super) fn begin_section() {
    TEAM.with_borrow(|team| team.iter().for_each(Team::begin_section));
}

/// One thread that leads, and others that wait for it.
struct Team {
    /// The leading thread's number in the pool.
    lead: usize,
    /// Sections begun so far, modulo 2^64.
    sections: AtomicUsize,
    /// Threads that are, or are about to be, awake for this team.
    awake: AtomicUsize,
}

impl Team {
    fn new(lead: usize) -> Self {
        Self { lead, sections: AtomicUsize::new(0), awake: AtomicUsize::new(0) }
    }

    fn begin_section(self: &Arc<Self>) {
        self.sections.fetch_add(1, Relaxed);
        if self.awake.load(Relaxed) == 0 {
            // The leading thread gets one too, and takes leave at once.
            self.awake.store(rayon::current_num_threads(), Relaxed);
            let team = Arc::clone(self);
            rayon::spawn_broadcast(move |context| team.stand_by(&context));
        }
    }

    /// Does what work there is until none has come for a while.
    fn stand_by(&self, context: &BroadcastContext<'_>) {
        let (mut sections, mut since) = (self.sections.load(Relaxed), Instant::now());
        while context.index() != self.lead && since.elapsed() < LINGER {
            let worked = rayon::yield_now() == Some(rayon::Yield::Executed);
            let begun = self.sections.load(Relaxed);
            if worked || begun != sections {
                (sections, since) = (begun, Instant::now());
            } else {
                // Where there are more threads than processors, another may have more use for this one.
                thread::yield_now();
            }
        }
        self.awake.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::Isa;
    use crate::cpu::parallel::build;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads")
    }

    /// Sections one after the other, and after gaps in which everybody has gone to sleep.
    #[test]
    fn sections_are_whole_whoever_is_awake() {
        let section = |round: usize| build::<f64>(1000, 7, usize::MAX, |i, part| part.fill((i * round) as f64));
        for threads in [1, 2, 3] {
            let found: Vec<Vec<f64>> = pool(threads).install(|| {
                on_workers(|| {
                    let rounds = (0..60).inspect(|round| thread::sleep(LINGER * u32::from(round % 20 == 19) * 2));
                    rounds.map(section).collect()
                })
            });
            for (round, found) in found.iter().enumerate() {
                let expected: Vec<f64> = (0..1000).map(|i| (i / 7 * round) as f64).collect();
                assert_eq!(found, &expected, "{threads} threads, round {round}");
            }
        }
    }

    #[test]
    fn the_instruction_path_goes_along() {
        let there = pool(2).install(|| with_isa(Isa::Portable, || on_workers(current_isa)));
        assert_eq!(there.expect("always there"), Isa::Portable);
    }

    /// A panic in a part reaches the caller, and the threads serve the next task.
    #[test]
    fn a_panic_comes_back() {
        let pool = pool(2);
        let broken = || build::<f64>(100, 1, usize::MAX, |i, _| assert_ne!(i, 50, "on purpose"));
        assert!(catch_unwind(AssertUnwindSafe(|| pool.install(|| on_workers(broken)))).is_err());
        assert_eq!(
            pool.install(|| on_workers(|| build::<f64>(100, 1, usize::MAX, |_, part| part.fill(1.0)))),
            [1.0; 100]
        );
    }
}
