//! A driver's turns of the event loop: it reads, decodes and delivers until its share of the turn is used, and continues
//! in the next turn.

use std::cell::Cell;
use std::time::Duration;

use super::IoDriver;
use super::resting::Rest;
use crate::engine::tokio::Readiness;
use crate::io::deliver::Deliver;
use crate::io::loop_time::Turn;
use crate::io::pace::Pace;
use crate::io::watch::Watch;

/// The most bytes that one report of the engine reads before the event loop continues.
const READ_BUDGET: usize = 1 << 20;

/// What takes longer must not hold back the output that comes before its end.
const QUICK: Duration = Duration::from_millis(1);
/// After so many quick calls in a row the next one is expected to be quick.
const MOST_QUICK: u32 = 32;

/// How much of the input to handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// Only input that was read already.
    Read,
    /// This many bytes, or a little more.
    Budget(usize),
    /// All up to this position.
    UpTo(u64),
}

#[derive(Debug, Default)]
pub(super) struct Turns {
    pub(super) pace: Pace,
    /// How many events the last call delivered, and how long it took.
    pub(super) last_call: Cell<(usize, Duration)>,
    /// How many quick calls are missing before the next one is expected to be quick.
    quick_left: Cell<u32>,
    /// When the driver last returned to the engine to continue after the user's follow-up work.
    left_at: Cell<Option<Duration>>,
    pub(super) rest: Rest,
    /// The end of the input that `drain_some` handles.
    drain_to: Cell<Option<u64>>,
}

impl<D: Deliver> IoDriver<D> {
    /// The `tokio` engine has woken the user's thread.
    pub fn on_ready(&self, readiness: Readiness) {
        if readiness.writable() {
            self.on_writable();
        }
        if readiness.readable() {
            self.on_readable();
        }
        if readiness.deadline() {
            self.on_deadline();
        }
    }

    /// The stream has input: reads up to the budget, and delivers it.
    pub fn on_readable(&self) {
        self.count_follow_up();
        if self.must_rest() {
            return;
        }
        self.handle_due();
        if !self.turns.rest.is_for_next_turn() {
            self.take_turn(&self.drivers.loop_time.begin(self.user.now()), Input::Budget(READ_BUDGET));
        }
    }

    /// Handles all input that has arrived by now.
    pub fn drain(&self) {
        self.take_turn(&Turn::without_end(self.user.now()), Input::UpTo(self.arrived()));
    }

    /// Handles the input that had arrived at the first call, for as long as a turn of the loop may take; returns
    /// whether that was all.
    pub fn drain_some(&self) -> bool {
        if !self.is_attached.get() {
            return true;
        }
        let end = self.turns.drain_to.get().unwrap_or_else(|| self.arrived());
        self.turns.drain_to.set(Some(end));
        if self.must_rest() {
            return false;
        }
        let turn = self.drivers.loop_time.begin(self.user.now());
        let is_done = self.take_turn(&turn, Input::UpTo(end));
        if is_done {
            self.turns.drain_to.set(None);
        }
        is_done
    }

    /// Handles what was read, and reads more, until the turn is over; the next turn handles the rest. Returns whether
    /// there is no rest.
    pub(super) fn take_turn(&self, turn: &Turn, input: Input) -> bool {
        // A read during a delivery would move the payloads that the user is reading.
        if self.is_delivering.get() || !self.is_attached.get() {
            return false;
        }
        self.unpin();
        let is_done = self.handle(turn, input);
        self.flush_pending();
        self.check_capacity();
        self.drivers.loop_time.end(turn);
        if is_done {
            self.end_rest();
        } else if !self.is_closed() {
            if turn.is_over() || !self.defers_follow_up() || self.drivers.loop_time.is_used_up() {
                self.rest(true);
            } else {
                self.go_on_behind_follow_up();
            }
        }
        self.schedule_turn();
        is_done
    }

    fn handle(&self, turn: &Turn, input: Input) -> bool {
        let mut total = 0;
        let mut more = input != Input::Read;
        loop {
            if !self.deliver(turn) || turn.is_over() {
                return false;
            }
            if self.is_closed() {
                return true;
            }
            let is_all = self.decode(self.turns.pace.get(), self.connection_time(turn.seen()));
            if !is_all {
                turn.see(self.user.now());
            }
            if !is_all || !self.events.is_empty() {
                continue;
            }
            if !more {
                return true;
            }
            match input {
                // The end may follow.
                Input::UpTo(end) => more = self.channel.connection.borrow().received() < end,
                Input::Budget(budget) if total >= budget => {
                    self.with_watch(Watch::read_again);
                    return true;
                }
                _ => {}
            }
            let read = self.read_bytes();
            turn.see(self.user.now());
            match read {
                Some(read) => {
                    total += read.count;
                    // Only another read shows whether that was the end.
                    more = if let Input::UpTo(_) = input { more } else { read.may_have_more };
                }
                None => more = false,
            }
        }
    }

    /// Whether the microtasks of JavaScript, or the like, wait until the engine's call returns: then each call has one
    /// batch.
    pub(super) fn defers_follow_up(&self) -> bool {
        self.with_watch(Watch::defers_follow_up).unwrap_or(false)
    }

    fn go_on_behind_follow_up(&self) {
        self.turns.left_at.set(Some(self.user.now()));
        self.leave_to_engine();
    }

    /// The user's follow-up work counts for the call that caused it.
    fn count_follow_up(&self) {
        let Some(left_at) = self.turns.left_at.take() else { return };
        let took = self.user.now().saturating_sub(left_at);
        self.drivers.loop_time.add(took);
        let (handled, before) = self.turns.last_call.get();
        self.adapt(handled, before + took);
    }

    /// A call of the user, with the work that followed it, took this long for this many events.
    pub(super) fn adapt(&self, handled: usize, took: Duration) {
        self.turns.pace.adapt(handled, took);
        let quick_left = if took > QUICK { MOST_QUICK } else { self.turns.quick_left.get().saturating_sub(1) };
        self.turns.quick_left.set(quick_left);
        self.user.set_slow(quick_left > 0);
    }
}
