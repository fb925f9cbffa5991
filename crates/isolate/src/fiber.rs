//! Isolates that take turns on the thread of their host, each on a stack of its own.

use std::cell::Cell;
use std::io;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::engine::{Carrier, Setup, Shared};
use crate::limits::Limits;
use crate::mail::{Inbox, Outbox};
use crate::meter::Meter;
use crate::run::run;
use crate::thread::NATIVE_STACK;

/// How often a fiber that must end is resumed for that, at most.
const FAREWELL: usize = 100;

/// Why an isolate has given the thread back.
enum Pause {
    /// Its slice is over.
    Slice,
    /// It waits for a command, or for this time.
    Sleep(Option<Instant>),
}

/// How an isolate goes on after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It has more to do.
    Runnable,
    /// It waits for a command, or for this time.
    Sleeping(Option<Instant>),
    /// It has ended.
    Ended,
}

/// The isolate's side of a fiber, on its stack.
struct Strand {
    meter: Rc<Meter>,
    inbox: Arc<Inbox>,
    yielder: *const Yielder<(), Pause>,
    slice: Duration,
    since: Cell<Instant>,
}

impl Strand {
    fn suspend(&self, pause: Pause) {
        self.meter.pause();
        // SAFETY: the yielder is that of the coroutine on whose stack this runs, and lives as long as its function does. This strand is
        // dropped before that returns: with the runtime, and with the state that `run` borrows.
        unsafe { (*self.yielder).suspend(pause) };
        self.since.set(Instant::now());
        self.meter.resume();
    }
}

impl Carrier for Strand {
    fn poll(&self) -> bool {
        if !self.meter.must_end() && self.since.get().elapsed() >= self.slice {
            self.suspend(Pause::Slice);
        }
        self.meter.must_end()
    }

    fn give_turn(&self) {
        self.suspend(Pause::Slice);
    }

    fn sleep(&self, until: Option<Instant>, seen: usize) {
        if self.inbox.waiting() <= seen && !self.meter.is_killed() {
            self.suspend(Pause::Sleep(until));
        }
    }

    fn park(&self, until: Option<Instant>, is_woken: &dyn Fn() -> bool) {
        // Who wakes it from now on gives it a turn.
        if !is_woken() && !self.meter.is_killed() {
            let until = [until, self.meter.wall_deadline()].into_iter().flatten().min();
            self.suspend(Pause::Sleep(until));
        }
    }
}

/// An isolate with a stack of its own.
pub struct Fiber {
    coroutine: ManuallyDrop<Coroutine<(), Pause, ()>>,
    is_killed: Arc<AtomicBool>,
}

impl Fiber {
    /// Prepares an isolate, which starts with the first turn.
    ///
    /// # Errors
    ///
    /// The system has no memory for a further stack.
    pub fn new(
        setup: Setup,
        limits: Limits,
        slice: Duration,
        inbox: Arc<Inbox>,
        outbox: Arc<Outbox>,
        is_killed: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let stack = DefaultStack::new(limits.stack + NATIVE_STACK)?;
        let killed = Arc::clone(&is_killed);
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<(), Pause>, ()| {
            let usage = Rc::default();
            let meter = Rc::new(Meter::new(limits, Rc::clone(&usage), killed, Arc::default()));
            let strand = Strand {
                meter: Rc::clone(&meter),
                inbox: Arc::clone(&inbox),
                yielder,
                slice,
                since: Cell::new(Instant::now()),
            };
            run(&setup, &Shared::new(&setup, meter, inbox, outbox, Rc::new(strand)), usage);
        });
        Ok(Self { coroutine: ManuallyDrop::new(coroutine), is_killed })
    }

    /// Runs it for a slice.
    pub fn turn(&mut self) -> Turn {
        if self.coroutine.done() {
            return Turn::Ended;
        }
        match self.coroutine.resume(()) {
            CoroutineResult::Yield(Pause::Slice) => Turn::Runnable,
            CoroutineResult::Yield(Pause::Sleep(until)) => Turn::Sleeping(until),
            CoroutineResult::Return(()) => Turn::Ended,
        }
    }
}

impl Drop for Fiber {
    /// The stack cannot be unwound through the frames of the engine: the isolate returns from them itself.
    fn drop(&mut self) {
        self.is_killed.store(true, Ordering::Relaxed);
        let is_over = !self.coroutine.started() || (0..FAREWELL).any(|_| self.turn() == Turn::Ended);
        // Else its memory is lost, and nothing worse.
        if is_over {
            // SAFETY: it is not used again.
            unsafe { ManuallyDrop::drop(&mut self.coroutine) };
        }
    }
}
