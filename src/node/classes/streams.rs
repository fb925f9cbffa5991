//! Cancellation, progress and streams for the facade.

use napi::JsValue;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use super::connection::NativeConnection;
use crate::io::Bypass;
use crate::node::values::failure::{Failure, entry};
use crate::node::values::payload::{Append, with_payload};
use crate::protocol::exchange::CallId;
use crate::protocol::transactions::Slot;

#[napi]
impl NativeConnection {
    /// Like `cancel`; also tells the peer that this side no longer waits for the outcome.
    #[napi(catch_unwind)]
    pub fn abort(&self, slot: u32) -> Result<bool, Failure> {
        entry(&self.driver, "abort", || {
            let aborted = self.driver.channel().connection.borrow_mut().exchange.abort(Slot(slot));
            self.driver.schedule_write();
            aborted
        })
    }

    /// Grants this many more units of chunks.
    #[napi(catch_unwind)]
    pub fn credit(&self, slot: u32, units: u32) -> Result<(), Failure> {
        entry(&self.driver, "credit", || {
            let now = self.driver.now();
            self.driver.channel().connection.borrow_mut().exchange.credit(Slot(slot), units, now);
            self.driver.schedule_write();
        })
    }

    /// Ends a request's input; with an error, as JSON text, if its source failed.
    #[napi(catch_unwind)]
    pub fn end_input(&self, slot: u32, error: Option<String>) -> Result<(), Failure> {
        entry(&self.driver, "endInput", || {
            self.driver.channel().connection.borrow_mut().exchange.end_input(Slot(slot), error.as_deref());
            self.driver.schedule_write();
        })
    }

    /// Reports progress of a call.
    #[napi(catch_unwind)]
    pub fn progress(&self, call: u32, payload: Unknown<'_>) -> Result<(), Failure> {
        let append = |payload: Option<Append<'_>>| {
            self.driver.channel().connection.borrow_mut().exchange.progress(CallId(call), payload)
        };
        entry(&self.driver, "progress", || {
            with_payload(&self.driver, payload.raw(), Bypass::Nothing, |_| true, append)?;
            self.driver.write_early();
            Ok(())
        })?
    }

    /// Grants this many more units of input; 0: the handler wants no more.
    #[napi(catch_unwind)]
    pub fn demand(&self, call: u32, units: u32) -> Result<(), Failure> {
        entry(&self.driver, "demand", || {
            self.driver.channel().connection.borrow_mut().exchange.demand(CallId(call), units);
            self.driver.schedule_write();
        })
    }
}
