//! The messages that a side sends on its own account: the question about a cancelled request, and what a detached worker
//! tells its host.

use std::time::Duration;

use super::Exchange;
use super::calls::append;
use super::outbound::Timeout;
use super::writing::{NOTHING, Target, write};
use crate::error::Error;
use crate::protocol::message::{Head, Kind};
use crate::protocol::transaction_id::TransactionId;
use crate::protocol::transactions::Slot;

impl Exchange {
    /// Asks the peer whether the request with this id, which this side has cancelled, has ended. The answer comes when
    /// it has; there is no timeout.
    ///
    /// # Errors
    /// The connection is closed, the peer does not understand the question, or it cannot be sent.
    pub fn ask_ended(&mut self, id: &str, random: u128, now: Duration) -> Result<Slot, Error> {
        let slot = self.reserve("", TransactionId::Uuid(random), Timeout::PerCall(None), Kind::Ended, now)?;
        let json = serde_json::Value::from(id).to_string();
        if let Err(error) = self.submit(slot, "", Some(append(&json))) {
            self.cancel(slot);
            return Err(error);
        }
        Ok(slot)
    }

    /// Sends the host the outcome of a request of an earlier host.
    ///
    /// # Errors
    /// It cannot be sent; nothing was written.
    pub fn send_kept_result<P: FnOnce(&mut Vec<u8>)>(&mut self, payload: Option<P>) -> Result<(), Error> {
        // The worker keeps what no host has got.
        if self.ended {
            return Err(Error::Closed { type_name: String::new() });
        }
        let target = Target::new(self.output.tail(), &self.framing, self.codec, self.limit);
        write(target, Head::new(Kind::KeptResult, ""), payload).map(drop)
    }

    /// Tells the host, if it understands that, that another host takes over.
    pub fn send_taken_over(&mut self) {
        if !self.ended && self.peer.detached {
            let target = Target::new(self.output.tail(), &self.framing, self.codec, usize::MAX);
            write(target, Head::new(Kind::TakenOver, ""), NOTHING).expect("it has no limit");
        }
    }

    /// Whether the host accepts kept results.
    pub fn accepts_kept_results(&self) -> bool {
        self.peer.detached
    }
}
