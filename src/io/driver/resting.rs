//! A driver that has used its share of a turn of the event loop rests until the next turn.

use super::IoDriver;
use crate::io::deliver::Deliver;
use crate::io::drivers::Drivers;
use crate::io::watch::Watch;

impl<D: Deliver> IoDriver<D> {
    /// Continues in the next turn of the loop.
    pub(super) fn rest(&self, had_turn: bool) {
        if self.turns.is_resting.replace(true) {
            return;
        }
        self.drivers.loop_time.add_waiting(self.me.clone(), had_turn);
        // Undelivered events keep the loop alive.
        self.update();
    }

    /// Whether this turn of the loop has no time left for the driver.
    pub(super) fn must_rest(&self) -> bool {
        if self.drivers.loop_time.is_used_up() {
            self.rest(false);
            self.schedule_turn();
        }
        self.turns.is_resting.get()
    }

    pub(super) fn schedule_turn(&self) {
        if self.drivers.loop_time.must_schedule() {
            self.user.schedule_turn();
        }
    }

    /// The next turn has begun. A call of the engine handles the rest: within a call of the user, the user's follow-up
    /// work would wait for its end.
    fn go_on(&self) {
        self.turns.is_resting.set(false);
        self.with_watch(|watch| if watch.is_edge() { watch.read_again() } else { self.set_timer_now(watch) });
    }
}

impl<D: Deliver> Drivers<IoDriver<D>> {
    /// The next turn of the event loop has begun: drivers with work from earlier turns continue.
    pub fn go_on(&self) {
        for driver in self.loop_time.begin_next() {
            if let Some(driver) = driver.upgrade() {
                driver.go_on();
            }
        }
    }
}
