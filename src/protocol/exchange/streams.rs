//! Messages of a transaction besides its request and its outcome: cancellation, progress, and the chunks of streams in
//! both directions.

use std::time::Duration;

use super::calls::append;
use super::inbound::MALFORMED;
use super::outbound::Outgoing;
use super::writing::{NOTHING, Target, write};
use super::{CallId, Exchange};
use crate::error::Error;
use crate::protocol::event::{Event, Payload};
use crate::protocol::flow::{Balance, cost};
use crate::protocol::message::{Head, Kind, Message};
use crate::protocol::transaction_id::{TransactionId, TransactionIdRef};
use crate::protocol::transactions::Slot;

/// State of a request of this side that is not a plain one.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) kind: Kind,
    /// The chunks of the outcome that the peer may send.
    chunks: Balance,
    timeout: Option<Duration>,
}

impl Streams {
    pub(super) fn new(kind: Kind, timeout: Option<Duration>) -> Self {
        Self { kind, chunks: Balance::FULL, timeout }
    }

    fn has_chunks(&self) -> bool {
        matches!(self.kind, Kind::Stream | Kind::Duplex)
    }
}

/// The requester of a transaction.
impl Exchange {
    /// Like [`Exchange::cancel`], and tells the peer that this side no longer waits for the outcome.
    pub fn abort(&mut self, slot: Slot) -> bool {
        let Some((id, request)) = self.transactions.remove(slot) else { return false };
        self.leave(&id, request);
        true
    }

    pub(super) fn leave(&mut self, id: &TransactionId, request: Outgoing) {
        self.drop_held(&request);
        self.types.release(request.type_id);
        if request.is_sent && self.peer.cancel {
            self.write_more(Kind::Cancel, id, NOTHING);
        }
    }

    /// Grants this many more units of chunks.
    pub fn credit(&mut self, slot: Slot, units: u32, now: Duration) {
        let Some(Outgoing { streams: Some(streams), .. }) = self.transactions.get_mut(slot) else { return };
        streams.chunks.grant(units);
        self.restart(slot, now);
        // It always fits.
        let _ = self.write_of_request(slot, Kind::Credit, Some(append(&units.to_string())));
    }

    /// Sends a chunk of a request's input; returns its cost.
    ///
    /// # Errors
    /// It cannot be sent; nothing was written.
    pub fn input<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        slot: Slot,
        payload: Option<P>,
        now: Duration,
    ) -> Result<u32, Error> {
        let size = self.write_of_request(slot, Kind::Input, payload)?;
        self.restart(slot, now);
        Ok(cost(size))
    }

    /// Ends a request's input; with an error, a [`crate::protocol::remote_error::RemoteError`] in JSON, if its source
    /// failed.
    pub fn end_input(&mut self, slot: Slot, error: Option<&str>) {
        // If it does not fit the limit, its request did not fit either.
        let _ = self.write_of_request(slot, Kind::InputEnd, error.map(append));
    }

    pub(super) fn on_more_of_answer(
        &mut self,
        message: &Message<'_>,
        kind: Kind,
        payload: Result<Option<Payload>, String>,
        frame: &[u8],
        now: Duration,
        events: &mut Vec<Event>,
    ) {
        let id = TransactionIdRef::parse(message.tx.as_deref().unwrap_or_default());
        // Late messages are normal.
        let Some((slot, _)) = self.transactions.peek(id) else { return };
        let event = match (kind, payload) {
            (_, Err(reason)) => Err(reason),
            (Kind::Progress, Ok(payload)) => Ok(Event::Progress { slot, payload }),
            (Kind::Chunk, Ok(payload)) => self.spend(slot, message).map(|cost| Event::Chunk { slot, cost, payload }),
            (_, Ok(_)) => units(message, frame).map(|units| Event::Demand { slot, units }),
        };
        match event {
            Ok(event) => {
                self.restart(slot, now);
                events.push(event);
            }
            Err(reason) => {
                let reason = format!("a {} of the {} cannot be taken: {reason}", kind.name(), self.side.peer());
                self.refuse_answer(id, Some(kind), MALFORMED, reason, events);
            }
        }
    }

    fn spend(&mut self, slot: Slot, message: &Message<'_>) -> Result<u32, String> {
        let cost = cost(message.payload.as_ref().map_or(0, ExactSizeIterator::len));
        match self.transactions.get_mut(slot) {
            Some(Outgoing { streams: Some(streams), .. }) if streams.has_chunks() => {
                streams.chunks.spend(cost).map_err(|overdrawn| overdrawn.to_string())?;
                Ok(cost)
            }
            _ => Err("nobody asked for chunks".to_owned()),
        }
    }

    /// A message of its streams has arrived or left: restarts the timeout; or suspends it, while the reader grants
    /// nothing.
    fn restart(&mut self, slot: Slot, now: Duration) {
        let Some((_, Outgoing { streams: Some(streams), .. })) = self.transactions.get(slot) else { return };
        let waits = !streams.has_chunks() || streams.chunks.is_open();
        let timeout = streams.timeout.filter(|_| waits);
        self.transactions.extend(slot, now, timeout);
    }

    fn write_of_request<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        slot: Slot,
        kind: Kind,
        payload: Option<P>,
    ) -> Result<usize, Error> {
        if self.ended { Ok(0) } else { self.write_behind(slot, kind, payload) }
    }
}

