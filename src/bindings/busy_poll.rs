//! Busy polling: before a thread sleeps until there is news, it looks for them for a moment. To sleep and to be woken takes
//! longer, and more processor time, than what a peer needs that answers at once.

mod choice;

use std::cell::{Cell, OnceCell, RefCell};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use choice::{Choice, Way};

/// How long is looked at most, each time.
const WINDOW: Duration = Duration::from_micros(100);

/// How one JavaScript thread waits for what its connections bring.
#[derive(Debug)]
pub(super) struct BusyPoll {
    choice: RefCell<Choice>,
    /// Since when it waits, and how.
    waits: Cell<Option<(Duration, Way)>>,
    /// Empty until that matters: it takes a while to find out.
    is_useful: OnceCell<bool>,
}

impl BusyPoll {
    pub(super) fn new(is_wanted: bool) -> Self {
        let is_useful = if is_wanted { OnceCell::new() } else { OnceCell::from(false) };
        Self { choice: RefCell::default(), waits: Cell::default(), is_useful }
    }

    /// To be called right before the thread sleeps. Looks whether `has_come`, if that pays.
    pub(super) fn before_sleep(&self, has_come: impl Fn() -> bool) {
        if self.is_useful.get() == Some(&false) {
            return;
        }
        let begin = now();
        let way = self.choice.borrow_mut().way(begin);
        self.waits.set(Some((begin, way)));
        if way == Way::Sleep || !self.is_useful() {
            return;
        }
        loop {
            let found = has_come();
            let spent = now().saturating_sub(begin);
            if found || spent >= WINDOW {
                self.choice.borrow_mut().polled(spent, found);
                return;
            }
            // Who is waited for may want this very processor.
            thread::yield_now();
        }
    }

    /// What was waited for has come.
    pub(super) fn awake(&self) {
        if let Some((since, way)) = self.waits.take() {
            self.choice.borrow_mut().waited(way, now().saturating_sub(since));
        }
    }

    /// How often the thread has looked in its life.
    pub(super) fn count(&self) -> u32 {
        self.choice.borrow().count()
    }

    /// Whether who is waited for can run meanwhile.
    fn is_useful(&self) -> bool {
        *self.is_useful.get_or_init(|| thread::available_parallelism().is_ok_and(|processors| processors.get() > 1))
    }
}

/// By a clock that all processes of the machine share. If it is set, a few waits look longer or shorter than they were.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
