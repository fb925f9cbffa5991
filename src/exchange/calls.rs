//! Requests of the peer, and their answers.

use super::Exchange;
use super::outbound::{Target, write};
use crate::error::Error;
use crate::event::Event;
use crate::flow::Balance;
use crate::message::{Head, Kind, Message};
use crate::message_types::TypeId;
use crate::remote_error::RemoteError;
use crate::transaction_id::TransactionId;
use crate::transactions::Slot;

/// The number of a request of the peer that has no answer yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallId(pub u32);

/// A request of the peer that has no answer yet.
#[derive(Debug)]
pub(super) struct Call {
    handler: Result<TypeId, Box<str>>,
    /// The peer waits for its answer.
    pub(super) is_awaited: bool,
    /// Of a request whose payload goes on.
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

    /// Answers a request of the peer. `payload` appends the encoded result; `None` stands for `undefined`. A call that
    /// was answered before is left alone, and one that was cancelled is forgotten.
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
            let target = Target::new(&mut self.output, &self.framing, self.codec, self.limit);
            write(target, head, payload)?;
        }
        self.calls.cancel(Slot(call.0));
        Ok(())
    }
}

pub(super) fn append(json: &str) -> impl FnOnce(&mut Vec<u8>) {
    move |out| out.extend_from_slice(json.as_bytes())
}
