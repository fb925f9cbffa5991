//! How much of each turn of the event loop the drivers of one thread may use.
//!
//! A peer decides how much there is to read; timers, other input and immediates must not wait for all of it. Used time
//! counts until the user begins the next turn ([`super::Drivers::go_on`]), whatever its runtime. A driver that has used
//! its share continues then.

use std::cell::{Cell, RefCell};
use std::rc::Weak;
use std::time::Duration;

/// The time of all drivers together.
const TURN: Duration = Duration::from_millis(10);
/// The least time of each driver.
const LEAST: Duration = Duration::from_millis(1);

/// The time of the current turn of the loop.
#[derive(Debug)]
pub(super) struct LoopTime<T> {
    used: Cell<Duration>,
    /// The time of one driver.
    share: Cell<Duration>,
    /// Drivers that continue in the next turn: those without a share in this one come first.
    waiting: [RefCell<Vec<Weak<T>>>; 2],
    /// The user can begin the next turn. Without that nothing ends before its work is done.
    is_limited: Cell<bool>,
    is_scheduled: Cell<bool>,
}

/// How long one driver may go on. It knows the time that its driver has read last: each reading costs a small message a
/// hundredth of its time.
#[derive(Debug)]
pub(super) struct Turn {
    start: Duration,
    length: Duration,
    seen: Cell<Duration>,
}

impl Turn {
    /// Ends when its work is done.
    pub(super) fn without_end(now: Duration) -> Self {
        Self::of_length(now, Duration::MAX)
    }

    fn of_length(now: Duration, length: Duration) -> Self {
        Self { start: now, length, seen: Cell::new(now) }
    }

    /// The time that the driver has read last.
    pub(super) fn seen(&self) -> Duration {
        self.seen.get()
    }

    /// The driver has read the time.
    pub(super) fn see(&self, now: Duration) {
        self.seen.set(now);
    }

    /// Whether it was over when the driver read the time last.
    pub(super) fn is_over(&self) -> bool {
        self.used() >= self.length
    }

    fn used(&self) -> Duration {
        self.seen.get().saturating_sub(self.start)
    }

    /// Whether it may end before its work is done.
    pub(super) fn has_end(&self) -> bool {
        self.length < Duration::MAX
    }
}

impl<T> Default for LoopTime<T> {
    fn default() -> Self {
        Self {
            used: Cell::default(),
            share: Cell::new(TURN),
            waiting: <[RefCell<_>; 2]>::default(),
            is_limited: Cell::default(),
            is_scheduled: Cell::default(),
        }
    }
}

impl<T> LoopTime<T> {
    /// From now on turns end.
    pub(super) fn limit(&self) {
        self.is_limited.set(true);
    }

    pub(super) fn begin(&self, now: Duration) -> Turn {
        if !self.is_limited.get() {
            return Turn::without_end(now);
        }
        let left = TURN.saturating_sub(self.used.get()).min(self.share.get());
        Turn::of_length(now, left.max(LEAST))
    }

    /// Counts the time of a turn.
    pub(super) fn end(&self, turn: &Turn) {
        self.add(turn.used());
    }

    /// Counts time that a driver's user has used after the last call of the engine.
    pub(super) fn add(&self, used: Duration) {
        self.used.set(self.used.get() + used);
    }

    /// The turn of the loop has no time left.
    pub(super) fn is_used_up(&self) -> bool {
        self.used.get() >= TURN && self.is_limited.get()
    }

    /// The driver continues in the next turn.
    pub(super) fn add_waiting(&self, driver: Weak<T>, had_turn: bool) {
        self.waiting[usize::from(had_turn)].borrow_mut().push(driver);
    }

    /// Whether to ask the user for the next turn, which happens once for each turn.
    pub(super) fn must_schedule(&self) -> bool {
        let is_wanted = self.used.get() >= TURN || self.waiting.iter().any(|drivers| !drivers.borrow().is_empty());
        is_wanted && self.is_limited.get() && !self.is_scheduled.replace(true)
    }

    /// The next turn has begun: the drivers that wait share it.
    pub(super) fn begin_next(&self) -> Vec<Weak<T>> {
        self.is_scheduled.set(false);
        self.used.set(Duration::ZERO);
        let waiting = self.waiting.each_ref().map(RefCell::take).into_iter().flatten().collect::<Vec<_>>();
        self.share.set(TURN / u32::try_from(waiting.len()).unwrap_or(u32::MAX).max(1));
        waiting
    }

    pub(super) fn clear(&self) {
        for drivers in &self.waiting {
            drivers.take();
        }
        self.is_limited.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_only_if_the_user_can_begin_the_next_one() {
        let time = LoopTime::<()>::default();
        let turn = time.begin(Duration::ZERO);
        turn.see(TURN * 2);
        assert!(!turn.is_over() && !turn.has_end());
        time.end(&turn);
        assert!(!time.must_schedule() && !time.is_used_up());
        time.limit();
        assert!(time.must_schedule() && time.is_used_up());
        assert!(!time.must_schedule(), "once for each turn");
        time.begin_next();
        let turn = time.begin(TURN);
        assert!(!turn.is_over() && turn.has_end());
        turn.see(TURN * 2);
        assert!(turn.is_over());
    }

    #[test]
    fn drivers_that_wait_share_the_next_turn_and_those_without_a_turn_come_first() {
        let time = LoopTime::default();
        time.limit();
        let drivers = [std::rc::Rc::new(1), std::rc::Rc::new(2)];
        time.add_waiting(std::rc::Rc::downgrade(&drivers[0]), true);
        time.add_waiting(std::rc::Rc::downgrade(&drivers[1]), false);
        assert!(time.must_schedule());
        let waiting: Vec<_> = time.begin_next().iter().filter_map(Weak::upgrade).collect();
        assert_eq!(waiting, [2, 1].map(std::rc::Rc::new));
        let turn = time.begin(TURN);
        turn.see(TURN + TURN / 2);
        assert!(turn.is_over());
    }
}
