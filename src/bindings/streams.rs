//! Cancellation, progress and streams, as the facade asks for them.

use napi::JsValue;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::connection::NativeConnection;
use super::failure::Failure;
use super::payload::{Append, Beside, with_payload};
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
        with_payload(&self.link, payload.raw(), Beside::Nothing, |_| true, tell)?;
        self.link.touch();
        Ok(())
    }

    /// Lets so many units more of input come; 0: none is wanted any more.
    #[napi(catch_unwind)]
    pub fn demand(&self, call: u32, units: u32) {
        self.link.connection.borrow_mut().exchange.demand(CallId(call), units);
        self.link.touch();
    }
}
