//! What another thread can see of the limits of an isolate: also of one whose code never asks for them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{ThreadClock, thread_time};
use crate::limits::Limit;

/// How far an isolate may go over a limit before that counts: its own look ends it sooner.
const GRACE: Duration = Duration::from_millis(20);
/// Where no thread can read the processor time of another one, the time that passes counts, of which a busy machine gives a thread a part.
const SHARE: u32 = 4;
/// How long an isolate that must end may take where only the clock tells.
const PATIENCE: Duration = Duration::from_millis(500);

/// The time that is left to the code that runs now.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    limit: Limit,
    left: Duration,
    /// The thread's time when it began.
    since: Duration,
    began: Instant,
}

#[derive(Debug, Default)]
struct State {
    clock: Option<ThreadClock>,
    /// Code of the isolate runs.
    running: Option<Allowance>,
    wall: Option<Instant>,
    /// The host wants its end; since then, by the thread's time and by the clock.
    killed: Option<(Option<Duration>, Instant)>,
    has_ended: bool,
}

/// The watch of one isolate.
#[derive(Debug, Default)]
pub struct Watch(Mutex<State>);

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The isolate runs on the calling thread, until this instant at most.
    pub fn begin(&self, wall: Option<Instant>) {
        let mut state = self.state();
        state.clock = ThreadClock::of_this_thread();
        state.wall = wall;
    }

    /// Its code runs, and may for this time, by this limit.
    pub fn run(&self, limit: Limit, left: Duration) {
        let allowance = Allowance { limit, left, since: thread_time(), began: Instant::now() };
        self.state().running = Some(allowance);
    }

    /// Its code does not run.
    pub fn rest(&self) {
        self.state().running = None;
    }

    /// It must end now.
    pub fn kill(&self) {
        let mut state = self.state();
        let used = state.clock.and_then(ThreadClock::now);
        state.killed.get_or_insert((used, Instant::now()));
    }

    /// It has ended.
    pub fn end(&self) {
        self.state().has_ended = true;
    }

    /// The limit that it has overrun without ending.
    pub fn overrun(&self) -> Option<Limit> {
        let state = self.state();
        if state.has_ended {
            return None;
        }
        if state.wall.and_then(|wall| wall.checked_add(PATIENCE)).is_some_and(|wall| wall < Instant::now()) {
            return Some(Limit::Wall);
        }
        if let Some((used, since)) = state.killed {
            let now = state.clock.and_then(ThreadClock::now);
            let is_over = match (used, now) {
                (Some(used), Some(now)) => now.saturating_sub(used) > GRACE,
                _ => since.elapsed() > PATIENCE,
            };
            return is_over.then_some(Limit::CpuPerMessage);
        }
        let Allowance { limit, left, since, began } = state.running?;
        let is_over = match state.clock {
            Some(clock) => clock.now()?.saturating_sub(since) > left.saturating_add(GRACE),
            None => began.elapsed() > left.saturating_mul(SHARE).saturating_add(GRACE),
        };
        is_over.then_some(limit)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn another_thread_sees_that_the_time_is_over() {
        let watch = Arc::new(Watch::default());
        let is_seen = Arc::new(AtomicBool::new(false));
        let (watched, seen) = (Arc::clone(&watch), Arc::clone(&is_seen));
        let thread = thread::spawn(move || {
            watched.begin(None);
            watched.run(Limit::CpuPerMessage, Duration::from_millis(30));
            while !seen.load(Ordering::Relaxed) {}
            watched.end();
        });
        while watch.overrun().is_none() {
            thread::yield_now();
        }
        assert_eq!(watch.overrun(), Some(Limit::CpuPerMessage));
        is_seen.store(true, Ordering::Relaxed);
        thread.join().expect("it does not panic");
        assert_eq!(watch.overrun(), None);
    }

    #[test]
    fn an_isolate_that_rests_uses_no_time_but_wall_time() {
        let watch = Watch::default();
        watch.begin(Some(Instant::now()));
        watch.rest();
        while watch.overrun().is_none() {
            thread::yield_now();
        }
        assert_eq!(watch.overrun(), Some(Limit::Wall));
    }
}
