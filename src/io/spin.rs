//! Spinning: a thread polls for a moment before it blocks. Blocking and waking take longer, and more processor time,
//! than the answer of a fast peer.

mod choice;

use std::cell::{Cell, OnceCell, RefCell};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use choice::{Choice, WaitMode};

/// The longest spin.
const WINDOW: Duration = Duration::from_micros(100);

/// How one thread waits for its connections.
#[derive(Debug)]
pub struct Spin {
    choice: RefCell<Choice>,
    /// The start and the mode of the current wait.
    wait: Cell<Option<(Duration, WaitMode)>>,
    /// Unset until it is needed, because finding out takes time.
    is_useful: OnceCell<bool>,
}

impl Spin {
    /// Never spins unless `may_spin`.
    pub fn new(may_spin: bool) -> Self {
        let is_useful = if may_spin { OnceCell::new() } else { OnceCell::from(false) };
        Self { choice: RefCell::default(), wait: Cell::default(), is_useful }
    }

    /// Spins for up to 100 µs before the thread blocks, polling `is_ready`, if spinning has been profitable. Begins the
    /// measurement of the wait.
    pub fn before_sleep(&self, is_ready: impl Fn() -> bool) {
        if self.is_useful.get() == Some(&false) {
            return;
        }
        let begin = now();
        let mode = self.choice.borrow_mut().mode(begin);
        self.wait.set(Some((begin, mode)));
        if mode == WaitMode::Sleep || !self.is_useful() {
            return;
        }
        loop {
            let is_found = is_ready();
            let spent = now().saturating_sub(begin);
            if is_found || spent >= WINDOW {
                self.choice.borrow_mut().spun(spent, is_found);
                return;
            }
            // The peer may share this processor.
            thread::yield_now();
        }
    }

    /// The thread is ready: ends the measurement of the wait.
    pub fn end_wait(&self) {
        if let Some((since, mode)) = self.wait.take() {
            self.choice.borrow_mut().waited(mode, now().saturating_sub(since));
        }
    }

    /// How often the thread has spun in its life.
    pub fn count(&self) -> u32 {
        self.choice.borrow().count()
    }

    /// False on a single CPU, where the peer cannot run while this thread spins.
    fn is_useful(&self) -> bool {
        *self.is_useful.get_or_init(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1))
    }
}

/// The wall clock, which all processes of the machine share. If the user sets it, a few waits measure too long or too
/// short.
#[expect(clippy::disallowed_types, reason = "two processes align their trials by the wall clock")]
fn now() -> Duration {
    std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
