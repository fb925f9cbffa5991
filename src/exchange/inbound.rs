//! What comes from the peer: its requests and notifications, and the answers to ours.

use std::ops::Range;

use super::outbound::write;
use super::{Exchange, Side};
use crate::error::Error;
use crate::event::{Event, Payload};
use crate::message::{Codec, Kind, Malformed, Message};
use crate::message_types::TypeId;
use crate::remote_error::RemoteError;
use crate::transaction_id::{TransactionId, TransactionIdRef};

/// The number of a request of the peer that has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// A request of the peer that has no answer yet.
#[derive(Debug)]
pub(super) struct Call {
    id: TransactionId,
    handler: Result<TypeId, Box<str>>,
}

const MALFORMED: &str = "ERR_MALFORMED_MESSAGE";
const TOO_LARGE: &str = "ERR_MESSAGE_TOO_LARGE";

impl Exchange {
    /// Takes one frame; `start` is its place in the input, for the ranges in events.
    pub(crate) fn on_frame(&mut self, frame: &[u8], start: usize, events: &mut Vec<Event>) {
        let message = match self.peer_codec.decode(frame) {
            Ok(message) => message,
            Err(malformed) => return self.on_malformed(frame, malformed, events),
        };
        let payload = message.payload.clone().map(|part| self.check_payload(frame, part, start)).transpose();
        match (self.side, message.kind) {
            (Side::Host, None | Some(Kind::Result | Kind::Error)) => self.on_answer(&message, payload, events),
            (Side::Worker, None | Some(Kind::Request)) => self.on_request(&message, payload, events),
            (_, Some(Kind::Notification)) => match payload {
                Ok(payload) => {
                    let handler = self.handler(&message.type_name);
                    events.push(Event::Notification { handler, payload });
                }
                Err(reason) => events.push(Event::Dropped { reason }),
            },
            (Side::Worker, Some(Kind::Close)) => events.push(Event::Close),
            (Side::Host, Some(Kind::Fatal)) => match payload {
                Ok(payload) => events.push(Event::Fatal { payload }),
                Err(reason) => events.push(Event::Dropped { reason }),
            },
            (_, Some(kind)) => events.push(Event::Dropped { reason: format!("a {kind:?} message has no place here") }),
        }
    }

    /// Text must be valid UTF-8: broken characters would reach the handler as something nobody sent.
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

    /// A frame that cannot be read fails the transaction its head names, if it does; else it is dropped.
    fn on_malformed(&mut self, frame: &[u8], malformed: Malformed, events: &mut Vec<Event>) {
        let reason = format!("a message from the {} cannot be read: {malformed}", self.side.peer());
        self.fail_by_head(frame, MALFORMED, reason, events);
    }

    /// Ends the transaction that a frame's head names with an error of ours.
    fn fail_by_head(&mut self, head: &[u8], code: &'static str, reason: String, events: &mut Vec<Event>) {
        match (self.side, self.peer_codec.decode_head(head)) {
            (Side::Host, Some(Message { tx: Some(tx), .. })) => {
                if let Some((slot, type_id)) = self.transactions.complete(TransactionIdRef::parse(&tx)) {
                    self.types.release(type_id);
                    events.push(Event::Refused { slot, code, message: reason });
                }
            }
            (Side::Worker, Some(message @ Message { tx: Some(_), .. })) => {
                if let Some(call) = self.begin_call(&message, events) {
                    self.fail(call, &RemoteError::with_code(code, reason));
                }
            }
            _ => events.push(Event::Dropped { reason }),
        }
    }

