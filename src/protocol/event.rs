//! The events that a connection reports to its owner.

use std::ops::Range;
use std::time::Duration;

use crate::protocol::exchange::CallId;
use crate::protocol::handshake::Mismatch;
use crate::protocol::message::Kind;
use crate::protocol::message_types::TypeId;
use crate::protocol::transactions::Slot;

/// The position of a payload, and whether its text is ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The range in the input buffer.
    pub range: Range<usize>,
    /// The payload is pure ASCII. Never set for binary payloads.
    pub ascii: bool,
}

/// An event of the connection. Events have the order of the frames that caused them.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// Both handshakes are done.
    Ready,
    /// A worker's start-up data.
    StartupData {
        /// JSON text.
        payload: Option<Payload>,
    },
    /// The two sides do not fit. No further event follows.
    Mismatch(Mismatch),
    /// The peer's handshake did not arrive in time.
    HandshakeTimedOut,
    /// The result of a request of this side.
    Result {
        /// The request.
        slot: Slot,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// The handler of a request of this side failed.
    RemoteError {
        /// The request.
        slot: Slot,
        /// A [`crate::protocol::remote_error::RemoteError`] as JSON.
        payload: Option<Payload>,
    },
    /// An unusable answer arrived.
    Refused {
        /// The request.
        slot: Slot,
        /// A stable code.
        code: &'static str,
        /// The fault.
        message: String,
    },
    /// A request of this side timed out.
    TimedOut {
        /// The request.
        slot: Slot,
        /// Its timeout.
        timeout: Duration,
    },
    /// The context of the request or notification in the next event.
    Context {
        /// A JSON object of strings.
        payload: Payload,
    },
    /// A request of the peer.
    Request {
        /// Identifies the request in the answer.
        call: CallId,
        /// [`Kind::Request`], or one with streams.
        kind: Kind,
        /// The handler's number, or the unknown type's name.
        handler: Result<TypeId, Box<str>>,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// The peer asks whether a request that it has cancelled has ended.
    Ended {
        /// Identifies the question in the answer.
        call: CallId,
        /// The transaction id of the cancelled request.
        id: String,
    },
    /// A notification of the peer.
    Notification {
        /// The handler's number, or the unknown type's name.
        handler: Result<TypeId, Box<str>>,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// Progress of a request of this side.
    Progress {
        /// The request.
        slot: Slot,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// A chunk of the outcome of a request of this side.
    Chunk {
        /// The request.
        slot: Slot,
        /// In units, see [`crate::protocol::flow`].
        cost: u32,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// This side may send more input of its request.
    Demand {
        /// The request.
        slot: Slot,
        /// 0: the peer wants no more.
        units: u32,
    },
    /// The peer no longer waits for the outcome of its request.
    Cancel {
        /// The request; it still needs an answer.
        call: CallId,
    },
    /// This side may send more chunks of the outcome of a request of the peer.
    Credit {
        /// The request.
        call: CallId,
        /// How many units.
        units: u32,
    },
    /// A chunk of the input of a request of the peer.
    Input {
        /// The request.
        call: CallId,
        /// In units, see [`crate::protocol::flow`].
        cost: u32,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// The end of the input of a request of the peer.
    InputEnd {
        /// The request.
        call: CallId,
        /// The error that ended the input, a [`crate::protocol::remote_error::RemoteError`] as JSON.
        payload: Option<Payload>,
    },
    /// An unusable message for a request of the peer arrived.
    InputRefused {
        /// The request.
        call: CallId,
        /// A stable code.
        code: &'static str,
        /// The fault.
        message: String,
    },
    /// The host asks the worker to stop.
    Close,
    /// The outcome of a request whose host has left.
    KeptResult {
        /// As serialised.
        payload: Option<Payload>,
    },
    /// Another host takes over this detached worker.
    TakenOver,
    /// The worker is about to end because of this error.
    Fatal {
        /// A [`crate::protocol::remote_error::RemoteError`] as JSON.
        payload: Option<Payload>,
    },
    /// The decoder dropped a frame that is not a message. For the log.
    Dropped {
        /// The reason.
        reason: String,
    },
    /// The connection was given up: the peer provokes answers, and reads none. [`Event::End`] follows.
    Overflow {
        /// The reason.
        message: String,
    },
    /// The input has ended; no further event follows.
    End {
        /// The input ended in the middle of a frame.
        mid_frame: bool,
    },
}

impl Event {
    /// The payload that the event names in the input.
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Self::StartupData { payload }
            | Self::Result { payload, .. }
            | Self::RemoteError { payload, .. }
            | Self::Request { payload, .. }
            | Self::Notification { payload, .. }
            | Self::Progress { payload, .. }
            | Self::Chunk { payload, .. }
            | Self::Input { payload, .. }
            | Self::InputEnd { payload, .. }
            | Self::KeptResult { payload }
            | Self::Fatal { payload } => payload.as_ref(),
            Self::Context { payload } => Some(payload),
            _ => None,
        }
    }

    /// The payload, mutably, to move its range.
    pub fn payload_mut(&mut self) -> Option<&mut Payload> {
        match self {
            Self::StartupData { payload }
            | Self::Result { payload, .. }
            | Self::RemoteError { payload, .. }
            | Self::Request { payload, .. }
            | Self::Notification { payload, .. }
            | Self::Progress { payload, .. }
            | Self::Chunk { payload, .. }
            | Self::Input { payload, .. }
            | Self::InputEnd { payload, .. }
            | Self::KeptResult { payload }
            | Self::Fatal { payload } => payload.as_mut(),
            Self::Context { payload } => Some(payload),
            _ => None,
        }
    }

    /// The request of this side that the event concerns.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Self::Result { slot, .. }
            | Self::RemoteError { slot, .. }
            | Self::Refused { slot, .. }
            | Self::TimedOut { slot, .. }
            | Self::Progress { slot, .. }
            | Self::Chunk { slot, .. }
            | Self::Demand { slot, .. } => Some(*slot),
            _ => None,
        }
    }

    /// How many bytes a kept event occupies: with its payload, and its other heap memory.
    pub fn size(&self) -> usize {
        let text = match self {
            Self::Refused { message, .. } | Self::InputRefused { message, .. } => message.len(),
            Self::Dropped { reason } => reason.len(),
            Self::Ended { id, .. } => id.len(),
            Self::Request { handler: Err(name), .. } | Self::Notification { handler: Err(name), .. } => name.len(),
            _ => 0,
        };
        size_of::<Self>() + text + self.payload().map_or(0, |payload| payload.range.len())
    }
}
