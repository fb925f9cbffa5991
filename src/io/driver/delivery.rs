//! A driver's calls of its user: batches of events, and reports.

use super::IoDriver;
use crate::io::deliver::{Deliver, Report};
use crate::io::drivers::Drivers;
use crate::io::loop_time::Turn;
use crate::protocol::event::Event;

/// With no more waiting events than these, each is reported.
const MANY: usize = 100;

impl<D: Deliver> IoDriver<D> {
    /// Delivers events until none is left or the turn is over; returns whether none is left.
    pub(super) fn deliver(&self, turn: &Turn) -> bool {
        if self.events.is_empty() {
            return true;
        }
        if self.is_delivering.get() || !self.is_attached.get() {
            return false;
        }
        self.is_delivering.set(true);
        // Undelivered events stay in place, whatever the user does meanwhile.
        self.channel.connection.borrow_mut().pin(true);
        self.user.set_flush_scheduled(true);
        while !self.events.is_empty() {
            self.deliver_some(turn);
            if turn.is_over() || (turn.has_end() && self.defers_follow_up()) {
                break;
            }
        }
        self.is_delivering.set(false);
        let is_all = self.unpin();
        self.release_segments();
        self.flush_tick();
        self.update();
        is_all
    }

    /// Delivers the first events in one call.
    fn deliver_some(&self, turn: &Turn) {
        let start = turn.seen();
        let count = self.collect();
        let handled = if count > 0 {
            self.events.in_delivery.set(count);
            let handled = self.user.deliver(&self.channel).clamp(1, count);
            self.events.in_delivery.set(0);
            self.events.waiting.borrow_mut().drain(..handled);
            handled
        } else {
            let event = self.next_report();
            if let Some(event) = event {
                self.report_event(event);
            }
            1
        };
        turn.see(self.user.now());
        let took = turn.seen().saturating_sub(start);
        self.adapt(handled, took);
        self.turns.last_call.set((handled, took));
        // The user may have closed the driver while it handled an earlier event.
        if self.is_closed() {
            self.events.waiting.borrow_mut().clear();
        }
    }

    /// Takes the next event that needs a report of its own. Of many equal messages that were dropped, one after the other, only
    /// the last is reported: they are for the log, and a flood of them must not cost a call each.
    fn next_report(&self) -> Option<Event> {
        let mut waiting = self.events.waiting.borrow_mut();
        while waiting.len() > MANY
            && matches!(waiting.front(), Some(Event::Dropped { .. }))
            && waiting.front() == waiting.get(1)
        {
            waiting.pop_front();
        }
        waiting.pop_front()
    }

    fn collect(&self) -> usize {
        let events = self.events.waiting.borrow();
        let connection = self.channel.connection.borrow();
        self.user.collect(&connection, events.iter().take(self.turns.pace.get()))
    }

    fn report_event(&self, event: Event) {
        match event {
            Event::StartupData { payload } => self.keep_startup_data(payload.as_ref()),
            event => {
                match event {
                    Event::Ready => self.stop_idle_timer(),
                    Event::End { .. } => self.channel.connection.borrow_mut().close(),
                    _ => {}
                }
                self.report(Report::Event(event));
            }
        }
    }

    pub(super) fn report(&self, report: Report) {
        if !self.is_closed() {
            self.user.report(&self.channel, report);
        }
    }

    /// Releases the memory of delivered events if no event waits; returns whether none does.
    pub(super) fn unpin(&self) -> bool {
        let is_all = self.events.is_empty();
        if is_all {
            self.events.reset();
            let mut connection = self.channel.connection.borrow_mut();
            connection.pin(false);
            connection.release();
        }
        is_all
    }

    /// The peer may reuse the memory of delivered segments, unless events wait for their delivery.
    pub fn release_segments(&self) {
        if !self.is_delivering.get() && self.events.is_empty() {
            self.channel.release_segments();
        }
    }

    /// Writes the output of all drivers of this thread, as at the end of a tick.
    pub(super) fn flush_tick(&self) {
        self.user.set_flush_scheduled(false);
        self.drivers.flush();
    }
}

impl<D: Deliver> Drivers<IoDriver<D>> {
    /// Writes the output of every driver that has some. Call it at the end of each tick.
    pub fn flush(&self) {
        self.each_dirty(|driver| {
            driver.guarded("flush", || driver.flush());
        });
    }
}
