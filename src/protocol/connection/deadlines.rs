//! The deadlines of requests, streams and the handshake.

use std::time::Duration;

use super::{Connection, Phase};
use crate::protocol::event::Event;

/// A deadline, with its timeout.
pub(super) fn deadline_from(now: Duration, timeout: Duration) -> (Duration, Duration) {
    (now.saturating_add(timeout), timeout)
}

impl Connection {
    /// Ends transactions whose deadline has passed. Call it only after all input that had arrived was received. After
    /// the end no transaction expires: requests in flight have lost their peer, which the owner reports.
    pub fn expire(&mut self, now: Duration, events: &mut Vec<Event>) {
        if self.phase == Phase::Ended {
            return;
        }
        if !self.is_pinned {
            self.exchange.recycle();
        }
        self.exchange.expire(now, events);
        if self.handshake_deadline.is_some_and(|(deadline, _)| deadline <= now) {
            self.handshake_deadline = None;
            events.push(Event::HandshakeTimedOut);
        }
    }

    /// Call it instead of [`Connection::expire`] to restart due timeouts in full, from `now` on.
    pub fn renew(&mut self, now: Duration) {
        self.exchange.renew(now);
        if let Some((_, timeout)) = self.handshake_deadline.filter(|(deadline, _)| *deadline <= now) {
            self.handshake_deadline = Some(deadline_from(now, timeout));
        }
    }

    /// When [`Connection::expire`] has work to do next.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.phase == Phase::Ended {
            return None;
        }
        match (self.exchange.next_deadline(), self.handshake_deadline.map(|(deadline, _)| deadline)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}
