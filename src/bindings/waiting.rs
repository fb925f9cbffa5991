//! Waiting for one answer with the thread blocked, for code that cannot await.
//!
//! What comes meanwhile for others stays in the input, which is pinned, and is told as soon as the thread is free.

use napi::bindgen_prelude::{Env, Function};
use napi::{JsValue, sys};
use napi_derive::napi;

use super::batch::{payload_to_js, undefined};
use super::connection::NativeConnection;
use super::link::Link;
use super::{exit, text};
use crate::event::{Event, Payload};
use crate::exchange::Side;
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
    /// Blocks this thread until a request has its outcome, and tells it before it returns: 1 a result, 2 an error of the
    /// handler, 3 it is late, 4 an answer that cannot be used, 5 the peer is lost, with the error it may have told. What
    /// comes meanwhile is told by the next `drain()`; requests of the peer fail with `ERR_HOST_BLOCKED`.
    #[napi(
        catch_unwind,
        ts_args_type = "slot: number, onOutcome: (outcome: number, payload: any, millis: number, detail: string) => void"
    )]
    pub fn wait_for(&self, env: Env, slot: u32, on_outcome: Function<'_, (), ()>) {
        let (outcome, payload, millis, detail) = self.link.wait_for(Slot(slot));
        let env = env.raw();
        let connection = self.link.connection.borrow();
        let payload = payload
            .map_or_else(|| undefined(env), |payload| payload_to_js(env, &connection, self.link.form(), &payload));
        drop(connection);
        let integer = |value: i32| {
            let mut result = std::ptr::null_mut();
            // SAFETY: this is a call from JavaScript, which has a handle scope.
            unsafe { sys::napi_create_int32(env, value, &raw mut result) };
            result
        };
        let detail = text::to_js(env, detail.as_bytes(), detail.is_ascii());
        let arguments = [integer(outcome as i32), payload, integer(millis), detail];
        let mut result = std::ptr::null_mut();
        // SAFETY: the function and the arguments are values of this scope. An exception is left for the caller.
        unsafe {
            sys::napi_call_function(env, undefined(env), on_outcome.raw(), 4, arguments.as_ptr(), &raw mut result);
        }
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
        let peer = Side::Worker.peer();
        let text = format!(
            "the {peer} waits in sendSync() and can answer nothing until that returns. Ask it before or after, or let it \
             use send()."
        );
        self.connection.borrow_mut().exchange.fail(call, &RemoteError::with_code("ERR_HOST_BLOCKED", text));
    }

    fn lost(&self) -> Seen {
        let fatal = self.events.borrow().iter().find_map(|event| match event {
            Event::Fatal { payload } => payload.clone(),
            _ => None,
        });
        (Outcome::Lost, fatal, 0, String::new())
    }
}
