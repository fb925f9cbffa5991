//! A driver that has used its share of a turn of the event loop rests until the next turn.

use std::cell::Cell;

use super::IoDriver;
use crate::io::deliver::Deliver;
use crate::io::drivers::Drivers;
use crate::io::watch::Watch;

/// The call in which the driver continues its work. While the driver waits for one, it keeps the event loop alive.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// No work is left.
    #[default]
    Nothing,
    NextTurn,
    /// The driver has asked the engine for a call.
    Engine,
}

/// The rest of a driver's work.
#[derive(Debug, Default)]
pub(super) struct Rest(Cell<Awaited>);

impl Rest {
    /// The driver has used its share of this turn of the loop, and continues in the next one.
    pub(super) fn is_for_next_turn(&self) -> bool {
        self.0.get() == Awaited::NextTurn
    }

    pub(super) fn is_some(&self) -> bool {
        self.0.get() != Awaited::Nothing
    }

    /// Returns what it waited for.
    fn wait_for(&self, awaited: Awaited) -> Awaited {
        self.0.replace(awaited)
    }
}

impl<D: Deliver> IoDriver<D> {
    /// Continues in the next turn of the loop.
    pub(super) fn rest(&self, had_turn: bool) {
        if self.turns.rest.wait_for(Awaited::NextTurn) == Awaited::NextTurn {
            return;
        }
        self.drivers.loop_time.add_waiting(self.me.clone(), had_turn);
        self.update();
    }

    /// Continues when the engine calls.
    pub(super) fn leave_to_engine(&self) {
        if self.turns.rest.wait_for(Awaited::Engine) == Awaited::Nothing {
            self.update();
        }
        self.with_watch(Watch::read_again);
    }

    /// A call of the engine has found no work that is left.
    pub(super) fn end_rest(&self) {
        if self.turns.rest.0.get() == Awaited::Engine {
            self.turns.rest.wait_for(Awaited::Nothing);
            self.update();
        }
    }

    /// Whether this turn of the loop has no time left for the driver.
    pub(super) fn must_rest(&self) -> bool {
        if self.drivers.loop_time.is_used_up() {
            self.rest(false);
            self.schedule_turn();
        }
        self.turns.rest.is_for_next_turn()
    }

    pub(super) fn schedule_turn(&self) {
        if self.drivers.loop_time.must_schedule() {
            self.user.schedule_turn();
        }
    }

    /// The next turn has begun. A call of the engine handles the rest: within a call of the user, the user's follow-up
    /// work would wait for its end.
    pub(super) fn go_on(&self) {
        self.turns.rest.wait_for(Awaited::Engine);
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
