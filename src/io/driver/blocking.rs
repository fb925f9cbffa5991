//! Receiving and sending in the middle of the user's code, for programs that block their thread until a peer has changed shared
//! memory, and then read what it has sent.

use std::time::Duration;

use super::IoDriver;
use super::reading::{MOST_AHEAD, MOST_BYTES_AHEAD};
use crate::io::deliver::Deliver;
use crate::sys::Until;

impl<D: Deliver> IoDriver<D> {
    /// Delivers what has arrived by now, also while the user handles an earlier delivery, and waits for the rest of a frame whose
    /// beginning has arrived, for at most `timeout`. `is_whole`: the user has handled, or will handle, all of that earlier
    /// delivery; otherwise its rest comes first, later.
    pub fn receive_now(&self, timeout: Duration, is_whole: bool) {
        let deadline = self.user.now().saturating_add(timeout);
        loop {
            if !self.is_delivering.get() {
                self.drain();
            } else if is_whole {
                self.deliver_within();
            }
            let left = deadline.saturating_sub(self.user.now());
            let is_partial = self.channel.connection.borrow().is_mid_frame();
            if !is_partial || left.is_zero() || self.is_closed() || !self.wait(Until::Readable, Some(left)) {
                return;
            }
        }
    }

    /// Delivers new events within a delivery, whose own events stay in place.
    fn deliver_within(&self) {
        let first = self.events.in_delivery.get();
        self.read_ahead(MOST_AHEAD, MOST_BYTES_AHEAD);
        loop {
            let count = {
                let events = self.events.waiting.borrow();
                let connection = self.channel.connection.borrow();
                self.user.collect(&connection, events.iter().skip(first).take(self.turns.pace.get()))
            };
            // None, or one that needs a report of its own, which the outer delivery makes.
            if count == 0 {
                return;
            }
            self.events.in_delivery.set(first + count);
            let handled = self.user.deliver(&self.channel).clamp(1, count);
            self.events.in_delivery.set(first);
            // The user may have closed the driver meanwhile.
            let mut events = self.events.waiting.borrow_mut();
            let end = events.len().min(first + handled);
            events.drain(first.min(end)..end);
        }
    }

    /// Writes output, and reads what has arrived without delivering it, so that the peer can go on while this thread is blocked. The
    /// engine delivers it when the thread is free.
    pub fn keep_moving(&self) {
        self.flush();
        if !self.is_attached.get() {
            return;
        }
        self.read_ahead(MOST_AHEAD, MOST_BYTES_AHEAD);
        // What has arrived may have granted more.
        self.flush_pending();
        if self.has_events() {
            self.go_on();
        }
    }
}
