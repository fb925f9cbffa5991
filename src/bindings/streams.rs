//! Cancellation, progress and streams, as the facade asks for them.

use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::connection::{Append, Beside, NativeConnection, with_payload};
use super::failure::Failure;
use crate::connection::Connection;
use crate::error::Error;
use crate::exchange::CallId;
use crate::transactions::Slot;

#[napi]
impl NativeConnection {
    /// As `cancel`; tells the peer that nobody waits for the outcome.
    #[napi(catch_unwind)]
    pub fn abort(&self, slot: u32) -> bool {
        let aborted = self.link.connection.borrow_mut().exchange.abort(Slot(slot));
        self.link.touch();
        aborted
    }

    /// Lets so many units more of chunks come.
    #[napi(catch_unwind)]
    pub fn credit(&self, slot: u32, units: u32) {
        let now = self.link.now();
        self.link.connection.borrow_mut().exchange.credit(Slot(slot), units, now);
        self.link.touch();
    }

    /// Sends a chunk of a request's payload. Gives its cost in units; negative, where too much waits to be written: then
    /// `Control.Room` will be told.
    #[napi(catch_unwind)]
    pub fn input(&self, slot: u32, payload: Unknown<'_>) -> Result<i64, Failure> {
        let now = self.link.now();
        self.send_chunk(&payload, |connection, payload| connection.exchange.input(Slot(slot), payload, now))
    }

    /// Ends a request's payload; with an error, as JSON text, because that has ended it.
    #[napi(catch_unwind)]
    pub fn end_input(&self, slot: u32, error: Option<String>) {
        self.link.connection.borrow_mut().exchange.end_input(Slot(slot), error.as_deref());
        self.link.touch();
    }

    /// Tells how far a call is.
    #[napi(catch_unwind)]
    pub fn progress(&self, call: u32, payload: Unknown<'_>) -> Result<(), Failure> {
        let tell =
            |payload: Option<Append<'_>>| self.link.connection.borrow_mut().exchange.progress(CallId(call), payload);
        with_payload(&self.link, &payload, Beside::Nothing, |_| true, tell)?;
        self.link.touch();
        Ok(())
    }

    /// Sends a chunk of a call's outcome. As `input`.
    #[napi(catch_unwind)]
    pub fn chunk(&self, call: u32, payload: Unknown<'_>) -> Result<i64, Failure> {
        self.send_chunk(&payload, |connection, payload| connection.exchange.chunk(CallId(call), payload))
    }

    /// Lets so many units more of input come; 0: none is wanted any more.
    #[napi(catch_unwind)]
    pub fn demand(&self, call: u32, units: u32) {
        self.link.connection.borrow_mut().exchange.demand(CallId(call), units);
        self.link.touch();
    }

    fn send_chunk(
        &self,
        payload: &Unknown<'_>,
        send: impl FnOnce(&mut Connection, Option<Append<'_>>) -> Result<u32, Error>,
    ) -> Result<i64, Failure> {
        let send = |payload: Option<Append<'_>>| send(&mut self.link.connection.borrow_mut(), payload);
        let cost = i64::from(with_payload(&self.link, payload, Beside::Nothing, |_| true, send)?.unwrap_or(1));
        self.link.touch();
        if self.link.has_room(0) {
            return Ok(cost);
        }
        self.link.want_room();
        Ok(-cost)
    }
}
