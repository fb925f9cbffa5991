//! Messages of the peer, and the transactions that they concern.

use std::ops::Range;
use std::time::Duration;

use super::{Exchange, Side};
use crate::error::code;
use crate::error::quoted;
use crate::protocol::event::{Event, Payload};
use crate::protocol::message::{Codec, Kind, Malformed, Message};
use crate::protocol::message_types::TypeId;
use crate::protocol::remote_error::RemoteError;
use crate::protocol::transaction_id::TransactionIdRef;

pub(super) const MALFORMED: &str = code::MALFORMED_MESSAGE;
const TOO_LARGE: &str = code::MESSAGE_TOO_LARGE;

impl Exchange {
    /// Handles one frame; `start` is its position in the input, for the ranges in events.
    pub(crate) fn on_frame(&mut self, frame: &[u8], start: usize, now: Duration, events: &mut Vec<Event>) {
        let message = match self.peer_codec.decode(frame) {
            Ok(message) => message,
            Err(malformed) => return self.on_malformed(frame, malformed, events),
        };
        let payload = message.payload.clone().map(|part| self.check_payload(frame, part, start)).transpose();
        let needs_grant = message.kind.map_or(self.side == Side::Worker, Kind::needs_grant);
        if needs_grant && !self.take(frame.len()) {
            return self.refuse_beyond(&message, events);
        }
        match (self.side, message.kind) {
            (Side::Host, None) | (_, Some(Kind::Result | Kind::Error)) => self.on_answer(&message, payload, events),
            (Side::Worker, None) => {
                self.on_request(&message, Kind::Request, payload, (frame, start), events);
            }
            (_, Some(kind @ (Kind::Request | Kind::Stream | Kind::Upload | Kind::Duplex))) => {
                self.on_request(&message, kind, payload, (frame, start), events);
            }
            (_, Some(Kind::Ended)) => self.on_ended_asked(&message, frame, events),
            (_, Some(kind @ (Kind::Cancel | Kind::Credit | Kind::Input | Kind::InputEnd))) => {
                self.on_more_of_call(&message, kind, payload, frame, events);
            }
            (_, Some(kind @ (Kind::Progress | Kind::Chunk | Kind::Demand))) => {
                self.on_more_of_answer(&message, kind, payload, frame, now, events);
            }
            (_, Some(Kind::Notification)) => match payload {
                Ok(payload) => {
                    let handler = self.handler(&message.type_name);
                    self.report_context(&message, frame, start, events);
                    events.push(Event::Notification { handler, payload });
                }
                Err(reason) => events.push(Event::Dropped { reason }),
            },
            (_, Some(Kind::Grant)) => {
                self.on_grant(message.payload.map(|part| &frame[part]), events);
            }
            (Side::Worker, Some(Kind::Close)) => events.push(Event::Close),
            (Side::Host, Some(kind @ (Kind::Fatal | Kind::KeptResult))) => match payload {
                Ok(payload) if kind == Kind::Fatal => events.push(Event::Fatal { payload }),
                Ok(payload) => events.push(Event::KeptResult { payload }),
                Err(reason) => events.push(Event::Dropped { reason }),
            },
            (Side::Host, Some(Kind::TakenOver)) => events.push(Event::TakenOver),
            (_, Some(kind @ (Kind::Close | Kind::Fatal | Kind::Startup | Kind::KeptResult | Kind::TakenOver))) => {
                events.push(Event::Dropped { reason: format!("a {kind:?} message has no place here") });
            }
        }
    }

    /// The peer exceeds its grants: this side refuses the request.
    fn refuse_beyond(&mut self, message: &Message<'_>, events: &mut Vec<Event>) {
        if message.kind == Some(Kind::Notification) {
            let reason = format!("too many notifications of the {} wait for their handlers", self.side.peer());
            return events.push(Event::Dropped { reason });
        }
        if let Some(call) = self.begin_call(message, Kind::Request, events) {
            self.refuse_many(call);
        }
    }

    /// Text must be valid UTF-8: otherwise broken characters would reach the handler.
    fn check_payload(&self, frame: &[u8], part: Range<usize>, start: usize) -> Result<Payload, String> {
        let range = start + part.start..start + part.end;
        if self.peer_codec == Codec::Binary {
            return Ok(Payload { range, ascii: false });
        }
        let bytes = &frame[part];
        let ascii = bytes.is_ascii();
        match std::str::from_utf8(bytes) {
            Err(error) if !ascii => Err(format!("the payload is not valid UTF-8: {error}")),
            _ => Ok(Payload { range, ascii }),
        }
    }

    /// An unreadable frame fails the transaction in its head, if there is one; otherwise it is dropped.
    fn on_malformed(&mut self, frame: &[u8], malformed: Malformed, events: &mut Vec<Event>) {
        let reason = format!("a message from the {} cannot be read: {malformed}", self.side.peer());
        self.fail_by_head(frame, MALFORMED, reason, events);
    }

