//! The messages that a connection sends on its own account, besides those of the user.

use napi_derive::napi;

use super::connection::NativeConnection;
use crate::node::values::failure::{Failure, entry};

#[napi]
impl NativeConnection {
    /// Asks the peer whether a request that was cancelled has ended, by its transaction id; returns the slot of the
    /// question.
    #[napi(catch_unwind)]
    pub fn ask_ended(&self, tx: String) -> Result<u32, Failure> {
        let asked = entry(&self.driver, "askEnded", || {
            let (random, now) = (uuid::Uuid::new_v4().as_u128(), self.driver.now());
            let slot = self.driver.channel().connection.borrow_mut().exchange.ask_ended(&tx, random, now);
            self.driver.schedule_write();
            slot
        })?;
        Ok(asked?.0)
    }

    /// Tells the host that another host takes over.
    #[napi(catch_unwind)]
    pub fn send_taken_over(&self) -> Result<(), Failure> {
        entry(&self.driver, "sendTakenOver", || {
            self.driver.channel().connection.borrow_mut().exchange.send_taken_over();
            self.driver.schedule_write();
        })
    }

    /// Whether the host accepts kept results.
    #[napi(getter, catch_unwind)]
    pub fn accepts_kept_results(&self) -> bool {
        self.driver.channel().connection.borrow().exchange.accepts_kept_results()
    }

    /// Sends the host the error that ends this worker, as JSON text.
    #[napi(catch_unwind)]
    pub fn send_fatal(&self, error: String) -> Result<(), Failure> {
        entry(&self.driver, "sendFatal", || {
            self.driver.channel().connection.borrow_mut().send_fatal(&error);
            self.driver.schedule_write();
        })
    }

    /// Asks the worker to stop, after all earlier messages.
    #[napi(catch_unwind)]
    pub fn ask_to_close(&self) -> Result<(), Failure> {
        entry(&self.driver, "askToClose", || {
            self.driver.channel().connection.borrow_mut().exchange.ask_to_close();
            self.driver.schedule_write();
        })
    }
}
