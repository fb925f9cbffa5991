//! Watches the limits of one isolate while its code runs.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::clock::thread_time;
use crate::limits::{Limit, Limits};
use crate::memory::Usage;
use crate::watch::Watch;

/// What an isolate has used, and why it must end. The interrupt handler of its engine asks it.
pub struct Meter {
    limits: Limits,
    memory: Rc<Usage>,
    /// Set from outside: the isolate is no longer wanted.
    is_killed: Arc<AtomicBool>,
    /// For other threads.
    watch: Arc<Watch>,
    started: Instant,
    /// Processor time of earlier turns, and of earlier slices of this one.
    earlier: Cell<Duration>,
    this_turn: Cell<Duration>,
    /// The thread's time when this slice began; `None`: no code of the isolate runs.
    slice: Cell<Option<Duration>>,
    exceeded: Cell<Option<Limit>>,
    /// It has asked for its end, or its code has failed.
    is_over: Cell<bool>,
}

impl Meter {
    /// Begins with the wall time.
    pub fn new(limits: Limits, memory: Rc<Usage>, is_killed: Arc<AtomicBool>, watch: Arc<Watch>) -> Self {
        let started = Instant::now();
        watch.begin(started.checked_add(limits.wall));
        Self {
            limits,
            memory,
            is_killed,
            watch,
            started,
            earlier: Cell::default(),
            this_turn: Cell::default(),
            slice: Cell::default(),
            exceeded: Cell::default(),
            is_over: Cell::default(),
        }
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A message, a timer or the script begins.
    pub fn begin_turn(&self) {
        self.pause();
        self.earlier.set(self.earlier.get() + self.this_turn.take());
        self.resume();
    }

    /// Code of the isolate runs again on this thread.
    pub fn resume(&self) {
        self.slice.set(Some(thread_time()));
        let turn = self.limits.cpu_per_message.saturating_sub(self.this_turn.get());
        let all = self.limits.cpu.saturating_sub(self.earlier.get() + self.this_turn.get());
        if turn <= all {
            self.watch.run(Limit::CpuPerMessage, turn);
        } else {
            self.watch.run(Limit::Cpu, all);
        }
    }

    /// Other code runs now: it does not count.
    pub fn pause(&self) {
        if let Some(since) = self.slice.take() {
            self.watch.rest();
            self.this_turn.set(self.this_turn.get() + thread_time().saturating_sub(since));
        }
    }

    /// Ends the isolate for a reason of its own.
    pub fn end(&self) {
        self.is_over.set(true);
    }

    /// Notes that a limit was exceeded; the first one counts.
    pub fn exceed(&self, limit: Limit) {
        if self.exceeded.get().is_none() {
            self.exceeded.set(Some(limit));
        }
    }

    /// The limit that ends the isolate.
    pub fn exceeded(&self) -> Option<Limit> {
        if self.memory.is_exceeded() {
            self.exceed(Limit::Memory);
        }
        self.exceeded.get()
    }

    /// Whether the host wants it to end at once.
    pub fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::Relaxed)
    }

    /// The instant at which the wall time ends.
    pub fn wall_deadline(&self) -> Option<Instant> {
        self.started.checked_add(self.limits.wall)
    }

    /// Whether it is known to end, without a look at the clocks.
    pub fn is_over(&self) -> bool {
        self.is_over.get() || self.is_killed() || self.exceeded().is_some()
    }

    /// Bytes in use.
    pub fn memory_used(&self) -> usize {
        self.memory.total()
    }

    /// Whether the isolate must end now. It reads the clocks.
    pub fn must_end(&self) -> bool {
        if self.is_over() {
            return true;
        }
        let slice = self.slice.get().map_or(Duration::ZERO, |since| thread_time().saturating_sub(since));
        let turn = self.this_turn.get() + slice;
        if turn > self.limits.cpu_per_message {
            self.exceed(Limit::CpuPerMessage);
        } else if self.earlier.get() + turn > self.limits.cpu {
            self.exceed(Limit::Cpu);
        } else if self.started.elapsed() > self.limits.wall {
            self.exceed(Limit::Wall);
        }
        self.exceeded.get().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            memory: usize::MAX,
            stack: 256 << 10,
            cpu_per_message: Duration::MAX,
            cpu: Duration::MAX,
            wall: Duration::MAX,
            result: usize::MAX,
            queued: usize::MAX,
        }
    }

    fn meter(limits: Limits) -> Meter {
        Meter::new(limits, Rc::default(), Arc::default(), Arc::default())
    }

    fn burn(time: Duration) {
        let until = thread_time() + time;
        while thread_time() < until {}
    }

    #[test]
    fn without_limits_nothing_ends() {
        let meter = meter(limits());
        meter.begin_turn();
        assert!(!meter.must_end());
        assert_eq!(meter.wall_deadline(), None);
    }

    #[test]
    fn each_turn_has_its_own_time_and_pauses_do_not_count() {
        let meter = meter(Limits { cpu_per_message: Duration::from_millis(20), ..limits() });
        for _ in 0..3 {
            meter.begin_turn();
            burn(Duration::from_millis(9));
            assert!(!meter.must_end());
            meter.pause();
            burn(Duration::from_millis(15));
            meter.resume();
            assert!(!meter.must_end());
        }
        burn(Duration::from_millis(25));
        assert!(meter.must_end());
        assert_eq!(meter.exceeded(), Some(Limit::CpuPerMessage));
    }

    #[test]
    fn the_time_of_all_turns_adds_up() {
        let meter = meter(Limits { cpu: Duration::from_millis(20), ..limits() });
        meter.begin_turn();
        burn(Duration::from_millis(12));
        assert!(!meter.must_end());
        meter.begin_turn();
        burn(Duration::from_millis(12));
        assert!(meter.must_end());
        assert_eq!(meter.exceeded(), Some(Limit::Cpu));
    }
}
