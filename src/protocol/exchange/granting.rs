//! Grants in both directions: which messages of this side wait for one, and what this side grants the peer.

use super::held::HeldFrame;
use super::outbound::Outgoing;
use super::writing::{Target, write};
use super::{CallId, Exchange};
use crate::error::Error;
use crate::error::code;
use crate::protocol::event::Event;
use crate::protocol::grants::Amount;
use crate::protocol::message::{Head, Kind};
use crate::protocol::remote_error::RemoteError;
use crate::protocol::transactions::Slot;

/// The error text for a peer that exceeds its grants.
pub(super) const TOO_MANY: &str = code::TOO_MANY_REQUESTS;

/// The sending side.
impl Exchange {
    /// Whether a message that needs a handler would be sent at once; otherwise it waits for a grant, in order.
    pub fn has_grant(&self) -> bool {
        self.held.is_empty() && self.allowance.is_open()
    }

    /// Bytes of messages that wait for a grant.
    pub fn held_bytes(&self) -> usize {
        self.held.bytes()
    }

    /// Sends waiting messages, as far as they are granted.
    pub(super) fn release_held(&mut self) {
        while let Some(HeldFrame { slot, bytes, cost }) = self.held.pop(self.allowance.is_open()) {
            if let Some(cost) = cost {
                self.allowance.spend(cost);
            }
            self.output.tail().extend_from_slice(&bytes);
            if let Some(request) = slot.and_then(|slot| self.transactions.get_mut(slot)) {
                request.is_sent = true;
                request.held = None;
            }
        }
    }

    /// The peer has granted more.
    pub(super) fn on_grant(&mut self, payload: Option<&[u8]>, events: &mut Vec<Event>) {
        match payload.map(serde_json::from_slice::<[u64; 2]>) {
            Some(Ok([messages, bytes])) => {
                self.allowance.raise(Amount { messages, bytes });
                self.release_held();
            }
            _ => events.push(Event::Dropped { reason: "a grant has no two numbers".to_owned() }),
        }
    }
}

/// The receiving side.
impl Exchange {
    /// How many messages of the peer, and how many bytes, wait for their handlers to begin.
    pub fn set_waiting(&mut self, messages: u64, bytes: u64) {
        self.grants.set_waiting(Amount { messages, bytes });
        self.grant();
    }

    /// A message that needs a handler has arrived; `false`: the peer exceeds its grants.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let is_granted = self.grants.receive(bytes);
        if self.peer.grants {
            return is_granted;
        }
        // A peer without support for grants is limited to what this side can hold.
        let most = self.max_calls;
        self.calls.len() < most && self.grants.waiting().messages < most as u64
    }

    /// Sends the peer a grant, if it is large enough.
    pub(crate) fn grant(&mut self) {
        if self.ended || !self.peer.grants {
            return;
        }
        let Some(Amount { messages, bytes }) = self.grants.renew() else { return };
        let target = Target::new(self.output.tail(), &self.framing, self.codec, usize::MAX);
        let payload = format!("[{messages},{bytes}]");
        let append = |out: &mut Vec<u8>| out.extend_from_slice(payload.as_bytes());
        let written = write(target, Head::new(Kind::Grant, ""), Some(append));
        debug_assert!(written.is_ok(), "it has no limit, and no terminator is a part of it");
    }

    /// The peer makes this side hold more than it may.
    pub(super) fn refuse_many(&mut self, call: CallId) {
        let peer = self.side.peer();
        let text = if self.peer.grants {
            format!("the {peer} sent a request that was not granted to it")
        } else {
            format!(
                "{} requests of the {peer} wait for their answers, and no more may. Send fewer at once, or raise \
                 `maxConcurrency`.",
                self.max_calls
            )
        };
        self.fail(call, &RemoteError::with_code(TOO_MANY, text));
        self.count_own();
    }

    /// The core itself has answered. A peer that does not read these answers could provoke answers without end.
    pub(super) fn count_own(&mut self) {
        self.is_overflowing |= self.output.pending().len() > self.max_pending_bytes;
    }
}

/// The requesting side.
impl Exchange {
    /// The message of an ended request need not be sent any more.
    pub(super) fn drop_held(&mut self, request: &Outgoing) {
        if let Some(id) = request.held {
            self.held.remove(id);
        }
    }

    /// Writes a frame that belongs to a request behind its message, wherever that is; returns the size of its payload.
    pub(super) fn write_behind<P: FnOnce(&mut Vec<u8>)>(
        &mut self,
        slot: Slot,
        kind: Kind,
        payload: Option<P>,
    ) -> Result<usize, Error> {
        let Self { transactions, held, output, framing, codec, limit, .. } = self;
        let Some((id, request)) = transactions.get(slot) else { return Ok(0) };
        let head = Head { tx: Some(id.borrowed()), ..Head::new(kind, "") };
        let append = |out: &mut Vec<u8>| write(Target::new(out, framing, *codec, *limit), head, payload);
        let written = match request.held {
            Some(id) => held.extend(id, append)?,
            None => append(output.tail())?,
        };
        Ok(written.payload)
    }
}
