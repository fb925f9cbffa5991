//! The exchange of messages over one connection, given whole frames: requests and their outcomes in both directions.
//!
//! [`crate::connection`] makes frames from bytes and knows when the exchange may begin.

mod calls;
mod inbound;
mod outbound;
mod streams;

use std::time::Duration;

use crate::error::Error;
use crate::event::Event;
use crate::frame::Framing;
use crate::handshake::Extensions;
use crate::message::{Codec, Kind};
use crate::message_types::MessageTypes;
use crate::output::Output;
use crate::terminator;
use crate::timeouts::Timeouts;
use crate::transactions::Transactions;

use calls::Call;
pub use calls::CallId;
use outbound::Outgoing;
pub use outbound::Timeout;

/// Which side of the connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The process that creates workers.
    Host,
    /// The isolated process or thread.
    Worker,
}

impl Side {
    /// What errors call the other side.
    pub fn peer(self) -> &'static str {
        match self {
            Side::Host => "worker",
            Side::Worker => "host",
        }
    }
}

/// What both sides of a connection agree on, as one side sees it.
#[derive(Debug, Clone)]
pub struct Config {
    /// The serializer's name.
    pub serializer: String,
    /// What ends a frame; `None`: payloads are binary and frames length-prefixed.
    pub terminator: Option<String>,
    /// The largest frame in bytes; a worker takes its host's instead.
    pub limit: usize,
    /// How long to wait, and for what.
    pub timeouts: Timeouts,
    /// A context is taken with requests and notifications.
    pub context: bool,
    /// Memory is taken beside the stream, for parts of payloads.
    pub shared_memory: bool,
}

/// Requests, calls and output of one side.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) side: Side,
    pub(crate) framing: Framing,
    /// How we write; what we read may be looser.
    pub(crate) codec: Codec,
    pub(crate) peer_codec: Codec,
    pub(crate) limit: usize,
    pub(crate) output: Output,
    pub(crate) ended: bool,
    /// What the peer understands.
    pub(crate) peer: Extensions,
    timeouts: Timeouts,
    /// What is sent takes it with it.
    context: Option<String>,
    /// Requests of this side.
    transactions: Transactions<Outgoing>,
    /// Requests of the peer, by the same kind of table: what belongs to one finds it by its id.
    calls: Transactions<Call>,
    types: MessageTypes,
    handlers: usize,
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
            peer: Extensions::ALL,
            timeouts: Timeouts::default(),
            context: None,
            transactions: Transactions::new(),
            calls: Transactions::new(),
            types: MessageTypes::default(),
            handlers: 0,
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
        Ok(())
    }

    pub(crate) fn set_handlers<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        self.types = MessageTypes::with_handlers(names);
        self.handlers = self.types.names().count();
    }

    /// Slots of transactions that have ended may be used again: the owner is done with the events that named them.
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

    /// Both handshakes are known. Requests that were sent before may have asked for what the peer does not understand.
    pub(crate) fn adopt(&mut self, peer: Extensions, events: &mut Vec<Event>) {
        self.peer = peer;
        if !peer.streams {
            self.refuse_streams(events);
        }
    }

    /// Whether who reads a message of this kind from this side knows its kind without being told.
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

    /// How many requests of this side wait for their outcome.
    pub fn in_flight(&self) -> usize {
        self.transactions.len()
    }

    /// How many requests of the peer wait for this side's answer.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }
}