    fn on_answer(&mut self, message: &Message<'_>, payload: Result<Option<Payload>, String>, events: &mut Vec<Event>) {
        let Some(tx) = &message.tx else {
            return events.push(Event::Dropped { reason: "an answer has no transaction id".to_owned() });
        };
        // Late answers are normal: the request has timed out or was cancelled.
        let Some((slot, &type_id)) = self.transactions.peek(TransactionIdRef::parse(tx)) else { return };
        let asked = self.types.name(type_id);
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
                let answer = &message.type_name;
                refused(format!("the worker answered \"{asked}\" with a message of the type \"{answer}\""))
            }
        };
        self.cancel(slot);
        events.push(event);
    }

    fn on_request(&mut self, message: &Message<'_>, payload: Result<Option<Payload>, String>, events: &mut Vec<Event>) {
        let Some(call) = self.begin_call(message, events) else { return };
        match payload {
            Ok(payload) => events.push(Event::Request { call, handler: self.handler(&message.type_name), payload }),
            Err(reason) => self.fail(call, &RemoteError::with_code(MALFORMED, reason)),
        }
    }

    fn begin_call(&mut self, message: &Message<'_>, events: &mut Vec<Event>) -> Option<CallId> {
        let id = match message.tx.as_deref().map(TransactionId::from_custom) {
            Some(Ok(id)) => id,
            Some(Err(invalid)) => {
                events.push(Event::Dropped { reason: invalid.to_string() });
                return None;
            }
            None => {
                events.push(Event::Dropped { reason: "a request has no transaction id".to_owned() });
                return None;
            }
        };
        let handler = self.handler(&message.type_name);
        let key = self.calls.insert(Call { id, handler });
        Some(CallId(u32::try_from(key).expect("fewer than 2^32 calls")))
    }

    /// The number of the handler for a type, or the type's name. Names that are no handlers are not held.
    fn handler(&self, type_name: &str) -> Result<TypeId, Box<str>> {
        let known = self.types.find(type_name).filter(|id| (id.0 as usize) < self.handlers);
        known.ok_or_else(|| type_name.into())
    }

    /// The start of a frame over the limit has come: its transaction fails, the rest of it is skipped.
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

    /// Answers a request of the peer. `payload` appends the encoded result; `None` stands for `undefined`. A call that
    /// was answered before is left alone.
    ///
    /// # Errors
    /// The result cannot be sent; nothing was written, and the call still waits for [`Exchange::fail`].
    pub fn respond<P: FnOnce(&mut Vec<u8>)>(&mut self, call: CallId, payload: Option<P>) -> Result<(), Error> {
        self.answer(call, Kind::Result, payload)
    }

    /// Answers a request of the peer with an error. If that does not fit, with one that says so.
    pub fn fail(&mut self, call: CallId, error: &RemoteError) {
        self.fail_with(call, &error.to_json());
    }

    /// The same with the error already encoded as a [`RemoteError`] in JSON.
    pub fn fail_with(&mut self, call: CallId, json: &str) {
        if let Err(error) = self.answer(call, Kind::Error, Some(append(json))) {
            let text = format!("a handler failed, and its error cannot be told: {error}");
            let error = RemoteError::with_code(error.code(), text).to_json();
            // What is left to fail is a limit or a terminator under which no error fits; then the request times out.
            let _ = self.answer(call, Kind::Error, Some(append(&error)));
        }
        self.calls.try_remove(call.0 as usize);
    }

    /// The transaction id of a call, as text.
    pub fn call_transaction_id(&self, call: CallId) -> Option<String> {
        self.calls.get(call.0 as usize).map(|call| call.id.to_string())
    }

    fn answer<P: FnOnce(&mut Vec<u8>)>(&mut self, call: CallId, kind: Kind, payload: Option<P>) -> Result<(), Error> {
        let Some(Call { id, handler }) = self.calls.get(call.0 as usize) else { return Ok(()) };
        if self.ended {
            self.calls.remove(call.0 as usize);
            return Ok(());
        }
        let type_name = match handler {
            Ok(id) => self.types.name(*id),
            Err(name) => name,
        };
        let head = (kind, type_name, Some(id.borrowed()));
        write(&mut self.output, &self.framing, self.codec, self.limit, head, payload)?;
        self.calls.remove(call.0 as usize);
        Ok(())
    }
}

fn append(json: &str) -> impl FnOnce(&mut Vec<u8>) {
    move |out| out.extend_from_slice(json.as_bytes())
}