    /// Ends the transaction in a frame's head with an error of this side.
    fn fail_by_head(&mut self, head: &[u8], code: &'static str, reason: String, events: &mut Vec<Event>) {
        let Some(message @ Message { tx: Some(_), .. }) = self.peer_codec.decode_head(head) else {
            return events.push(Event::Dropped { reason });
        };
        let tx = TransactionIdRef::parse(message.tx.as_deref().unwrap_or_default());
        match message.kind {
            Some(Kind::Cancel | Kind::Credit | Kind::Input | Kind::InputEnd) => {
                self.refuse_input(tx, code, reason, events);
            }
            Some(kind) if !kind.is_from_answerer() && !kind.is_request() => events.push(Event::Dropped { reason }),
            kind if kind.map_or(self.side == Side::Host, Kind::is_from_answerer) => {
                self.refuse_answer(tx, kind, code, reason, events);
            }
            _ => {
                self.take(head.len());
                if let Some(call) = self.begin_call(&message, Kind::Request, events) {
                    self.fail(call, &RemoteError::with_code(code, reason));
                    self.count_own();
                }
            }
        }
    }

    /// An incoming message for a request of this side is unusable. If it is not the outcome, this side asks the peer to
    /// stop.
    pub(super) fn refuse_answer(
        &mut self,
        tx: TransactionIdRef<'_>,
        kind: Option<Kind>,
        code: &'static str,
        message: String,
        events: &mut Vec<Event>,
    ) {
        let Some((slot, _)) = self.transactions.peek(tx) else { return };
        match kind {
            Some(Kind::Progress | Kind::Chunk | Kind::Demand) => self.abort(slot),
            _ => self.cancel(slot),
        };
        events.push(Event::Refused { slot, code, message });
    }

    fn on_answer(&mut self, message: &Message<'_>, payload: Result<Option<Payload>, String>, events: &mut Vec<Event>) {
        let Some(tx) = &message.tx else {
            return events.push(Event::Dropped { reason: "an answer has no transaction id".to_owned() });
        };
        // Late answers are normal: the request has timed out or was cancelled.
        let Some((slot, request)) = self.transactions.peek(TransactionIdRef::parse(tx)) else { return };
        let asked = self.types.name(request.type_id);
        let kind = message.kind.or_else(|| match message.type_name.strip_prefix(asked) {
            Some("Result") => Some(Kind::Result),
            Some("Error") => Some(Kind::Error),
            _ => None,
        });
        let refused = |reason: String| Event::Refused { slot, code: MALFORMED, message: reason };
        let event = match (kind, payload) {
            (Some(Kind::Error), Ok(payload)) => Event::RemoteError { slot, payload },
            (Some(_), Ok(payload)) => Event::Result { slot, payload },
            (Some(_), Err(reason)) => refused(format!("the answer to \"{asked}\" cannot be read: {reason}")),
            (None, _) => {
                let (peer, answer) = (self.side.peer(), &message.type_name);
                refused(format!("the {peer} answered \"{asked}\" with a message of the type {}", quoted(answer)))
            }
        };
        self.cancel(slot);
        events.push(event);
    }

    fn on_request(
        &mut self,
        message: &Message<'_>,
        kind: Kind,
        payload: Result<Option<Payload>, String>,
        (frame, start): (&[u8], usize),
        events: &mut Vec<Event>,
    ) {
        let Some(call) = self.begin_call(message, kind, events) else { return };
        match payload {
            Ok(payload) => {
                self.report_context(message, frame, start, events);
                events.push(Event::Request { call, kind, handler: self.handler(&message.type_name), payload });
            }
            Err(reason) => {
                self.fail(call, &RemoteError::with_code(MALFORMED, reason));
                self.count_own();
            }
        }
    }

    /// The peer asks about a request that it has cancelled.
    fn on_ended_asked(&mut self, message: &Message<'_>, frame: &[u8], events: &mut Vec<Event>) {
        let Some(call) = self.begin_call(message, Kind::Ended, events) else { return };
        match message.payload.clone().map(|part| serde_json::from_slice(&frame[part])) {
            Some(Ok(id)) => events.push(Event::Ended { call, id }),
            _ => {
                let reason = "the question whether a request has ended has no transaction id as its payload";
                self.fail(call, &RemoteError::with_code(MALFORMED, reason.to_owned()));
                self.count_own();
            }
        }
    }

    /// The context of the next event. An unreadable context counts as none.
    fn report_context(&self, message: &Message<'_>, frame: &[u8], start: usize, events: &mut Vec<Event>) {
        let Some(part) = message.context.clone() else { return };
        if let Ok(payload) = self.check_payload(frame, part, start) {
            events.push(Event::Context { payload });
        }
    }

    /// The number of the handler of a type, or the name of the type. The core does not keep names without a handler.
    pub(super) fn handler(&self, type_name: &str) -> Result<TypeId, Box<str>> {
        let known = self.types.find(type_name).filter(|id| (id.0 as usize) < self.handlers);
        known.ok_or_else(|| type_name.into())
    }

    /// The beginning of an oversized frame has arrived: its transaction fails, and the decoder skips the rest.
    pub(crate) fn on_oversized(&mut self, head: &[u8], size: Option<u64>, events: &mut Vec<Event>) {
        let size = size.map_or_else(|| "more".to_owned(), |size| format!("{size} bytes"));
        let reason = format!(
            "a message from the {} is too large: it has {size}, the limit is {} bytes. \
             Raise `maxMessageSize` or split the payload.",
            self.side.peer(),
            self.limit
        );
        self.fail_by_head(head, TOO_LARGE, reason, events);
    }
}
