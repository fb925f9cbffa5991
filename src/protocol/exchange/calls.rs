//! Requests of the peer, and their answers.

use super::Exchange;
use super::writing::{Target, write};
use crate::error::Error;
use crate::protocol::event::Event;
use crate::protocol::flow::Balance;
use crate::protocol::message::{Head, Kind, Message};
use crate::protocol::message_types::TypeId;
use crate::protocol::remote_error::RemoteError;
use crate::protocol::transaction_id::TransactionId;
use crate::protocol::transactions::Slot;

/// The number of a request of the peer that has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// A request of the peer that has no answer yet.
#[derive(Debug)]
pub(super) struct Call {
    handler: Result<TypeId, Box<str>>,
    /// The peer waits for its answer.
    pub(super) is_awaited: bool,
    /// For a request with input.
    pub(super) input: Option<Balance>,
}

impl Exchange {
    pub(super) fn begin_call(&mut self, message: &Message<'_>, kind: Kind, events: &mut Vec<Event>) -> Option<CallId> {
        let dropped = |reason: String| Event::Dropped { reason };
        let id = match message.tx.as_deref().map(TransactionId::from_custom) {
            Some(Ok(id)) => id,
            Some(Err(invalid)) => {
                events.push(dropped(invalid.to_string()));
                return None;
            }
            None => {
                events.push(dropped("a request has no transaction id".to_owned()));
                return None;
            }
        };
        let handler = self.handler(&message.type_name);
        let input = matches!(kind, Kind::Upload | Kind::Duplex).then_some(Balance::FULL);
        let call = Call { handler, is_awaited: true, input };
        match self.calls.insert(id, call, std::time::Duration::ZERO, None) {
            Ok(Slot(number)) => Some(CallId(number)),
            Err(duplicate) => {
                events.push(dropped(duplicate.to_string()));
                None
            }
        }
    }

    /// Answers a request of the peer. `payload` appends the encoded result; `None` stands for `undefined`. Ignores a
    /// call that was answered before, and forgets a cancelled one.
    ///
    /// # Errors
    /// The result cannot be sent; nothing was written, and the call still waits for [`Exchange::fail`].
    pub fn respond<P: FnOnce(&mut Vec<u8>)>(&mut self, call: CallId, payload: Option<P>) -> Result<(), Error> {
        self.answer(call, Kind::Result, payload)
    }

    /// Answers a request of the peer with an error. If the error does not fit, sends an error about that.
    pub fn fail(&mut self, call: CallId, error: &RemoteError) {
        self.fail_with(call, &error.to_json());
    }

    /// Like `fail`, with the error already encoded as a [`RemoteError`] in JSON.
    pub fn fail_with(&mut self, call: CallId, json: &str) {
        if let Err(error) = self.answer(call, Kind::Error, Some(append(json))) {
            let text = format!("a handler failed, and its error cannot be told: {error}");
            let error = RemoteError::with_code(error.code(), text).to_json();
            // It fails only under a limit or terminator that no error fits; the request then times out.
            let _ = self.answer(call, Kind::Error, Some(append(&error)));
        }
        self.calls.cancel(Slot(call.0));
    }

    /// The transaction id of a call, as text.
    pub fn call_transaction_id(&self, call: CallId) -> Option<String> {
        self.calls.get(Slot(call.0)).map(|(id, _)| id.to_string())
    }

    fn answer<P: FnOnce(&mut Vec<u8>)>(&mut self, call: CallId, kind: Kind, payload: Option<P>) -> Result<(), Error> {
        let is_implied = self.is_implied(kind);
        let Some((id, Call { handler, is_awaited, .. })) = self.calls.get(Slot(call.0)) else { return Ok(()) };
        if *is_awaited && !self.ended {
            let type_name = match handler {
                Ok(id) => self.types.name(*id),
                Err(name) => name,
            };
            let head = Head { kind, is_implied, type_name, tx: Some(id.borrowed()), context: None };
            let target = Target::new(self.output.tail(), &self.framing, self.codec, self.limit);
            write(target, head, payload)?;
        }
        self.calls.cancel(Slot(call.0));
        Ok(())
    }
}

pub(super) fn append(json: &str) -> impl FnOnce(&mut Vec<u8>) {
    move |out| out.extend_from_slice(json.as_bytes())
}
