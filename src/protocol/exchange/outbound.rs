//! Messages that this side initiates: requests, notifications, `close`.

use std::time::Duration;

use super::calls::append;
use super::held::{HeldFrame, HeldId};
use super::streams::Streams;
use super::writing::{NOTHING, Sender, Target, write};
use super::{Exchange, Side};
use crate::error::Error;
use crate::protocol::event::Event;
use crate::protocol::message::{CONTEXT_LIMIT, Head, Kind, TYPE_NAME_LIMIT};
use crate::protocol::message_types::TypeId;
use crate::protocol::transaction_id::TransactionId;
use crate::protocol::transactions::Slot;

/// The timeout of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// The configured timeout of its message type.
    Configured,
    /// The timeout of the call; `None`: no limit.
    PerCall(Option<Duration>),
}

/// A request of this side that has no outcome yet.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) type_id: TypeId,
    /// Its message was written.
    pub(super) is_sent: bool,
    /// Its message waits for a grant.
    pub(super) held: Option<HeldId>,
    /// The kind, and the state of streams: for all but plain requests.
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

    /// Begins a transaction whose message, of a kind that is a request, follows with [`Exchange::submit`]. Its timeout
    /// starts now; with streams, each of their messages restarts it.
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
        let request = Outgoing { type_id, is_sent: false, held: None, streams };
        self.transactions.insert(id, request, now, timeout).map_err(|duplicate| {
            self.types.release(type_id);
            duplicate.into()
        })
    }

    /// Sends the message of a transaction, when it is granted. `Ok(false)`: the transaction has ended meanwhile, and
    /// nothing was written.
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
        if self.ended {
            return Ok(true);
        }
        let kind = request.streams.as_ref().map_or(Kind::Request, |streams| streams.kind);
        let (tx, is_implied) = (Some(id.borrowed()), self.is_implied(kind));
        let context = self.context.as_deref().filter(|_| self.peer.context && kind.has_context());
        let head = Head { kind, is_implied, type_name, tx, context };
        let mut sender = Sender {
            allowance: &mut self.allowance,
            held: &mut self.held,
            output: &mut self.output,
            framing: &self.framing,
            codec: self.codec,
            limit: self.limit,
        };
        let held = sender.send(Some(slot), head, payload)?;
        let Some(request) = self.transactions.get_mut(slot) else { return Ok(true) };
        request.is_sent = held.is_none();
        request.held = held;
        let reserved = request.type_id;
        if self.types.name(reserved) != type_name {
            // Middleware renamed the message; its answer will have the new name.
            request.type_id = self.types.acquire(type_name);
            self.types.release(reserved);
        }
        Ok(true)
    }

    /// Sets the context of later requests and notifications, a JSON object of strings, if the peer supports contexts.
    /// Drops a context beyond [`CONTEXT_LIMIT`].
    pub fn set_context(&mut self, context: Option<String>) {
        self.context = context.filter(|text| text.len() <= CONTEXT_LIMIT);
    }

    /// The transaction id of a request in flight, as text.
    pub fn transaction_id(&self, slot: Slot) -> Option<String> {
        self.transactions.get(slot).map(|(id, _)| id.to_string())
    }

    /// Ends a transaction without an outcome of the peer; a later answer is dropped. Returns whether there was one.
    pub fn cancel(&mut self, slot: Slot) -> bool {
        let Some(request) = self.transactions.cancel(slot) else { return false };
        self.drop_held(&request);
        self.types.release(request.type_id);
        true
    }

    /// Ends every transaction, for example because the worker has ended; returns their slots, oldest first.
    pub fn fail_all(&mut self) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(self.transactions.len());
        let Self { transactions, types, held, .. } = self;
        transactions.fail_all(|slot, request| {
            types.release(request.type_id);
            if let Some(id) = request.held {
                held.remove(id);
            }
            slots.push(slot);
        });
        slots
    }

    /// Sends a notification, when it is granted.
    ///
    /// # Errors
    /// The message cannot be sent; nothing was written.
    pub fn notify<P: FnOnce(&mut Vec<u8>)>(&mut self, type_name: &str, payload: Option<P>) -> Result<(), Error> {
        self.check_sendable(type_name)?;
        if self.ended {
            return Ok(());
        }
        let context = self.context.as_deref().filter(|_| self.peer.context);
        let head = Head { context, ..Head::new(Kind::Notification, type_name) };
        let mut sender = Sender {
            allowance: &mut self.allowance,
            held: &mut self.held,
            output: &mut self.output,
            framing: &self.framing,
            codec: self.codec,
            limit: self.limit,
        };
        sender.send(None, head, payload).map(drop)
    }

    /// Asks the worker to stop, after all earlier messages, waiting notifications included.
    pub fn ask_to_close(&mut self) {
        if self.ended {
            return;
        }
        let mut bytes = Vec::new();
        let target = Target::new(&mut bytes, &self.framing, self.codec, usize::MAX);
        write(target, Head::new(Kind::Close, ""), NOTHING).expect("it has no limit");
        self.held.push(HeldFrame { slot: None, bytes, cost: None });
        self.release_held();
    }

    /// Sends the host the error that ends this worker, as a [`crate::protocol::remote_error::RemoteError`] in JSON.
    /// Drops an error that does not fit.
    pub fn send_fatal(&mut self, json: &str) {
        if !self.ended {
            let target = Target::new(self.output.tail(), &self.framing, self.codec, self.limit);
            let _ = write(target, Head::new(Kind::Fatal, ""), Some(append(json)));
        }
    }

    fn check_understood(&self, type_name: &str, kind: Kind) -> Result<(), Error> {
        match self.missing(kind) {
            Some(what) => {
                Err(Error::UnsupportedByPeer { type_name: type_name.to_owned(), peer: self.side.peer(), what })
            }
            None => Ok(()),
        }
    }

    /// What the peer would have to understand for a request of this kind, if it does not.
    fn missing(&self, kind: Kind) -> Option<&'static str> {
        match (self.side, kind) {
            (Side::Worker, _) if !self.peer.calls => Some("requests of its worker"),
            (_, Kind::Stream | Kind::Upload | Kind::Duplex) if !self.peer.streams => Some("streams"),
            (_, Kind::Ended) if !self.peer.ended => Some("questions about cancelled requests"),
            _ => None,
        }
    }

    /// The peer's handshake has arrived: earlier requests of kinds that it does not understand have no outcome.
    pub(super) fn refuse_unsupported(&mut self, events: &mut Vec<Event>) {
        let requests = self.transactions.iter().filter_map(|(slot, request)| {
            let what = self.missing(request.streams.as_ref()?.kind)?;
            Some((slot, request.type_id, what))
        });
        let refused: Vec<_> = requests.collect();
        for (slot, type_id, what) in refused {
            let type_name = self.types.name(type_id).to_owned();
            let error = Error::UnsupportedByPeer { type_name, peer: self.side.peer(), what };
            self.cancel(slot);
            events.push(Event::Refused { slot, code: error.code(), message: error.to_string() });
        }
    }

    fn check_sendable(&self, type_name: &str) -> Result<(), Error> {
        if self.is_closed {
            return Err(Error::Closed { type_name: type_name.to_owned() });
        }
        if type_name.len() > TYPE_NAME_LIMIT {
            return Err(Error::TypeNameTooLong { size: type_name.len(), limit: TYPE_NAME_LIMIT });
        }
        Ok(())
    }
}
