//! The deadlines of a driver: its timer, the ends of transactions whose timeout is over, and their postponement.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::Duration;

use super::IoDriver;
use super::reading::{MOST_AHEAD, MOST_BYTES_AHEAD};
use super::turns::Input;
use crate::io::deliver::{Deliver, Report};
use crate::io::pausable_clock::{POLL_INTERVAL, PausableClock};
use crate::io::watch::Watch;
use crate::protocol::connection::Connection;
use crate::protocol::event::Event;
use crate::shm::ShmSender;

#[derive(Debug, Default)]
pub(super) struct Deadlines {
    pub(super) clock: PausableClock,
    /// The deadline of the engine's timer.
    timer: Cell<Option<Duration>>,
    /// The user has postponed them in the current report.
    is_postponed: Cell<bool>,
    /// The timer has fired while the driver could not handle it.
    is_due: Cell<bool>,
}

impl<D: Deliver> IoDriver<D> {
    /// The timer has fired: ends the transactions whose timeout is over, unless the user postpones that. Input that has
    /// arrived by now counts.
    pub fn on_deadline(&self) {
        self.deadlines.timer.set(None);
        self.deadlines.is_due.set(true);
        if !self.is_delivering.get() && !self.must_rest() {
            self.handle_due();
        }
    }

    /// Handles a timer that has fired earlier, if the driver could not handle it then.
    pub(super) fn handle_due(&self) {
        if !self.deadlines.is_due.replace(false) {
            return;
        }
        let turn = self.drivers.loop_time.begin(self.user.now());
        if let Some(sender) = &mut *self.channel.sender.borrow_mut() {
            sender.trim(self.now());
        }
        self.user.trim(self.now());
        if self.has_expired() {
            self.read_ahead(MOST_AHEAD, MOST_BYTES_AHEAD);
        }
        if !self.is_postponed() {
            self.expire();
        }
        self.take_turn(&turn, Input::Read);
        self.update();
    }

    /// Puts timeouts in front of the waiting events, and drops the waiting events of those transactions.
    fn expire(&self) {
        let now = self.now();
        let mut late = Vec::new();
        self.channel.connection.borrow_mut().expire(now, &mut late);
        let mut events = self.events.waiting.borrow_mut();
        if !events.is_empty() {
            let slots: HashSet<_> = late.iter().filter_map(Event::slot).collect();
            events.retain(|event| event.slot().is_none_or(|slot| !slots.contains(&slot)));
        }
        for event in late.into_iter().rev() {
            events.push_front(event);
        }
    }

    fn has_expired(&self) -> bool {
        self.channel.connection.borrow().next_deadline().is_some_and(|next| next <= self.now())
    }

    /// Asks the user whether a deadline counts that has passed, or that had passed when the user postponed it.
    pub(super) fn is_postponed(&self) -> bool {
        let clock = &self.deadlines.clock;
        if !clock.is_stopped() && !self.has_expired() {
            return false;
        }
        self.deadlines.is_postponed.set(false);
        self.report(Report::Due);
        let time = self.user.now();
        if !self.deadlines.is_postponed.get() {
            clock.go_on(time);
            return false;
        }
        clock.stop(time);
        self.channel.connection.borrow_mut().renew(self.now());
        true
    }

    /// Call it during [`Report::Due`]: the connection's clock stops until a later `Due` during which the user does not
    /// call it. The requests that are due then restart with their full timeout.
    pub fn postpone_expiry(&self) {
        self.deadlines.is_postponed.set(true);
    }

    pub(super) fn update_timer(&self, connection: &Connection, watch: &D::Watch) {
        let timer = &self.deadlines.timer;
        let next = self.next_deadline(connection);
        if self.deadlines.clock.is_stopped() {
            if next.is_some() && timer.get().is_none() {
                timer.set(Some(Duration::ZERO));
                watch.set_timer(POLL_INTERVAL);
            }
            return;
        }
        // An early timer finds nothing to do and is set again: cheaper than setting it for each request.
        if let Some(next) = next.filter(|next| timer.get().is_none_or(|timer| *next < timer)) {
            timer.set(Some(next));
            watch.set_timer(delay_until(next, self.now()));
        }
    }

    /// Has the engine call [`IoDriver::on_deadline`] in the next turn of its loop.
    pub(super) fn set_timer_now(&self, watch: &D::Watch) {
        self.deadlines.timer.set(Some(Duration::ZERO));
        watch.set_timer(Duration::ZERO);
    }

    /// Without a timer the kernel need not compute a timeout for every wait. Called after the handshake, whose
    /// deadline every connection has.
    pub(super) fn stop_idle_timer(&self) {
        if self.channel.connection.borrow().next_deadline().is_none() && self.deadlines.timer.take().is_some() {
            self.with_watch(Watch::stop_timer);
        }
    }

    fn next_deadline(&self, connection: &Connection) -> Option<Duration> {
        let trim = self.channel.sender.borrow().as_ref().and_then(ShmSender::next_deadline);
        [connection.next_deadline(), trim, self.user.trim_deadline()].into_iter().flatten().min()
    }
}

/// Never zero: a timer that is due again before other work ran would monopolise the loop.
fn delay_until(deadline: Duration, now: Duration) -> Duration {
    deadline.saturating_sub(now).max(Duration::from_millis(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_never_set_to_zero() {
        let second = Duration::from_secs(1);
        assert_eq!(delay_until(second * 3, second), second * 2);
        for late in [second, second + Duration::from_micros(1), second * 9] {
            assert_eq!(delay_until(second, late), Duration::from_millis(1));
        }
    }
}
