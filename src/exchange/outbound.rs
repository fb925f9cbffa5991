//! What this side sends of itself: requests, notifications, the wish to close.

use std::time::Duration;

use super::Exchange;
use crate::error::Error;
use crate::frame::Framing;
use crate::message::{Codec, Kind, TYPE_NAME_LIMIT};
use crate::output::Output;
use crate::transaction_id::{TransactionId, TransactionIdRef};
use crate::transactions::Slot;

/// How long a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// As configured for its message type.
    Configured,
    /// As the call says; `None`: for ever.
    PerCall(Option<Duration>),
}

impl Exchange {
    /// Sends a request. `payload` appends the encoded payload; `None` stands for `undefined`. `random` becomes the
    /// transaction id, as a UUID.
    ///
    /// # Errors
    /// The message cannot be sent. Nothing was written, and no transaction is left.
    pub fn request<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        type_name: &str,
        payload: Option<P>,
        timeout: Timeout,
        random: u128,
        now: Duration,
    ) -> Result<Slot, Error> {
        let slot = self.reserve(type_name, TransactionId::Uuid(random), timeout, now)?;
        match self.submit(slot, type_name, payload) {
            Ok(_) => Ok(slot),
            Err(error) => {
                self.cancel(slot);
                Err(error)
            }
        }
    }

    /// Begins a transaction whose message follows with [`Exchange::submit`]. Its time runs from now on.
    ///
    /// # Errors
    /// The connection is closed, the name is too long, or the id is in flight.
    pub fn reserve(
        &mut self,
        type_name: &str,
        id: TransactionId,
        timeout: Timeout,
        now: Duration,
    ) -> Result<Slot, Error> {
        self.check_sendable(type_name)?;
        let per_call = match timeout {
            Timeout::Configured => None,
            Timeout::PerCall(timeout) => Some(timeout),
        };
        let timeout = self.timeouts.message_timeout(type_name, per_call);
        let type_id = self.types.acquire(type_name);
        self.transactions.insert(id, type_id, now, timeout).map_err(|duplicate| {
            self.types.release(type_id);
            duplicate.into()
        })
    }

    /// Writes the message of a transaction. `Ok(false)`: the transaction has ended meanwhile, nothing was written.
    ///
    /// # Errors
    /// The message cannot be sent; nothing was written, and the transaction goes on until it is cancelled.
    pub fn submit<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        slot: Slot,
        type_name: &str,
        payload: Option<P>,
    ) -> Result<bool, Error> {
        self.check_sendable(type_name)?;
        let Some((id, &reserved)) = self.transactions.get(slot) else { return Ok(false) };
        let head = (Kind::Request, type_name, Some(id.borrowed()));
        write(&mut self.output, &self.framing, self.codec, self.limit, head, payload)?;
        if self.types.name(reserved) != type_name {
            // Middleware renamed the message; its answer will have the new name.
            let renamed = self.types.acquire(type_name);
            self.transactions.replace(slot, renamed);
            self.types.release(reserved);
        }
        Ok(true)
    }

    /// The transaction id of a request in flight, as text.
    pub fn transaction_id(&self, slot: Slot) -> Option<String> {
        self.transactions.get(slot).map(|(id, _)| id.to_string())
    }

    /// Ends a transaction without an outcome from the peer; an answer that still comes is dropped. Tells whether there
    /// was one.
    pub fn cancel(&mut self, slot: Slot) -> bool {
        let Some(type_id) = self.transactions.cancel(slot) else { return false };
        self.types.release(type_id);
        true
    }

    /// Ends every transaction, for example because the worker is gone; tells their slots, oldest first.
    pub fn fail_all(&mut self) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(self.transactions.len());
        let types = &mut self.types;
        self.transactions.fail_all(|slot, type_id| {
            types.release(type_id);
            slots.push(slot);
        });
        slots
    }

    /// Sends a notification.
    ///
    /// # Errors
    /// The message cannot be sent; nothing was written.
    pub fn notify<P: FnOnce(&mut Vec<u8>)>(&mut self, type_name: &str, payload: Option<P>) -> Result<(), Error> {
        self.check_sendable(type_name)?;
        let head = (Kind::Notification, type_name, None);
        write(&mut self.output, &self.framing, self.codec, self.limit, head, payload)
    }

    /// Asks the worker to stop.
    pub fn ask_to_close(&mut self) {
        if !self.ended {
            let head = (Kind::Close, "", None);
            let none = None::<fn(&mut Vec<u8>)>;
            write(&mut self.output, &self.framing, self.codec, usize::MAX, head, none).expect("it has no limit");
        }
    }

    /// Tells the host the error that ends this worker, as a [`crate::remote_error::RemoteError`] in JSON. One that does
    /// not fit is not told.
    pub fn tell_fatal(&mut self, json: &str) {
        if !self.ended {
            let head = (Kind::Fatal, "", None);
            let payload = |out: &mut Vec<u8>| out.extend_from_slice(json.as_bytes());
            let _ = write(&mut self.output, &self.framing, self.codec, self.limit, head, Some(payload));
        }
    }

    fn check_sendable(&self, type_name: &str) -> Result<(), Error> {
        if self.ended {
            return Err(Error::Closed { type_name: type_name.to_owned() });
        }
        if type_name.len() > TYPE_NAME_LIMIT {
            return Err(Error::TypeNameTooLong { size: type_name.len(), limit: TYPE_NAME_LIMIT });
        }
        Ok(())
    }
}

/// Writes one frame, or nothing.
pub(super) fn write<P: FnOnce(&mut Vec<u8>)>(
    output: &mut Output,
    framing: &Framing,
    codec: Codec,
    limit: usize,
    (kind, type_name, tx): (Kind, &str, Option<TransactionIdRef<'_>>),
    payload: Option<P>,
) -> Result<(), Error> {
    let out = output.tail();
    let mark = framing.begin(out);
    codec.begin(out, kind, type_name, tx, payload.is_some());
    if let Some(payload) = payload {
        payload(out);
    }
    codec.end(out);
    framing.finish(out, mark, limit).map_err(|error| Error::from_frame(error, type_name))
}
