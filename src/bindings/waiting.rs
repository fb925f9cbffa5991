//! Waiting for one answer with the thread blocked, for code that cannot await.
//!
//! What comes meanwhile for others stays in the input, which is pinned, and is told as soon as the thread is free.

use napi::bindgen_prelude::{Env, Unknown};
use napi_derive::napi;

use super::batch::{payload_to_js, undefined};
use super::connection::NativeConnection;
use super::link::Link;
use super::{exit, text};
use crate::event::{Event, Payload};
use crate::remote_error::RemoteError;
use crate::transactions::Slot;
use crate::transport::Until;

/// How a wait has ended. The first three are as in a record.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
enum Outcome {
    Result = 1,
    RemoteError = 2,
    TimedOut = 3,
    Refused = 4,
    Lost = 5,
}

#[napi]
impl NativeConnection {
    /// Blocks this thread until a request has its outcome. Gives its payload, or the text of what was wrong with it; what
    /// it is stands in the head of the shared memory: first 1 for a result, 2 for an error of the handler, 3 for a request
    /// that is late, 4 for an answer that cannot be used, 5 for a peer that is lost, with the error it may have told; then
    /// the timeout that is over, in milliseconds; then whether something came for others, which the next `drain()` tells.
    /// Requests of the peer fail with `ERR_HOST_BLOCKED` meanwhile.
    #[napi(catch_unwind, ts_return_type = "Buffer | string | undefined")]
    pub fn wait_for(&self, env: Env, slot: u32) -> Unknown<'_> {
        let (outcome, payload, millis, detail) = self.link.wait_for(Slot(slot));
        self.link.flush_own();
        let is_more = !self.link.events.borrow().is_empty();
        self.link.environment().write_head([outcome as i32, millis, is_more.into()]);
        let env = env.raw();
        let connection = self.link.connection.borrow();
        let value = match payload {
            Some(payload) => payload_to_js(self.link.sources(&connection), &connection, self.link.form(), &payload),
            None if detail.is_empty() => undefined(env),
            None => text::to_js(env, detail.as_bytes(), detail.is_ascii()),
        };
        drop(connection);
        self.link.settle();
        // SAFETY: the value was just made in this environment, in the scope of this call.
        unsafe { Unknown::from_raw_unchecked(env, value) }
    }

    /// How a child process has ended, without taking that from who waits for it: its exit code, or -1 and the number of
    /// the signal. Waits at most `timeout` milliseconds for its end; empty where that is not to be known.
    #[napi(catch_unwind)]
    pub fn exit_of(pid: i32, timeout: f64) -> Vec<i32> {
        exit::peek(pid, timeout).map_or_else(Vec::new, |(code, signal)| vec![code, signal])
    }
}

type Seen = (Outcome, Option<Payload>, i32, String);

impl Link {
    fn wait_for(&self, slot: Slot) -> Seen {
        self.connection.borrow_mut().pin(true);
        // With it, all that was sent in this tick, in its order.
        self.environment.flush();
        let mut seen = 0;
        loop {
            if let Some(outcome) = self.find_outcome(slot, &mut seen) {
                return outcome;
            }
            if !self.connection.borrow().is_open() || self.is_closed() {
                return self.lost();
            }
            self.flush();
            let connection = self.connection.borrow();
            let until = if connection.output().is_empty() { Until::Readable } else { Until::Either };
            let left = connection.next_deadline().map(|deadline| deadline.saturating_sub(self.now()));
            drop(connection);
            let ready = self.wait(until, left);
            // What has arrived counts, however late it is.
            if self.read_once().is_none() && !ready && !self.is_held() {
                let now = self.now();
                self.with_events(|connection, events| connection.expire(now, events));
            }
        }
    }

    /// Looks through what has come since it looked last.
    fn find_outcome(&self, awaited: Slot, seen: &mut usize) -> Option<Seen> {
        let mut events = self.events.borrow_mut();
        while let Some(event) = events.get(*seen) {
            let is_it = match event {
                Event::Result { slot, .. }
                | Event::RemoteError { slot, .. }
                | Event::TimedOut { slot, .. }
                | Event::Refused { slot, .. } => *slot == awaited,
                Event::Mismatch(_) | Event::HandshakeTimedOut | Event::End { .. } => {
                    drop(events);
                    return Some(self.lost());
                }
                Event::Request { call, .. } => {
                    let call = *call;
                    events.remove(*seen);
                    if *seen > 0 && matches!(events[*seen - 1], Event::Context { .. }) {
                        *seen -= 1;
                        events.remove(*seen);
                    }
                    self.refuse(call);
                    continue;
                }
                _ => false,
            };
            if !is_it {
                *seen += 1;
                continue;
            }
            return match events.remove(*seen) {
                Event::Result { payload, .. } => Some((Outcome::Result, payload, 0, String::new())),
                Event::RemoteError { payload, .. } => Some((Outcome::RemoteError, payload, 0, String::new())),
                Event::TimedOut { timeout, .. } => {
                    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
                    Some((Outcome::TimedOut, None, millis, String::new()))
                }
                Event::Refused { code, message, .. } => Some((Outcome::Refused, None, 0, format!("{code} {message}"))),
                _ => None,
            };
        }
        None
    }

    /// Its handler would have to run while the thread is blocked by the one who may be waiting for it.
    fn refuse(&self, call: crate::exchange::CallId) {
        let text = "the host waits in sendSync() and can answer nothing until that returns. Ask it before or after, or let \
                    it use send().";
        self.connection.borrow_mut().exchange.fail(call, &RemoteError::with_code("ERR_HOST_BLOCKED", text.to_owned()));
    }

    fn lost(&self) -> Seen {
        let fatal = self.events.borrow().iter().find_map(|event| match event {
            Event::Fatal { payload } => payload.clone(),
            _ => None,
        });
        (Outcome::Lost, fatal, 0, String::new())
    }
}