/// The answerer of a transaction.
impl Exchange {
    /// Reports progress of a call. Ignores a call without a waiting requester.
    ///
    /// # Errors
    /// It cannot be sent; nothing was written.
    pub fn progress<P: FnOnce(&mut Vec<u8>)>(&mut self, call: CallId, payload: Option<P>) -> Result<(), Error> {
        self.write_of_call(call, Kind::Progress, payload).map(drop)
    }

    /// Sends a chunk of a call's outcome; returns its cost.
    ///
    /// # Errors
    /// It cannot be sent; nothing was written.
    pub fn chunk<P: FnOnce(&mut Vec<u8>)>(&mut self, call: CallId, payload: Option<P>) -> Result<u32, Error> {
        self.write_of_call(call, Kind::Chunk, payload).map(cost)
    }

    /// Grants this many more units of input; 0: the handler wants no more.
    pub fn demand(&mut self, call: CallId, units: u32) {
        if let Some(input) = self.calls.get_mut(Slot(call.0)).and_then(|call| call.input.as_mut()) {
            input.grant(units);
        }
        // It always fits.
        let _ = self.write_of_call(call, Kind::Demand, Some(append(&units.to_string())));
    }

    pub(super) fn on_more_of_call(
        &mut self,
        message: &Message<'_>,
        kind: Kind,
        payload: Result<Option<Payload>, String>,
        frame: &[u8],
        events: &mut Vec<Event>,
    ) {
        let id = TransactionIdRef::parse(message.tx.as_deref().unwrap_or_default());
        // The answer may be in transit.
        let Some((slot @ Slot(number), _)) = self.calls.peek(id) else { return };
        let call = CallId(number);
        let event = match (kind, payload) {
            (Kind::Cancel, _) => {
                if let Some(call) = self.calls.get_mut(slot) {
                    call.is_awaited = false;
                }
                Ok(Event::Cancel { call })
            }
            (_, Err(reason)) => Err(reason),
            (Kind::Credit, Ok(_)) => units(message, frame).map(|units| Event::Credit { call, units }),
            (Kind::InputEnd, Ok(payload)) => Ok(Event::InputEnd { call, payload }),
            (_, Ok(payload)) => {
                let cost = cost(message.payload.as_ref().map_or(0, ExactSizeIterator::len));
                match self.calls.get_mut(slot).and_then(|call| call.input.as_mut()) {
                    Some(input) => input.spend(cost).map_err(|overdrawn| overdrawn.to_string()),
                    None => Err("the request has none".to_owned()),
                }
                .map(|()| Event::Input { call, cost, payload })
            }
        };
        match event {
            Ok(event) => events.push(event),
            Err(reason) => {
                let reason = format!("a message of the kind {} cannot be taken: {reason}", kind.name());
                self.refuse_input(id, MALFORMED, reason, events);
            }
        }
    }

    /// An incoming message for a call is unusable.
    pub(super) fn refuse_input(
        &mut self,
        id: TransactionIdRef<'_>,
        code: &'static str,
        message: String,
        events: &mut Vec<Event>,
    ) {
        match self.calls.peek(id) {
            Some((Slot(number), _)) => events.push(Event::InputRefused { call: CallId(number), code, message }),
            None => events.push(Event::Dropped { reason: message }),
        }
    }

    fn write_of_call<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        call: CallId,
        kind: Kind,
        payload: Option<P>,
    ) -> Result<usize, Error> {
        let Some((id, call)) = self.calls.get(Slot(call.0)) else { return Ok(0) };
        if !call.is_awaited || self.ended || !self.peer.streams {
            return Ok(0);
        }
        let head = Head { kind, is_implied: false, type_name: "", tx: Some(id.borrowed()), context: None };
        let target = Target::new(self.output.tail(), &self.framing, self.codec, self.limit);
        write(target, head, payload).map(|written| written.payload)
    }
}

impl Exchange {
    fn write_more<P: FnOnce(&mut Vec<u8>)>(&mut self, kind: Kind, id: &TransactionId, payload: Option<P>) {
        if self.ended {
            return;
        }
        let head = Head { kind, is_implied: false, type_name: "", tx: Some(id.borrowed()), context: None };
        let target = Target::new(self.output.tail(), &self.framing, self.codec, self.limit);
        // If it does not fit the limit, its request did not fit either.
        let _ = write(target, head, payload);
    }
}

/// The payload of a credit or a demand: an integer, as JSON.
fn units(message: &Message<'_>, frame: &[u8]) -> Result<u32, String> {
    let digits = message.payload.clone().and_then(|range| std::str::from_utf8(&frame[range]).ok());
    digits.and_then(|text| text.trim().parse().ok()).ok_or_else(|| "it has no number of units".to_owned())
}
