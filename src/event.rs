//! What a connection tells its owner.

use std::ops::Range;
use std::time::Duration;

use crate::exchange::CallId;
use crate::handshake::Mismatch;
use crate::message::Kind;
use crate::message_types::TypeId;
use crate::transactions::Slot;

/// Where a payload is, and what is known of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The place in the input buffer.
    pub range: Range<usize>,
    /// It is ASCII only. Never set for binary payloads.
    pub ascii: bool,
}

/// Something that happened. Events come in the order of the frames that caused them.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// Both handshakes are done.
    Ready,
    /// A worker's start-up data.
    StartupData {
        /// JSON text.
        payload: Option<Payload>,
    },
    /// The two sides cannot talk. Nothing else will come.
    Mismatch(Mismatch),
    /// The peer's handshake did not come in time.
    HandshakeTimedOut,
    /// A request of ours has its result.
    Result {
        /// The request.
        slot: Slot,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// A request of ours has failed in the handler.
    RemoteError {
        /// The request.
        slot: Slot,
        /// A [`crate::remote_error::RemoteError`] as JSON.
        payload: Option<Payload>,
    },
    /// An answer came that cannot be used.
    Refused {
        /// The request.
        slot: Slot,
        /// A stable code.
        code: &'static str,
        /// What was wrong with it.
        message: String,
    },
    /// A request of ours had no answer in time.
    TimedOut {
        /// The request.
        slot: Slot,
        /// How long it had.
        timeout: Duration,
    },
    /// What goes with the request or notification that the next event tells.
    Context {
        /// A JSON object of strings.
        payload: Payload,
    },
    /// The peer asks something of a handler.
    Request {
        /// To be named in the answer.
        call: CallId,
        /// [`Kind::Request`], or one with streams.
        kind: Kind,
        /// The handler's number, or the unknown type's name.
        handler: Result<TypeId, Box<str>>,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// The peer tells a handler something.
    Notification {
        /// The handler's number, or the unknown type's name.
        handler: Result<TypeId, Box<str>>,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// How far a request of ours is.
    Progress {
        /// The request.
        slot: Slot,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// A part of the outcome of a request of ours.
    Chunk {
        /// The request.
        slot: Slot,
        /// In units, see [`crate::flow`].
        cost: u32,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// More of the payload of a request of ours may be sent.
    Demand {
        /// The request.
        slot: Slot,
        /// 0: no more is wanted.
        units: u32,
    },
    /// The peer does not wait for the outcome of its request any more.
    Cancel {
        /// The request; it is still to be answered.
        call: CallId,
    },
    /// More of the outcome of a request of the peer may be sent.
    Credit {
        /// The request.
        call: CallId,
        /// How much.
        units: u32,
    },
    /// A part of the payload of a request of the peer.
    Input {
        /// The request.
        call: CallId,
        /// In units, see [`crate::flow`].
        cost: u32,
        /// `None`: undefined.
        payload: Option<Payload>,
    },
    /// The payload of a request of the peer has come to its end.
    InputEnd {
        /// The request.
        call: CallId,
        /// The error that has ended it, a [`crate::remote_error::RemoteError`] as JSON.
        payload: Option<Payload>,
    },
    /// Something came for a request of the peer that cannot be used.
    InputRefused {
        /// The request.
        call: CallId,
        /// A stable code.
        code: &'static str,
        /// What was wrong with it.
        message: String,
    },
    /// The host asks the worker to stop.
    Close,
    /// The worker is about to end because of an error.
    Fatal {
        /// A [`crate::remote_error::RemoteError`] as JSON.
        payload: Option<Payload>,
    },
    /// A frame was no message, and was dropped. For the log.
    Dropped {
        /// Why.
        reason: String,
    },
    /// The input has ended; nothing else will come.
    End {
        /// In the middle of a frame.
        mid_frame: bool,
    },
}
