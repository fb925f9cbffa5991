//! What this side sends of itself: requests, notifications, the wish to close.

use std::time::Duration;

use super::calls::append;
use super::streams::Streams;
use super::{Exchange, Side};
use crate::error::Error;
use crate::frame::Framing;
use crate::message::{CONTEXT_LIMIT, Codec, Head, Kind, TYPE_NAME_LIMIT};
use crate::message_types::TypeId;
use crate::output::Output;
use crate::transaction_id::TransactionId;
use crate::transactions::Slot;

/// How long a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// As configured for its message type.
    Configured,
    /// As the call says; `None`: for ever.
    PerCall(Option<Duration>),
}

/// A request of this side that has no outcome yet.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) type_id: TypeId,
    /// Its message was written.
    pub(super) is_sent: bool,
    /// Of all but plain requests.
    pub(super) streams: Option<Box<Streams>>,
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
        let slot = self.reserve(type_name, TransactionId::Uuid(random), timeout, Kind::Request, now)?;
        match self.submit(slot, type_name, payload) {
            Ok(_) => Ok(slot),
            Err(error) => {
                self.cancel(slot);
                Err(error)
            }
        }
    }

    /// Begins a transaction whose message, of a kind that is a request, follows with [`Exchange::submit`]. Its time runs
    /// from now on; where there are streams, anew with each message of theirs.
    ///
    /// # Errors
    /// The connection is closed, the name is too long, the id is in flight, or the peer does not understand the kind.
    pub fn reserve(
        &mut self,
        type_name: &str,
        id: TransactionId,
        timeout: Timeout,
        kind: Kind,
        now: Duration,
    ) -> Result<Slot, Error> {
        self.check_sendable(type_name)?;
        self.check_understood(type_name, kind)?;
        let per_call = match timeout {
            Timeout::Configured => None,
            Timeout::PerCall(timeout) => Some(timeout),
        };
        let timeout = self.timeouts.message_timeout(type_name, per_call);
        let type_id = self.types.acquire(type_name);
        let streams = (kind != Kind::Request).then(|| Box::new(Streams::new(kind, timeout)));
        let request = Outgoing { type_id, is_sent: false, streams };
        self.transactions.insert(id, request, now, timeout).map_err(|duplicate| {
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
        let Some((id, request)) = self.transactions.get(slot) else { return Ok(false) };
        let kind = request.streams.as_ref().map_or(Kind::Request, |streams| streams.kind);
        let (tx, is_implied) = (Some(id.borrowed()), self.is_implied(kind));
        let context = self.context.as_deref().filter(|_| self.peer.context);
        let head = Head { kind, is_implied, type_name, tx, context };
        let target = Target::new(&mut self.output, &self.framing, self.codec, self.limit);
        write(target, head, payload)?;
        let Some(request) = self.transactions.get_mut(slot) else { return Ok(true) };
        request.is_sent = true;
        let reserved = request.type_id;
        if self.types.name(reserved) != type_name {
            // Middleware renamed the message; its answer will have the new name.
            request.type_id = self.types.acquire(type_name);
            self.types.release(reserved);
        }
        Ok(true)
    }

    /// Until it is called again, requests and notifications take this context with them, a JSON object of strings, where
    /// the peer understands that. One over [`CONTEXT_LIMIT`] is dropped.
    pub fn carry(&mut self, context: Option<String>) {
        self.context = context.filter(|text| text.len() <= CONTEXT_LIMIT);
    }

    /// The transaction id of a request in flight, as text.
    pub fn transaction_id(&self, slot: Slot) -> Option<String> {
        self.transactions.get(slot).map(|(id, _)| id.to_string())
    }

    /// Ends a transaction without an outcome from the peer; an answer that still comes is dropped. Tells whether there
    /// was one.
    pub fn cancel(&mut self, slot: Slot) -> bool {
        let Some(request) = self.transactions.cancel(slot) else { return false };
        self.types.release(request.type_id);
        true
    }

    /// Ends every transaction, for example because the worker is gone; tells their slots, oldest first.
    pub fn fail_all(&mut self) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(self.transactions.len());
        let types = &mut self.types;
        self.transactions.fail_all(|slot, request| {
            types.release(request.type_id);
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
        let target = Target::new(&mut self.output, &self.framing, self.codec, self.limit);
        let context = self.context.as_deref().filter(|_| self.peer.context);
        write(target, Head { context, ..Head::new(Kind::Notification, type_name) }, payload).map(drop)
    }

    /// Asks the worker to stop.
    pub fn ask_to_close(&mut self) {
        if !self.ended {
            let target = Target::new(&mut self.output, &self.framing, self.codec, usize::MAX);
            write(target, Head::new(Kind::Close, ""), NOTHING).expect("it has no limit");
        }
    }

    /// Tells the host the error that ends this worker, as a [`crate::remote_error::RemoteError`] in JSON. One that does
    /// not fit is not told.
    pub fn tell_fatal(&mut self, json: &str) {
        if !self.ended {
            let target = Target::new(&mut self.output, &self.framing, self.codec, self.limit);
            let _ = write(target, Head::new(Kind::Fatal, ""), Some(append(json)));
        }
    }

    fn check_understood(&self, type_name: &str, kind: Kind) -> Result<(), Error> {
        let what = match (self.side, kind) {
            (Side::Worker, _) if !self.peer.calls => "requests of its worker",
            (_, Kind::Stream | Kind::Upload | Kind::Duplex) if !self.peer.streams => "streams",
            _ => return Ok(()),
        };
        Err(Error::UnsupportedByPeer { type_name: type_name.to_owned(), peer: self.side.peer(), what })
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

/// No payload.
pub(super) const NOTHING: Option<fn(&mut Vec<u8>)> = None;

/// Where and how frames are written.
pub(super) struct Target<'a> {
    output: &'a mut Output,
    framing: &'a Framing,
    codec: Codec,
    limit: usize,
}

impl<'a> Target<'a> {
    pub(super) fn new(output: &'a mut Output, framing: &'a Framing, codec: Codec, limit: usize) -> Self {
        Self { output, framing, codec, limit }
    }
}

/// Writes one frame, or nothing. Tells how many bytes its payload has.
pub(super) fn write<P: FnOnce(&mut Vec<u8>)>(
    Target { output, framing, codec, limit }: Target<'_>,
    head: Head<'_>,
    payload: Option<P>,
) -> Result<usize, Error> {
    let out = output.tail();
    let mark = framing.begin(out);
    codec.begin(out, head, payload.is_some());
    let start = out.len();
    if let Some(payload) = payload {
        payload(out);
    }
    let size = out.len() - start;
    codec.end(out);
    framing.finish(out, mark, limit).map_err(|error| Error::from_frame(error, head.type_name))?;
    Ok(size)
}
