//! Waiting for one answer with the thread blocked, for code that cannot await.
//!
//! Other messages stay in the input, which is pinned, and the driver delivers them when the thread is free. Their amount
//! is bounded.

use std::collections::VecDeque;
use std::time::Duration;

use super::IoDriver;
use super::reading::FRAMES_AT_ONCE;
use crate::error::code;
use crate::io::deliver::Deliver;
use crate::protocol::event::{Event, Payload};
use crate::protocol::exchange::CallId;
use crate::protocol::remote_error::RemoteError;
use crate::protocol::transactions::Slot;
use crate::sys::Until;

/// The most bytes of other messages.
const MOST_KEPT: usize = 64 << 20;
/// How much more may be held before the driver compacts it.
const WASTE: usize = 1 << 20;

/// How a wait has ended.
#[derive(Debug, PartialEq)]
pub enum RequestOutcome {
    /// The result; `None`: undefined.
    Result(Option<Payload>),
    /// The handler's error, a [`RemoteError`] as JSON.
    RemoteError(Option<Payload>),
    /// The request had no answer within this time.
    TimedOut(Duration),
    /// The answer is unusable, or the wait was given up.
    Refused {
        /// A stable code.
        code: &'static str,
        /// The fault.
        message: String,
    },
    /// The connection has ended, with the error that ended the peer, if it has sent one: a [`RemoteError`] as JSON.
    Lost(Option<Payload>),
}

impl<D: Deliver> IoDriver<D> {
    /// Blocks this thread until a request has its outcome. Requests of the peer fail meanwhile; its other messages wait
    /// for the next turn. A payload of the outcome is valid until then.
    pub fn wait_for(&self, slot: Slot) -> RequestOutcome {
        self.channel.connection.borrow_mut().pin(true);
        // The messages of this tick leave together and in order.
        self.flush_tick();
        // Events that the user is handling have no request that waits.
        let mut seen = self.events.in_delivery.get();
        loop {
            let is_all = self.decode(FRAMES_AT_ONCE, self.now());
            if let Some(outcome) = self.find_outcome(slot, &mut seen) {
                return outcome;
            }
            if self.is_crowded() {
                return self.give_up(slot);
            }
            if is_all && (!self.channel.connection.borrow().is_open() || self.is_closed()) {
                return lost(&self.events.waiting.borrow());
            }
            self.flush();
            let connection = self.channel.connection.borrow();
            let until = if connection.output().is_empty() { Until::Readable } else { Until::Either };
            let left = connection.next_deadline().map(|deadline| deadline.saturating_sub(self.now()));
            drop(connection);
            let is_late = left.is_some_and(|left| left.is_zero());
            if !is_late && !is_all {
                continue;
            }
            if !is_late && self.wait(until, left) {
                self.read_bytes();
                continue;
            }
            // Messages that have arrived count, even after the deadline.
            self.read_ahead(usize::MAX, usize::MAX);
            if let Some(outcome) = self.find_outcome(slot, &mut seen) {
                return outcome;
            }
            if !self.is_postponed() {
                let now = self.now();
                self.with_events(|connection, events| connection.expire(now, events));
            }
        }
    }

    /// Blocks until the stream is ready; returns whether that happened in time.
    pub(super) fn wait(&self, until: Until, timeout: Option<Duration>) -> bool {
        let watched = self.watched.borrow();
        let Some(watched) = &*watched else { return false };
        let stream = watched.stream();
        // The wait below reports an error.
        self.before_sleep(|| !matches!(stream.wait(until, Some(Duration::ZERO)), Ok(false)));
        let is_ready = matches!(stream.wait(until, timeout), Ok(true));
        self.drivers.spin().end_wait();
        is_ready
    }

    /// Searches the messages that have arrived since the last search.
    fn find_outcome(&self, awaited: Slot, seen: &mut usize) -> Option<RequestOutcome> {
        let mut events = self.events.waiting.borrow_mut();
        let fresh: Vec<_> = events.drain(*seen..).collect();
        let mut outcome = None;
        for event in fresh {
            if outcome.is_some() {
                events.push_back(event);
                continue;
            }
            match event {
                Event::Request { call, .. } => {
                    // The context before a refused request concerns no other event.
                    if events.len() > *seen && matches!(events.back(), Some(Event::Context { .. })) {
                        events.pop_back();
                    }
                    self.refuse(call);
                }
                Event::Mismatch(_) | Event::HandshakeTimedOut | Event::End { .. } => {
                    events.push_back(event);
                    outcome = Some(lost(&events));
                }
                Event::Result { slot, payload } if slot == awaited => outcome = Some(RequestOutcome::Result(payload)),
                Event::RemoteError { slot, payload } if slot == awaited => {
                    outcome = Some(RequestOutcome::RemoteError(payload));
                }
                Event::TimedOut { slot, timeout } if slot == awaited => {
                    outcome = Some(RequestOutcome::TimedOut(timeout))
                }
                Event::Refused { slot, code, message } if slot == awaited => {
                    outcome = Some(RequestOutcome::Refused { code, message });
                }
                _ => {
                    let queue = &self.events;
                    queue.kept_bytes.set(queue.kept_bytes.get() + event.size());
                    queue.unrequested_bytes.set(queue.unrequested_bytes.get() + unrequested_bytes(&event));
                    events.push_back(event);
                }
            }
        }
        *seen = events.len();
        outcome
    }

    /// Whether more was kept for later than allowed. Releases the memory of frames that no event names any more.
    fn is_crowded(&self) -> bool {
        let (kept, unrequested) = (&self.events.kept_bytes, &self.events.unrequested_bytes);
        let mut connection = self.channel.connection.borrow_mut();
        if connection.retained() > 2 * kept.get() + WASTE {
            connection.compact(self.events.waiting.borrow_mut().iter_mut());
        }
        // The user may have handled some of it since.
        unrequested.get() > MOST_KEPT && {
            let events = self.events.waiting.borrow();
            kept.set(events.iter().map(Event::size).sum());
            unrequested.set(events.iter().map(unrequested_bytes).sum());
            unrequested.get() > MOST_KEPT
        }
    }

    fn give_up(&self, slot: Slot) -> RequestOutcome {
        self.channel.connection.borrow_mut().exchange.abort(slot);
        let message = format!(
            "the worker has sent more than {} MiB besides the answer that the host waits for in sendSync(). \
             Let it send less meanwhile, or use send().",
            MOST_KEPT >> 20
        );
        RequestOutcome::Refused { code: code::SYNC_OVERFLOW, message }
    }

    /// Fails a request of the peer: its handler would have to run while its requester may be the one that blocks this
    /// thread.
    fn refuse(&self, call: CallId) {
        let text = "the host waits in sendSync() and can answer nothing until that returns. Ask it before or after, or let \
                    it use send().";
        let error = RemoteError::with_code(code::HOST_BLOCKED, text.to_owned());
        self.channel.connection.borrow_mut().exchange.fail(call, &error);
    }
}

/// The size of a message that this side did not request: its own requests bound their outcomes.
fn unrequested_bytes(event: &Event) -> usize {
    match event {
        Event::Result { .. } | Event::RemoteError { .. } | Event::TimedOut { .. } | Event::Refused { .. } => 0,
        _ => event.size(),
    }
}

fn lost(events: &VecDeque<Event>) -> RequestOutcome {
    RequestOutcome::Lost(events.iter().find_map(|event| match event {
        Event::Fatal { payload } => payload.clone(),
        _ => None,
    }))
}
