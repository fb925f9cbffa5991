//! The exchange of messages over one connection, given whole frames: requests and their outcomes in both directions.
//!
//! [`crate::protocol::connection`] makes frames from bytes and knows when the exchange may begin.

mod calls;
mod granting;
mod held;
mod inbound;
mod outbound;
mod own_messages;
mod streams;
mod writing;

use std::time::Duration;

use crate::error::Error;
use crate::protocol::event::Event;
use crate::protocol::frame::Framing;
use crate::protocol::grants::{Allowance, Amount, Grants};
use crate::protocol::handshake::Extensions;
use crate::protocol::message::{Codec, Kind};
use crate::protocol::message_types::MessageTypes;
use crate::protocol::output::Output;
use crate::protocol::terminator;
use crate::protocol::timeouts::Timeouts;
use crate::protocol::transactions::Transactions;

use calls::Call;
pub use calls::CallId;
use held::Held;
use outbound::Outgoing;
pub use outbound::Timeout;

/// The side of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The process that creates workers.
    Host,
    /// The isolated process or thread.
    Worker,
}

impl Side {
    /// The name of the other side in errors.
    pub fn peer(self) -> &'static str {
        match self {
            Side::Host => "worker",
            Side::Worker => "host",
        }
    }
}

/// The settings that both sides agree on, for one side.
#[derive(Debug, Clone)]
pub struct Config {
    /// The serializer's name.
    pub serializer: String,
    /// The end of a frame; `None`: payloads are binary and frames length-prefixed.
    pub terminator: Option<String>,
    /// The largest frame in bytes; a worker adopts its host's.
    pub limit: usize,
    /// The timeouts.
    pub timeouts: Timeouts,
    /// This side accepts a context with requests and notifications.
    pub context: bool,
    /// This side accepts segments in memory beside the stream.
    pub shared_memory: bool,
    /// This side accepts shared buffers: memory that both sides keep.
    pub shared_buffers: bool,
    /// What each side may send before the first grant. Both sides must have one value: it is part of the protocol.
    pub window: Amount,
    /// The most unanswered requests of a peer without support for grants.
    pub max_calls: usize,
    /// The most bytes of output for the core's own answers to refused requests.
    pub max_pending_bytes: usize,
}

/// Requests, calls and output of one side.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) side: Side,
    pub(crate) framing: Framing,
    /// How this side writes; it reads more leniently.
    pub(crate) codec: Codec,
    pub(crate) peer_codec: Codec,
    pub(crate) limit: usize,
    pub(crate) output: Output,
    /// Nothing more is sent or received.
    pub(crate) ended: bool,
    /// The owner knows of the end, and sends nothing more.
    is_closed: bool,
    /// The extensions that the peer understands.
    pub(crate) peer: Extensions,
    timeouts: Timeouts,
    /// The context for the next messages.
    context: Option<String>,
    /// Requests of this side.
    transactions: Transactions<Outgoing>,
    /// Requests of the peer, in a table of this kind too: messages find a request by its id.
    calls: Transactions<Call>,
    types: MessageTypes,
    handlers: usize,
    /// What this side may send, and its messages that wait.
    allowance: Allowance,
    held: Held,
    /// What the peer may send.
    grants: Grants,
    max_calls: usize,
    max_pending_bytes: usize,
    /// The peer does not read the answers to its refused requests.
    pub(crate) is_overflowing: bool,
}

impl Exchange {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            framing: Framing::LengthPrefixed,
            codec: Codec::Binary,
            peer_codec: Codec::Binary,
            limit: 0,
            output: Output::default(),
            ended: false,
            is_closed: false,
            peer: Extensions::ALL,
            timeouts: Timeouts::default(),
            context: None,
            transactions: Transactions::new(),
            calls: Transactions::new(),
            types: MessageTypes::default(),
            handlers: 0,
            allowance: Allowance::new(Amount::WINDOW),
            held: Held::default(),
            grants: Grants::new(Amount::WINDOW),
            max_calls: usize::MAX,
            max_pending_bytes: usize::MAX,
            is_overflowing: false,
        }
    }

    pub(crate) fn configure(&mut self, config: &Config) -> Result<(), Error> {
        if let Some(terminator) = &config.terminator {
            terminator::check(&config.serializer, terminator)?;
            self.framing = Framing::Delimited(terminator.as_bytes().into());
            self.codec = Codec::Text;
        }
        self.limit = config.limit;
        self.timeouts = config.timeouts.clone();
        self.allowance = Allowance::new(config.window);
        self.grants = Grants::new(config.window);
        self.max_calls = config.max_calls;
        self.max_pending_bytes = config.max_pending_bytes;
        Ok(())
    }

    pub(crate) fn set_handlers<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        self.types = MessageTypes::with_handlers(names);
        self.handlers = self.types.names().count();
    }

    /// Slots of ended transactions may be reused: the owner has handled their events.
    pub(crate) fn recycle(&mut self) {
        self.transactions.recycle();
        self.calls.recycle();
    }

    pub(crate) fn expire(&mut self, now: Duration, events: &mut Vec<Event>) {
        let mut late = Vec::new();
        self.transactions.expire(now, |slot, id, request, timeout| {
            events.push(Event::TimedOut { slot, timeout });
            late.push((id, request));
        });
        for (id, request) in late {
            self.leave(&id, request);
        }
    }

    /// Both handshakes are known. Earlier requests may need extensions that the peer lacks.
    pub(crate) fn adopt(&mut self, peer: Extensions, events: &mut Vec<Event>) {
        self.peer = peer;
        self.refuse_unsupported(events);
        if !peer.grants {
            self.allowance.lift();
            self.release_held();
        }
    }

    /// Whether the reader of a message of this kind knows its kind without the member `kind`.
    fn is_implied(&self, kind: Kind) -> bool {
        match self.side {
            Side::Host => kind == Kind::Request,
            Side::Worker => matches!(kind, Kind::Result | Kind::Error),
        }
    }

    pub(crate) fn renew(&mut self, now: Duration) {
        self.transactions.renew(now);
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.transactions.next_deadline()
    }

    /// This side can send no more.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.held.clear();
        for request in self.transactions.values_mut() {
            request.held = None;
        }
    }

    /// The owner knows of the end. Until then the exchange accepts requests that it cannot send: they are in flight when
    /// the owner hears of the end, and fail with the others and their reason.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
    }

    /// How many requests of this side wait for their outcome.
    pub fn in_flight(&self) -> usize {
        self.transactions.len()
    }

    /// How many requests of the peer wait for this side's answer.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }
}
